"""Fixtures for tests of the HTTP API."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import asyncpg
import httpx
import pytest
import structlog
from structlog.typing import EventDict

from tests.api.client import Client, running
from tests.conftest import Connect
from weftline.api.app import ApiOptions, Application
from weftline.authoring import ActionRegistry, Context
from weftline.engine.worker import Worker, WorkerOptions
from weftline.model.ids import DEFAULT_TENANT

ORIGIN = "http://localhost"


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[EventDict]]:
    """What was logged."""
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as entries:
        yield entries


def make_registry() -> ActionRegistry:
    registry = ActionRegistry()

    async def echo(ctx: Context) -> object:
        return ctx.input

    registry.register("echo", echo)
    return registry


@pytest.fixture
async def api(database: str) -> AsyncIterator[Client]:
    """The API on a fresh database. Nothing runs executions; see ``worker``."""
    app = Application(ApiOptions(database, make_registry().names()))
    async with running(app), httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as http:
        yield Client(http)


@pytest.fixture
async def worker(database: str) -> AsyncIterator[Worker]:
    """A worker on the same database."""
    running_worker = Worker(database, make_registry(), WorkerOptions(poll_seconds=0.2))
    await running_worker.start()
    yield running_worker
    await running_worker.stop()


@pytest.fixture
async def tenant(connect: Connect) -> asyncpg.Connection:
    """A connection that sees the default tenant's rows, as the worker's role does."""
    return await connect("weft_worker", DEFAULT_TENANT)


@pytest.fixture
async def connect_as_owner(connect: Connect) -> asyncpg.Connection:
    """A connection as the role that owns the database."""
    return await connect()
