"""Reading executions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import asyncpg
from sqlalchemy import any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.orm import defer

from weftline.features.executions.listing import (
    TENANT,
    Filter,
    LabelName,
    ids_of,
    labelled,
    page_of,
    values_of,
)
from weftline.features.executions.models import Execution, Message
from weftline.features.executions.sealing import open_payloads
from weftline.features.http.listing import Window
from weftline.features.rows import Connection, Shapes, Statement
from weftline.machine.state import State
from weftline.model.status import TERMINAL
from weftline.store.log import state_of
from weftline.store.queries import queries

_LIGHT = (defer(Execution.snapshot), defer(Execution.output), defer(Execution.context))
_LIGHTEST = (*_LIGHT, defer(Execution.input))

_ID = Execution.id == bindparam("id", type_=Execution.id.type)
_IDS = bindparam("ids", type_=ARRAY(Execution.id.type))
_ENDINGS = [status.value for status in TERMINAL]

_WHOLE = Statement[Execution](
    select(Execution).options(defer(Execution.snapshot)).where(Execution.tenant_id == TENANT, _ID)
)
_WORKFLOW = Statement[Any](select(Execution.workflow_id).where(Execution.tenant_id == TENANT, _ID))
_ENDED = Statement[Any](
    select(Execution.id).where(
        Execution.tenant_id == TENANT,
        Execution.id == any_(_IDS),
        Execution.status == any_(bindparam("endings", type_=ARRAY(TEXT))),
    )
)
_UNREAD = Statement[Any](
    select(Message.execution_id, Message.seq).where(Message.tenant_id == TENANT, Message.execution_id == any_(_IDS))
)
_PAGES = Shapes[Execution]()
_EVERY_ID = Shapes[Any]()
_COUNT = Statement[Any](
    select(func.count().label("number")).select_from(labelled(0).limit(bindparam("limit")).subquery())
)

_IS_QUEUED = Statement[Any](select(Execution.is_queued).where(Execution.tenant_id == TENANT, _ID))
_STATUSES = Statement[Any](
    select(Execution.id, Execution.status).where(Execution.tenant_id == TENANT, Execution.id == any_(_IDS))
)

FIRST_EVENTS = 500
"""How much of each log is read together with its execution; the rest page by page."""

RARE = 5_000
"""Up to so many executions are sorted rather than come across in the order of another index."""


async def get(connection: Connection, tenant_id: UUID, execution_id: UUID) -> Execution | None:
    """An execution's row, without its snapshot."""
    row = await _WHOLE.first(connection, {"tenant_id": tenant_id, "id": execution_id})
    if row is not None:
        await open_payloads(connection, [row])
    return row


async def stored_details(
    connection: Connection, tenant_id: UUID, execution_ids: Sequence[UUID]
) -> list[asyncpg.Record]:
    """Those of the executions that exist, each as :func:`row_and_state` takes it; the shortest log first."""
    found = await connection.fetch(queries("executions")["detail"], tenant_id, execution_ids, FIRST_EVENTS)
    return sorted(found, key=_log_length) if len(found) > 1 else found


async def row_and_state(connection: Connection, tenant_id: UUID, stored: asyncpg.Record) -> tuple[Execution, State]:
    """An execution's row, without its snapshot, and its state as the log tells it, both of one instant.

    Args:
        connection: reads on where the log is long.
        tenant_id: whose.
        stored: one of :func:`stored_details`.

    Raises:
        CannotOpen, NotReadable, WrongMasterKey: what is sealed cannot be opened.
    """
    state = await state_of(connection, tenant_id, stored["id"], stored, FIRST_EVENTS)
    columns: dict[str, Any] = dict(stored) | {"input": state.input}
    row = cast("Execution", SimpleNamespace(**columns))
    await open_payloads(connection, [row])
    return row, state


async def workflow_of(connection: Connection, tenant_id: UUID, execution_id: UUID) -> str | None:
    """The id of an execution's workflow."""
    row = await _WORKFLOW.first(connection, {"tenant_id": tenant_id, "id": execution_id})
    return None if row is None else row.workflow_id


async def list_executions(
    connection: Connection, tenant_id: UUID, wanted: Filter, window: Window, *, with_input: bool = False
) -> Sequence[Execution]:
    """Executions, without what is large.

    Args:
        connection: bound to the tenant, in a transaction that plans anew unless everything is wanted.
        tenant_id: whose.
        wanted: which.
        window: which part of them, in which order; see :mod:`weftline.features.executions.listing`.
        with_input: their input too.
    """
    labels, is_rare = await _rarest_first(connection, tenant_id, wanted.labels)
    values = values_of(tenant_id, wanted, labels) | window.values
    columns = _LIGHT if with_input else _LIGHTEST
    statement = _PAGES.get(
        (frozenset(values), window.shape, TERMINAL.isdisjoint(wanted.statuses), is_rare, with_input),
        lambda: page_of(wanted, window, len(labels), columns=columns, is_rare=is_rare),
    )
    rows = await statement.all(connection, values)
    await open_payloads(connection, rows)
    return rows


async def ids(connection: Connection, tenant_id: UUID, wanted: Filter, *, limit: int) -> Sequence[UUID]:
    """The ids of executions, the oldest first; at most ``limit``. The transaction must plan anew."""
    values = values_of(tenant_id, wanted, wanted.labels) | {"limit": limit}
    statement = _EVERY_ID.get(frozenset(values), lambda: ids_of(wanted))
    return [row.id for row in await statement.all(connection, values)]


async def is_queued(connection: Connection, tenant_id: UUID, execution_id: UUID) -> bool:
    """Whether an execution waits until fewer of its concurrency key run."""
    row = await _IS_QUEUED.first(connection, {"tenant_id": tenant_id, "id": execution_id})
    return row is not None and row.is_queued


async def statuses(connection: Connection, tenant_id: UUID, execution_ids: Collection[UUID]) -> dict[UUID, str]:
    """Where those of the executions that exist came to rest."""
    rows = await _STATUSES.all(connection, {"tenant_id": tenant_id, "ids": execution_ids})
    return {row.id: row.status for row in rows}


async def ended(connection: Connection, tenant_id: UUID, execution_ids: Collection[UUID]) -> set[UUID]:
    """Those of the executions that have ended."""
    values = {"tenant_id": tenant_id, "ids": execution_ids, "endings": _ENDINGS}
    return {row.id for row in await _ENDED.all(connection, values)}


async def unread(
    connection: Connection, tenant_id: UUID, messages: Collection[tuple[UUID, int]]
) -> set[tuple[UUID, int]]:
    """Those of the messages (execution and number) that their executions have not taken in."""
    if not messages:
        return set()
    values = {"tenant_id": tenant_id, "ids": {execution_id for execution_id, _ in messages}}
    waiting = {(row.execution_id, row.seq) for row in await _UNREAD.all(connection, values)}
    return waiting.intersection(messages)


def _log_length(stored: asyncpg.Record) -> int:
    return len(stored["log"])


async def _rarest_first(
    connection: Connection, tenant_id: UUID, labels: Sequence[LabelName]
) -> tuple[list[LabelName], bool]:
    """Labels in the order of how many executions have them, and whether few have the first."""
    numbers: dict[LabelName, int] = {}
    for label in labels:
        values = values_of(tenant_id, Filter(), [label]) | {"limit": RARE + 1}
        [row] = await _COUNT.all(connection, values)
        numbers[label] = row.number
    found = sorted(numbers, key=numbers.__getitem__)
    return found, bool(found) and numbers[found[0]] <= RARE
