"""The page of market roles in a browser; the web app knows nothing of it but what the plugin describes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from market_server import ENABLE, ROUTES
from playwright.sync_api import expect
from tests.conftest import memory_disk, throwaway_home
from tests.e2e.browser import OpenPage, assert_accessible, chromium, complaints, open_page
from tests.e2e.site import Site, up

# fixtures
__all__ = ["chromium", "complaints", "open_page"]

PAGE = "/plugins/market-roles/roles"


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """Weftline whose first tenant is a company of the market."""
    with throwaway_home(memory_disk()) as home, up(home) as site:
        site.call(ENABLE, {})
        yield site


def test_it_is_there_only_for_tenants_that_enable_it(site: Site, open_page: OpenPage):
    page = open_page(site, "/plugins/market-roles")
    navigation = page.get_by_role("navigation", name="Main navigation")
    expect(navigation.get_by_role("link", name="Market roles")).to_be_visible()
    page.get_by_role("button", name="Disable").click()
    page.get_by_role("dialog").get_by_role("button", name="Disable").click()
    expect(navigation.get_by_role("link", name="Market roles")).to_have_count(0)
    page.get_by_role("button", name="Enable").click()
    expect(navigation.get_by_role("link", name="Market roles")).to_be_visible()


def test_a_role_is_assigned_and_activated_on_the_page(site: Site, open_page: OpenPage):
    page = open_page(site)
    page.get_by_role("navigation", name="Main navigation").get_by_role("link", name="Market roles").click()
    expect(page.get_by_role("heading", name="Market roles", level=1)).to_be_visible()
    expect(page.get_by_text("This company has no market role yet.")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Assign a role").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Market role").select_option("BRP")
    dialog.get_by_label("Contract reference").fill("BRP-77")
    assert_accessible(page)
    with page.expect_response(lambda answer: answer.request.method == "POST") as assigned:
        dialog.get_by_role("button", name="Assign a role").click()
    assert assigned.value.ok
    row = page.get_by_role("row", name="BRP-77")
    expect(row.get_by_text("Pending")).to_be_visible()
    row.get_by_role("button").click()
    page.get_by_role("menuitem", name="Activate").click()
    with page.expect_response("**/roles/BRP/activate") as activated:
        page.get_by_role("dialog").get_by_role("button", name="Activate").click()
    assert activated.value.ok
    expect(row.get_by_text("Active")).to_be_visible()
    assert_accessible(page)
    assert site.call(f"{ROUTES}/roles/BRP")["status"] == "active"


def test_the_page_speaks_german_and_fits_a_phone(site: Site, open_page: OpenPage):
    page = open_page(
        site, PAGE, locale="de-DE", color_scheme="dark", viewport={"width": 390, "height": 844}, has_touch=True
    )
    expect(page.get_by_role("heading", name="Marktrollen", level=1)).to_be_visible()
    expect(page.get_by_text("BRP · Bilanzkreisverantwortlicher").first).to_be_visible()
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_who_only_looks_sees_no_buttons(site: Site, open_page: OpenPage):
    page = open_page(site, PAGE, email=site.join("vic", "viewer"))
    expect(page.get_by_text("Contract onboarding").first).to_be_visible()
    expect(page.get_by_role("button", name="Assign a role")).to_have_count(0)
    assert_accessible(page)
