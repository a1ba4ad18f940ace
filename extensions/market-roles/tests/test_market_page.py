"""The page of market roles in a browser; the web app knows nothing of it but what the plugin describes."""

from __future__ import annotations

from market_server import ROUTES
from playwright.sync_api import expect
from tests.e2e.browser import OpenPage, assert_accessible, chromium, complaints, open_page, site
from tests.e2e.site import Site

# fixtures
__all__ = ["chromium", "complaints", "open_page", "site"]

PAGE = "/plugins/market-roles/roles"


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
