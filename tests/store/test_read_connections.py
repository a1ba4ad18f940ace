"""Connections for reading: what readers who share a transaction see, and what they cannot do to each other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from uuid import UUID

import asyncpg
import pytest
from tests.conftest import Connect

from weftline.model.ids import DEFAULT_TENANT, uuid7
from weftline.store import reading
from weftline.store.connect import connect as connect_to
from weftline.store.errors import StoreUnavailable
from weftline.store.reading import ReadConnections

NAMES = "SELECT key FROM variables ORDER BY key"


class Shelf:
    """Connections for reading, and every statement that they sent."""

    def __init__(self, url: str, size: int) -> None:
        self.sent: list[str] = []
        self._open = partial(connect_to, url, "weft_api", name="readers")
        self.connections = ReadConnections(self._connect, size)

    async def _connect(self) -> asyncpg.Connection[asyncpg.Record]:
        connection = await self._open()
        connection.add_query_logger(lambda record: self.sent.append(record.query))
        return connection

    async def names(self, tenant_id: UUID = DEFAULT_TENANT) -> list[str]:
        async with self.connections.reading(tenant_id) as connection:
            return [row["key"] for row in await connection.fetch(NAMES)]

    @property
    def begun(self) -> int:
        return sum("BEGIN" in query for query in self.sent)


OpenShelf = Callable[[int], Shelf]


@pytest.fixture
async def open_shelf(database: str) -> AsyncIterator[OpenShelf]:
    shelves: list[Shelf] = []

    def open_one(size: int) -> Shelf:
        shelves.append(Shelf(database, size))
        return shelves[-1]

    yield open_one
    for shelf in shelves:
        await shelf.connections.close()


Keep = Callable[..., Awaitable[None]]


@pytest.fixture
async def keep(connect: Connect) -> Keep:
    async def keep_variable(key: str, tenant_id: UUID = DEFAULT_TENANT) -> None:
        writer = await connect("weft_api", tenant_id)
        columns = "tenant_id, key, id, type, value"
        await writer.execute(
            f"INSERT INTO variables ({columns}) VALUES ($1, $2, $3, 'NUMBER', '1')", tenant_id, key, uuid7()
        )

    return keep_variable


async def new_tenant(connect: Connect) -> UUID:
    tenant_id = uuid7()
    owner = await connect("weft_operator")
    await owner.execute("INSERT INTO tenants (id, slug, name) VALUES ($1, 'other', 'Other')", tenant_id)
    return tenant_id


async def test_readers_share_a_transaction_and_each_sees_the_latest(open_shelf: OpenShelf, keep: Keep) -> None:
    shelf = open_shelf(1)
    async with shelf.connections.reading(DEFAULT_TENANT) as connection:
        assert await connection.fetch(NAMES) == []
        behind = [asyncio.create_task(shelf.names()) for _ in range(5)]
        await keep("NEW")
    assert await asyncio.gather(*behind) == [["NEW"]] * 5
    assert shelf.begun == 1


async def test_a_hundred_readers_at_once_need_few_transactions(open_shelf: OpenShelf, keep: Keep) -> None:
    shelf = open_shelf(2)
    await keep("A")
    assert await asyncio.gather(*(shelf.names() for _ in range(100))) == [["A"]] * 100
    assert shelf.begun <= 4


async def test_a_transaction_ends_now_and_then_though_everybody_could_go_on_in_it(
    open_shelf: OpenShelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "TURNS", 10)
    shelf = open_shelf(1)
    await asyncio.gather(*(shelf.names() for _ in range(100)))
    assert shelf.begun == 10


async def test_who_waits_behind_a_connection_that_is_never_opened_gets_another(database: str) -> None:
    is_opening = asyncio.Event()
    opened = 0

    async def open_at_the_second_try() -> asyncpg.Connection[asyncpg.Record]:
        nonlocal opened
        opened += 1
        if opened == 1:
            is_opening.set()
            await asyncio.Event().wait()
        return await connect_to(database, "weft_api", name="readers")

    connections = ReadConnections(open_at_the_second_try, 1)

    async def read() -> int:
        async with connections.reading(DEFAULT_TENANT) as connection:
            return await connection.fetchval("SELECT 1")

    first, behind = asyncio.create_task(read()), asyncio.create_task(read())
    await is_opening.wait()
    first.cancel()
    assert await behind == 1
    await connections.close()


async def test_no_tenant_sees_anothers_rows_whoever_read_before(
    open_shelf: OpenShelf, keep: Keep, connect: Connect
) -> None:
    other = await new_tenant(connect)
    await keep("OWN")
    await keep("OTHER", other)
    shelf = open_shelf(2)
    tenants = [DEFAULT_TENANT, other] * 50
    found = await asyncio.gather(*(shelf.names(each) for each in tenants))
    assert found == [["OWN"], ["OTHER"]] * 50


async def test_what_is_read_cannot_be_changed_there(open_shelf: OpenShelf) -> None:
    async with open_shelf(1).connections.reading(DEFAULT_TENANT) as connection:
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await connection.execute("DELETE FROM variables")


async def test_a_reader_that_fails_spoils_nothing_for_the_next(open_shelf: OpenShelf, keep: Keep) -> None:
    shelf = open_shelf(1)
    await keep("A")

    async def fail() -> None:
        async with shelf.connections.reading(DEFAULT_TENANT) as connection:
            await connection.fetch("SELECT 1 / 0 FROM variables")

    outcomes = await asyncio.gather(shelf.names(), fail(), shelf.names(), fail(), shelf.names(), return_exceptions=True)
    assert [each for each in outcomes if not isinstance(each, Exception)] == [["A"]] * 3


async def test_a_reader_that_is_cancelled_takes_no_connection_along(open_shelf: OpenShelf, keep: Keep) -> None:
    shelf = open_shelf(1)
    await keep("A")
    has_begun = asyncio.Event()

    async def wait() -> None:
        async with shelf.connections.reading(DEFAULT_TENANT) as connection:
            has_begun.set()
            await connection.execute("SELECT pg_sleep(600)")

    reader = asyncio.create_task(wait())
    await has_begun.wait()
    behind, given_up = asyncio.create_task(shelf.names()), asyncio.create_task(shelf.names())
    await asyncio.sleep(0)
    given_up.cancel()
    reader.cancel()
    assert await behind == ["A"]
    assert await shelf.names() == ["A"]
    with pytest.raises(asyncio.CancelledError):
        await given_up


async def test_connections_that_the_server_ends_are_made_anew(
    open_shelf: OpenShelf, keep: Keep, connect: Connect
) -> None:
    shelf = open_shelf(1)
    await keep("A")
    assert await shelf.names() == ["A"]
    owner = await connect()
    cut = "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity WHERE application_name = 'readers'"
    assert await owner.fetchval(cut + " AND datname = current_database()") == 1
    while True:
        # until the driver has noticed
        try:
            assert await shelf.names() == ["A"]
            break
        except StoreUnavailable:
            continue


async def test_whoever_waits_too_long_for_a_connection_is_told(
    open_shelf: OpenShelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PATIENCE", 0.01)
    shelf = open_shelf(1)
    async with shelf.connections.reading(DEFAULT_TENANT):
        with pytest.raises(StoreUnavailable, match="busy"):
            await shelf.names()
    monkeypatch.undo()
    assert await shelf.names() == []


async def test_a_transaction_that_nobody_comes_for_ends(open_shelf: OpenShelf, connect: Connect) -> None:
    shelf = open_shelf(1)
    await shelf.names()
    owner = await connect()
    # waits for every transaction that has read the table
    async with owner.transaction():
        await owner.execute("SET LOCAL lock_timeout = '30s'")
        await owner.execute("LOCK TABLE variables IN ACCESS EXCLUSIVE MODE")
