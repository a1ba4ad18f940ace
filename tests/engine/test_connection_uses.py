"""When and by what a connection was used last."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from tests.engine.harness import Harness
from tests.engine.other_system import OtherSystem, connect, other_system, probe_integration
from weftline.authoring.builtin import close_http, http
from weftline.engine.borrowing import TriggerBorrower
from weftline.engine.connection_uses import ConnectionUses
from weftline.model.ids import DEFAULT_TENANT
from weftline.store.connect import connect as store_connect

CALL = {"id": "call", "type": "http", "url": "/x", "connection": "probe"}


@pytest.fixture
async def system(engine: Harness) -> AsyncIterator[OtherSystem]:
    engine.registry.register("http", http)
    with probe_integration():
        async with other_system() as made:
            yield made
            await close_http()


@pytest.fixture
async def store(engine: Harness) -> AsyncIterator[asyncpg.Connection]:
    """A worker's."""
    connection = await store_connect(engine.url, "weft_worker")
    try:
        yield connection
    finally:
        await connection.close()


async def last_use(engine: Harness, id: UUID) -> tuple[Any, ...] | None:
    rows = await engine.fetch(
        "SELECT extract(epoch FROM last_used_at)::float8, last_used_workflow_id, last_used_execution_id"
        " FROM connection_states WHERE connection_id = $1",
        id,
    )
    return tuple(rows[0]) if rows else None


def trigger(workflow: str) -> TriggerBorrower:
    return TriggerBorrower(DEFAULT_TENANT, workflow, "probe", is_lasting=False)


async def test_the_execution_that_used_a_connection_last_is_known(engine: Harness, system: OtherSystem) -> None:
    id = await connect(engine, system.url)
    other = await connect(engine, system.url, "other")
    await engine.publish(CALL)
    async with engine.worker():
        first = await engine.start_one()

        async def told() -> bool:
            return (use := await last_use(engine, id)) is not None and use[1:] == ("flow", first)

        await engine.until(told)
        second = await engine.start_one()
        await engine.reach(second)
    # a worker that ends tells what it has not told yet
    use = await last_use(engine, id)
    assert use is not None
    assert use[1:] == ("flow", second)
    assert await last_use(engine, other) is None


async def test_a_connection_is_told_of_once_a_minute(engine: Harness, store: asyncpg.Connection) -> None:
    id = await connect(engine, "http://localhost")
    uses = ConnectionUses(engine.clock)
    uses.note(DEFAULT_TENANT, id, trigger("first"))
    uses.note(DEFAULT_TENANT, id, trigger("second"))
    await uses.tell(store)
    begun = await last_use(engine, id)
    assert begun is not None
    assert begun[1:] == ("second", None)
    assert uses.is_empty
    await engine.advance_clock(50)
    uses.note(DEFAULT_TENANT, id, trigger("third"))
    await uses.tell(store)
    assert await last_use(engine, id) == begun
    assert not uses.is_empty
    await engine.advance_clock(11)
    await uses.tell(store)
    after = await last_use(engine, id)
    assert after is not None
    assert after[1] == "third"
    # when it was used, not when that was told
    assert 49 < after[0] - begun[0] < 60


async def test_a_use_that_another_worker_has_outdone_is_not_told(engine: Harness, store: asyncpg.Connection) -> None:
    id = await connect(engine, "http://localhost")
    slow, fast = ConnectionUses(engine.clock), ConnectionUses(engine.clock)
    slow.note(DEFAULT_TENANT, id, trigger("slow"))
    await engine.advance_clock(5)
    fast.note(DEFAULT_TENANT, id, trigger("fast"))
    await fast.tell(store)
    await slow.tell(store)
    use = await last_use(engine, id)
    assert use is not None
    assert use[1] == "fast"


async def test_a_connection_that_is_gone_keeps_nothing_else_from_being_told(
    engine: Harness, store: asyncpg.Connection
) -> None:
    id = await connect(engine, "http://localhost")
    uses = ConnectionUses(engine.clock)
    uses.note(DEFAULT_TENANT, uuid4(), trigger("gone"))
    uses.note(DEFAULT_TENANT, id, trigger("there"))
    await uses.tell(store)
    use = await last_use(engine, id)
    assert use is not None
    assert use[1] == "there"
    assert uses.is_empty
