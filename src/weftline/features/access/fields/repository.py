"""Reading and writing field rules within a transaction of the caller's."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.access.fields.models import FieldRuleRow

# whoever adds a reference to the tenant's row is not kept waiting
_LOCK = text("SELECT FROM tenants WHERE id = :tenant FOR NO KEY UPDATE")
_ROLES = text("SELECT id FROM roles WHERE tenant_id = :tenant")


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
    session: AsyncSession, tenant_id: UUID, *, workflow_id: str | None, after: UUID | None, limit: int
) -> Sequence[FieldRuleRow]:
    """Rules in the order in which they were made.

    Args:
        session: bound to the tenant.
        tenant_id: whose.
        workflow_id: only those that apply to this workflow.
        after: only those after the one of this id.
        limit: at most so many.
    """
    statement = select(FieldRuleRow).where(FieldRuleRow.tenant_id == tenant_id)
    if workflow_id is not None:
        statement = statement.where(func.coalesce(FieldRuleRow.workflow_id, workflow_id) == workflow_id)
    if after is not None:
        statement = statement.where(FieldRuleRow.id > after)
    return (await session.scalars(statement.order_by(FieldRuleRow.id).limit(limit))).all()


async def custom_roles(session: AsyncSession, tenant_id: UUID) -> frozenset[str]:
    """Ids of the tenant's own roles."""
    return frozenset((await session.scalars(_ROLES, {"tenant": tenant_id})).all())
