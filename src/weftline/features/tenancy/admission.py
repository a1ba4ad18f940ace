"""Who may look at a tenant that a path names, and who may act in it.

A tenant that the caller neither belongs to nor operates does not exist for them. One that they belong to, but have not
signed in to, they may look at and no more. Operators act in any tenant that they may see, if they say why.
"""

from __future__ import annotations

from dataclasses import replace

from weftline.features.access.cache import AccessCache
from weftline.features.access.caller import Caller, almighty, set_caller
from weftline.features.access.errors import PermissionDenied, SecondFactorRequired, TenantMismatch
from weftline.features.access.gate import PROOFS_ENOUGH, Gate
from weftline.features.access.permissions import Permission
from weftline.features.access.policies.request import Resource
from weftline.features.audit.trail import PLATFORM, record
from weftline.features.database import Database
from weftline.features.platform.reach import reach_of
from weftline.features.platform.reason import required
from weftline.features.tenancy import repository
from weftline.features.tenancy.errors import TenantNotFound
from weftline.features.tenancy.models import Tenant


class Admission:
    """Lets callers look at tenants and act in them.

    Args:
        identity: under the role that knows who belongs where.
        cache: knows operators.
        gate: decides within the caller's own tenant.
    """

    def __init__(self, identity: Database, cache: AccessCache, gate: Gate) -> None:
        self._identity = identity
        self._cache = cache
        self._gate = gate

    async def look(self, caller: Caller, name: str, reason: str | None = None) -> Tenant:
        """A tenant that the caller may look at. That an operator did is recorded.

        Args:
            caller: who asks.
            name: id, slug or domain.
            reason: why, where an operator says so.

        Raises:
            TenantNotFound: there is none such, or not for them.
        """
        tenant, belongs = await self._find(caller, name)
        if not belongs:
            async with self._identity.unbound() as session:
                await record(session, "tenant.read", "tenant", tenant.id, reason=reason, tenant_id=PLATFORM)
        return tenant

    async def act(self, caller: Caller, name: str, permission: Permission, reason: str | None) -> tuple[Caller, Tenant]:
        """Whoever is to act in a tenant, and the tenant.

        An operator who has not entered the tenant acts, for the rest of this request, as one who has.

        Args:
            caller: who asks.
            name: id, slug or domain.
            permission: what a member needs for it.
            reason: why, where an operator says so.

        Raises:
            TenantNotFound: there is none such, or not for them.
            PermissionDenied: they may not.
            TenantMismatch: they are signed in to another one.
            ReasonRequired: an operator did not say why.
            SecondFactorRequired: the tenant asks for one, and the operator gave none.
        """
        tenant, _ = await self._find(caller, name)
        operates = tenant.id in await reach_of(self._cache, caller)
        if tenant.id == caller.tenant_id:
            try:
                await self._gate.require(caller, permission, Resource(type="Tenant", id=str(tenant.id)))
            except PermissionDenied:
                if not operates or reason is None:
                    raise
            else:
                return caller, tenant
        elif not operates:
            raise TenantMismatch
        return await self._entered(caller, tenant, permission, required(reason)), tenant

    async def _find(self, caller: Caller, name: str) -> tuple[Tenant, bool]:
        """A tenant that the caller may look at, and whether they belong to it."""
        reach = await reach_of(self._cache, caller)
        async with self._identity.unbound() as session:
            tenant = await repository.find(session, name)
            if tenant is None:
                raise TenantNotFound(name)
            belongs = tenant.id == caller.tenant_id
            # an API key is for one tenant, whatever else its owner belongs to
            if not belongs and caller.kind == "user" and caller.key_id is None and caller.id is not None:
                belongs = await repository.is_member(session, tenant.id, caller.id)
        if not belongs and tenant.id not in reach:
            raise TenantNotFound(name)
        return tenant, belongs

    async def _entered(self, caller: Caller, tenant: Tenant, permission: Permission, reason: str) -> Caller:
        await self._check_proof(caller, tenant)
        async with self._identity.unbound() as session:
            await record(
                session,
                "tenant.operated",
                "tenant",
                tenant.id,
                after={"permission": permission},
                reason=reason,
                tenant_id=PLATFORM,
            )
        kind = "console" if caller.kind == "console" else "operator"
        whole = almighty(tenant.id, kind, caller.name, id=caller.id)
        acting = replace(caller, tenant_id=tenant.id, kind=kind, authority=whole.authority, reason=reason)
        set_caller(acting)
        return acting

    async def _check_proof(self, caller: Caller, tenant: Tenant) -> None:
        """See that an operator has proved who they are as well as the tenant asks of its members.

        Raises:
            SecondFactorRequired: they have not.
        """
        rules = await self._cache.rules(tenant.id)
        is_asked = rules is not None and rules.configuration.security.require_mfa
        if is_asked and caller.kind != "console" and caller.methods.isdisjoint(PROOFS_ENOUGH):
            raise SecondFactorRequired
