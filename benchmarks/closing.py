"""What being closed costs: starts over HTTP with the gate and the audit log, and without."""

from contextlib import AsyncExitStack
from statistics import median

from benchmarks.databases import another_database
from benchmarks.figure import Figure
from benchmarks.http_starts import start_under_load
from benchmarks.lab import Lab
from benchmarks.processes import weft
from benchmarks.site import open_server

ROUNDS = 5
SECONDS = 5.0
LEAST_SHARE = 0.75


async def closing(lab: Lab) -> list[Figure]:
    """Starts as ``http`` measures them, by turns on ``weft server`` and on one that asks nobody who they are.

    Both serve one database, beside one worker, and each is idle while the other is measured. The other one
    (``open_server.py``) lets every start pass and records none in the audit log. The rates are medians of the rounds,
    which alternate, so that whatever else changes meanwhile changes both.
    """
    rounds, seconds = (1, SECONDS / 5) if lab.is_quick else (ROUNDS, SECONDS)
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(another_database(lab.url, "closing"))
        home = lab.directory / "closing"
        await stack.enter_async_context(weft("worker", home.with_suffix(".log"), {"WEFT_DATABASE_URL": url}))
        closed = await stack.enter_async_context(open_server(home, url))
        opened = await stack.enter_async_context(open_server(home, url, program="benchmarks.open_server"))
        rates: dict[int, list[float]] = {closed.port: [], opened.port: []}
        for number in range(rounds):
            for site in (closed, opened) if number % 2 else (opened, closed):
                rates[site.port].append((await start_under_load(lab, site, seconds))["starts_per_s"])
    without = median(rates[opened.port])
    return [
        Figure(
            "closing.starts",
            median(rates[closed.port]),
            "starts/s",
            LEAST_SHARE * without,
            peer="no gate, no audit",
            peer_value=without,
        )
    ]
