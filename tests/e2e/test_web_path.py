"""The whole path of a process in the web app: drawn, published, run, decided by a person, and done."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import memory_disk, throwaway_home
from tests.e2e.browser import OpenPage
from tests.e2e.drawing import Drawing, draw_customer_onboarding
from tests.e2e.site import EMAIL, PASSWORD, Site, up
from tests.e2e.weft import ROOT


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """Weftline with the actions of the customer onboarding, and nothing drawn yet."""
    actions = ("--actions", "examples.customer_onboarding.actions")
    with throwaway_home(memory_disk()) as home, up(home, *actions, cwd=ROOT) as site:
        yield site


def status(page: Page, name: str) -> None:
    """Wait until the head of an execution's page shows a status."""
    head = page.locator("header").filter(has=page.get_by_role("heading", level=1))
    expect(head.get_by_text(name, exact=True)).to_be_visible()


def test_a_process_is_drawn_run_decided_and_seen_to_complete_and_the_app_speaks_german(site: Site, open_page: OpenPage):
    page = open_page(site, "/", email=None, viewport={"width": 1920, "height": 1080})
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()
    page.evaluate("window.isStillHere = true")

    page.get_by_role("link", name="Workflows", exact=True).click()
    drawing = Drawing(page)
    draw_customer_onboarding(drawing)
    expect(page.get_by_role("button", name="No problems found")).to_be_visible()
    drawing.publish("Drawn for the first time")

    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name="Start").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Input").click()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.insert_text('{"email": "grace@example.com", "country": "CH"}')
    dialog.get_by_role("button", name="Start", exact=True).click()
    page.wait_for_url("**/executions/*")
    status(page, "Waiting")
    page.get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name="Send a signal").click()
    expect(page.get_by_label("Name")).to_have_value("email-verified")
    page.get_by_role("button", name="Send", exact=True).click()
    steps = page.get_by_role("list", name="Steps over time")
    expect(steps.get_by_role("button", name="perform-kyc")).to_be_visible()

    inbox = page.context.new_page()
    inbox.goto("/tasks")
    inbox.get_by_role("link", name="perform-kyc").click()
    inbox.get_by_role("button", name="Complete", exact=True).click()
    expect(inbox.get_by_text("Nothing waits for you")).to_be_visible()
    inbox.close()

    status(page, "Completed")
    expect(steps.get_by_role("button", name="activate-account")).to_be_visible()

    page.get_by_role("button", name="Your account").click()
    page.get_by_role("menuitem", name="Deutsch").click()
    status(page, "Abgeschlossen")
    for link, title in (("Ausführungen", "Ausführungen"), ("Aufgaben", "Aufgaben"), ("Übersicht", "Übersicht")):
        page.get_by_role("navigation", name="Hauptnavigation").get_by_role("link", name=link).click()
        expect(page.get_by_role("heading", name=title, level=1)).to_be_visible()
        expect(page).to_have_title(f"{title} · Weftline")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    assert page.evaluate("window.isStillHere")
