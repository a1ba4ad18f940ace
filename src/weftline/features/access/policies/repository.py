"""Reading and writing policies within a transaction of the caller's."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.access.policies.models import Policy
from weftline.features.http.listing import Ordering, SortKey, Window

# whoever adds a reference to the tenant's row is not kept waiting
_LOCK = text("SELECT FROM tenants WHERE id = :tenant FOR NO KEY UPDATE")

ORDER = Ordering(
    SortKey("createdAt", Policy.created_at, datetime),
    SortKey("updatedAt", Policy.updated_at, datetime),
    SortKey("name", Policy.name),
    tie=SortKey("id", Policy.id, UUID),
    default="createdAt",
)


class Extent(NamedTuple):
    """How much policies a tenant has.

    Attributes:
        policies: how many.
        characters: in all of them.
    """

    policies: int
    characters: int


async def lock(session: AsyncSession, tenant_id: UUID) -> None:
    """Let one transaction at a time change the tenant's policies."""
    await session.execute(_LOCK, {"tenant": tenant_id})


async def get(session: AsyncSession, tenant_id: UUID, policy_id: UUID) -> Policy | None:
    """A policy."""
    return await session.get(Policy, (tenant_id, policy_id))


async def list_policies(session: AsyncSession, tenant_id: UUID, window: Window) -> Sequence[Policy]:
    """A part of the policies."""
    statement = select(Policy).where(Policy.tenant_id == tenant_id)
    return (await session.scalars(window.of(statement))).all()


async def names(session: AsyncSession, tenant_id: UUID, policy_ids: Collection[UUID]) -> dict[UUID, str]:
    """The names of some policies, by id."""
    statement = select(Policy.id, Policy.name).where(Policy.tenant_id == tenant_id, Policy.id.in_(policy_ids))
    return {row.id: row.name for row in await session.execute(statement)}


async def is_taken(session: AsyncSession, tenant_id: UUID, name: str, *, by_other_than: UUID) -> bool:
    """Whether another policy has a name."""
    statement = select(Policy.id).where(Policy.tenant_id == tenant_id, Policy.name == name, Policy.id != by_other_than)
    return (await session.scalars(statement)).first() is not None


async def extent(session: AsyncSession, tenant_id: UUID, *, without: UUID) -> Extent:
    """How much policies the tenant has besides one."""
    size = func.coalesce(func.sum(func.length(Policy.source)), 0)
    statement = select(func.count(), size).where(Policy.tenant_id == tenant_id, Policy.id != without)
    policies, characters = (await session.execute(statement)).one()
    return Extent(policies, characters)


async def note_failure(session: AsyncSession, tenant_id: UUID, policy_id: UUID, message: str) -> None:
    """Tell on a policy that it failed just now."""
    values: dict[str, Any] = {"last_error": message, "failed_at": func.now()}
    await session.execute(update(Policy).where(Policy.tenant_id == tenant_id, Policy.id == policy_id).values(values))
