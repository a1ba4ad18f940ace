"""Writes a picture of every page of the web app, light and dark: ``python -m tests.e2e.screenshots DIRECTORY``.

Pictures for the documentation are those of ``GUIDES``: they are written to ``docs/guides/images`` as well with
``--guides``.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.conftest import memory_disk, throwaway_home
from tests.e2e.browser import OPTIONS, PROGRAMS, sign_in
from tests.e2e.pages import address, routes, settle
from tests.e2e.sample import ACTIONS, Sample
from tests.e2e.site import EMAIL, up
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
}
"""The pages that guides show, and what their pictures are called."""

IMAGES = ROOT / "docs" / "guides" / "images"


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
                    page.screenshot(
                        path=IMAGES / f"{GUIDES[route]}.jpg", type="jpeg", quality=80, animations="disabled"
                    )
                page.close()
                count += 1
        browser.close()
    return count


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
