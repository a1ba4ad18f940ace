"""Reading API keys within a transaction of the caller's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.http.listing import Ordering, SortKey, Window
from weftline.features.keys.models import ApiKey

ORDER = Ordering(
    SortKey("createdAt", ApiKey.created_at, datetime),
    SortKey("name", ApiKey.name),
    SortKey("expiresAt", ApiKey.expires_at, datetime, nullable=True),
    SortKey("lastUsedAt", ApiKey.last_used_at, datetime, nullable=True),
    tie=SortKey("id", ApiKey.id, UUID),
    default="createdAt",
)


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose keys: a person's or a service account's (one of both), or with neither, anybody's."""

    user_id: UUID | None = None
    service_account_id: UUID | None = None


async def get(session: AsyncSession, tenant_id: UUID, key_id: UUID) -> ApiKey | None:
    """A key that was not revoked."""
    statement = select(ApiKey).where(ApiKey.tenant_id == tenant_id, ApiKey.id == key_id, ApiKey.revoked_at.is_(None))
    return (await session.scalars(statement)).one_or_none()


async def list_keys(session: AsyncSession, tenant_id: UUID, owner: Owner, window: Window) -> Sequence[ApiKey]:
    """Keys that were not revoked."""
    statement = select(ApiKey).where(ApiKey.tenant_id == tenant_id, ApiKey.revoked_at.is_(None))
    if owner.user_id is not None:
        statement = statement.where(ApiKey.user_id == owner.user_id)
    if owner.service_account_id is not None:
        statement = statement.where(ApiKey.service_account_id == owner.service_account_id)
    return (await session.scalars(window.of(statement))).all()


async def count_valid(session: AsyncSession, tenant_id: UUID, owner: Owner) -> int:
    """How many keys of an owner count."""
    statement = select(func.count()).where(
        ApiKey.tenant_id == tenant_id,
        ApiKey.user_id == owner.user_id,
        ApiKey.service_account_id == owner.service_account_id,
        ApiKey.revoked_at.is_(None),
        or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > func.now()),
    )
    return (await session.scalars(statement)).one()
