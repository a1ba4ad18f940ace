"""Reading message templates within a transaction of the caller's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.http.listing import Ordering, SortKey, Window
from weftline.features.notifications.templates.models import MessageTemplate

# whoever adds a reference to the tenant's row is not kept waiting
_LOCK = text("SELECT FROM tenants WHERE id = :tenant FOR NO KEY UPDATE")

NAME = SortKey("name", MessageTemplate.name)
ORDER = Ordering(
    NAME,
    SortKey("createdAt", MessageTemplate.created_at, datetime),
    SortKey("updatedAt", MessageTemplate.updated_at, datetime),
    tie=NAME,
    default="name",
)


async def lock(session: AsyncSession, tenant_id: UUID) -> None:
    """Let one transaction at a time change the tenant's templates."""
    await session.execute(_LOCK, {"tenant": tenant_id})


async def get(session: AsyncSession, tenant_id: UUID, name: str) -> MessageTemplate | None:
    """A template."""
    return await session.get(MessageTemplate, (tenant_id, name))


async def count(session: AsyncSession, tenant_id: UUID) -> int:
    """How many templates the tenant has."""
    statement = select(func.count()).where(MessageTemplate.tenant_id == tenant_id)
    return (await session.scalars(statement)).one()


async def list_templates(session: AsyncSession, tenant_id: UUID, window: Window) -> Sequence[MessageTemplate]:
    """A part of the templates.

    Args:
        session: bound to the tenant.
        tenant_id: whose.
        window: which part of them, in which order.
    """
    statement = select(MessageTemplate).where(MessageTemplate.tenant_id == tenant_id)
    return (await session.scalars(window.of(statement))).all()
