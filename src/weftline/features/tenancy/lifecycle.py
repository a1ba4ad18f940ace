"""Suspending, archiving and reactivating tenants.

::

    active ⇄ suspended → archived → active

A suspended tenant's executions stop at their next step, and go on when it is active again. Nobody but operators enters
it meanwhile. An archived one is suspended for good, until somebody thinks better of it.
"""

from __future__ import annotations

from collections.abc import Mapping

from weftline.features.access.cache import AccessCache
from weftline.features.access.caller import Caller
from weftline.features.database import Database
from weftline.features.platform.reach import reach_of, record_everywhere
from weftline.features.tenancy import repository
from weftline.features.tenancy.errors import OwnTenant, TenantNotFound, WrongTenantStatus
from weftline.features.tenancy.models import Tenant, TenantStatus
from weftline.features.tenancy.service import save

MOVES: Mapping[TenantStatus, frozenset[TenantStatus]] = {
    TenantStatus.ACTIVE: frozenset({TenantStatus.SUSPENDED}),
    TenantStatus.SUSPENDED: frozenset({TenantStatus.ACTIVE, TenantStatus.ARCHIVED}),
    TenantStatus.ARCHIVED: frozenset({TenantStatus.ACTIVE}),
}
ACTIONS = {
    TenantStatus.ACTIVE: "tenant.activated",
    TenantStatus.SUSPENDED: "tenant.suspended",
    TenantStatus.ARCHIVED: "tenant.archived",
}


class Lifecycle:
    """Moves tenants between their statuses.

    Args:
        operators: under the role of the platform's operators.
        cache: what follows from tenants.
    """

    def __init__(self, operators: Database, cache: AccessCache) -> None:
        self._operators = operators
        self._cache = cache

    async def move(self, caller: Caller, name: str, target: TenantStatus, reason: str) -> Tenant:
        """Put a tenant into a status. Nothing happens where it is there already.

        Args:
            caller: an operator.
            name: the tenant's id, slug or domain.
            target: the status.
            reason: why; recorded.

        Raises:
            TenantNotFound: there is none such, or not for this operator.
            OwnTenant: they are signed in to it.
            WrongTenantStatus: there is no such move.
        """
        reach = await reach_of(self._cache, caller)
        async with self._operators.unbound() as session:
            tenant = await repository.find(session, name, lock=True)
            if tenant is None or tenant.id not in reach:
                raise TenantNotFound(name)
            current = TenantStatus(tenant.status)
            if current is target:
                return tenant
            # from the console one gets in whatever the status
            if tenant.id == caller.tenant_id and caller.kind == "user":
                raise OwnTenant
            if target not in MOVES[current]:
                raise WrongTenantStatus(f"The tenant is {current}: it cannot become {target} from there.")
            before = {"status": current.value}
            tenant.status = target.value
            await save(session, tenant)
            await record_everywhere(
                session,
                ACTIONS[target],
                "tenant",
                tenant.id,
                tenant_id=tenant.id,
                before=before,
                after={"status": target.value},
                reason=reason,
            )
        self._cache.forget("tenant", tenant.id)
        return tenant
