"""What holds for every page of the web app: it shows something, complains of nothing, and everybody can use it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.conftest import memory_disk, throwaway_home
from tests.e2e.browser import Complaints, OpenPage, assert_accessible, profile
from tests.e2e.gadgets import installed
from tests.e2e.pages import address, routes, settle
from tests.e2e.sample import ACTIONS, Sample
from tests.e2e.site import EMAIL, Site, up
from tests.e2e.weft import ROOT


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with throwaway_home(memory_disk()) as home, installed(home / "installed"), up(home, *ACTIONS, cwd=ROOT) as site:
        yield site


@pytest.fixture(scope="module")
def sample(site: Site) -> Sample:
    return Sample(site)


@pytest.fixture(scope="module")
def profiles(chromium: Browser, site: Site) -> Iterator[dict[bool, BrowserContext]]:
    """A profile of somebody who is signed in, and one of nobody: all pages share them, and what they have loaded."""
    found = {True: profile(chromium, site, EMAIL), False: profile(chromium, site, None)}
    yield found
    for context in found.values():
        context.close()


@pytest.mark.parametrize(("route", "is_signed_in"), routes())
def test_everybody_can_use_every_page_in_light_and_dark_and_on_a_phone(
    sample: Sample,
    profiles: dict[bool, BrowserContext],
    complaints: Complaints,
    route: str,
    is_signed_in: bool,
):
    with profiles[is_signed_in].new_page() as page:
        complaints.watch(page)
        page.goto(address(route, sample))
        settle(page)
        expect(page.get_by_role("heading").first).to_be_visible()
        if is_signed_in:
            # the other pages' links do not work on purpose
            expect(page.get_by_role("alert")).to_have_count(0)
        assert_accessible(page)
        page.emulate_media(color_scheme="dark")
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        assert_accessible(page)
        page.set_viewport_size({"width": 390, "height": 844})
        settle(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_nothing_is_loaded_from_elsewhere(site: Site, sample: Sample, open_page: OpenPage):
    page = open_page(site, "/sign-in", email=None)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/sign-in")
    settle(page)
    assert asked and all(url.startswith((site.url, "data:", "blob:")) for url in asked), asked
