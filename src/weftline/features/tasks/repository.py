"""Reading and changing human tasks within a transaction of the caller's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.tasks.models import HumanTask
from weftline.model.status import TaskStatus

UNDONE = (TaskStatus.OPEN.value, TaskStatus.CLAIMED.value)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which tasks to list: those that fit every field that is given.

    Attributes:
        statuses: in one of these.
        assignee: that this user or group may do.
        execution_id: of this execution.
    """

    statuses: Sequence[TaskStatus] = ()
    assignee: str | None = None
    execution_id: UUID | None = None


async def get(session: AsyncSession, tenant_id: UUID, task_id: UUID) -> HumanTask | None:
    """A task."""
    return await session.get(HumanTask, (tenant_id, task_id))


async def list_tasks(
    session: AsyncSession,
    tenant_id: UUID,
    wanted: Filter,
    *,
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[HumanTask]:
    """Tasks, the newest first.

    Args:
        session: bound to the tenant.
        tenant_id: whose.
        wanted: which.
        before: only those after this one in the list: its time of creation and its id.
        limit: at most so many.
    """
    statement = select(HumanTask).where(HumanTask.tenant_id == tenant_id)
    if wanted.statuses:
        statement = statement.where(HumanTask.status.in_([status.value for status in wanted.statuses]))
    if wanted.assignee is not None:
        statement = statement.where(HumanTask.assign_to.contains([wanted.assignee]))
    if wanted.execution_id is not None:
        statement = statement.where(HumanTask.execution_id == wanted.execution_id)
    if before is not None:
        statement = statement.where(tuple_(HumanTask.created_at, HumanTask.id) < tuple_(*before))
    statement = statement.order_by(HumanTask.created_at.desc(), HumanTask.id.desc()).limit(limit)
    return (await session.scalars(statement)).all()


async def claim(session: AsyncSession, tenant_id: UUID, task_id: UUID, user: str) -> HumanTask | None:
    """Give an open task to a user; None where it is not open."""
    statement = (
        update(HumanTask)
        .where(
            HumanTask.tenant_id == tenant_id,
            HumanTask.id == task_id,
            HumanTask.status == TaskStatus.OPEN.value,
        )
        .values(status=TaskStatus.CLAIMED.value, claimed_by=user, claimed_at=func.now())
        .returning(HumanTask)
    )
    return (await session.scalars(statement)).one_or_none()


async def complete(
    session: AsyncSession,
    tenant_id: UUID,
    task_id: UUID,
    *,
    data: dict[str, Any],
    outcome: str | None,
    by: str | None,
) -> HumanTask | None:
    """Close a task with what the person said; None where it is closed already."""
    statement = (
        update(HumanTask)
        .where(HumanTask.tenant_id == tenant_id, HumanTask.id == task_id, HumanTask.status.in_(UNDONE))
        .values(
            status=TaskStatus.COMPLETED.value,
            data=data,
            outcome=outcome,
            completed_by=by,
            completed_at=func.now(),
        )
        .returning(HumanTask)
        .execution_options(populate_existing=True)
    )
    return (await session.scalars(statement)).one_or_none()
