"""The profile in a browser: a second factor, sessions, and what a tenant demands."""

from __future__ import annotations

import re

from playwright.sync_api import Page, Response, expect
from pyotp.totp import TOTP

from tests.e2e.browser import OpenPage, assert_accessible
from tests.e2e.site import MEMBER_PASSWORD, Site


def set_up_second_factor(page: Page) -> tuple[TOTP, str]:
    """Through the dialog; returns the authenticator app, and a recovery code."""
    page.get_by_role("button", name="Set up", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Your password", exact=False).first.fill(MEMBER_PASSWORD)
    dialog.get_by_role("button", name="Continue").click()
    expect(dialog.get_by_role("img", name="QR code for the authenticator app")).to_be_visible()
    assert_accessible(page)
    app = TOTP(dialog.locator("[data-secret]").inner_text())
    dialog.get_by_label("Then enter the six digits").fill(app.now())
    dialog.get_by_role("button", name="Confirm").click()
    codes = dialog.get_by_role("list", name="Your recovery codes").get_by_role("listitem")
    expect(codes).to_have_count(10)
    code = codes.first.inner_text()
    dialog.get_by_role("button", name="I have kept them").click()
    return app, code


def test_a_second_factor_is_set_up_used_and_switched_off(site: Site, open_page: OpenPage):
    email = site.join("olga", "viewer")
    page = open_page(site, "/profile", email=email)
    app, code = set_up_second_factor(page)
    expect(page.get_by_text("Recovery codes left")).to_be_visible()

    page.get_by_role("button", name="Your account").click()
    page.get_by_role("menuitem", name="Sign out").click()
    page.wait_for_url("**/sign-in")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password", exact=True).fill(MEMBER_PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Second step")).to_be_visible()
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url(site.url + "/")

    page.goto("/profile")
    page.get_by_role("button", name="Switch off…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Your password", exact=False).first.fill(MEMBER_PASSWORD)
    # every code works once, so this is the app's next one
    dialog.get_by_label("Code of your authenticator app").fill(app.at(app_time(page) + 30))
    dialog.get_by_role("button", name="Switch off").click()
    expect(page.get_by_role("button", name="Set up", exact=True)).to_be_visible()


def app_time(page: Page) -> int:
    """Now, in seconds."""
    return page.evaluate("Math.floor(Date.now() / 1000)")


def test_where_a_second_factor_is_required_everything_leads_to_setting_one_up(site: Site, open_page: OpenPage):
    role = {"id": "careful", "name": "Careful", "permissions": ["workflow:read"], "requiresMfa": True}
    site.call("/roles", role)
    page = open_page(site, "/workflows", email=site.join("paul", "careful"))
    page.wait_for_url("**/profile")
    expect(page.get_by_text("Set up a second factor first")).to_be_visible()
    set_up_second_factor(page)
    expect(page.get_by_role("heading", name="Sessions")).to_be_visible()
    page.get_by_role("link", name="Workflows", exact=True).click()
    page.wait_for_url("**/workflows")


def test_other_sessions_are_seen_and_ended(site: Site, open_page: OpenPage):
    email = site.join("rosa", "viewer")
    other = open_page(site, "/profile", email=email)
    expect(other.get_by_role("heading", name="Sessions")).to_be_visible()
    page = open_page(site, "/profile", email=email)
    page.get_by_role("button", name=re.compile("End the session")).first.click()
    expect(page.get_by_role("button", name=re.compile("End the session"))).to_have_count(0)
    other.reload()
    other.wait_for_url("**/sign-in*")


def test_a_password_is_changed_and_every_other_session_ends(site: Site, open_page: OpenPage):
    email, wanted = site.join("pia", "viewer"), "nine patient herons wait"
    other = open_page(site, "/profile", email=email)
    page = open_page(site, "/profile", email=email)
    card = page.locator("section").filter(has=page.get_by_role("heading", name="Password", exact=True))
    change = card.get_by_role("button", name="Change the password")
    card.get_by_label("Current password").fill("not this one")
    card.get_by_label("New password").fill(wanted)
    change.click()
    expect(card.get_by_role("alert")).to_be_visible()
    card.get_by_label("Current password").fill(MEMBER_PASSWORD)
    card.get_by_label("New password").fill("password")
    change.click()
    expect(card.get_by_label("New password")).to_have_attribute("aria-invalid", "true")
    assert_accessible(page)
    card.get_by_label("New password").fill(wanted)
    change.click()
    expect(page.get_by_text("The password is changed")).to_be_visible()
    other.reload()
    other.wait_for_url("**/sign-in*")
    page.reload()
    expect(page.get_by_role("heading", name="Sessions")).to_be_visible()
    assert site.call("/auth/login", {"email": email, "password": wanted})["accessToken"]


def test_an_address_is_changed_once_its_link_is_opened(site: Site, open_page: OpenPage):
    email, wanted = site.join("quinn", "viewer"), "quinn.new@example.com"
    page = open_page(site, "/profile", email=email)
    page.get_by_role("button", name="Change the address").click()
    page.get_by_label("New address").fill(wanted)
    page.get_by_label("Your password", exact=False).first.fill(MEMBER_PASSWORD)
    page.get_by_role("button", name="Change the address").click()
    expect(page.get_by_text(f"A link is on its way to {wanted}")).to_be_visible()
    message = site.call(f"/platform/mail?recipient={wanted}")["items"][0]
    found = re.search(r"/verify-email\S*", site.call(f"/platform/mail/{message['id']}")["text"])
    assert found is not None
    page.goto(found[0])
    expect(page.get_by_text(f"The address {wanted} is confirmed.")).to_be_visible()
    page.get_by_role("link", name="Sign in").click()
    page.get_by_label("Password", exact=True).fill(MEMBER_PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.goto("/profile")
    expect(page.get_by_text(f"You sign in with {wanted}.")).to_be_visible()


def _is_saved(response: Response) -> bool:
    return response.request.method == "PATCH" and response.ok


def test_a_profile_is_changed_and_stays_so(site: Site, open_page: OpenPage):
    page = open_page(site, "/profile", email=site.join("sven", "viewer"))
    # what was chosen shows at once; it is kept when it is answered
    with page.expect_response(_is_saved):
        page.get_by_label("Name").fill("Sven Svensson")
        page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name="Your account")).to_contain_text("Sven Svensson")
    with page.expect_response(_is_saved):
        page.get_by_label("Theme").select_option("dark")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    with page.expect_response(_is_saved):
        page.get_by_role("switch", name="Tasks that are assigned to you").click()
    expect(page.get_by_text("Saved").first).to_be_visible()
    with page.expect_response(_is_saved):
        page.get_by_label("Language").select_option("de")
    expect(page.get_by_role("heading", name="Profil und Sicherheit")).to_be_visible()
    page.evaluate("localStorage.clear()")
    page.reload()
    expect(page.get_by_role("heading", name="Profil und Sicherheit")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.get_by_role("switch", name="Aufgaben, die Ihnen zugewiesen werden")).not_to_be_checked()
