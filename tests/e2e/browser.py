"""A real browser against a real server: what tests of the web app begin with.

``site`` is shared by the tests of a file: each makes workflows and people of its own. A test that stops or changes the
server takes ``server_home`` and ``up`` instead.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.conftest import memory_disk, throwaway_home
from tests.e2e.site import EMAIL, MEMBER_PASSWORD, PASSWORD, Site, up
from weftline.api.web_app import BUILT

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
AXE = Path(__file__).parents[2] / "ui" / "node_modules" / "axe-core" / "axe.min.js"
PATIENCE_MS = 30_000
# A network of so many milliseconds, on a processor at a quarter of its speed: a test fails then that does not wait.
LATENCY_MS = int(os.environ.get("WEFT_TEST_LATENCY_MS", "0"))

expect.set_options(timeout=PATIENCE_MS)

OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """Weftline, with its web app."""
    assert (BUILT / "index.html").is_file(), "the web app is not built: make app"
    with throwaway_home(memory_disk()) as home, up(home) as site:
        yield site


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Chromium; without it the test is skipped, but never where CI runs: there it is installed."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        assert "CI" not in os.environ, "chromium is missing: apt-get install chromium"
        pytest.skip("chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(OPTIONS))
        yield browser
        browser.close()


class Complaints:
    """What pages put on the console as errors: faults of scripts, and what the content security policy stopped."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def watch(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.found.append(f"{page.url}: {error}"))
        page.on("console", self._hear)

    def _hear(self, message: ConsoleMessage) -> None:
        # that a request was refused is the browser's own remark, and often what a test is about
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.found.append(message.text)


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    """Fails the test whose pages complained; one that expects it empties the list."""
    complaints = Complaints()
    yield complaints
    assert complaints.found == [], complaints.found


@pytest.fixture
def open_page(chromium: Browser, complaints: Complaints) -> Iterator[OpenPage]:
    """Opens pages, each in a browser profile of its own.

    The function takes a site, a path, the e-mail address of whoever is signed in (None: nobody; the administrator
    unless told otherwise), and what Playwright makes contexts with, such as ``viewport`` and ``color_scheme``.
    """
    contexts: list[BrowserContext] = []

    def open_page(site: Site, path: str = "/", *, email: str | None = EMAIL, **options: object) -> Page:
        context = profile(chromium, site, email, **options)
        contexts.append(context)
        page = context.new_page()
        if LATENCY_MS:
            slow_down(page)
        complaints.watch(page)
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()


def profile(chromium: Browser, site: Site, email: str | None, **options: object) -> BrowserContext:
    """A new profile of the browser, in which somebody is signed in, or nobody."""
    given: dict[str, object] = {
        "viewport": {"width": 1440, "height": 900},
        "locale": "en-GB",
        # colours change at once: axe must not meet them half way
        "reduced_motion": "reduce",
        **options,
    }
    context = chromium.new_context(base_url=site.url, **given)  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE_MS)
    if email is not None:
        sign_in(context, email)
    return context


def slow_down(page: Page) -> None:
    """Let every answer come late, as on a busy machine."""
    session = page.context.new_cdp_session(page)
    late = {"offline": False, "latency": LATENCY_MS, "downloadThroughput": -1, "uploadThroughput": -1}
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", late)
    session.send("Emulation.setCPUThrottlingRate", {"rate": 4})


def sign_in(context: BrowserContext, email: str) -> None:
    """Sign a browser in, past the page for it."""
    password = PASSWORD if email == EMAIL else MEMBER_PASSWORD
    body = {"email": email, "password": password, "cookies": True}
    answer = context.request.post("/api/v1/auth/login", data=body)
    assert answer.ok, answer.text()


def assert_accessible(page: Page) -> None:
    """axe finds nothing on what a page shows now, by the rules of WCAG 2.2 A and AA and its own best practices."""
    # a list or menu that is about to close has given up its role already
    page.wait_for_function("!document.querySelector('[data-bits-floating-content-wrapper] > [data-state=closed]')")
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = page.evaluate("tags => axe.run({ runOnly: tags })", tags)
    told = [
        f"{each['id']}: {each['help']}: {[node['target'] for node in each['nodes']]}" for each in found["violations"]
    ]
    assert told == [], f"{page.url}: " + "\n".join(told)
