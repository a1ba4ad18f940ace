"""How operators enter a tenant."""

from __future__ import annotations

from weftline.features.access.cache import AccessCache
from weftline.features.access.caller import Caller
from weftline.features.audit.trail import PLATFORM, record
from weftline.features.database import Database
from weftline.features.identity.sessions import Sessions, SignedIn
from weftline.features.platform.errors import PersonNeeded
from weftline.features.platform.reach import reach_of
from weftline.features.tenancy import repository
from weftline.features.tenancy.errors import TenantNotFound


class Visits:
    """Lets operators enter tenants.

    Args:
        identity: under the role that opens sessions.
        cache: knows what operators see.
        sessions: opens them.
    """

    def __init__(self, identity: Database, cache: AccessCache, sessions: Sessions) -> None:
        self._identity = identity
        self._cache = cache
        self._sessions = sessions

    async def enter(self, caller: Caller, name: str, reason: str) -> SignedIn:
        """Open a session in a tenant that the caller operates, where they may do everything for an hour. Whatever they
        do there is recorded with the reason.

        Args:
            caller: an operator.
            name: the tenant's id, slug or domain.
            reason: why.

        Raises:
            PersonNeeded: the caller has no account.
            TenantNotFound: there is none such, or not for this operator.
        """
        if caller.id is None:
            raise PersonNeeded
        reach = await reach_of(self._cache, caller)
        async with self._identity.unbound() as session:
            tenant = await repository.find(session, name)
            if tenant is None or tenant.id not in reach:
                raise TenantNotFound(name)
            signed_in = await self._sessions.open(
                session,
                user_id=caller.id,
                name=caller.name,
                tenant_id=tenant.id,
                methods=sorted(caller.methods),
                operator_reason=reason,
                came_from=caller.session_id,
            )
            await record(session, "tenant.entered", "tenant", tenant.id, reason=reason, tenant_id=PLATFORM)
        return signed_in
