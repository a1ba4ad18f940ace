"""Reading the logs of many executions at once, in as many statements as of one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import asyncpg
import orjson

from weftline.machine.folding import apply
from weftline.machine.state import State
from weftline.model.event import Event
from weftline.store.errors import translated
from weftline.store.log import events_of_rows, state_from_row
from weftline.store.queries import queries
from weftline.store.sealing import is_sealed, opened, seal_of

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]

_SQL = queries("histories")


class Beginning(NamedTuple):
    """How an execution's log begins.

    Attributes:
        input: the execution's.
        events: the first ones.
    """

    input: dict[str, Any]
    events: Sequence[Event]


async def beginnings(
    connection: Connection, tenant_id: UUID, execution_ids: Collection[UUID], limit: int
) -> dict[UUID, Beginning]:
    """The inputs and up to ``limit`` of the first events of those of the executions that exist.

    Raises:
        CannotOpen, NotReadable, WrongMasterKey: something is sealed, and cannot be opened.
    """
    with translated():
        rows = await connection.fetch(_SQL["begin"], tenant_id, list(execution_ids), limit)
    found: dict[UUID, Beginning] = {}
    for execution_id, of_one in _by_execution(rows):
        text = await opened(connection, tenant_id, execution_id, of_one[0]["input"], "input")
        columns = [tuple(row)[2:] for row in of_one if row["seq"] is not None]
        events = await events_of_rows(connection, tenant_id, execution_id, columns)
        found[execution_id] = Beginning(orjson.loads(text), events)
    return found


async def pages(
    connection: Connection, tenant_id: UUID, after: Mapping[UUID, int], limit: int
) -> dict[UUID, Sequence[Event]]:
    """Up to ``limit`` events of each execution after its number in ``after``, in order; absent where there are none.

    Raises:
        CannotOpen, NotReadable, WrongMasterKey: something is sealed, and cannot be opened.
    """
    with translated():
        rows = await connection.fetch(_SQL["pages"], tenant_id, list(after), list(after.values()), limit)
    return {
        execution_id: await events_of_rows(connection, tenant_id, execution_id, [tuple(row)[1:] for row in of_one])
        for execution_id, of_one in _by_execution(rows)
    }


async def load_states(
    connection: Connection, tenant_id: UUID, execution_ids: Collection[UUID], page: int
) -> dict[UUID, State]:
    """The states of those of the executions that exist, as snapshots and logs tell them.

    Args:
        connection: in a transaction that sees the tenant's rows at one instant.
        tenant_id, execution_ids: which.
        page: events of each that are read at once.

    Raises:
        CannotOpen, NotReadable, WrongMasterKey: something is sealed, and cannot be opened.
    """
    with translated():
        rows = await connection.fetch(_SQL["memories"], tenant_id, list(execution_ids))
    states: dict[UUID, State] = {}
    for row in rows:
        seal = await seal_of(connection, tenant_id, row["id"]) if is_sealed(row["input"]) else None
        states[row["id"]] = state_from_row(row, seal)
    behind = states
    while behind:
        found = await pages(connection, tenant_id, {id: state.seq for id, state in behind.items()}, page)
        for id, events in found.items():
            for event in events:
                apply(behind[id], event)
        behind = {id: behind[id] for id, events in found.items() if len(events) == page}
    return states


async def definitions(
    connection: Connection, tenant_id: UUID, versions: Collection[tuple[str, int]]
) -> dict[tuple[str, int], dict[str, Any]]:
    """The definitions of those of the versions (workflow and number) that exist."""
    ids, numbers = [id for id, _ in versions], [number for _, number in versions]
    with translated():
        rows = await connection.fetch(_SQL["definitions"], tenant_id, ids, numbers)
    return {(id, number): orjson.loads(text) for id, number, text in rows}


def _by_execution(rows: Iterable[asyncpg.Record]) -> Iterable[tuple[UUID, list[asyncpg.Record]]]:
    return ((id, list(of_one)) for id, of_one in groupby(rows, key=lambda row: row[0]))
