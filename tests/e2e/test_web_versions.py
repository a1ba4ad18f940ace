"""The designer's other half in the web app: properties, code in any dialect, trials, drafts in conflict; and versions
compared and gone back to.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.e2e.browser import OpenPage, assert_accessible
from tests.e2e.site import Site


def purchase(id: str) -> dict[str, Any]:
    """A workflow in which somebody approves what costs much."""
    return {
        "id": id,
        "name": "Purchase",
        "input": {
            "type": "object",
            "required": ["item", "amount"],
            "properties": {"item": {"type": "string"}, "amount": {"type": "number"}},
        },
        "nodes": [
            {"id": "is-dear", "type": "decision", "condition": "input.amount > 100", "true": "agree", "false": "order"},
            {"id": "agree", "type": "approval", "outcomes": {"approved": "order", "rejected": "end"}},
            {"id": "order", "type": "action", "action": "echo", "input": {"item": "${ input.item }"}, "next": "end"},
            {"id": "end", "type": "end"},
        ],
    }


def test_two_versions_are_compared_and_the_earlier_one_is_gone_back_to(site: Site, open_page: OpenPage):
    definition = purchase("compared")
    site.publish(definition)
    definition["nodes"][2]["retry"] = {"maxAttempts": 7}
    site.call("/workflows/compared", definition, method="PUT")
    site.call("/workflows/compared/publish", {"changeDescription": "Orders are tried more often"})
    page = open_page(site, "/workflows/compared/versions")
    expect(page.get_by_text("Orders are tried more often")).to_be_visible()
    changes = page.get_by_role("region", name="Changes")
    expect(changes.get_by_role("button", name="order")).to_be_visible()
    expect(changes.get_by_text("maxAttempts")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Version 1").click()
    page.get_by_role("button", name="Go back to this version").click()
    page.get_by_role("dialog").get_by_role("button", name="Go back", exact=True).click()
    expect(page.get_by_text("Version 3 is published")).to_be_visible()
    expect(page.get_by_text("Back to version 1")).to_be_visible()
    assert site.call("/workflows/compared")["publishedVersion"] == 3


def test_a_definition_is_tried_out_with_answers_and_without_effect(site: Site, open_page: OpenPage):
    site.publish(purchase("tried"))
    page = open_page(site, "/workflows/tried")
    page.get_by_role("button", name="Try it").click()
    trial = page.get_by_role("region", name="Try it")
    trial.get_by_label("Item").fill("A desk")
    trial.get_by_label("Amount").fill("250")
    trial.get_by_role("button", name="Run", exact=True).click()
    trial.get_by_role("button", name="To the end").click()
    expect(trial.get_by_text("for an answer")).to_be_visible()
    trial.get_by_role("tab", name="Tasks").click()
    trial.get_by_label("Answer to “agree”").select_option("approved")
    # until the answer comes, the trial before is shown
    with page.expect_response("**/workflows/trial"):
        trial.get_by_role("button", name="Run again").click()
    trial.get_by_role("button", name="To the end").click()
    expect(trial.get_by_text("Completed")).to_be_visible()
    trial.get_by_role("button", name="One step back").click()
    expect(trial.get_by_text("What happened")).to_be_visible()
    assert_accessible(page)
    assert site.call("/executions?workflowId=tried")["items"] == []


def test_what_is_typed_in_the_panel_stands_in_the_code_and_the_other_way_round(site: Site, open_page: OpenPage):
    site.publish(purchase("typed"))
    page = open_page(site, "/workflows/typed")
    panel = page.get_by_role("complementary", name="Properties")
    panel.get_by_role("textbox", name="Name", exact=True).fill("Purchases")
    page.get_by_role("button", name="Code").click()
    code = page.get_by_role("textbox", name="Definition as JSON")
    expect(code).to_contain_text('"name": "Purchases"')
    code.press("Control+Home")
    code.press_sequentially("x")
    expect(page.get_by_text("Not taken over yet, line 1")).to_be_visible()
    code.press("Backspace")
    expect(page.get_by_text("In step with the canvas")).to_be_visible()
    page.get_by_role("button", name="YAML").click()
    expect(page.get_by_role("textbox", name="Definition as YAML")).to_contain_text("name: Purchases")


def foreign(id: str) -> dict[str, Any]:
    """A workflow as another system writes it, with a step that there is not here."""
    return {
        "id": id,
        "name": "Order pause",
        "status": "active",
        "nodes": [
            {"id": "begin", "type": "start", "nextNodeId": "think"},
            {"id": "think", "type": "wait", "config": {"delay": 200}, "nextNodeId": "tell"},
            {"id": "tell", "type": "fax", "nextNodeId": "done"},
            {"id": "done", "type": "end"},
        ],
    }


def test_a_definition_in_another_dialect_is_pasted_into_the_code_converted_and_undone(site: Site, open_page: OpenPage):
    site.publish(purchase("pasted"))
    page = open_page(site, "/workflows/pasted")
    page.get_by_role("button", name="Code").click()
    code = page.get_by_role("textbox", name="Definition as JSON")
    code.press("Control+a")
    page.evaluate("text => navigator.clipboard.writeText(text)", json.dumps(foreign("theirs")))
    code.press("Control+v")
    expect(page.get_by_text("This is written in the dialect “nodes”.")).to_be_visible()
    expect(node(page, "agree")).to_be_visible()
    page.get_by_role("button", name="Convert").click()
    dialog = page.get_by_role("dialog", name="Converted from the dialect “nodes”")
    expect(dialog.get_by_text("1 thing could not be converted")).to_be_visible()
    expect(dialog.get_by_role("listitem").first).to_contain_text("/nodes/2/type")
    assert_accessible(page)
    dialog.get_by_role("button", name="Put it in place").click()
    expect(node(page, "think")).to_be_visible()
    expect(code).to_contain_text('"action": "unsupported.fax"')
    expect(code).to_contain_text('"id": "pasted"')
    page.get_by_role("button", name="Undo").click()
    expect(node(page, "agree")).to_be_visible()


def test_a_definition_in_another_dialect_is_imported_in_place_and_as_a_new_workflow(
    site: Site, open_page: OpenPage, tmp_path: Path
):
    site.publish(purchase("replaced"))
    page = open_page(site, "/workflows/replaced")
    page.get_by_role("button", name="Code").click()
    page.get_by_role("button", name="Import").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Or paste it here").fill(json.dumps({**foreign("x"), "nodes": [{"id": 1, "type": "end"}]}))
    dialog.get_by_label("Dialect").select_option("nodes")
    dialog.get_by_role("button", name="Put it in place").click()
    expect(dialog.get_by_role("alert")).to_contain_text("one `start` node")
    file = tmp_path / "flow.json"
    file.write_text(json.dumps(foreign("imported")))
    dialog.get_by_label("Choose a file").set_input_files(file)
    dialog.get_by_label("Dialect").select_option("Find out")
    dialog.get_by_role("button", name="Put it in place").click()
    expect(dialog.get_by_text("could not be converted")).to_be_visible()
    dialog.get_by_role("button", name="Put it in place").click()
    expect(node(page, "tell")).to_be_visible()

    page.goto("/workflows")
    page.get_by_role("button", name="New workflow").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("A definition you have").click()
    dialog.get_by_label("Or paste it here").fill(file.read_text())
    dialog.get_by_role("button", name="Create and open").click()
    expect(dialog.get_by_text("could not be converted")).to_be_visible()
    dialog.get_by_role("button", name="Create and open").click()
    page.wait_for_url("**/workflows/imported")
    expect(node(page, "tell")).to_be_visible()
    kept = site.call("/working-copies/imported")["definition"]
    assert [each["type"] for each in kept["nodes"]] == ["start", "wait", "action", "end"]


def test_what_the_server_never_got_comes_back_after_a_crash_of_the_page(site: Site, open_page: OpenPage):
    site.publish(purchase("crashed"))
    page = open_page(site, "/workflows/crashed")
    page.context.route("**/api/v1/working-copies/crashed", cut_off)
    rename(page, "Bought in the dark")
    expect(page.get_by_text("Kept in this browser; the server does not answer")).to_be_visible()
    again = page.context.new_page()
    page.close()
    again.goto("/workflows/crashed")
    expect(again.get_by_text("Restored what you had not saved")).to_be_visible()
    expect(name_of(again)).to_have_value("Bought in the dark")
    page.context.unroute("**/api/v1/working-copies/crashed", cut_off)
    expect(again.get_by_text("Saved", exact=True)).to_be_visible()
    assert site.call("/working-copies/crashed")["definition"]["name"] == "Bought in the dark"
    assert_accessible(again)
    again.get_by_role("button", name="Use the server's instead").click()
    expect(name_of(again)).to_have_value("Purchase")
    again.get_by_role("button", name="Undo").click()
    expect(name_of(again)).to_have_value("Bought in the dark")


def test_people_who_edit_the_same_workflow_see_one_another_until_they_have_published(site: Site, open_page: OpenPage):
    site.publish(purchase("shared"))
    grace = site.join("grace", "author")
    mine, theirs = open_page(site, "/workflows/shared"), open_page(site, "/workflows/shared", email=grace)
    rename(theirs, "Grace's purchase")
    expect(mine.get_by_text("Grace is also working on this")).to_be_visible()
    rename(mine, "My purchase")
    expect(theirs.get_by_text("is also working on this")).to_be_visible()
    expect(name_of(theirs)).to_have_value("Grace's purchase")
    publish(theirs)
    expect(mine.get_by_text("Somebody saved version 2 while you were editing")).to_be_visible()
    expect(mine.get_by_text("Grace is also working on this")).to_be_hidden()


def test_whoever_saves_second_sees_what_differs_and_keeps_their_own_without_losing_the_others(
    site: Site, open_page: OpenPage
):
    site.publish(purchase("kept"))
    page = open_page(site, "/workflows/kept")
    rename(page, "Mine")
    page.get_by_role("button", name="Publish", exact=True).click()
    dialog = page.get_by_role("dialog", name="Publish")
    # between the look at the dialog and the click in it
    site.call("/workflows/kept", {**purchase("kept"), "name": "Theirs"}, method="PUT")
    site.call("/workflows/kept/publish", {})
    dialog.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_text("Somebody saved version 2 while you were editing")).to_be_visible()
    expect(dialog).to_be_hidden()
    assert site.call("/workflows/kept")["latestVersion"] == 2
    page.get_by_role("button", name="See the difference").click()
    difference = page.get_by_role("dialog", name="What differs")
    expect(difference.get_by_role("textbox", name="Theirs")).to_contain_text('"name": "Theirs"')
    expect(difference.get_by_role("textbox", name="Yours")).to_contain_text('"name": "Mine"')
    assert_accessible(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Keep mine").click()
    expect(page.get_by_text("while you were editing")).to_be_hidden()
    publish(page)
    expect(page.get_by_text("is published as version 3")).to_be_visible()
    names = [site.call(f"/workflows/kept/versions/{number}")["definition"]["name"] for number in (1, 2, 3)]
    assert names == ["Purchase", "Theirs", "Mine"]


def test_whoever_takes_what_another_saved_can_still_go_back_to_their_own(site: Site, open_page: OpenPage):
    site.publish(purchase("taken"))
    page = open_page(site, "/workflows/taken")
    rename(page, "Mine")
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    site.call("/workflows/taken", {**purchase("taken"), "name": "Theirs"}, method="PUT")
    expect(page.get_by_text("Somebody saved version 2 while you were editing")).to_be_visible()
    page.get_by_role("button", name="Take theirs").click()
    page.get_by_role("dialog").get_by_role("button", name="Take theirs").click()
    expect(name_of(page)).to_have_value("Theirs")
    expect(page.get_by_text("while you were editing")).to_be_hidden()
    page.get_by_role("button", name="Undo").click()
    expect(name_of(page)).to_have_value("Mine")
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    assert site.call("/working-copies/taken")["definition"]["name"] == "Mine"


@pytest.mark.parametrize(("choice", "kept"), [("Keep mine", "First window"), ("Take theirs", "Second window")])
def test_a_draft_changed_in_two_windows_is_kept_twice_until_one_is_chosen(
    site: Site, open_page: OpenPage, choice: str, kept: str
):
    workflow = kept.split()[0].lower()
    site.publish(purchase(workflow))
    first = open_page(site, f"/workflows/{workflow}")
    expect(name_of(first)).to_have_value("Purchase")
    second = first.context.new_page()
    second.goto(f"/workflows/{workflow}")
    rename(second, "Second window")
    expect(second.get_by_text("Saved", exact=True)).to_be_visible()
    rename(first, "First window")
    expect(first.get_by_text("You changed this draft in another window")).to_be_visible()
    expect(name_of(first)).to_have_value("First window")
    assert site.call(f"/working-copies/{workflow}")["definition"]["name"] == "Second window"
    first.get_by_role("button", name=choice).click()
    if choice == "Take theirs":
        first.get_by_role("dialog").get_by_role("button", name=choice).click()
    expect(first.get_by_text("in another window")).to_be_hidden()
    expect(first.get_by_text("Saved", exact=True)).to_be_visible()
    expect(name_of(first)).to_have_value(kept)
    assert site.call(f"/working-copies/{workflow}")["definition"]["name"] == kept


def cut_off(route: Route) -> None:
    """The server gets no draft."""
    if route.request.method == "PUT":
        route.abort()
    else:
        route.continue_()


def node(page: Page, id: str) -> Locator:
    return page.locator(f'.svelte-flow__node[data-id="{id}"]')


def name_of(page: Page) -> Locator:
    """The field with the workflow's name."""
    panel = page.get_by_role("complementary", name="Properties")
    return panel.get_by_role("textbox", name="Name", exact=True)


def rename(page: Page, name: str) -> None:
    name_of(page).fill(name)


def publish(page: Page) -> None:
    page.get_by_role("button", name="Publish", exact=True).click()
    page.get_by_role("dialog", name="Publish").get_by_role("button", name="Publish", exact=True).click()
