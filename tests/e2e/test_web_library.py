"""The template library in a browser: found, looked at, installed, published, and decided on."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from tests.e2e.browser import OpenPage, assert_accessible
from tests.e2e.site import Site

REASON = "Looking after the library"


def connect(site: Site, name: str) -> None:
    """A connection to Slack, untried."""
    body = {"integrationId": "slack", "name": name, "authType": "BEARER", "credentials": {"token": "xoxb-1-otters"}}
    site.call("/connections", {**body, "test": False})


def disconnect(site: Site) -> None:
    """Remove every connection, and the workflows that name them stay as they are."""
    for each in site.call("/connections")["items"]:
        site.call(f"/connections/{each['id']}?force=true", method="DELETE")


def workflow(id: str, **fields: Any) -> dict[str, Any]:
    """One that could be a template."""
    step = {
        "id": "tell",
        "type": "action",
        "action": "slack.sendMessage",
        "connection": "our-chat",
        "input": {"channel": "${ vars.CHANNEL }", "text": "${ input.text }"},
        **fields,
    }
    return {"id": id, "name": id.capitalize(), "nodes": [step]}


def give_reason(page: Page) -> None:
    page.get_by_label("Reason").fill(REASON)
    page.get_by_role("button", name="Go on").click()


def test_a_template_is_found_by_words_and_category_and_shown_as_a_graph(site: Site, open_page: OpenPage):
    page = open_page(site, "/library")
    expect(page.get_by_role("link", name="Purchase approval")).to_be_visible()
    assert_accessible(page)
    # what operators recommend stands before everything else
    first = page.get_by_role("main").get_by_role("listitem").first
    expect(first.get_by_text("Featured")).to_be_visible()
    page.get_by_role("button", name="Finance").click()
    page.get_by_label("Find a template").fill("four eyes")
    expect(page.get_by_role("link", name="Purchase approval")).to_be_visible()
    expect(page.get_by_role("link", name="Meter reading")).to_have_count(0)
    page.get_by_label("Find a template").fill("no such thing")
    expect(page.get_by_text("No template is like this")).to_be_visible()
    page.get_by_role("button", name="Clear the filters").click()
    page.get_by_role("link", name="Purchase approval").click()
    expect(page.get_by_role("group", name="Graph of the workflow").get_by_text("How large is it?")).to_be_visible()
    expect(page.get_by_text("Limit without approval")).to_be_visible()
    expect(page.get_by_text("a small purchase needs nobody")).to_be_visible()
    assert_accessible(page)


def test_a_template_is_told_in_german(site: Site, open_page: OpenPage):
    page = open_page(site, "/library/purchase-approval", locale="de-DE")
    expect(page.get_by_role("heading", name="Einkauf freigeben", level=1)).to_be_visible()
    expect(page.get_by_text("Grenze ohne Freigabe")).to_be_visible()
    assert_accessible(page)


def test_the_wizard_tells_what_is_missing_in_its_place_and_ends_in_the_designer(site: Site, open_page: OpenPage):
    disconnect(site)
    page = open_page(site, "/library/purchase-approval")
    page.get_by_role("button", name="Install").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Purchases in Berlin")
    dialog.get_by_label("Id").fill("berlin-purchases")
    assert_accessible(page)
    dialog.get_by_role("button", name="Next").click()
    expect(dialog.get_by_text("There is no connection to slack yet.")).to_be_attached()
    dialog.get_by_role("button", name="Next").click()
    expect(dialog.get_by_text("a connection to 'slack' is needed")).to_be_visible()
    assert_accessible(page)
    # one that is set up from here is chosen at once
    dialog.get_by_role("button", name="Connect to slack").click()
    connecting = page.get_by_role("dialog").last
    connecting.get_by_label("Name").fill("berlin-slack")
    expect(connecting.get_by_label("Token").first).to_be_visible()
    page.keyboard.press("Escape")
    connect(site, "berlin-slack")
    dialog.get_by_role("button", name="Back").click()
    dialog.get_by_role("button", name="Next").click()
    expect(dialog.get_by_label("team-chat")).to_have_value("berlin-slack")
    dialog.get_by_role("button", name="Next").click()
    limit = dialog.get_by_label("Limit without approval")
    expect(limit).to_have_value("250")
    limit.fill("many")
    expect(dialog.get_by_text("This is not a number.")).to_be_visible()
    limit.fill("400")
    dialog.get_by_role("button", name="Install").click()
    page.wait_for_url("**/workflows/berlin-purchases")
    expect(page.get_by_role("heading", name="Purchases in Berlin", level=1)).to_be_visible()
    made = {each["key"]: each["value"] for each in site.call("/workflows/berlin-purchases/variables")["items"]}
    assert made["PURCHASE_LIMIT"] == 400
    # an id that is taken is told at the id, whichever step it turns up in
    page.goto("/library/purchase-approval")
    page.get_by_role("button", name="Install").click()
    dialog.get_by_label("Id").fill("berlin-purchases")
    for name in ("Next", "Next", "Install"):
        dialog.get_by_role("button", name=name).click()
    expect(dialog.get_by_label("Id")).to_have_attribute("aria-invalid", "true")


def test_who_may_make_no_workflow_only_looks(site: Site, open_page: OpenPage):
    page = open_page(site, "/library/purchase-approval", email=site.join("vera", "viewer"))
    expect(page.get_by_role("heading", name="Purchase approval", level=1)).to_be_visible()
    expect(page.get_by_role("button", name="Install")).to_have_count(0)


def test_a_workflow_is_published_for_the_tenant_found_and_taken_back(site: Site, open_page: OpenPage):
    site.publish(workflow("tell-them"))
    page = open_page(site, "/workflows/tell-them")
    page.get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name="Publish as template").click()
    expect(page.get_by_text("our-chat does not leave your tenant")).to_be_visible()
    page.get_by_label("Category").select_option(label="Support")
    page.get_by_label("Name (English)").fill("Tell them")
    page.get_by_label("Name (Deutsch)").fill("Sag es ihnen")
    assert_accessible(page)
    page.get_by_role("button", name="Publish").click()
    # a description is needed, and told at its field
    expect(page.get_by_label("Description (English)").first).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Description (English)").first.fill("Tells a channel what you say.")
    page.get_by_role("button", name="Publish").click()
    page.wait_for_url("**/library/published")
    row = page.get_by_role("row", name="Tell them")
    expect(row.get_by_text("Published")).to_be_visible()
    assert_accessible(page)
    page.goto("/library/tell-them")
    expect(page.get_by_role("heading", name="Tell them", level=1)).to_be_visible()
    expect(page.get_by_text("our-chat")).to_have_count(0)
    page.goto("/library/published")
    row.get_by_role("button", name="Actions").click()
    page.get_by_role("menuitem", name="Take back").click()
    page.get_by_role("dialog").get_by_role("button", name="Take back").click()
    expect(row.get_by_text("Taken back")).to_be_visible()
    assert site.call("/publications/tell-them")["isPublished"] is False


def test_what_must_not_leave_the_tenant_is_told_with_its_place(site: Site, open_page: OpenPage):
    site.publish(workflow("leaky", input={"channel": "${ vars.CHANNEL }", "token": "otters-4711"}))
    page = open_page(site, "/workflows/leaky/template")
    expect(page.get_by_text("/definition/nodes/0/input/token")).to_be_visible()
    assert_accessible(page)
    page.get_by_label("Category").select_option(label="Support")
    page.get_by_label("Description (English)").first.fill("Leaks.")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("It cannot be published like this")).to_be_visible()
    expect(page.get_by_text("otters-4711")).to_have_count(0)
    assert_accessible(page)


def test_an_operator_decides_on_a_public_template_and_marks_others(site: Site, open_page: OpenPage):
    site.publish(workflow("for-all"))
    site.call(
        "/publications",
        {
            "id": "for-all",
            "workflowId": "for-all",
            "visibility": "PUBLIC",
            "author": "Ada's company",
            "category": "support",
            "name": {"en": "For all"},
            "description": {"en": "Tells everybody."},
            "variables": [{"key": "CHANNEL", "title": {"en": "Channel"}}],
        },
    )
    page = open_page(site, "/platform/templates")
    give_reason(page)
    page.get_by_role("button", name="For all").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Tells everybody.").first).to_be_visible()
    expect(dialog.get_by_role("group", name="Graph of the workflow").get_by_text("tell")).to_be_visible()
    assert_accessible(page)
    dialog.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Nothing waits for a decision")).to_be_visible()
    assert site.call("/publications/for-all")["version"]["status"] == "APPROVED"
    page.get_by_label("Status").select_option(label="Approved")
    page.get_by_role("button", name="For all").click()
    dialog.get_by_role("button", name="Withdraw").click()
    asked = page.get_by_role("dialog").last
    asked.get_by_label("Reason").fill("It is broken.")
    asked.get_by_role("button", name="Withdraw").click()
    expect(page.get_by_role("button", name="For all")).to_have_count(0)
    told = site.call("/publications/for-all")["version"]
    assert (told["status"], told["note"]) == ("WITHDRAWN", "It is broken.")
    page.get_by_role("tab", name="Featured and premium").click()
    page.get_by_label("Find a template").fill("meter")
    with page.expect_response("**/marks*") as marked:
        page.get_by_role("switch", name="Featured: Meter reading").click()
    assert marked.value.ok
    assert_accessible(page)
    assert site.call("/library/meter-reading")["isFeatured"] is True
