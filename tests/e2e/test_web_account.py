"""Signing in to the web app, in a browser."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.browser import OpenPage, assert_accessible
from tests.e2e.pages import settle
from tests.e2e.site import EMAIL, MEMBER_PASSWORD, PASSWORD, Site


def test_whoever_opens_a_page_signs_in_and_comes_to_it(site: Site, open_page: OpenPage):
    page = open_page(site, "/executions?status=failed", email=None)
    expect(page.get_by_role("heading", name="Sign in to Weftline")).to_be_visible()
    assert_accessible(page)
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password", exact=True).fill("not this one")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("wrong")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/executions?status=failed")


def test_an_address_of_another_site_is_no_place_to_come_back_to(site: Site, open_page: OpenPage):
    page = open_page(site, "/sign-in?next=//evil.example/", email=None)
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password", exact=True).press("Enter")
    page.wait_for_url(site.url + "/")


def test_the_language_is_switched_without_a_reload(site: Site, open_page: OpenPage):
    page = open_page(site, "/sign-in", email=None)
    page.evaluate("window.isStillHere = true")
    page.get_by_role("button", name="Language").click()
    page.get_by_role("menuitem", name="Deutsch").click()
    expect(page.get_by_role("heading", name="Bei Weftline anmelden")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    assert page.evaluate("window.isStillHere")


def test_whoever_signs_out_must_sign_in_again(site: Site, open_page: OpenPage):
    page = open_page(site, "/", email=site.join("grace", "viewer"))
    page.get_by_role("button", name="Your account").click()
    page.get_by_role("menuitem", name="Sign out").click()
    page.wait_for_url("**/sign-in")
    page.goto("/tasks")
    page.wait_for_url("**/sign-in?next=%2Ftasks")
    page.get_by_label("E-mail address").fill("grace@example.com")
    page.get_by_label("Password", exact=True).fill(MEMBER_PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/tasks")


def test_a_session_that_ends_asks_to_sign_in_and_goes_on_there(site: Site, open_page: OpenPage):
    email = site.join("hopper", "author")
    page = open_page(site, "/workflows", email=email)
    # what is still being loaded would find out first
    settle(page)
    token = csrf_token(page.context.cookies())
    assert page.context.request.post("/api/v1/auth/logout", headers={"X-CSRF-Token": token}).ok
    page.get_by_role("link", name="Executions", exact=True).click()
    page.wait_for_url("**/sign-in?over&next=%2Fexecutions")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password", exact=True).fill(MEMBER_PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Executions", level=1)).to_be_visible()


def csrf_token(cookies: list) -> str:
    return next(cookie["value"] for cookie in cookies if cookie["name"].endswith("weft_csrf"))
