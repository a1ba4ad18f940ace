"""Reading and writing field rules within a transaction of the caller's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.access.fields.models import FieldRuleRow
from weftline.features.http.listing import Ordering, SortKey, Window

# whoever adds a reference to the tenant's row is not kept waiting
_LOCK = text("SELECT FROM tenants WHERE id = :tenant FOR NO KEY UPDATE")
_ROLES = text("SELECT id FROM roles WHERE tenant_id = :tenant")

ORDER = Ordering(
    SortKey("createdAt", FieldRuleRow.created_at, datetime),
    SortKey("field", FieldRuleRow.field),
    tie=SortKey("id", FieldRuleRow.id, UUID),
    default="createdAt",
)


async def lock(session: AsyncSession, tenant_id: UUID) -> None:
    """Let one transaction at a time change the tenant's rules."""
    await session.execute(_LOCK, {"tenant": tenant_id})


async def get(session: AsyncSession, tenant_id: UUID, rule_id: UUID) -> FieldRuleRow | None:
    """A rule."""
    return await session.get(FieldRuleRow, (tenant_id, rule_id))


async def count(session: AsyncSession, tenant_id: UUID) -> int:
    """How many rules the tenant has."""
    statement = select(func.count()).where(FieldRuleRow.tenant_id == tenant_id)
    return (await session.scalars(statement)).one()


async def list_rules(
    session: AsyncSession, tenant_id: UUID, window: Window, *, workflow_id: str | None
) -> Sequence[FieldRuleRow]:
    """Those of the rules that apply.

    Args:
        session: bound to the tenant.
        tenant_id: whose.
        workflow_id: only those that apply to this workflow.
        window: which part of them, in which order.
    """
    statement = select(FieldRuleRow).where(FieldRuleRow.tenant_id == tenant_id)
    if workflow_id is not None:
        statement = statement.where(func.coalesce(FieldRuleRow.workflow_id, workflow_id) == workflow_id)
    return (await session.scalars(window.of(statement))).all()


async def custom_roles(session: AsyncSession, tenant_id: UUID) -> frozenset[str]:
    """Ids of the tenant's own roles."""
    return frozenset((await session.scalars(_ROLES, {"tenant": tenant_id})).all())
