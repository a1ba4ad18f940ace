"""Slots under many transactions at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import count
from uuid import UUID

import asyncpg
import pytest
from tests.conftest import Connect

from weftline.machine.admission import SlotDemand
from weftline.model.ids import DEFAULT_TENANT, uuid7
from weftline.store.concurrency import release_slot
from weftline.store.roles import API_ROLE, WORKER_ROLE
from weftline.store.starts import NewExecution, start_executions

LIMIT = 3
KEYS = ("a", "b", "c")
STARTERS = 4
GROUPS = 15

TAKEN = "SELECT key, count(*)::int FROM concurrency_slots WHERE taken_at IS NOT NULL GROUP BY key"


def new(key: str, policy: str = "queue", **fields: object) -> NewExecution:
    return NewExecution("w", 1, slot=SlotDemand(key, LIMIT, policy), **fields)  # pyright: ignore[reportArgumentType]


async def start(connection: asyncpg.Connection, *items: NewExecution) -> list[UUID | None]:
    async with connection.transaction():
        return await start_executions(connection, DEFAULT_TENANT, items, 1.0)


async def release(connection: asyncpg.Connection, execution_id: UUID) -> list[UUID]:
    async with connection.transaction():
        return await release_slot(connection, DEFAULT_TENANT, execution_id, 2.0)


@pytest.fixture
async def worker(connect: Connect) -> AsyncIterator[asyncpg.Connection]:
    yield await connect(WORKER_ROLE)


@pytest.fixture
async def api(connect: Connect) -> AsyncIterator[asyncpg.Connection]:
    yield await connect(API_ROLE, DEFAULT_TENANT)


async def test_starts_and_ends_at_once_never_exceed_a_limit_and_nobody_waits_for_ever(
    connect: Connect, worker: asyncpg.Connection
) -> None:
    ended: list[UUID] = []
    turns = count()

    async def starter() -> None:
        connection = await connect(API_ROLE, DEFAULT_TENANT)
        for _ in range(GROUPS):
            number = next(turns)
            # several keys in one transaction, in any order
            await start(connection, new(KEYS[number % 3]), new(KEYS[(number + 2) % 3]))

    async def end_one() -> bool:
        running = await worker.fetchval(
            "SELECT execution_id FROM concurrency_slots WHERE taken_at IS NOT NULL ORDER BY execution_id LIMIT 1"
        )
        if running is None:
            return False
        await release(worker, running)
        ended.append(running)
        assert all(taken <= LIMIT for _, taken in await worker.fetch(TAKEN))
        return True

    starting = asyncio.gather(*(starter() for _ in range(STARTERS)))
    while not starting.done():
        await end_one()
        await asyncio.sleep(0)
    await starting
    while await end_one():
        pass
    assert len(ended) == len(set(ended)) == 2 * STARTERS * GROUPS
    for table in ("concurrency_slots", "concurrency_keys"):
        assert await worker.fetchval(f"SELECT count(*) FROM {table}") == 0
    assert await worker.fetchval("SELECT count(*) FROM executions WHERE is_queued OR wake_at IS NULL") == 0


async def test_refusing_starts_at_once_leave_no_slot_empty_and_none_too_many(connect: Connect) -> None:
    connections = [await connect(API_ROLE, DEFAULT_TENANT) for _ in range(STARTERS)]
    started = await asyncio.gather(*(start(each, new("a", "reject"), new("a", "reject")) for each in connections))
    assert len([id for ids in started for id in ids if id is not None]) == LIMIT


async def test_freeing_a_slot_twice_lets_one_in(api: asyncpg.Connection, worker: asyncpg.Connection) -> None:
    ids = await start(api, *(new("a") for _ in range(LIMIT + 2)))
    assert await release(worker, ids[0] or uuid7()) == [ids[LIMIT]]
    assert await release(worker, ids[0] or uuid7()) == []


async def test_a_larger_limit_of_a_newer_version_lets_in_who_waits(api: asyncpg.Connection) -> None:
    ids = await start(api, *(new("a") for _ in range(LIMIT + 1)))
    newer = NewExecution("w", 2, slot=SlotDemand("a", LIMIT + 2, "queue"))
    await start(api, newer)
    ready = await api.fetch("SELECT id FROM executions WHERE NOT is_queued ORDER BY id")
    assert [row["id"] for row in ready] == [*ids, newer.id]


async def test_a_start_that_was_there_already_takes_no_second_slot(api: asyncpg.Connection) -> None:
    again = new("a", id=uuid7())
    assert await start(api, again) == await start(api, again) == [again.id]
    assert [tuple(row) for row in await api.fetch(TAKEN)] == [("a", 1)]
