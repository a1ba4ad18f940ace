"""What operators see of many tenants at once. Every look is recorded with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.access.cache import AccessCache
from weftline.features.access.caller import Caller
from weftline.features.audit.trail import PLATFORM, record
from weftline.features.database import Database
from weftline.features.http.listing import Window
from weftline.features.identity.models import Membership
from weftline.features.platform.overview import repository
from weftline.features.platform.overview.repository import Counts, Filter
from weftline.features.platform.reach import reach_of, record_everywhere
from weftline.features.tenancy import repository as tenants
from weftline.features.tenancy.errors import TenantNotFound
from weftline.features.tenancy.models import Tenant
from weftline.features.workflows.models import WorkflowTemplate


@dataclass(frozen=True, slots=True)
class Statistics:
    """Figures over the tenants that an operator sees.

    Attributes:
        tenants: by status.
        members, workflows: of all of them.
        executions: that have not ended, by status.
        tasks: that are to be done, by status.
        workers: that are alive, of the platform.
    """

    tenants: dict[str, int]
    members: int
    workflows: int
    executions: dict[str, int]
    tasks: dict[str, int]
    workers: int


class Overview:
    """Reads across tenants.

    Args:
        operators: under the role of operators.
        cache: knows what each operator sees.
    """

    def __init__(self, operators: Database, cache: AccessCache) -> None:
        self._operators = operators
        self._cache = cache

    async def tenants(
        self, caller: Caller, wanted: tenants.Filter, window: Window, *, reason: str
    ) -> Sequence[tuple[Tenant, Counts]]:
        """Tenants with how much they have."""
        reach = await reach_of(self._cache, caller)
        async with self._operators.unbound() as session:
            found = await tenants.list_operated(session, wanted, ids=reach.tenants, window=window)
            counts = await repository.counts(session, [tenant.id for tenant in found])
            await record(session, "platform.tenants_listed", "platform", reason=reason, tenant_id=PLATFORM)
        return [(tenant, counts[tenant.id]) for tenant in found]

    async def executions(
        self,
        caller: Caller,
        window: Window,
        *,
        tenant_id: UUID | None,
        status: str | None,
        reason: str,
    ) -> Sequence[Row[Any]]:
        """Executions by tenant.

        Raises:
            TenantNotFound: the operator does not see this tenant.
        """
        wanted = await self._wanted(caller, tenant_id, status)
        async with self._operators.unbound() as session:
            found = await repository.list_executions(session, wanted, window)
            await _record(session, "platform.executions_listed", wanted, reason)
        return found

    async def tasks(
        self,
        caller: Caller,
        window: Window,
        *,
        tenant_id: UUID | None,
        status: str | None,
        reason: str,
    ) -> Sequence[Row[Any]]:
        """Human tasks by tenant; raises like :meth:`executions`."""
        wanted = await self._wanted(caller, tenant_id, status)
        async with self._operators.unbound() as session:
            found = await repository.list_tasks(session, wanted, window)
            await _record(session, "platform.tasks_listed", wanted, reason)
        return found

    async def statistics(self, caller: Caller, *, reason: str) -> Statistics:
        """Figures over the tenants that the operator sees."""
        reach = await reach_of(self._cache, caller)
        async with self._operators.unbound() as session:
            figures = Statistics(
                tenants=await repository.tenants_by_status(session, reach),
                members=await repository.total(session, Membership.tenant_id, reach),
                workflows=await repository.total(session, WorkflowTemplate.tenant_id, reach),
                executions=await repository.executions_by_status(session, reach),
                tasks=await repository.tasks_by_status(session, reach),
                workers=await repository.workers(session),
            )
            await record(session, "platform.statistics_read", "platform", reason=reason, tenant_id=PLATFORM)
        return figures

    async def _wanted(self, caller: Caller, tenant_id: UUID | None, status: str | None) -> Filter:
        reach = await reach_of(self._cache, caller)
        if tenant_id is not None and (tenant_id not in reach or await self._cache.rules(tenant_id) is None):
            raise TenantNotFound
        return Filter(reach, tenant_id, status)


async def _record(session: AsyncSession, action: str, wanted: Filter, reason: str) -> None:
    """Record a look: in the tenant's log, too, where it was at one."""
    after = {"status": wanted.status}
    if wanted.tenant_id is None:
        await record(session, action, "platform", after=after, reason=reason, tenant_id=PLATFORM)
    else:
        await record_everywhere(
            session, action, "tenant", wanted.tenant_id, tenant_id=wanted.tenant_id, after=after, reason=reason
        )
