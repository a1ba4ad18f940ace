"""Fixtures for tests of the HTTP API."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

import asyncpg
import httpx
import pytest
import structlog
from starlette.types import Receive, Scope, Send
from structlog.typing import EventDict

from tests.api.client import PATIENCE, Client, running
from tests.api.documented import Documented
from tests.api.ledger import Ledger
from tests.api.mailbox import Mailbox
from tests.api.people import People
from tests.api.world import World
from tests.conftest import Connect
from weftline.api.app import ApiOptions, Application
from weftline.authoring import ActionRegistry, Context
from weftline.engine.worker import Worker, WorkerOptions
from weftline.features.identity.passwords import HashingCost
from weftline.features.services import AccountOptions
from weftline.model.ids import DEFAULT_TENANT
from weftline.store.keyring import Keyring

ORIGIN = "http://localhost"
MASTER_KEY = bytes(32)


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[EventDict]]:
    """What was logged."""
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as entries:
        yield entries


@pytest.fixture(autouse=True)
def documented(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever is answered stands in the OpenAPI document."""
    watched, answer = Documented(), Application.__call__

    async def call(app: Application, scope: Scope, receive: Receive, send: Send) -> None:
        await watched.watch(partial(answer, app), scope, receive, send)

    monkeypatch.setattr(Application, "__call__", call)
    yield
    assert not watched.surprises, "declare it with failures(...), then 'make reference'"


def api_options(database: str, **others: Any) -> ApiOptions:
    """The API on a database, with passwords that cost next to nothing."""
    accounts = AccountOptions(Keyring(MASTER_KEY), hashing=HashingCost(memory_kib=8, passes=1))
    return ApiOptions(database, accounts, make_registry().names(), **others)


def make_registry(ledger: Ledger | None = None) -> ActionRegistry:
    """The actions that workers of these tests have."""
    registry = (ledger or Ledger()).registry

    async def echo(ctx: Context) -> object:
        return ctx.input

    registry.register("echo", echo)
    return registry


@pytest.fixture
async def application(database: str) -> AsyncIterator[Application]:
    """The API on a fresh database, started. Nothing runs executions; see ``worker``."""
    app = Application(api_options(database))
    async with running(app):
        yield app


@pytest.fixture
async def anonymous(application: Application) -> AsyncIterator[Client]:
    """Somebody who has not signed in."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url=ORIGIN) as http:
        yield Client(http)


@pytest.fixture
async def api(application: Application, anonymous: Client) -> Client:
    """The first administrator, signed in to the default tenant."""
    await anonymous.become_first_administrator(application)
    return anonymous


@pytest.fixture
async def people(application: Application, connect: Connect) -> AsyncIterator[People]:
    """Makes members of the default tenant."""
    async with AsyncExitStack() as opened:
        yield People(application, connect, opened)


@pytest.fixture
async def world(application: Application) -> AsyncIterator[World]:
    """A platform with an operator, who makes tenants and members of them."""
    async with AsyncExitStack() as opened:
        yield await World(application, opened).begin()


@pytest.fixture
async def mailbox(connect: Connect) -> Mailbox:
    """What was written to people."""
    return Mailbox(await connect("weft_identity"))


@pytest.fixture
def ledger() -> Ledger:
    """What the worker's actions did."""
    return Ledger()


@pytest.fixture
async def worker(database: str, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Worker]:
    """A worker on the same database. However long the machine stands still, it does nothing twice, and acts are
    answered with what they led to."""
    monkeypatch.setattr("weftline.features.executions.steering.PATIENCE", PATIENCE)
    options = WorkerOptions(poll_seconds=0.2, lease_seconds=2 * PATIENCE)
    running_worker = Worker(database, make_registry(ledger), options, keyring=Keyring(MASTER_KEY))
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
