"""Human tasks in a browser: forms, drafts, claiming, handing on, and what others do meanwhile."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.e2e.browser import OpenPage, assert_accessible
from tests.e2e.site import EMAIL, Site


def workflow(id: str, name: str, **node: Any) -> dict[str, Any]:
    """A workflow that asks for one thing."""
    task = {"id": "ask", "type": "human-task", "name": name, "next": "end", **node}
    return {"id": id, "nodes": [{"id": "start", "type": "start", "next": "ask"}, task, {"id": "end", "type": "end"}]}


def task_of(site: Site, execution: dict[str, Any]) -> str:
    return site.call(f"/tasks?executionId={execution['id']}")["items"][0]["id"]


FORM = {
    "type": "object",
    "required": ["amount"],
    "properties": {"amount": {"type": "number", "title": "Amount", "maximum": 500}},
}


def test_a_task_is_found_filled_in_and_decided(site: Site, open_page: OpenPage):
    site.publish(workflow("claim", "Check the claim", form=FORM, outcomes={"approved": "end", "rejected": "end"}))
    execution = site.start("claim", wait=5)
    page = open_page(site, "/tasks?workflow=claim")
    page.get_by_role("link", name="Check the claim").click()
    expect(page.get_by_role("heading", name="Your decision")).to_be_visible()
    assert_accessible(page)
    page.get_by_label("Amount").fill("501")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Must be 500 or less.")).to_be_visible()
    page.get_by_label("Amount").fill("120")
    page.get_by_label("Comment (optional)").fill("Receipts are fine.")
    page.get_by_role("button", name="Approve").click()
    history = page.get_by_role("region", name="History")
    expect(history.get_by_text("decided: Approved")).to_be_visible()
    expect(history.get_by_text("Receipts are fine.")).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    told = site.call(f"/tasks/{task_of(site, execution)}")
    assert (told["outcome"], told["data"]) == ("approved", {"amount": 120})


def test_what_was_begun_is_there_again_until_it_is_sent(site: Site, open_page: OpenPage):
    site.publish(workflow("draft", "Fill this in slowly", form=FORM))
    page = open_page(site, f"/tasks/{task_of(site, site.start('draft', wait=5))}")
    page.get_by_label("Amount").fill("42")
    expect(page.get_by_text("Kept in this browser")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Amount")).to_have_value("42")
    expect(page.get_by_text("is here again")).to_be_visible()
    page.get_by_role("button", name="Start afresh").click()
    expect(page.get_by_label("Amount")).to_have_value("")


def test_a_task_is_claimed_commented_on_and_delegated(site: Site, open_page: OpenPage):
    lee = site.join("lee", "approver")
    site.publish(workflow("delegated", "Look at this"))
    task = task_of(site, site.start("delegated", wait=5))
    page = open_page(site, f"/tasks/{task}")
    page.get_by_role("button", name="Claim", exact=True).click()
    expect(page.get_by_role("button", name="Release").or_(page.get_by_text("claimed it")).first).to_be_visible()
    page.get_by_label("Say something about this task").fill("Is this in the budget?")
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.get_by_role("region", name="History").get_by_text("Is this in the budget?")).to_be_visible()
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Delegate").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("To whom").fill("lee")
    page.get_by_role("option", name="Lee").click()
    assert_accessible(page)
    dialog.get_by_role("button", name="Delegate").click()
    expect(page.get_by_text(f"handed it to {lee}")).to_be_visible()
    assert site.call(f"/tasks/{task}")["claimedBy"] == lee


def act(page: Page, name: str) -> Locator:
    """The dialog of an act that is in a task's menu."""
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name=name).click()
    return page.get_by_role("dialog")


def test_a_task_is_taken_given_back_and_assigned_to_somebody_else(site: Site, open_page: OpenPage):
    noel = site.join("noel", "approver")
    site.publish(workflow("handed", "Sort this out"))
    task = task_of(site, site.start("handed", wait=5))
    page = open_page(site, f"/tasks/{task}")
    page.get_by_role("button", name="Claim", exact=True).click()
    page.get_by_role("button", name="Release").click()
    expect(page.get_by_text("The task is given back")).to_be_visible()
    expect(page.get_by_role("button", name="Claim", exact=True)).to_be_visible()
    dialog = act(page, "Assign anew")
    expect(dialog.get_by_text("Anybody who may do tasks")).to_be_visible()
    finder = dialog.get_by_label("People, groups and roles")
    for typed, name in (("operator", "Operator"), ("noel", "Noel")):
        finder.fill(typed)
        page.get_by_role("option", name=name).click()
    dialog.get_by_role("button", name="Remove operator").click()
    dialog.get_by_label("Reason").fill("He knows the customer")
    assert_accessible(page)
    dialog.get_by_role("button", name="Assign", exact=True).click()
    expect(dialog).to_have_count(0)
    assert site.call(f"/tasks/{task}")["assignTo"] == [noel]
    theirs = open_page(site, "/tasks", email=noel)
    expect(theirs.get_by_role("link", name="Sort this out")).to_be_visible()


def test_a_link_is_mailed_with_which_one_person_decides_without_signing_in(site: Site, open_page: OpenPage):
    otto = site.join("otto", "approver")
    outcomes = {"approved": "end", "rejected": "end"}
    site.publish(workflow("mailed", "Let it pass", outcomes=outcomes, assignTo=[otto]))
    task = task_of(site, site.start("mailed", wait=5))
    page = open_page(site, f"/tasks/{task}")
    dialog = act(page, "Send a link")
    dialog.get_by_label("To whom").fill("otto")
    page.get_by_role("option", name="Otto").click()
    dialog.get_by_label("Only this outcome").select_option("approved")
    dialog.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("The link is on its way")).to_be_visible()
    messages = site.call(f"/platform/mail?recipient={otto}")["items"]
    texts = [site.call(f"/platform/mail/{message['id']}")["text"] for message in messages]
    [link] = [found[0] for text in texts if (found := re.search(r"/\S*task-links/\S+", text))]
    mailed = open_page(site, link[link.index("/", 9) :] if "://" in link else link, email=None)
    mailed.get_by_role("button", name="Approved").click()
    expect(page.get_by_text("decided: Approved")).to_be_visible()
    assert site.call(f"/tasks/{task}")["outcome"] == "approved"


def test_fields_come_in_the_order_of_their_author_and_no_box_is_ticked_beforehand(site: Site, open_page: OpenPage):
    fields = {
        "zip": {"type": "string", "title": "Postcode"},
        "applicant": {"type": "string", "title": "Applicant"},
        "amount": {"type": "number", "title": "Amount"},
        "agreed": {"type": "boolean", "const": True, "title": "I have read the terms"},
    }
    form = {"type": "object", "required": ["agreed"], "properties": fields}
    site.publish(workflow("ordered", "Apply", form=form))
    task = task_of(site, site.start("ordered", wait=5))
    page = open_page(site, f"/tasks/{task}")
    labels = page.get_by_role("form", name="Apply").locator("label")
    expect(labels).to_contain_text(["Postcode", "Applicant", "Amount", "I have read the terms"])
    box = page.get_by_role("checkbox", name="I have read the terms")
    expect(box).not_to_be_checked()
    page.get_by_role("button", name="Complete", exact=True).click()
    expect(page.get_by_text("Tick this to go on.")).to_be_visible()
    box.check()
    page.get_by_role("button", name="Complete", exact=True).click()
    expect(box).to_have_count(0)
    assert site.call(f"/tasks/{task}")["data"] == {"agreed": True}


def test_that_another_was_faster_is_said_at_once(site: Site, open_page: OpenPage):
    kim = site.join("kim", "approver")
    site.publish(workflow("raced", "Who is first"))
    task = task_of(site, site.start("raced", wait=5))
    mine = open_page(site, f"/tasks/{task}", email=kim)
    expect(mine.get_by_role("button", name="Complete")).to_be_visible()
    expect(mine.get_by_role("main")).to_be_visible()
    site.call(f"/tasks/{task}/complete", {})
    expect(mine.get_by_text(f"{EMAIL} has just decided this task.")).to_be_visible()
    expect(mine.get_by_role("button", name="Complete")).to_have_count(0)


def test_several_people_vote_and_see_who_has(site: Site, open_page: OpenPage):
    mia = site.join("mia", "approver")
    site.publish(workflow("joint", "Agree on this", type="approval", approvals=2, outcomes={"rejected": "end"}))
    task = task_of(site, site.start("joint", wait=5))
    page = open_page(site, f"/tasks/{task}", email=mia)
    expect(page.get_by_text("0 of 2 agreed")).to_be_visible()
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("1 of 2 agreed")).to_be_visible()
    expect(page.get_by_role("list", name="Votes").get_by_text(mia)).to_be_visible()
    expect(page.get_by_text("You have decided. The task waits for others.")).to_be_visible()


def test_many_tasks_are_completed_at_once_and_the_number_in_the_navigation_follows(site: Site, open_page: OpenPage):
    nora = site.join("nora", "approver")
    site.publish(workflow("many", "One of many", assignTo=[nora]))
    site.publish(workflow("kept", "One that stays", assignTo=[nora]))
    for name in ("many", "many", "many", "kept"):
        site.start(name, wait=5)
    page = open_page(site, "/tasks?workflow=many", email=nora)
    # tasks of other tests may be for everybody
    count = len(page.request.get("/api/v1/tasks?mine=true&status=open&limit=200").json()["items"])
    expect(waiting(page).get_by_text(f"{count} tasks wait for you", exact=True)).to_be_attached()
    page.get_by_role("checkbox", name="Select all rows").check()
    page.get_by_role("button", name="Complete…").click()
    page.get_by_role("dialog").get_by_role("button", name="Complete").click()
    expect(page.get_by_text("3 tasks done")).to_be_visible()
    expect(page.get_by_text("Nothing waits for you")).to_be_visible()
    told = re.compile(f"^{count - 3} tasks? waits? for you$")
    expect(waiting(page).get_by_text(told)).to_be_attached()


def waiting(page: Page) -> Any:
    return page.get_by_role("navigation", name="Main navigation").get_by_role("link", name="Tasks")


def test_on_a_phone_the_list_and_the_task_come_one_after_the_other(site: Site, open_page: OpenPage):
    site.publish(workflow("phone", "Sign for the parcel"))
    site.start("phone", wait=5)
    page = open_page(site, "/tasks?workflow=phone", viewport={"width": 390, "height": 844})
    page.get_by_role("link", name="Sign for the parcel").click()
    expect(page.get_by_role("heading", name="Your decision")).to_be_visible()
    expect(page.get_by_role("heading", name="Tasks")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.get_by_role("link", name="Back to the list").click()
    expect(page.get_by_role("heading", name="Tasks")).to_be_visible()
