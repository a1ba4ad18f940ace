"""Limits that several servers hold callers to together, through Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from structlog.typing import EventDict

from tests.api.client import PATIENCE, problem, running
from tests.api.conftest import api_options
from tests.api.test_rates import PROXY, visitor
from tests.redis_server import redis_directory, redis_server
from weftline.api.app import Application
from weftline.features.rates.counters import Counters, Key
from weftline.features.rates.limiter import Rates
from weftline.features.rates.sharing import Sharing

KEY: Key = ("address", "192.0.2.1")
MINUTE = 60.0


@pytest.fixture
def directory() -> Iterator[Path]:
    with redis_directory() as directory:
        yield directory


@asynccontextmanager
async def servers(url: str, now: list[float]) -> AsyncIterator[tuple[tuple[Counters, Sharing], ...]]:
    """Two servers that share what they count, and one time, when they are told to."""
    async with AsyncExitStack() as opened:
        made: list[tuple[Counters, Sharing]] = []
        for _ in range(2):
            counters = Counters(lambda: now[0])
            sharing = Sharing(counters, url)
            opened.push_async_callback(sharing.close)
            made.append((counters, sharing))
        yield tuple(made)


def take(counters: Counters, times: int) -> int:
    """Count some requests; returns how many would be left of a hundred."""
    left = 0
    for _ in range(times):
        left = counters.take(KEY, 100).left
    return left


async def test_servers_add_up_what_they_count(directory: Path) -> None:
    now = [1000 * MINUTE]
    with redis_server(directory) as url:
        async with servers(url, now) as ((one, sharing_one), (other, sharing_other)):
            assert take(one, 60) == 40
            assert take(other, 10) == 90
            for _ in range(2):
                await sharing_one.share()
                await sharing_other.share()
            assert take(other, 1) == 100 - 71
            await sharing_other.share()
            take(one, 1)
            await sharing_one.share()
            assert take(one, 1) == 100 - 73


async def test_a_server_that_meets_a_caller_anew_learns_of_the_minute_before(directory: Path) -> None:
    now = [1000 * MINUTE]
    with redis_server(directory) as url:
        async with servers(url, now) as ((one, sharing_one), (other, sharing_other)):
            take(one, 80)
            await sharing_one.share()
            now[0] += MINUTE
            assert take(other, 1) == 99
            await sharing_other.share()
            assert take(other, 1) == 100 - 80 - 2


async def test_without_redis_each_server_limits_by_itself_and_nothing_counted_is_lost(
    directory: Path, logs: list[EventDict]
) -> None:
    now = [1000 * MINUTE]
    with redis_server(directory) as url:
        pass
    async with servers(url, now) as ((one, sharing_one), (other, sharing_other)):
        take(one, 40)
        for _ in range(2):
            await sharing_one.share()
            take(one, 1)
        assert len([line for line in logs if line["log_level"] == "warning"]) == 1
        assert take(one, 58) == 0
        with redis_server(directory):
            await sharing_one.share()
            assert take(other, 1) == 99
            await sharing_other.share()
            assert not other.take(KEY, 100).is_within


async def test_a_caller_who_floods_one_server_is_refused_by_the_other(database: str, directory: Path) -> None:
    with redis_server(directory) as url:
        options = api_options(database, rates=Rates(address=100), proxies=PROXY, redis_url=url)
        async with AsyncExitStack() as opened:
            clients = []
            for app in (Application(options), Application(options)):
                await opened.enter_async_context(running(app))
                clients.append(await opened.enter_async_context(visitor(app, "192.0.2.1")))
            for _ in range(90):
                await clients[0].get("/workflows")
            for _ in range(5):
                await clients[1].get("/workflows")
            async with asyncio.timeout(PATIENCE):
                # those that were counted before the servers told each other
                while (answer := await clients[1].get("/workflows")).status_code == 401:
                    pass
            problem(answer, 429, "rate_limited")
            refused = await clients[0].get("/workflows")
            while refused.status_code == 401:
                refused = await clients[0].get("/workflows")
            problem(refused, 429, "rate_limited")
