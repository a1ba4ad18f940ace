"""What executions run, compiled, for whoever decides about them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.database import driver
from weftline.features.executions import repository
from weftline.features.executions.errors import ExecutionNotFound, NotNow, UnknownVersion
from weftline.features.executions.reader import Snapshot
from weftline.language import DefinitionError, load
from weftline.language.program import Program
from weftline.store.errors import translated
from weftline.store.log import load_state
from weftline.store.queries import queries

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy


class Run(NamedTuple):
    """An execution at one instant, and what it runs."""

    snapshot: Snapshot
    program: Program


async def load_run(session: AsyncSession, tenant_id: UUID, execution_id: UUID) -> Run:
    """An execution with what it runs.

    Raises:
        ExecutionNotFound: there is none of this id.
        NotNow: what it runs is not valid any more.
    """
    connection = await driver(session)
    row = await repository.get(connection, tenant_id, execution_id)
    if row is None:
        raise ExecutionNotFound
    state = await load_state(connection, tenant_id, execution_id)
    if state is None:
        raise ExecutionNotFound
    snapshot = Snapshot(row, state)
    return Run(snapshot, await load_program(connection, tenant_id, row.workflow_id, snapshot.version_number))


async def load_program(
    connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record],
    tenant_id: UUID,
    workflow_id: str,
    number: int,
) -> Program:
    """A version that exists, compiled.

    Raises:
        NotNow: it is not valid any more.
    """
    with translated():
        text = await connection.fetchval(queries("versions")["load"], tenant_id, workflow_id, number)
    try:
        # a large one takes its time; and its actions may be known to workers only
        _, program = await asyncio.to_thread(load, orjson.loads(text), None)
    except DefinitionError as error:
        message = f"version {number} of workflow '{workflow_id}' is not valid any more: {error}"
        raise NotNow("unusable_version", message) from error
    return program


async def check_published(
    connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record],
    tenant_id: UUID,
    workflow_id: str,
    number: int,
    pointer: str,
) -> None:
    """See that a version was published, and so will never change.

    Args:
        connection: bound to the tenant.
        tenant_id, workflow_id, number: which.
        pointer: where the request names it.

    Raises:
        UnknownVersion: it was not.
    """
    with translated():
        found = await connection.fetch(queries("versions")["published_once"], tenant_id, [workflow_id], [number])
    if not found:
        raise UnknownVersion(pointer, workflow_id, number)
