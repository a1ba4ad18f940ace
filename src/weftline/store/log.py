"""Reading an execution's log back into a state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


def event_from_row(row: Mapping[str, Any]) -> Event:
    """The event of a row of ``events.after`` or ``events.page``."""
    data = row["data"]
    return Event(
        row["seq"],
        EventType(row["type"]),
        row["step_id"],
        None if data is None else orjson.loads(data),
        row["at"],
    )


def state_from_row(row: Mapping[str, Any]) -> State:
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


async def catch_up(
    connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record],
    states: Sequence[tuple[UUID, UUID, State]],
) -> None:
    """Fold what the log holds beyond the snapshots into the states.

    Args:
        connection: bound to the tenant, or the worker's.
        states: tenant, execution and state of each.
    """
    with translated():
        rows = await connection.fetch(
            queries("events")["after"],
            [tenant_id for tenant_id, _, _ in states],
            [execution_id for _, execution_id, _ in states],
            [state.seq for _, _, state in states],
        )
    by_id = {execution_id: state for _, execution_id, state in states}
    for row in rows:
        by_id[row["execution_id"]].apply(event_from_row(row))
