"""What the web app asks of a browser: how much it loads, how soon it shows, how smoothly it moves, how live it is."""

from __future__ import annotations

import json
import shutil
import statistics
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import httpx
from playwright.async_api import Browser, BrowserContext, Page, Response, async_playwright

from benchmarks import workflows
from benchmarks.figure import BenchmarkFailed, Figure
from benchmarks.lab import Lab
from benchmarks.peers.result import percentile
from benchmarks.site import EMAIL, PASSWORD, Site, open_site

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
SIZE = {"width": 1440, "height": 900}
VISITS = 5
NODES = 500
ROWS = 10_000
EXECUTIONS = 100
DRAGS, MOVES = 6, 60
TYPED = "Ask the customer for the papers that are still missing"
WHEEL = 300
"""Pixels for one event of a wheel that is flung; a slow one has a hundred."""

ECHO: dict[str, Any] = {
    "id": "seen",
    "nodes": [
        {"id": "wait", "type": "wait", "event": workflows.SIGNAL, "next": "end"},
        {"id": "end", "type": "end"},
    ],
}

WATCH_PAINT = """
window.painted = 0;
new PerformanceObserver(list => { for (const each of list.getEntries()) window.painted = each.startTime; })
  .observe({ type: 'largest-contentful-paint', buffered: true });
"""

COUNT_FRAMES = """
() => {
  window.frames_at = [];
  window.counting = true;
  const note = at => { if (window.counting) { window.frames_at.push(at); requestAnimationFrame(note); } };
  requestAnimationFrame(note);
}
"""

EMPTY_PLACE = """
() => {
  const { left, top, width, height } = document.querySelector('.svelte-flow__pane').getBoundingClientRect();
  for (let y = top + height / 2; y < top + height; y += 4)
    for (let x = left + width / 2; x < left + width; x += 4)
      if (document.elementFromPoint(x, y)?.classList.contains('svelte-flow__pane')) return { x, y };
}
"""

WATCH_FOR_END = """
() => new Promise(resolve => {
  const look = () => /Completed/.test(document.querySelector('main header')?.textContent ?? '');
  if (look()) return resolve(Date.now());
  new MutationObserver((_, observer) => {
    if (look()) { observer.disconnect(); requestAnimationFrame(() => resolve(Date.now())); }
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
})
"""


async def web(lab: Lab) -> list[Figure]:
    """The web app of ``weft up`` in headless Chromium, on the same two cores as server and database.

    - ``web.script``: scripts that the sign-in page and the list of executions load together, as they are sent.
    - ``web.paint_sign_in``, ``web.paint_list``: from the start of the navigation to the largest contentful paint, with
      an empty cache; the median of five visits.
    - ``web.pan``: the designer with 500 nodes, at the scale in which it opens, is panned by the mouse.
    - ``web.edit``: in it a node is dragged, and its name typed.
    - ``web.scroll``: a list of 10,000 executions is scrolled to its end, as fast as a flung wheel. All three: frames a
      second in the slowest second of those in which somebody pans, drags, types or scrolls.
    - ``web.live``: from the time that an execution's completing event carries, which is before its commit, until the
      page that is open on it shows that; the 95th of a hundred.
    """
    async with open_site(lab.directory / "web") as site, _browser() as browser:
        await _fill(site, lab)
        script, paint_sign_in, paint_list = await _visits(browser, site)
        context = await _signed_in(browser, site)
        pan, edit = await _pan(context), await _edit(context)
        scroll = await _scroll(context, lab.scaled(ROWS))
        delays = await _live(context, site, lab.scaled(EXECUTIONS))
        site.process.check()
    return [
        Figure("web.script", script / 1000, "kB", 300, "lower"),
        Figure("web.paint_sign_in", paint_sign_in, "ms", 1500, "lower"),
        Figure("web.paint_list", paint_list, "ms", 1500, "lower"),
        Figure("web.pan", pan, "frames/s", 30),
        Figure("web.edit", edit, "frames/s", 30),
        Figure("web.scroll", scroll, "frames/s", 30),
        Figure("web.live", percentile(delays, 0.95), "ms", 300, "lower"),
    ]


def big_definition(nodes: int) -> dict[str, Any]:
    """A workflow of many nodes, in rows of a hundred that fork and join."""
    made: list[dict[str, Any]] = []
    for number in range(nodes):
        node: dict[str, Any] = {"id": f"n{number}", "type": "action", "action": "echo", "name": f"Step {number}"}
        node["ui"] = {"position": {"x": number % 25 * 300, "y": number // 25 * 110}}
        if number + 1 < nodes:
            node["next"] = f"n{number + 1}"
        made.append(node)
    return {"id": "big", "name": "A large workflow", "nodes": made}


@asynccontextmanager
async def _browser() -> AsyncIterator[Browser]:
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        raise BenchmarkFailed("Chromium is not installed: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=list(OPTIONS))
        yield browser
        await browser.close()


@asynccontextmanager
async def _client(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": f"Bearer {await site.sign_in()}"}
    url = f"http://127.0.0.1:{site.port}/api/v1"
    async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False, timeout=60) as client:
        yield client


async def _fill(site: Site, lab: Lab) -> None:
    async with _client(site) as client:
        for definition in (ECHO, big_definition(NODES)):
            (await client.post("/workflows", json=definition)).raise_for_status()
            (await client.post(f"/workflows/{definition['id']}/publish", json={})).raise_for_status()
        lines = "\n".join(json.dumps({"input": {}, "tags": ["bulk"]}) for _ in range(lab.scaled(ROWS)))
        headers = {"Content-Type": "application/x-ndjson"}
        (await client.post("/workflows/seen/executions/batch", content=lines, headers=headers)).raise_for_status()


async def _context(browser: Browser, site: Site) -> BrowserContext:
    return await browser.new_context(base_url=f"http://127.0.0.1:{site.port}", viewport=SIZE, locale="en-GB")  # type: ignore[arg-type]


async def _signed_in(browser: Browser, site: Site) -> BrowserContext:
    context = await _context(browser, site)
    body = {"email": EMAIL, "password": PASSWORD, "cookies": True}
    answer = await context.request.post("/api/v1/auth/login", data=body)
    if not answer.ok:
        raise BenchmarkFailed(f"cannot sign in: {await answer.text()}")
    return context


async def _visits(browser: Browser, site: Site) -> tuple[int, float, float]:
    """Bytes of script, and milliseconds to the largest paint of the sign-in page and the list."""
    sizes: list[int] = []
    paints: dict[str, list[float]] = {"/sign-in": [], "/executions": []}
    for _ in range(VISITS):
        scripts: dict[str, int] = {}

        async def note(response: Response, scripts: dict[str, int] = scripts) -> None:
            if response.request.resource_type == "script":
                scripts[response.url] = (await response.request.sizes())["responseBodySize"]

        for path, found in paints.items():
            context = await (_context(browser, site) if path == "/sign-in" else _signed_in(browser, site))
            page = await context.new_page()
            page.on("response", note)
            await page.add_init_script(WATCH_PAINT)
            await page.goto(path)
            await page.get_by_role("heading").first.wait_for()
            await page.wait_for_load_state("networkidle")
            found.append(await page.evaluate("window.painted"))
            await context.close()
        sizes.append(sum(scripts.values()))
    return max(sizes), statistics.median(paints["/sign-in"]), statistics.median(paints["/executions"])


class Frames:
    """Counts the frames that are drawn while somebody does something."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._seconds: list[int] = []

    @asynccontextmanager
    async def counted(self) -> AsyncIterator[None]:
        """Count those of what is done meanwhile."""
        await self._page.evaluate(COUNT_FRAMES)
        yield
        at: list[float] = await self._page.evaluate("(window.counting = false, window.frames_at)")
        seconds = [0] * int((at[-1] - at[0]) // 1000) if at else []
        for moment in at:
            if (second := int((moment - at[0]) // 1000)) < len(seconds):
                seconds[second] += 1
        self._seconds += seconds

    @property
    def slowest(self) -> float:
        """Frames in the slowest whole second."""
        if not self._seconds:
            raise BenchmarkFailed("too few frames to tell")
        return float(min(self._seconds))


async def _open_big(context: BrowserContext) -> Page:
    page = await context.new_page()
    await page.goto("/workflows/big")
    await page.locator(".svelte-flow__node").first.wait_for()
    await page.wait_for_load_state("networkidle")
    return page


async def _pan(context: BrowserContext) -> float:
    page = await _open_big(context)
    frames = Frames(page)
    async with frames.counted():
        for number in range(DRAGS):
            place = await page.evaluate(EMPTY_PLACE)
            # there, and half of the way back
            sign = 1 if number % 3 == 2 else -1
            await page.mouse.move(place["x"], place["y"])
            await page.mouse.down()
            for move in range(1, MOVES + 1):
                await page.mouse.move(place["x"] + sign * 8 * move, place["y"] + sign * 4 * move)
            await page.mouse.up()
    await page.close()
    return frames.slowest


async def _edit(context: BrowserContext) -> float:
    page = await _open_big(context)
    node = page.locator('.svelte-flow__node[data-id="n0"]')
    await node.click()
    name = page.get_by_role("complementary").get_by_role("textbox", name="Name", exact=True)
    await name.wait_for()
    box = await node.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    frames = Frames(page)
    async with frames.counted():
        for _ in range(2):
            await page.mouse.move(x, y)
            await page.mouse.down()
            for move in range(1, MOVES + 1):
                await page.mouse.move(x + 3 * move, y + 2 * move)
            await page.mouse.up()
            x, y = x + 3 * MOVES, y + 2 * MOVES
    await name.click()
    async with frames.counted():
        await page.keyboard.type(TYPED, delay=40)
    await page.close()
    return frames.slowest


async def _scroll(context: BrowserContext, rows: int) -> float:
    page = await context.new_page()
    await page.goto("/executions?tag=bulk")
    table = page.get_by_role("table")
    await table.get_by_role("row").nth(5).wait_for()
    box = await table.bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 200)
    frames = Frames(page)
    async with frames.counted():
        while int(await table.get_attribute("aria-rowcount") or 0) < rows:
            for _ in range(60):
                await page.mouse.wheel(0, WHEEL)
    await page.close()
    return frames.slowest


async def _live(context: BrowserContext, site: Site, executions: int) -> list[float]:
    delays: list[float] = []
    page = await context.new_page()
    async with _client(site) as client:
        for _ in range(executions):
            execution = (await client.post("/workflows/seen/executions", json={"input": {}})).json()["id"]
            await page.goto(f"/executions/{execution}")
            await page.get_by_text("Waiting").first.wait_for()
            await page.wait_for_load_state("networkidle")
            seen = page.evaluate(WATCH_FOR_END)
            signal = {"name": workflows.SIGNAL, "payload": None}
            (await client.post(f"/executions/{execution}/signals", json=signal)).raise_for_status()
            at = await seen
            events = (await client.get(f"/executions/{execution}/events")).json()["items"]
            delays.append(at - _milliseconds(events[-1]["occurredAt"]))
    await page.close()
    return delays


def _milliseconds(time: str) -> float:
    return datetime.fromisoformat(time).timestamp() * 1000
