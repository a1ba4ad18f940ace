"""Pages of lists of executions, where there are a million of them."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Row, func, select

from benchmarks import http_client
from benchmarks.databases import another_database
from benchmarks.figure import Figure
from benchmarks.http_client import HttpConnection
from benchmarks.lab import Lab
from benchmarks.many_executions import fill, person
from benchmarks.peers.result import percentile
from benchmarks.site import Site, open_server
from weftline.features.database import Database
from weftline.features.executions.listing import ORDER, ids_of, values_of
from weftline.features.executions.models import Execution
from weftline.features.executions.schemas import ExecutionQuery
from weftline.model.ids import DEFAULT_TENANT

EXECUTIONS = 1_000_000
PLACES = 12
"""In each list, besides its beginning, at which pages begin."""

TARGET = 50.0
"""Milliseconds."""

TOKEN_SECONDS = 300.0
"""After which the access token, good for ten minutes, is fetched anew."""

Query = dict[str, str | list[str]]

SORTS = ("-createdAt", "createdAt", "-startedAt", "startedAt", "-completedAt", "completedAt", "-executionTimeMs")
FILTERS: tuple[Query, ...] = (
    {},
    {"workflowId": "orders"},
    {"workflowId": "audits"},
    {"workflowId": "orders", "versionNumber": "2"},
    {"workflowId": "returns", "versionNumber": "3"},
    {"status": ["failed"]},
    {"status": ["timed_out"]},
    {"status": ["pending", "running", "waiting", "paused"]},
    {"status": ["running"]},
    {"status": ["failed", "cancelled"], "workflowId": "invoices"},
    {"tag": "web"},
    {"tag": "vip"},
    {"tag": "vip", "status": ["failed"]},
    {"attribute": ["region:north"]},
    {"attribute": ["order:500500"]},
    {"startedBy": str(person(0))},
    {"startedBy": str(person(39))},
    {"startedBy": str(person(39)), "status": ["failed"]},
)
SPANS = (("created", "createdAt"), ("started", "startedAt"), ("completed", "completedAt"))
"""What of an execution's times a list is narrowed down by, and the key that sorts by it."""


async def lists(lab: Lab) -> list[Figure]:
    """Pages of 50 of ``GET /executions`` at a million executions of one tenant, one after another, on ``weft server``.

    Every filter with every sort, and spans of each time: the first page, and pages at random places. Timed: a request,
    until its whole answer is there.

    - ``lists.p50``, ``lists.p95``: of all pages.
    - ``lists.slowest_p95``: of the list whose pages take longest.
    """
    home = lab.directory / "lists"
    async with another_database(lab.url, "lists") as url:
        await fill(url, lab.scaled(EXECUTIONS))
        async with open_server(home, url) as site:
            measured = await measure(site)
    times = [time for each in measured.values() for time in each]
    slowest = max(percentile(each, 0.95) for each in measured.values())
    return [
        Figure("lists.p50", percentile(times, 0.5), "ms", None, "lower"),
        Figure("lists.p95", percentile(times, 0.95), "ms", TARGET, "lower"),
        Figure("lists.slowest_p95", slowest, "ms", None, "lower"),
    ]


async def measure(site: Site) -> dict[str, list[float]]:
    """Milliseconds of pages, by the query of their list."""
    database = Database(site.database_url, size=1)
    connection = await http_client.connect(site.port)
    measured: dict[str, list[float]] = {}
    token, until = "", 0.0
    try:
        for filter, sorts in _wanted():
            places = await _places(database, filter)
            if time.monotonic() > until:
                token, until = await site.sign_in(), time.monotonic() + TOKEN_SECONDS
            for sort in sorts:
                queries = _pages(filter | {"sort": sort}, places)
                # what was not looked at for long is read from the disk once
                await _page(connection, site.port, token, queries[0])
                times = [await _page(connection, site.port, token, query) for query in queries]
                measured[urlencode(queries[0], doseq=True)] = times
    finally:
        connection.close()
        await database.close()
    return measured


def _wanted() -> list[tuple[Query, Sequence[str]]]:
    """What is asked for: filters, and the sorts of each."""
    wanted: list[tuple[Query, Sequence[str]]] = list(product(FILTERS, [SORTS]))
    far, near, yesterday = (str(datetime.now(UTC) - timedelta(days=days)) for days in (50, 40, 1))
    for name, key in SPANS:
        sorts = (key, f"-{key}", "-executionTimeMs")
        spans: tuple[Query, ...] = (
            {f"{name}After": far, f"{name}Before": near},
            {f"{name}Before": far},
            {f"{name}After": yesterday},
            {f"{name}After": far, "status": ["failed"]},
        )
        wanted += product(spans, [sorts])
    return wanted


def _pages(query: Query, places: Sequence[Row[Any]]) -> list[Query]:
    window = ORDER.window(str(query["sort"]), limit=50)
    key = window.terms[0].key
    cursors = [window.cursor_of(place) for place in places if key.value(place) is not None]
    return [query, *(query | {"cursor": cursor} for cursor in cursors)]


async def _page(connection: HttpConnection, port: int, token: str, query: Query) -> float:
    request = http_client.encode("GET", f"/executions?{urlencode(query, doseq=True)}", port, token=token)
    began = time.perf_counter()
    await connection.exchange(request, expected=200)
    return (time.perf_counter() - began) * 1000


async def _places(database: Database, filter: Query) -> Sequence[Row[Any]]:
    """Some of the executions that fit: a page may begin behind any."""
    wanted = ExecutionQuery.model_validate(filter).filter()
    chosen = ids_of(wanted).order_by(None).limit(None)
    keys = Execution.created_at, Execution.started_at, Execution.completed_at, Execution.execution_time_ms
    statement = select(Execution.id, *keys).where(Execution.tenant_id == DEFAULT_TENANT, Execution.id.in_(chosen))
    values = values_of(DEFAULT_TENANT, wanted, wanted.labels)
    async with database.transaction(DEFAULT_TENANT) as session:
        return (await session.execute(statement.order_by(func.random()).limit(PLACES), values)).all()
