"""What a security plugin adds, in a browser: what it forbids, who signs in by it, and what failed in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import memory_disk, throwaway_home
from tests.e2e.browser import OpenPage, assert_accessible
from tests.e2e.gadgets import installed
from tests.e2e.guardian import GUARDIAN
from tests.e2e.site import Site, up


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """Weftline with a security plugin."""
    with throwaway_home(memory_disk()) as home, installed(home / "installed", GUARDIAN), up(home) as site:
        yield site


def try_to_sign_in(page: Page, name: str, password: str) -> None:
    page.get_by_label("E-mail").fill(name)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_what_a_plugin_forbids_is_shown_and_explained(site: Site, open_page: OpenPage):
    page = open_page(site, "/policies?tab=plugins")
    expect(page.get_by_role("heading", name="Nothing is retired")).to_be_visible()
    expect(page.get_by_text("unless { context.mfa };")).to_be_visible()
    assert_accessible(page)
    page.goto("/policies?tab=explain&action=workflow:retire")
    page.get_by_role("button", name="Explain").click()
    reason = page.get_by_role("link", name="The policy “Nothing is retired” of the plugin guardian forbids it")
    expect(reason).to_be_visible()
    assert_accessible(page)
    reason.click()
    expect(page.get_by_role("heading", name="Nothing is retired")).to_be_visible()


def test_it_is_shown_in_german_on_a_phone(site: Site, open_page: OpenPage):
    page = open_page(site, "/policies?tab=plugins", locale="de-DE", viewport={"width": 390, "height": 844})
    expect(page.get_by_role("heading", name="Nichts wird ausgemustert")).to_be_visible()
    expect(page.get_by_text("Die Revision will jeden Workflow sehen.")).to_be_visible()
    assert_accessible(page)


def test_somebody_signs_in_by_a_name_that_only_the_plugin_knows(site: Site, open_page: OpenPage):
    page = open_page(site, "/sign-in", email=None)
    try_to_sign_in(page, "grace", "badge 8")
    expect(page.get_by_role("alert")).to_contain_text("The e-mail address or the password is wrong.")
    try_to_sign_in(page, "grace", "badge 7")
    expect(page.get_by_role("navigation", name="Main navigation")).to_be_visible()


def test_what_failed_in_a_plugin_stands_on_its_page(site: Site, open_page: OpenPage):
    page = open_page(site, "/sign-in", email=None)
    try_to_sign_in(page, "broken", "anything")
    expect(page.get_by_role("alert")).to_contain_text("does not answer now")
    page = open_page(site, "/plugins/guardian", color_scheme="dark")
    expect(page.get_by_text("auth provider guardian.badges")).to_be_visible()
    expect(page.get_by_text("it raised RuntimeError")).to_be_visible()
    expect(page.get_by_text("the reader is broken")).not_to_be_attached()
    assert_accessible(page)
