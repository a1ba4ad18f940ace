"""Executions in the web app: watched as they run, rolled back, retried, cancelled in bulk, and through a restart."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, WebSocketRoute, expect

from tests.conftest import memory_disk, throwaway_home
from tests.e2e.browser import Complaints, OpenPage, assert_accessible
from tests.e2e.pages import settle
from tests.e2e.sample import ACTIONS
from tests.e2e.site import Site, up
from tests.e2e.weft import ROOT, eventually

WAITING: dict[str, Any] = {
    "id": "two-signals",
    "name": "Two signals",
    "nodes": [
        {"id": "prepare", "type": "set", "values": {"stage": "begun"}, "next": "first"},
        {"id": "first", "type": "wait", "event": "first-signal", "next": "second"},
        {"id": "second", "type": "wait", "event": "second-signal", "next": "end"},
        {"id": "end", "type": "end"},
    ],
}
TRAVEL = json.loads((ROOT / "examples" / "travel_booking" / "workflow.json").read_text())
TRIP = json.loads((ROOT / "examples" / "travel_booking" / "input.json").read_text())


@pytest.fixture(scope="module")
def travel_site() -> Iterator[Site]:
    """Weftline with the actions of the examples, and two workflows."""
    with throwaway_home(memory_disk()) as home, up(home, *ACTIONS, cwd=ROOT) as site:
        site.publish(WAITING)
        site.publish(TRAVEL)
        yield site


def status(page: Page, name: str) -> None:
    """Wait until the head of an execution's page shows a status."""
    head = page.locator("header").filter(has=page.get_by_role("heading", level=1))
    expect(head.get_by_text(name, exact=True)).to_be_visible()


def test_an_execution_is_watched_as_it_runs(travel_site: Site, open_page: OpenPage):
    execution = travel_site.start("two-signals", input={})["id"]
    page = open_page(travel_site, f"/executions/{execution}")
    status(page, "Waiting")
    steps = page.get_by_role("list", name="Steps over time")
    expect(steps.get_by_role("button", name=re.compile("first.*Waiting"))).to_be_visible()
    expect(steps.get_by_role("button", name=re.compile("second"))).to_have_count(0)
    travel_site.call(f"/executions/{execution}/signals", {"name": "first-signal", "payload": {"from": "a test"}})
    expect(steps.get_by_role("button", name=re.compile("second.*Waiting"))).to_be_visible()
    steps.get_by_role("button", name=re.compile("first.*Completed")).click()
    expect(page.get_by_role("complementary", name="Details").get_by_text('"a test"')).to_be_visible()
    travel_site.call(f"/executions/{execution}/signals", {"name": "second-signal"})
    status(page, "Completed")
    assert_accessible(page)


def test_a_signal_is_sent_to_what_waits_for_it(travel_site: Site, open_page: OpenPage):
    execution = travel_site.start("two-signals", input={})["id"]
    page = open_page(travel_site, f"/executions/{execution}")
    status(page, "Waiting")
    page.get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name="Send a signal").click()
    expect(page.get_by_label("Name")).to_have_value("first-signal")
    page.get_by_role("button", name="Send", exact=True).click()
    steps = page.get_by_role("list", name="Steps over time")
    expect(steps.get_by_role("button", name=re.compile("second.*Waiting"))).to_be_visible()


def test_a_run_is_replayed_by_its_log_forwards_and_backwards(travel_site: Site, open_page: OpenPage):
    execution = travel_site.start("travel-booking", input={**TRIP, "carsLeft": 1})["id"]
    eventually(lambda: travel_site.status(execution) == "completed", "the trip is booked")
    page = open_page(travel_site, f"/executions/{execution}")
    status(page, "Completed")
    page.get_by_role("button", name="Replay").click()
    steps = page.get_by_role("list", name="Steps over time")
    expect(steps.get_by_role("button")).to_have_count(3)
    page.get_by_role("button", name="To the beginning").click()
    status(page, "Pending")
    expect(steps).to_have_count(0)
    forward = page.get_by_role("button", name="One event on")
    forward.click()
    status(page, "Running")
    forward.click()
    expect(steps.get_by_role("button")).to_have_count(1)
    page.get_by_role("button", name="One event back").click()
    expect(steps).to_have_count(0)
    slider = page.get_by_role("slider", name="Event shown")
    slider.press("End")
    status(page, "Completed")
    page.get_by_role("button", name="Back to now").click()
    expect(slider).to_have_count(0)


def test_a_run_is_rolled_back_after_what_that_undoes_was_shown(travel_site: Site, open_page: OpenPage):
    execution = travel_site.start("travel-booking", input={**TRIP, "carsLeft": 1})["id"]
    eventually(lambda: travel_site.status(execution) == "completed", "the trip is booked")
    page = open_page(travel_site, f"/executions/{execution}")
    page.get_by_role("button", name="Roll back").click()
    dialog = page.get_by_role("dialog", name="Roll back")
    plan = dialog.get_by_role("listitem")
    expect(plan).to_have_text([re.compile(f"^{step} ") for step in ("book-car", "book-hotel", "book-flight")])
    assert_accessible(page)
    dialog.get_by_label("Back to").select_option("book-flight")
    expect(plan).to_have_count(2)
    dialog.get_by_label("Rest afterwards").check()
    dialog.get_by_label("Reason").fill("The traveller fell ill")
    dialog.get_by_role("button", name="Undo 2 steps").click()
    expect(dialog).to_have_count(0)
    status(page, "Rolled back")
    steps = page.get_by_role("list", name="Steps over time")
    expect(steps.get_by_role("button", name=re.compile("book-car.*Undone"))).to_be_visible()


def test_what_failed_is_retried_with_another_input(travel_site: Site, open_page: OpenPage):
    execution = travel_site.start("travel-booking", input=TRIP)["id"]
    eventually(lambda: travel_site.status(execution) == "failed", "no car was to be had")
    page = open_page(travel_site, f"/executions/{execution}")
    expect(page.get_by_role("alert")).to_contain_text("no car is left")
    page.get_by_role("button", name="Retry", exact=True).click()
    dialog = page.get_by_role("dialog", name="Retry")
    dialog.get_by_label("From").select_option("book-flight")
    dialog.get_by_label("With another input for this step").check()
    editor = dialog.get_by_role("textbox", name="Input of “book-flight”")
    editor.click()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.insert_text('{"from": "Ghent", "to": "Lisbon"}')
    dialog.get_by_role("button", name="Retry", exact=True).click()
    expect(dialog).to_have_count(0)
    page.get_by_role("tab", name="Events").click()
    page.get_by_role("searchbox", name="Filter events").fill("Ghent")
    expect(page.get_by_role("button", name="STEP_STARTED")).to_be_visible()


def test_an_execution_is_paused_and_goes_on(travel_site: Site, open_page: OpenPage):
    execution = travel_site.start("two-signals", input={})["id"]
    page = open_page(travel_site, f"/executions/{execution}")
    page.get_by_role("button", name="Pause").click()
    status(page, "Paused")
    expect(page.get_by_text("Nothing new begins until somebody resumes it.")).to_be_visible()
    assert travel_site.status(execution) == "paused"
    page.get_by_role("button", name="Resume").click()
    status(page, "Waiting")
    expect(page.get_by_role("button", name="Resume")).to_have_count(0)


def more(page: Page, act: str) -> Locator:
    """The dialog of an act that is in the menu."""
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name=act).click()
    return page.get_by_role("dialog")


def write(page: Page, editor: Locator, text: str) -> None:
    """Replace what stands in an editor."""
    editor.click()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.insert_text(text)


def test_a_step_is_skipped_and_the_next_reads_what_was_given_for_it(travel_site: Site, open_page: OpenPage):
    execution = travel_site.start("two-signals", input={})["id"]
    page = open_page(travel_site, f"/executions/{execution}")
    status(page, "Waiting")
    dialog = more(page, "Skip a step")
    expect(dialog.get_by_label("Step", exact=True)).to_have_value("first")
    write(page, dialog.get_by_role("textbox", name="Taken as its output (JSON)"), '{"skipped": true}')
    dialog.get_by_label("Reason").fill("The sender is gone")
    assert_accessible(page)
    dialog.get_by_role("button", name="Skip the step").click()
    expect(dialog).to_have_count(0)
    steps = page.get_by_role("list", name="Steps over time")
    expect(steps.get_by_role("button", name=re.compile("first.*Skipped"))).to_be_visible()
    expect(steps.get_by_role("button", name=re.compile("second.*Waiting"))).to_be_visible()


def test_data_is_edited_after_what_changes_was_told(travel_site: Site, open_page: OpenPage):
    execution = travel_site.start("two-signals", input={})["id"]
    page = open_page(travel_site, f"/executions/{execution}")
    status(page, "Waiting")
    dialog = more(page, "Edit data")
    change = dialog.get_by_role("button", name="Change the data")
    expect(change).to_be_disabled()
    write(page, dialog.get_by_role("textbox", name="Data"), '{"stage": "corrected"')
    expect(change).to_be_disabled()
    write(page, dialog.get_by_role("textbox", name="Data"), '{"note": "by hand"}')
    expect(dialog.get_by_text("Sets note; removes stage")).to_be_visible()
    change.click()
    expect(dialog).to_have_count(0)
    page.get_by_role("tab", name="Data").click()
    expect(page.get_by_text('"by hand"')).to_be_visible()
    assert travel_site.call(f"/executions/{execution}")["data"] == {"note": "by hand"}


def test_an_execution_is_started_again_with_another_input(travel_site: Site, open_page: OpenPage):
    execution = travel_site.start("travel-booking", input=TRIP)["id"]
    eventually(lambda: travel_site.status(execution) == "failed", "no car was to be had")
    page = open_page(travel_site, f"/executions/{execution}")
    dialog = more(page, "Start again")
    dialog.get_by_role("button", name="JSON").click()
    editor = dialog.get_by_role("textbox", name="Input")
    write(page, editor, '{"traveller": ')
    dialog.get_by_role("button", name="Start", exact=True).click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    write(page, editor, json.dumps({**TRIP, "carsLeft": 2}))
    dialog.get_by_role("button", name="Start", exact=True).click()
    page.wait_for_url(lambda url: "/executions/" in url and execution not in url)
    status(page, "Completed")
    again = page.url.rsplit("/", 1)[1]
    assert travel_site.call(f"/executions/{again}")["input"]["carsLeft"] == 2
    assert travel_site.status(execution) == "failed"


def test_a_migration_says_first_what_it_would_lose_and_is_told_where_it_goes_on(travel_site: Site, open_page: OpenPage):
    old = {**WAITING, "id": "migrated"}
    travel_site.publish(old)
    execution = travel_site.start("migrated", input={})["id"]
    new = json.loads(json.dumps(old).replace('"first"', '"opening"'))
    travel_site.call("/workflows/migrated", new, method="PUT")
    travel_site.call("/workflows/migrated/publish", {"changeDescription": "The first wait has another name"})
    page = open_page(travel_site, f"/executions/{execution}")
    status(page, "Waiting")
    dialog = more(page, "Migrate to another version")
    expect(dialog.get_by_label("Version", exact=True)).to_have_value("2")
    expect(dialog.get_by_text("It would lose state")).to_be_visible()
    migrate = dialog.get_by_role("button", name="Migrate", exact=True)
    expect(migrate).to_be_disabled()
    dialog.get_by_label("“first” is, in the other version").select_option("opening")
    expect(dialog.get_by_text("It can go on in version 2.")).to_be_visible()
    assert_accessible(page)
    migrate.click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("link", name="Version 2")).to_be_visible()
    travel_site.call(f"/executions/{execution}/signals", {"name": "first-signal"})
    travel_site.call(f"/executions/{execution}/signals", {"name": "second-signal"})
    status(page, "Completed")


REVIEWED: dict[str, Any] = {
    "id": "reviewed",
    "settings": {"review": True},
    "nodes": [
        {
            "id": "company",
            "type": "form",
            "form": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
            "validate": [{"condition": "size(result.name) > 2", "message": "the name is too short", "field": "name"}],
            "next": "portfolio",
        },
        {"id": "portfolio", "type": "form", "next": "end"},
        {"id": "end", "type": "end"},
    ],
}


def test_what_was_filled_in_is_validated_submitted_rejected_to_a_step_and_approved(
    travel_site: Site, open_page: OpenPage
):
    travel_site.publish(REVIEWED)
    execution = travel_site.start("reviewed", input={})["id"]

    def fill(step: str, **data: str) -> None:
        travel_site.call(f"/executions/{execution}/steps/{step}", {"data": data})

    page = open_page(travel_site, f"/executions/{execution}")
    status(page, "Draft")
    page.get_by_role("button", name="Start", exact=True).click()
    status(page, "Waiting")
    fill("company", name="Ab")
    fill("portfolio")
    status(page, "Awaiting validation")
    page.get_by_role("button", name="Submit").click()
    wrong = page.get_by_role("main").get_by_role("listitem").filter(has_text="the name is too short")
    expect(wrong).to_contain_text("company/name")
    fill("company", name="Abacus")
    page.get_by_role("button", name="Validate").click()
    expect(page.get_by_text("Everything that was entered is valid.")).to_be_visible()
    expect(wrong).to_have_count(0)
    page.get_by_role("button", name="Submit").click()
    status(page, "Submitted")

    page.get_by_role("button", name="Reject").click()
    dialog = page.get_by_role("dialog", name="Reject this execution?")
    reject = dialog.get_by_role("button", name="Reject")
    expect(reject).to_be_disabled()
    dialog.get_by_label("Reason").fill("Not the right company")
    dialog.get_by_label("Goes back to").select_option("company")
    assert_accessible(page)
    reject.click()
    status(page, "Waiting")
    fill("company", name="Abacus and Sons")
    fill("portfolio", bonds="some")
    status(page, "Awaiting validation")
    page.get_by_role("button", name="Submit").click()
    status(page, "Submitted")
    page.get_by_role("button", name="Approve").click()
    dialog = page.get_by_role("dialog", name="Approve this execution?")
    dialog.get_by_label("Comment").fill("Complete now")
    dialog.get_by_role("button", name="Approve").click()
    status(page, "Completed")
    assert travel_site.status(execution) == "completed"


def test_many_are_cancelled_at_once_after_their_number_was_shown(travel_site: Site, open_page: OpenPage):
    executions = [travel_site.start("two-signals", input={}, tags=["bulk"])["id"] for _ in range(5)]
    page = open_page(travel_site, "/executions?tag=bulk")
    rows = page.get_by_role("region", name="Executions").get_by_role("link")
    expect(rows).to_have_count(5)
    assert_accessible(page)
    page.get_by_role("button", name="Act on all that fit").click()
    page.get_by_role("menuitem", name="Cancel").click()
    dialog = page.get_by_role("dialog", name="Cancel executions")
    expect(dialog).to_contain_text("5 executions fit now.")
    dialog.get_by_label("Reason").fill("Not wanted any more")
    dialog.get_by_role("button", name="Cancel 5 executions").click()
    expect(dialog).to_contain_text("Done: 5 succeeded, 0 failed")
    dialog.get_by_role("button", name="Close").last.click()
    expect(page.get_by_role("region", name="Executions").get_by_text("Cancelled", exact=True)).to_have_count(5)
    assert {travel_site.status(execution) for execution in executions} == {"cancelled"}


def until_live(page: Page) -> None:
    """Load a page anew, until it hears of what happens."""
    heard: list[str | bytes] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: heard.append(frame)))
    page.reload()
    while not any("subscribed" in str(each) for each in heard):
        page.wait_for_timeout(20)
    settle(page)


def test_an_execution_that_starts_before_a_list_is_live_is_in_it(travel_site: Site, open_page: OpenPage):
    travel_site.start("two-signals", input={})
    page = open_page(travel_site, "/executions?workflow=two-signals")
    held: list[WebSocketRoute] = []
    page.route_web_socket("**/ws", lambda route: held.append(route))
    page.reload()
    rows = page.get_by_role("row").filter(has_text="Waiting")
    expect(rows.first).to_be_visible()
    before = rows.count()
    travel_site.start("two-signals", input={})
    assert len(held) == 1
    held[0].connect_to_server()
    expect(rows).to_have_count(before + 1)


def test_new_executions_are_announced_and_rows_change_where_they_stand(travel_site: Site, open_page: OpenPage):
    first = travel_site.start("two-signals", input={})["id"]
    page = open_page(travel_site, "/executions?workflow=two-signals")
    until_live(page)
    row = page.get_by_role("row").filter(has_text=first)
    expect(row.get_by_text("Waiting")).to_be_visible()
    travel_site.start("two-signals", input={})
    chip = page.get_by_role("button", name="1 new")
    expect(chip).to_be_visible()
    travel_site.call(f"/executions/{first}/cancel", {})
    expect(row.get_by_text("Cancelled")).to_be_visible()
    chip.click()
    expect(chip).to_have_count(0)


def test_a_page_recovers_by_itself_when_the_server_is_killed(open_page: OpenPage, complaints: Complaints):
    with throwaway_home(memory_disk()) as home:
        with up(home) as site:
            port = site.port
            site.publish(WAITING)
            execution = site.start("two-signals", input={})["id"]
            page = open_page(site, f"/executions/{execution}")
            status(page, "Waiting")
            os.kill(site.process.pid, signal.SIGKILL)
            site.process.wait()
            expect(page.get_by_text("Connection lost")).to_be_visible()
        with up(home, "--port", str(port)) as site:
            site.call(f"/executions/{execution}/signals", {"name": "first-signal"})
            site.call(f"/executions/{execution}/signals", {"name": "second-signal"})
            status(page, "Completed")
            expect(page.get_by_text("Connection lost")).to_have_count(0)
            page.close()
    # the browser's own remarks on connections that were refused meanwhile
    complaints.found = [each for each in complaints.found if "ERR_CONNECTION" not in each and "WebSocket" not in each]


def test_the_dashboard_tells_of_what_ran(travel_site: Site, open_page: OpenPage):
    travel_site.start("travel-booking", input=TRIP)
    page = open_page(travel_site, "/")
    expect(page.get_by_role("rowheader", name="Travel booking")).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("Executions: Started per hour"))).to_be_visible()
    expect(page.get_by_text("All components work")).to_be_visible()
    page.get_by_role("button", name="7 days").click()
    expect(page.get_by_role("img", name=re.compile("Executions: Started per day"))).to_be_visible()
    assert_accessible(page)


def test_the_dashboard_counts_what_waits_and_the_tasks_that_are_late(travel_site: Site, open_page: OpenPage):
    email = travel_site.join("dana", "operator", "approver")
    ask = {"id": "ask", "type": "human-task", "name": "Sign", "assignTo": [email]}
    travel_site.publish({"id": "late", "nodes": [{**ask, "dueIn": "1s"}]})
    travel_site.publish({"id": "in-time", "nodes": [{**ask, "dueIn": "9d"}]})
    late = travel_site.start("late", wait=5)["id"]
    travel_site.start("in-time", wait=5)
    [task] = travel_site.call(f"/tasks?executionId={late}")["items"]
    due = datetime.fromisoformat(task["dueAt"])
    eventually(lambda: datetime.now(UTC) > due, "the task is late")
    page = open_page(travel_site, "/", email=email)
    tasks = page.locator("section").filter(has=page.get_by_role("heading", name="Your tasks"))
    expect(tasks.get_by_role("term")).to_have_text(["Open", "Overdue"])
    expect(tasks.get_by_role("definition")).to_have_text(["2", "1"])
    expect(tasks.get_by_role("listitem").first).to_contain_text("late")
    page.get_by_role("link", name="Overdue").click()
    expect(page.get_by_role("link", name="Sign")).to_have_count(1)
    page.goto("/")
    page.get_by_role("main").get_by_role("link", name="Waiting").click()
    expect(page.get_by_role("row").filter(has_text="in-time")).to_be_visible()


def test_whoever_is_not_told_what_happens_is_told_that(travel_site: Site, open_page: OpenPage):
    page = open_page(travel_site, "/workflows")
    refusal = {"type": "error", "problem": {"code": "too_many_subscriptions", "detail": "Follow less."}}

    def refuse(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        socket.on_message(server.send)
        server.on_message(lambda message: socket.send(message))
        socket.send(json.dumps(refusal))

    page.route_web_socket(re.compile("/ws$"), refuse)
    page.goto("/executions")
    told = page.get_by_role("status").filter(has_text="What happens is not shown as it happens.")
    expect(told).to_contain_text("Follow less.")
    assert_accessible(page)


def test_the_process_map_tells_how_executions_went(travel_site: Site, open_page: OpenPage):
    execution = travel_site.start("travel-booking", input={**TRIP, "carsLeft": 1})["id"]
    eventually(lambda: travel_site.status(execution) == "completed", "the trip is booked")
    page = open_page(travel_site, "/workflows/travel-booking/map")
    page.get_by_role("button", name="book-hotel", exact=True).click()
    expect(page.get_by_role("heading", name="book-hotel")).to_be_visible()
    expect(page.get_by_role("definition").first).to_have_text(re.compile(r"^\d+$"))
    assert_accessible(page)
