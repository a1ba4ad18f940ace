"""Executions of many workflows, and many executions by their ids, within a transaction of the caller's."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from weftline.features.executions.listing import older_than
from weftline.features.executions.models import Execution
from weftline.features.executions.sealing import open_loaded
from weftline.features.of_each import first_of_each
from weftline.model.status import ExecutionStatus

NEWEST_FIRST = (Execution.created_at.desc(), Execution.id.desc())


async def newest_of_each(
    session: AsyncSession,
    tenant_id: UUID,
    workflow_ids: Collection[str],
    *,
    statuses: Collection[ExecutionStatus],
    before: UUID | None,
    limit: int,
    with_input: bool,
) -> Sequence[Execution]:
    """The newest executions of each of some workflows, without what is large.

    Args:
        session: bound to the tenant.
        tenant_id: whose.
        workflow_ids: of which workflows.
        statuses: only those that rest at one of these; empty for any.
        before: only those older than this one.
        limit: at most so many of each workflow.
        with_input: their input too.
    """
    conditions = [Execution.tenant_id == tenant_id]
    if statuses:
        conditions.append(Execution.status.in_([status.value for status in statuses]))
    if before is not None:
        conditions.append(older_than(tenant_id, before))
    statement, found = first_of_each(Execution, Execution.workflow_id, workflow_ids, conditions, NEWEST_FIRST, limit)
    light = [defer(found.snapshot), defer(found.output), defer(found.context)]
    if not with_input:
        light.append(defer(found.input))
    rows = (await session.scalars(statement.options(*light))).all()
    await open_loaded(session, rows)
    return sorted(rows, key=lambda row: (row.created_at, row.id), reverse=True)


async def rows_of(session: AsyncSession, tenant_id: UUID, execution_ids: Collection[UUID]) -> Sequence[Execution]:
    """The rows of those of the executions that exist, without their snapshots."""
    statement = select(Execution).where(Execution.tenant_id == tenant_id, Execution.id.in_(execution_ids))
    rows = (await session.scalars(statement.options(defer(Execution.snapshot)))).all()
    await open_loaded(session, rows)
    return rows
