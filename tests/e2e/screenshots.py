"""Writes a picture of every page of the web app, light and dark: ``python -m tests.e2e.screenshots DIRECTORY``.

Pictures for the documentation are those of ``GUIDES``: they are written to ``docs/guides/images`` as well with
``--guides``.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.conftest import memory_disk, throwaway_home
from tests.e2e.browser import OPTIONS, PROGRAMS, sign_in
from tests.e2e.drawing import Drawing
from tests.e2e.pages import address, routes, settle
from tests.e2e.sample import ACTIONS, Sample
from tests.e2e.site import EMAIL, Site, up
from tests.e2e.weft import ROOT

VIEWS = {
    "light": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light"},
}

GUIDES = {
    "/": "dashboard",
    "/workflows": "workflows",
    "/workflows/[id]": "designer",
    "/workflows/[id]/map": "process-map",
    "/executions": "executions",
    "/executions/[id]": "execution",
    "/tasks/[[id]]": "task",
    "/integrations": "integrations",
    "/library": "library",
    "/library/[id]": "template",
}
"""The pages that guides show, and what their pictures are called."""

IMAGES = ROOT / "docs" / "guides" / "images"
MOST_BYTES = 150_000
QUALITIES = (80, 70, 60, 50)
"""Of JPEG; a picture has the best with which it is small enough."""
MARKET = "/plugins/market-roles"


def choose_an_action(page: Page) -> None:
    """The designer where an action is looked for."""
    page.goto("/workflows/order-parallel")
    drawing = Drawing(page)
    drawing.select("price-order")
    drawing.panel.get_by_role("button", name="Choose an action").click()
    picker = page.get_by_role("dialog", name="Choose an action")
    picker.get_by_role("combobox").fill("message")
    expect(picker.get_by_role("group", name="Slack")).to_be_visible()


def market_roles(page: Page) -> None:
    """A page that a plugin describes."""
    page.goto(f"{MARKET}/roles")
    expect(page.get_by_role("row", name="BRP-2026-001")).to_be_visible()


MOMENTS: dict[str, Callable[[Page], None]] = {"picker": choose_an_action, "market-roles": market_roles}
"""What else guides show: what their pictures are called, and how one gets there."""


def take(directory: Path, *, for_guides: bool) -> int:
    """Take the pictures.

    Args:
        directory: where they go; one folder a view.
        for_guides: renew those of the guides, too.

    Returns:
        how many.
    """
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        raise SystemExit("Chromium is not installed: apt-get install chromium")
    count = 0
    with throwaway_home(memory_disk()) as home, up(home, *ACTIONS, cwd=ROOT) as site, sync_playwright() as playwright:
        sample = Sample(site)
        browser = playwright.chromium.launch(executable_path=program, args=list(OPTIONS))
        for view, options in VIEWS.items():
            folder = directory / view
            folder.mkdir(parents=True, exist_ok=True)
            visitor = browser.new_context(base_url=site.url, locale="en-GB", **options)  # type: ignore[arg-type]
            member = browser.new_context(base_url=site.url, locale="en-GB", **options)  # type: ignore[arg-type]
            sign_in(member, EMAIL)
            for route, is_signed_in in routes():
                page = (member if is_signed_in else visitor).new_page()
                page.goto(address(route, sample))
                settle(page)
                name = route.strip("/").replace("/", "-").replace("[", "").replace("]", "") or "dashboard"
                page.screenshot(path=folder / f"{name}.png", animations="disabled")
                if for_guides and view == "light" and route in GUIDES:
                    illustrate(page, GUIDES[route])
                page.close()
                count += 1
        if for_guides:
            show_moments(browser, site)
        browser.close()
    return count


def join_a_market(site: Site) -> None:
    """Let the company have market roles."""
    site.call(f"{MARKET}/enable", {})
    for role, reference in (("BRP", "BRP-2026-001"), ("ESP", "ESP-2026-004")):
        site.call(f"{MARKET}/routes/roles", {"role": role, "contractReference": reference})
    site.call(f"{MARKET}/routes/roles/BRP/activate", {})


def show_moments(browser: Browser, site: Site) -> None:
    """Take the pictures of what pages show only once something was done."""
    join_a_market(site)
    member: BrowserContext = browser.new_context(base_url=site.url, locale="en-GB", **VIEWS["light"])  # type: ignore[arg-type]
    sign_in(member, EMAIL)
    for name, show in MOMENTS.items():
        page = member.new_page()
        show(page)
        settle(page)
        illustrate(page, name)
        page.close()


def illustrate(page: Page, name: str) -> None:
    """Make a page's picture one of the guides."""
    for quality in QUALITIES:
        picture = page.screenshot(type="jpeg", quality=quality, animations="disabled")
        if len(picture) < MOST_BYTES:
            break
    (IMAGES / f"{name}.jpg").write_bytes(picture)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--guides", action="store_true", help="renew docs/guides/images, too")
    given = parser.parse_args()
    if given.guides:
        IMAGES.mkdir(parents=True, exist_ok=True)
    print(f"{take(given.directory, for_guides=given.guides)} pictures in {given.directory}")


if __name__ == "__main__":
    main()
