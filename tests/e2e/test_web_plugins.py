"""Plugins in a browser: switched and configured, and the pages that they describe."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import memory_disk, throwaway_home
from tests.e2e.browser import OpenPage, assert_accessible
from tests.e2e.gadgets import installed
from tests.e2e.site import Site, up


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """Weftline with two plugins, of which one cannot be started."""
    with throwaway_home(memory_disk()) as home, installed(home / "installed"), up(home) as site:
        yield site


def order(site: Site, name: str, count: int) -> None:
    site.call("/plugins/gadgets/routes/orders", {"name": name, "count": count})


def panel_link(page: Page):
    return page.get_by_role("navigation", name="Main navigation").get_by_role("link", name="Gadgets")


def test_plugins_are_listed_with_how_they_stand_and_why_one_failed(site: Site, open_page: OpenPage):
    page = open_page(site, "/plugins")
    expect(page.get_by_role("row", name="Gadgets").get_by_text("Running")).to_be_visible()
    failed = page.get_by_role("row", name="Broken")
    expect(failed.get_by_text("Failed", exact=True)).to_be_visible()
    expect(failed.get_by_text("the spring is missing")).to_be_visible()
    assert_accessible(page)
    failed.get_by_role("link").click()
    expect(page.get_by_role("alert").get_by_text("the spring is missing")).to_be_visible()
    assert_accessible(page)


def test_a_plugin_is_configured_by_a_form_and_a_secret_is_never_shown(site: Site, open_page: OpenPage):
    page = open_page(site, "/plugins/gadgets")
    page.get_by_label("Limit").fill("0")
    page.get_by_label("Token").fill("beep-beep")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Must be 1 or more.")).to_be_visible()
    page.get_by_label("Limit").fill("25")
    with page.expect_response("**/configuration") as saved:
        page.get_by_role("button", name="Save").click()
    assert saved.value.ok
    expect(page.get_by_text("Set, and not shown: token")).to_be_visible()
    expect(page.get_by_label("Limit")).to_have_value("25")
    assert_accessible(page)
    told = site.call("/plugins/gadgets/configuration")
    assert (told["configuration"]["limit"], told["secrets"]) == (25, ["token"])
    page.get_by_label("Limit").fill("30")
    with page.expect_response("**/configuration") as again:
        page.get_by_role("button", name="Save").click()
    assert again.value.ok
    expect(page.get_by_label("Limit")).to_have_value("30")
    # the secret was left empty, and stays
    assert site.call("/plugins/gadgets/configuration")["secrets"] == ["token"]


def test_a_plugins_page_shows_rows_and_does_what_its_buttons_say(site: Site, open_page: OpenPage):
    order(site, "pager", 3)
    page = open_page(site)
    panel_link(page).click()
    expect(page.get_by_role("heading", name="Gadgets", level=1)).to_be_visible()
    expect(page.get_by_text("Whatever beeps")).to_be_visible()
    expect(page.get_by_role("row", name="pager").get_by_text("Here")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Order").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Gadget").fill("teapot")
    dialog.get_by_label("How many").fill("2")
    assert_accessible(page)
    dialog.get_by_role("button", name="Order").click()
    expect(dialog.get_by_text("a teapot is no gadget").first).to_be_visible()
    dialog.get_by_label("Gadget").fill("radio")
    dialog.get_by_role("button", name="Order").click()
    expect(page.get_by_role("row", name="radio")).to_be_visible()
    page.get_by_role("row", name="radio").get_by_role("button").click()
    page.get_by_role("menuitem", name="Hand back").click()
    expect(page.get_by_text("It goes back to the shop.")).to_be_visible()
    page.get_by_role("button", name="Hand back").click()
    expect(page.get_by_role("row", name="radio").get_by_text("Returned")).to_be_visible()
    assert {each["name"]: each["status"] for each in site.call("/plugins/gadgets/routes/orders")["items"]} == {
        "pager": "here",
        "radio": "returned",
    }


def test_a_plugins_form_begins_with_what_is_there_and_saves(site: Site, open_page: OpenPage):
    page = open_page(site, "/plugins/gadgets/gadgets")
    page.get_by_label("What everybody wishes for").fill("a jetpack")
    with page.expect_response(lambda answer: answer.request.method == "PUT") as saved:
        page.get_by_role("button", name="Wish for it").click()
    assert saved.value.status == 204
    page.reload()
    expect(page.get_by_label("What everybody wishes for")).to_have_value("a jetpack")


def test_what_a_plugin_says_is_said_in_the_persons_language(site: Site, open_page: OpenPage):
    page = open_page(site, "/plugins/gadgets/gadgets", locale="de-DE")
    expect(page.get_by_role("heading", name="Geräte", level=1)).to_be_visible()
    expect(page.get_by_role("button", name="Bestellen")).to_be_visible()
    expect(page.get_by_label("Was alle sich wünschen")).to_be_visible()
    assert_accessible(page)


def test_a_plugin_that_is_disabled_takes_its_page_with_it(site: Site, open_page: OpenPage):
    page = open_page(site, "/plugins/gadgets")
    expect(panel_link(page)).to_be_visible()
    page.get_by_role("button", name="Disable").click()
    page.get_by_role("dialog").get_by_role("button", name="Disable").click()
    expect(page.get_by_role("button", name="Enable")).to_be_visible()
    expect(panel_link(page)).to_have_count(0)
    page.goto("/plugins/gadgets/gadgets")
    expect(page.get_by_text("There is no such page").last).to_be_visible()
    assert_accessible(page)
    page.goto("/plugins/gadgets")
    page.get_by_role("button", name="Enable").click()
    expect(panel_link(page)).to_be_visible()


def test_an_operator_stops_a_plugin_for_everybody_and_starts_it_again(site: Site, open_page: OpenPage):
    page = open_page(site, "/plugins/gadgets")
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Every tenant loses it")).to_be_visible()
    page.get_by_role("dialog").get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Stopped")).to_be_visible()
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("Running")).to_be_visible()


def test_who_may_not_manage_plugins_only_looks(site: Site, open_page: OpenPage):
    page = open_page(site, "/plugins/gadgets", email=site.join("olga", "author"))
    expect(page.get_by_role("heading", name="Gadgets", level=1)).to_be_visible()
    expect(page.get_by_label("Limit")).to_be_disabled()
    for name in ("Enable", "Disable", "Start", "Stop", "Save"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
