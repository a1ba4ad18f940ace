"""Reading executions within a transaction of the caller's."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from weftline.features.executions.models import Execution, Message
from weftline.model.status import TERMINAL, ExecutionStatus


@dataclass(frozen=True, slots=True)
class Filter:
    """Which executions to list: those that fit every field that is given.

    Attributes:
        statuses: in one of these.
        workflow_id: of this workflow.
        tag: with this label.
        workflow_ids: of one of these workflows; None for any.
        created_after, created_before: created at that time or later; before that time.
    """

    statuses: Sequence[ExecutionStatus] = ()
    workflow_id: str | None = None
    tag: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    workflow_ids: Collection[str] | None = None


async def get(session: AsyncSession, tenant_id: UUID, execution_id: UUID) -> Execution | None:
    """An execution's row, without its snapshot."""
    return await session.get(Execution, (tenant_id, execution_id), options=[defer(Execution.snapshot)])


async def workflow_of(session: AsyncSession, tenant_id: UUID, execution_id: UUID) -> str | None:
    """The id of an execution's workflow."""
    statement = select(Execution.workflow_id).where(Execution.tenant_id == tenant_id, Execution.id == execution_id)
    return (await session.scalars(statement)).one_or_none()


async def list_executions(
    session: AsyncSession,
    tenant_id: UUID,
    wanted: Filter,
    *,
    before: UUID | None,
    limit: int,
    with_input: bool = False,
) -> Sequence[Execution]:
    """Executions, the newest first, without what is large.

    Args:
        session: bound to the tenant.
        tenant_id: whose.
        wanted: which.
        before: only those older than this one.
        limit: at most so many.
        with_input: their input too.
    """
    statement = select(Execution).where(Execution.tenant_id == tenant_id)
    if wanted.statuses:
        statement = statement.where(Execution.status.in_([status.value for status in wanted.statuses]))
    if wanted.workflow_id is not None:
        statement = statement.where(Execution.workflow_id == wanted.workflow_id)
    if wanted.workflow_ids is not None:
        statement = statement.where(Execution.workflow_id.in_(wanted.workflow_ids))
    if wanted.tag is not None:
        statement = statement.where(Execution.tags.contains([wanted.tag]))
    if wanted.created_after is not None:
        statement = statement.where(Execution.created_at >= wanted.created_after)
    if wanted.created_before is not None:
        statement = statement.where(Execution.created_at < wanted.created_before)
    if before is not None:
        statement = statement.where(Execution.id < before)
    statement = statement.order_by(Execution.id.desc()).limit(limit)
    light = [defer(Execution.snapshot), defer(Execution.output)]
    if not with_input:
        light.append(defer(Execution.input))
    return (await session.scalars(statement.options(*light))).all()


async def ended(session: AsyncSession, tenant_id: UUID, execution_ids: Collection[UUID]) -> set[UUID]:
    """Those of the executions that have ended."""
    statement = select(Execution.id).where(
        Execution.tenant_id == tenant_id,
        Execution.id.in_(execution_ids),
        Execution.status.in_([status.value for status in TERMINAL]),
    )
    return set(await session.scalars(statement))


async def unread(
    session: AsyncSession, tenant_id: UUID, messages: Collection[tuple[UUID, int]]
) -> set[tuple[UUID, int]]:
    """Those of the messages (execution and number) that their executions have not taken in."""
    if not messages:
        return set()
    statement = select(Message.execution_id, Message.seq).where(
        Message.tenant_id == tenant_id, tuple_(Message.execution_id, Message.seq).in_(messages)
    )
    return {(execution_id, seq) for execution_id, seq in await session.execute(statement)}
