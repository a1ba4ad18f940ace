"""What holds for every page of the web app: it shows something, complains of nothing, and everybody can use it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.conftest import memory_disk, throwaway_home
from tests.e2e.browser import OpenPage, assert_accessible
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


@pytest.mark.parametrize(("route", "is_signed_in"), routes())
def test_everybody_can_use_every_page_in_light_and_dark(
    site: Site, sample: Sample, open_page: OpenPage, route: str, is_signed_in: bool
):
    page = open_page(site, address(route, sample), email=EMAIL if is_signed_in else None)
    settle(page)
    expect(page.get_by_role("heading").first).to_be_visible()
    if is_signed_in:
        # the other pages' links do not work on purpose
        expect(page.get_by_role("alert")).to_have_count(0)
    assert_accessible(page)
    page.emulate_media(color_scheme="dark")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert_accessible(page)


@pytest.mark.parametrize("route", [route for route, is_signed_in in routes() if is_signed_in])
def test_no_page_is_wider_than_a_phone(site: Site, sample: Sample, open_page: OpenPage, route: str):
    page = open_page(site, address(route, sample), viewport={"width": 390, "height": 844}, has_touch=True)
    settle(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_nothing_is_loaded_from_elsewhere(site: Site, sample: Sample, open_page: OpenPage):
    page = open_page(site, "/sign-in", email=None)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/sign-in")
    settle(page)
    assert asked and all(url.startswith((site.url, "data:", "blob:")) for url in asked), asked
