"""Reading an execution's log back into a state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import orjson

from weftline.machine.folding import apply
from weftline.machine.state import State
from weftline.model.event import Event, EventType
from weftline.store.errors import translated
from weftline.store.queries import queries
from weftline.store.sealing import PREFIX, Seal, event_place, is_sealed, seal_of

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy


PAGE = 5_000
"""Events read at once, so that a long log does not have to fit into memory as rows."""


TYPES = {str(type): type for type in EventType}
"""Looked up, for calling the enumeration takes much longer."""


def state_from_row(row: asyncpg.Record | Mapping[str, Any], seal: Seal | None = None) -> State:
    """The state that a row of ``executions`` remembers: its snapshot, or a new state where there is none.

    Args:
        row: with ``input``, ``snapshot`` and ``snapshot_seq``.
        seal: opens them, where the execution's payloads are sealed.

    Raises:
        CannotOpen: they do not belong to this execution, or were changed.
    """
    input: Any = _loads(row["input"], seal, "input")
    if row["snapshot"] is None:
        return State(input)
    return State.from_json(input, row["snapshot_seq"], _loads(row["snapshot"], seal, "snapshot"))


def _loads(text: str, seal: Seal | None, place: str) -> Any:
    return orjson.loads(text if seal is None else seal.open(text, place))


async def events_page(
    connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record],
    tenant_id: UUID,
    execution_id: UUID,
    after: int,
    limit: int,
) -> list[Event]:
    """Up to ``limit`` events of one execution after number ``after``, in order.

    Raises:
        CannotOpen, NotReadable, WrongMasterKey: they are sealed, and cannot be opened.
    """
    with translated():
        rows = await connection.fetch(queries("events")["page"], tenant_id, execution_id, after, limit)
    return await events_of_rows(connection, tenant_id, execution_id, rows)


async def pages_with_workflows(
    connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record],
    tenant_id: UUID,
    execution_ids: Sequence[UUID],
    after: int,
    limit: int,
) -> list[asyncpg.Record]:
    """Those of the executions that exist, each with its ``id``, ``workflow_id``, and as ``log`` what
    :func:`events_of_rows` makes the events of that :func:`events_page` finds."""
    with translated():
        return await connection.fetch(queries("events")["pages_with_workflows"], tenant_id, execution_ids, after, limit)


async def events_of_rows(
    connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record],
    tenant_id: UUID,
    execution_id: UUID,
    rows: Sequence[Iterable[Any]],
) -> list[Event]:
    """The events of rows with the columns of ``events.page``, all of one execution. In the columns' order: a row's
    names are slow to look up, and a log may be very long."""
    # either all of an execution's events are sealed or none
    first = next((data for _, _, _, data, _ in rows if data is not None), None)
    if first is None or not first.startswith(PREFIX):
        return [
            Event(seq, TYPES[type], step, None if data is None else orjson.loads(data), at)
            for seq, type, step, data, at in rows
        ]
    open = (await seal_of(connection, tenant_id, execution_id)).open
    return [
        Event(seq, TYPES[type], step, None if data is None else orjson.loads(open(data, event_place(seq))), at)
        for seq, type, step, data, at in rows
    ]


async def last_seq(
    connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record],
    tenant_id: UUID,
    execution_id: UUID,
) -> int:
    """Number of the last event of an execution; 0 where there is none."""
    with translated():
        return await connection.fetchval(queries("events")["last"], tenant_id, execution_id)


async def events_of_type(
    connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record],
    tenant_id: UUID,
    execution_id: UUID,
    type: EventType,
    after: int,
    limit: int = PAGE,
) -> list[Event]:
    """Up to ``limit`` events of one type of an execution after number ``after``, in order."""
    with translated():
        rows = await connection.fetch(queries("events")["of_type"], tenant_id, execution_id, after, type.value, limit)
    return await events_of_rows(connection, tenant_id, execution_id, rows)


async def load_state(
    connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record],
    tenant_id: UUID,
    execution_id: UUID,
) -> State | None:
    """An execution's state as snapshot and log tell it, or None where there is no such execution."""
    with translated():
        row = await connection.fetchrow(queries("executions")["detail"], tenant_id, [execution_id], PAGE)
    return None if row is None else await state_of(connection, tenant_id, execution_id, row)


async def state_of(
    connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record],
    tenant_id: UUID,
    execution_id: UUID,
    row: asyncpg.Record,
    page: int = PAGE,
) -> State:
    """The state that a row of ``executions`` and what of the log was read with it tell.

    Args:
        connection: reads on where the log is longer, and the key where payloads are sealed.
        tenant_id, execution_id: whose.
        row: of ``executions.detail``.
        page: how many events were read with it at the most.
    """
    seal = await seal_of(connection, tenant_id, execution_id) if is_sealed(row["input"]) else None
    state = state_from_row(row, seal)
    for event in await events_of_rows(connection, tenant_id, execution_id, row["log"]):
        apply(state, event)
    if len(row["log"]) == page:
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
            apply(state, event)
        if len(events) < PAGE:
            return
