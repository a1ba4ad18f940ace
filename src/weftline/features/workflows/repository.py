"""Reading and writing workflow templates and versions within a transaction of the caller's."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from weftline.features.workflows.models import WorkflowTemplate, WorkflowVersion
from weftline.model.status import TemplateStatus


async def add_template(session: AsyncSession, tenant_id: UUID, values: dict[str, Any]) -> WorkflowTemplate | None:
    """Insert a template; None where its id is taken."""
    statement = (
        insert(WorkflowTemplate)
        .values(tenant_id=tenant_id, **values)
        .on_conflict_do_nothing(index_elements=["tenant_id", "id"])
        .returning(WorkflowTemplate)
    )
    return (await session.scalars(statement)).one_or_none()


async def get_template(
    session: AsyncSession, tenant_id: UUID, workflow_id: str, *, lock: bool = False
) -> WorkflowTemplate | None:
    """A template, locked against other changes of it or its versions where ``lock`` says so."""
    return await session.get(WorkflowTemplate, (tenant_id, workflow_id), with_for_update=True if lock else None)


async def get_version(session: AsyncSession, tenant_id: UUID, workflow_id: str, number: int) -> WorkflowVersion | None:
    """A version with its definition."""
    return await session.get(WorkflowVersion, (tenant_id, workflow_id, number))


async def list_templates(
    session: AsyncSession,
    tenant_id: UUID,
    *,
    status: TemplateStatus | None,
    query: str | None,
    after: str | None,
    limit: int,
    ids: Collection[str] | None = None,
) -> Sequence[WorkflowTemplate]:
    """Templates in the order of their ids.

    Args:
        session: bound to the tenant.
        tenant_id: whose.
        status: only those that stand here.
        query: only those whose id or name holds this text, whatever its case.
        after: only those after this id.
        limit: at most so many.
        ids: only these; None for any.
    """
    statement = select(WorkflowTemplate).where(WorkflowTemplate.tenant_id == tenant_id)
    if ids is not None:
        statement = statement.where(WorkflowTemplate.id.in_(ids))
    if status is not None:
        statement = statement.where(WorkflowTemplate.status == status.value)
    if query:
        statement = statement.where(
            or_(
                WorkflowTemplate.id.icontains(query, autoescape=True),
                WorkflowTemplate.name.icontains(query, autoescape=True),
            )
        )
    if after is not None:
        statement = statement.where(WorkflowTemplate.id > after)
    return (await session.scalars(statement.order_by(WorkflowTemplate.id).limit(limit))).all()


async def list_versions(
    session: AsyncSession, tenant_id: UUID, workflow_id: str, *, before: int | None, limit: int
) -> Sequence[WorkflowVersion]:
    """Versions without their definitions, the newest first, below number ``before``."""
    statement = select(WorkflowVersion).where(
        WorkflowVersion.tenant_id == tenant_id, WorkflowVersion.template_id == workflow_id
    )
    if before is not None:
        statement = statement.where(WorkflowVersion.version_number < before)
    statement = statement.order_by(WorkflowVersion.version_number.desc()).limit(limit)
    return (await session.scalars(statement.options(defer(WorkflowVersion.definition)))).all()


async def deactivate_versions(session: AsyncSession, tenant_id: UUID, workflow_id: str) -> None:
    """No version of the workflow is the active one any more."""
    await session.execute(
        update(WorkflowVersion)
        .where(
            WorkflowVersion.tenant_id == tenant_id,
            WorkflowVersion.template_id == workflow_id,
            WorkflowVersion.is_active,
        )
        .values(is_active=False)
    )


async def now(session: AsyncSession) -> datetime:
    """The transaction's time."""
    return (await session.scalars(select(func.now()))).one()
