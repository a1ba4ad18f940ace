"""One change at a time of who may do what in a tenant."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('weftline.access.' || :tenant, 0))")


async def lock_access(session: AsyncSession, tenant_id: UUID) -> None:
    """Let one transaction at a time change the members, roles, groups and grants of a tenant.

    What one checks (there is another administrator, the role is used by nobody, the caller has what they give) thus
    still holds when it commits.
    """
    await session.execute(_LOCK, {"tenant": str(tenant_id)})
