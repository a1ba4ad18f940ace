"""What a tenant may have at most."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.access.cache import AccessCache
from weftline.features.tenancy.configuration import Limits
from weftline.features.tenancy.errors import LimitReached

# one transaction at a time counts and adds, or two would both find room for one
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('weftline.limit.' || :what || :tenant, 0))")
_USERS = text("SELECT count(*) FROM memberships WHERE tenant_id = :tenant")
_WORKFLOWS = text("SELECT count(*) FROM workflow_templates WHERE tenant_id = :tenant")


class TenantLimits:
    """Keeps tenants within their limits.

    Args:
        cache: knows them.
    """

    def __init__(self, cache: AccessCache) -> None:
        self._cache = cache

    async def check_users(self, session: AsyncSession, tenant_id: UUID) -> None:
        """Let the transaction add a member.

        Raises:
            LimitReached: there are as many as may be.
        """
        limit = (await self._limits(tenant_id)).max_users
        await self._check(session, tenant_id, "members", limit, _USERS)

    async def check_workflows(self, session: AsyncSession, tenant_id: UUID) -> None:
        """Let the transaction add a workflow.

        Raises:
            LimitReached: there are as many as may be.
        """
        limit = (await self._limits(tenant_id)).max_workflows
        await self._check(session, tenant_id, "workflows", limit, _WORKFLOWS)

    async def _limits(self, tenant_id: UUID) -> Limits:
        rules = await self._cache.rules(tenant_id)
        return Limits() if rules is None else rules.configuration.limits

    async def _check(
        self, session: AsyncSession, tenant_id: UUID, what: str, limit: int | None, count: TextClause
    ) -> None:
        if limit is None:
            return
        await session.execute(_LOCK, {"what": what, "tenant": str(tenant_id)})
        if (await session.execute(count, {"tenant": tenant_id})).scalar_one() >= limit:
            raise LimitReached(what, limit)
