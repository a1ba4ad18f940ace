"""Reading and writing triggers within a transaction of the caller's."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.http.listing import Ordering, SortKey, Window
from weftline.features.triggers.models import Trigger
from weftline.features.workflows.models import WorkflowTemplate

ORDER = Ordering(
    SortKey("id", Trigger.id, UUID),
    SortKey("workflowId", Trigger.workflow_id),
    SortKey("createdAt", Trigger.created_at, datetime),
    SortKey("updatedAt", Trigger.updated_at, datetime),
    SortKey("nextAt", Trigger.next_at, datetime, nullable=True),
    SortKey("lastFiredAt", Trigger.last_fired_at, datetime, nullable=True),
    tie=SortKey("id", Trigger.id, UUID),
    default="id",
)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which triggers to list: those that fit every field that is given.

    Attributes:
        workflow_id: of this workflow.
        types, statuses: of one of these types, in one of these.
        workflow_ids: of one of these workflows; None for any.
    """

    workflow_id: str | None = None
    types: Sequence[str] = ()
    statuses: Sequence[str] = ()
    workflow_ids: Collection[str] | None = None


async def get(session: AsyncSession, tenant_id: UUID, trigger_id: UUID, *, lock: bool = False) -> Trigger | None:
    """A trigger, locked against firing and changes where ``lock`` says so."""
    return await session.get(Trigger, (tenant_id, trigger_id), with_for_update={"key_share": True} if lock else None)


async def by_token(session: AsyncSession, tenant_id: UUID, token_hash: bytes) -> Trigger | None:
    """The webhook whose address has this token."""
    statement = select(Trigger).where(Trigger.tenant_id == tenant_id, Trigger.token_hash == token_hash)
    return (await session.scalars(statement)).one_or_none()


async def is_workflow(session: AsyncSession, tenant_id: UUID, workflow_id: str) -> bool:
    """Whether there is a workflow of this id."""
    statement = select(WorkflowTemplate.id).where(
        WorkflowTemplate.tenant_id == tenant_id, WorkflowTemplate.id == workflow_id
    )
    return await session.scalar(statement) is not None


async def list_triggers(session: AsyncSession, tenant_id: UUID, wanted: Filter, window: Window) -> Sequence[Trigger]:
    """Those of the triggers that fit.

    Args:
        session: bound to the tenant.
        tenant_id: whose.
        wanted: which.
        window: which part of them, in which order.
    """
    statement = select(Trigger).where(Trigger.tenant_id == tenant_id)
    if wanted.workflow_id is not None:
        statement = statement.where(Trigger.workflow_id == wanted.workflow_id)
    if wanted.workflow_ids is not None:
        statement = statement.where(Trigger.workflow_id.in_(wanted.workflow_ids))
    if wanted.types:
        statement = statement.where(Trigger.type.in_(wanted.types))
    if wanted.statuses:
        statement = statement.where(Trigger.status.in_(wanted.statuses))
    return (await session.scalars(window.of(statement))).all()
