"""Reading an execution's log back into a state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import orjson

from weftline.machine.state import State
from weftline.model.event import Event, EventType
from weftline.store.errors import translated
from weftline.store.queries import queries

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy


PAGE = 5_000
"""Events read at once, so that a long log does not have to fit into memory as rows."""


def event_from_row(row: asyncpg.Record | Mapping[str, Any]) -> Event:
    """The event of a row of ``events.page``."""
    data = row["data"]
    return Event(
        row["seq"],
        EventType(row["type"]),
        row["step_id"],
        None if data is None else orjson.loads(data),
        row["at"],
    )


def state_from_row(row: asyncpg.Record | Mapping[str, Any]) -> State:
    """The state that a row of ``executions`` remembers: its snapshot, or a new state where there is none.

    Args:
        row: with ``input``, ``snapshot`` and ``snapshot_seq``.
    """
    input = orjson.loads(row["input"])
    if row["snapshot"] is None:
        return State(input)
    return State.from_json(input, row["snapshot_seq"], orjson.loads(row["snapshot"]))


async def events_page(
    connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record],
    tenant_id: UUID,
    execution_id: UUID,
    after: int,
    limit: int,
) -> list[Event]:
    """Up to ``limit`` events of one execution after number ``after``, in order."""
    with translated():
        rows = await connection.fetch(queries("events")["page"], tenant_id, execution_id, after, limit)
    return [event_from_row(row) for row in rows]


async def load_state(
    connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record],
    tenant_id: UUID,
    execution_id: UUID,
) -> State | None:
    """An execution's state as snapshot and log tell it, or None where there is no such execution."""
    with translated():
        row = await connection.fetchrow(queries("executions")["memory"], tenant_id, execution_id)
    if row is None:
        return None
    state = state_from_row(row)
    await catch_up(connection, tenant_id, execution_id, state)
    return state


async def catch_up(
    connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record],
    tenant_id: UUID,
    execution_id: UUID,
    state: State,
) -> None:
    """Fold what the log holds beyond the snapshot into the state, page by page."""
    while True:
        events = await events_page(connection, tenant_id, execution_id, state.seq, PAGE)
        for event in events:
            state.apply(event)
        if len(events) < PAGE:
            return
