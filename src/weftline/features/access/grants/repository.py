"""Reading and writing grants within a transaction of the caller's."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.access.grants.models import GrantRow, SubjectType
from weftline.features.http.listing import Ordering, SortKey, Window

_EXISTS = {
    SubjectType.USER: text("SELECT 1 FROM memberships WHERE tenant_id = :tenant AND user_id = CAST(:id AS uuid)"),
    SubjectType.GROUP: text("SELECT 1 FROM groups WHERE tenant_id = :tenant AND id = CAST(:id AS uuid)"),
    SubjectType.SERVICE_ACCOUNT: text(
        "SELECT 1 FROM service_accounts WHERE tenant_id = :tenant AND id = CAST(:id AS uuid)"
    ),
}
_WORKFLOW = text("SELECT 1 FROM workflow_templates WHERE tenant_id = :tenant AND id = :id")

ORDER = Ordering(
    SortKey("createdAt", GrantRow.created_at, datetime), tie=SortKey("id", GrantRow.id, UUID), default="createdAt"
)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which grants to list: those that fit every field that is given.

    Attributes:
        subject_type, subject_id: to whom.
        workflow_id: on which workflow.
    """

    subject_type: SubjectType | None = None
    subject_id: str | None = None
    workflow_id: str | None = None


async def get(session: AsyncSession, tenant_id: UUID, grant_id: UUID) -> GrantRow | None:
    """A grant."""
    return await session.get(GrantRow, (tenant_id, grant_id))


async def list_grants(session: AsyncSession, tenant_id: UUID, wanted: Filter, window: Window) -> Sequence[GrantRow]:
    """Those of the grants that fit."""
    statement = select(GrantRow).where(GrantRow.tenant_id == tenant_id)
    if wanted.subject_type is not None:
        statement = statement.where(GrantRow.subject_type == wanted.subject_type.value)
    if wanted.subject_id is not None:
        statement = statement.where(GrantRow.subject_id == wanted.subject_id)
    if wanted.workflow_id is not None:
        statement = statement.where(GrantRow.workflow_id == wanted.workflow_id)
    return (await session.scalars(window.of(statement))).all()


async def on_workflow(
    session: AsyncSession, tenant_id: UUID, workflow_id: str, types: Collection[SubjectType]
) -> Sequence[GrantRow]:
    """The grants on a workflow to subjects of some types."""
    statement = select(GrantRow).where(
        GrantRow.tenant_id == tenant_id,
        GrantRow.workflow_id == workflow_id,
        GrantRow.subject_type.in_([each.value for each in types]),
    )
    return (await session.scalars(statement.order_by(GrantRow.id))).all()


async def subject_exists(session: AsyncSession, tenant_id: UUID, kind: SubjectType, subject_id: str) -> bool:
    """Whether the tenant has such a member, group or service account."""
    try:
        bound = {"tenant": tenant_id, "id": UUID(subject_id)}
    except ValueError:
        return False
    return (await session.execute(_EXISTS[kind], bound)).one_or_none() is not None


async def workflow_exists(session: AsyncSession, tenant_id: UUID, workflow_id: str) -> bool:
    """Whether the tenant has such a workflow."""
    return (await session.execute(_WORKFLOW, {"tenant": tenant_id, "id": workflow_id})).one_or_none() is not None


async def drop_subject(session: AsyncSession, tenant_id: UUID, kind: SubjectType, subject_id: str) -> None:
    """Remove whatever is granted to a subject that goes away."""
    await session.execute(
        delete(GrantRow).where(
            GrantRow.tenant_id == tenant_id, GrantRow.subject_type == kind.value, GrantRow.subject_id == subject_id
        )
    )
