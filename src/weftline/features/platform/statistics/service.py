"""Statistics over many tenants. Every look is recorded with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from weftline.features.access.cache import AccessCache
from weftline.features.access.caller import Caller
from weftline.features.audit.trail import PLATFORM, record
from weftline.features.database import Database
from weftline.features.platform.reach import reach_of, record_everywhere
from weftline.features.statistics import repository
from weftline.features.statistics.figures import Report, Wanted
from weftline.features.statistics.service import read
from weftline.features.tenancy.errors import TenantNotFound


class EveryTenantStatistics:
    """Reads statistics across tenants.

    Args:
        operators: under the role of operators.
        cache: knows what each operator sees.
    """

    def __init__(self, operators: Database, cache: AccessCache) -> None:
        self._operators = operators
        self._cache = cache

    async def report(
        self, caller: Caller, wanted: Wanted, *, tenant_id: UUID | None, reason: str
    ) -> tuple[Report, Mapping[UUID, str]]:
        """What there is to tell of the tenants that the operator sees, or of one; and the tenants' slugs.

        Raises:
            TenantNotFound: the operator does not see this tenant.
        """
        reach = await reach_of(self._cache, caller)
        if tenant_id is not None and tenant_id not in reach:
            raise TenantNotFound
        async with self._operators.unbound() as session:
            slugs = await repository.tenant_slugs(session, reach.tenants if tenant_id is None else (tenant_id,))
            if tenant_id is not None and not slugs:
                raise TenantNotFound
            report = await read(session, replace(wanted, tenants=tuple(slugs)))
            action = "platform.execution_statistics_read"
            if tenant_id is None:
                await record(session, action, "platform", reason=reason, tenant_id=PLATFORM)
            else:
                await record_everywhere(session, action, "tenant", tenant_id, tenant_id=tenant_id, reason=reason)
        return report, slugs
