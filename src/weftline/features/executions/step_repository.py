"""Finding executions whose steps are looked through, within a transaction of the caller's."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from weftline.features.executions.models import Execution
from weftline.features.executions.sealing import open_loaded
from weftline.model.status import TERMINAL


async def list_candidates(
    session: AsyncSession,
    tenant_id: UUID,
    *,
    workflow_id: str | None,
    workflow_ids: Collection[str] | None,
    execution_id: UUID | None,
    active_after: datetime | None,
    created_before: datetime | None,
    start: UUID | None,
    limit: int,
) -> Sequence[Execution]:
    """Executions with their input and without what else is large, the newest first.

    Args:
        session: bound to the tenant.
        tenant_id: whose.
        workflow_id: only this workflow's.
        workflow_ids: only these workflows'; None for any.
        execution_id: only this one.
        active_after: only those in which something may have begun at that time or later.
        created_before: only those made before that time.
        start: only this one and older ones.
        limit: at most so many.
    """
    statement = select(Execution).where(Execution.tenant_id == tenant_id)
    if workflow_id is not None:
        statement = statement.where(Execution.workflow_id == workflow_id)
    if workflow_ids is not None:
        statement = statement.where(Execution.workflow_id.in_(workflow_ids))
    if execution_id is not None:
        statement = statement.where(Execution.id == execution_id)
    if active_after is not None:
        has_ended = Execution.status.in_([status.value for status in TERMINAL])
        statement = statement.where(or_(~has_ended, Execution.completed_at >= active_after))
    if created_before is not None:
        statement = statement.where(Execution.created_at < created_before)
    if start is not None:
        statement = statement.where(Execution.id <= start)
    light = [defer(Execution.snapshot), defer(Execution.output)]
    rows = (await session.scalars(statement.order_by(Execution.id.desc()).limit(limit).options(*light))).all()
    await open_loaded(session, rows)
    return rows
