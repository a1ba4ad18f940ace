"""How a tenant comes to be: with its first administrator, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass, replace

from weftline.features.access.cache import AccessCache
from weftline.features.access.caller import Caller
from weftline.features.access.permissions import ADMIN
from weftline.features.access.revocations import revoke
from weftline.features.database import Database
from weftline.features.members.joining import Joining, Newcomer
from weftline.features.platform.reach import reach_of, record_everywhere
from weftline.features.tenancy import repository
from weftline.features.tenancy.configuration import TenantConfiguration, written
from weftline.features.tenancy.models import Tenant
from weftline.features.tenancy.names import checked_domain, checked_slug
from weftline.model.ids import uuid7


@dataclass(frozen=True, slots=True)
class TenantDraft:
    """A tenant that is to be.

    Attributes:
        name: for people.
        slug: the name that requests use.
        domain: its own, where it has one.
        configuration: its own; the rest falls back to the platform's.
        administrator: the first one; invited by mail where they are given no password.
    """

    name: str
    slug: str
    domain: str | None
    configuration: TenantConfiguration
    administrator: Newcomer


class Founding:
    """Makes tenants.

    Args:
        identity: under the role that makes accounts.
        cache: knows operators.
        joining: how the administrator comes to belong to it.
    """

    def __init__(self, identity: Database, cache: AccessCache, joining: Joining) -> None:
        self._identity = identity
        self._cache = cache
        self._joining = joining

    async def create(self, caller: Caller, draft: TenantDraft, reason: str | None = None) -> Tenant:
        """Make a tenant with its first administrator.

        Args:
            caller: an operator.
            draft: what is wanted.
            reason: why, where they say so; recorded.

        Raises:
            EveryTenantNeeded: the operator may see some tenants only.
            InvalidName, InvalidAddress, WeakPassword: it cannot be like this.
            NameTaken: another tenant has the slug or the domain.
        """
        (await reach_of(self._cache, caller)).require_all()
        administrator = replace(draft.administrator, roles=(ADMIN,))
        tenant = Tenant(
            id=uuid7(),
            slug=checked_slug(draft.slug),
            name=draft.name,
            domain=None if draft.domain is None else checked_domain(draft.domain),
            configuration=written(draft.configuration),
        )
        hashed = await self._joining.hashed(administrator, "/admin/password")
        with repository.names_unique():
            async with self._identity.unbound() as session:
                session.add(tenant)
                await session.flush()
                await session.refresh(tenant)
                membership = await self._joining.add(
                    session, administrator, hashed, tenant_id=tenant.id, tenant_name=tenant.name, inviter=caller.name
                )
                await revoke(session, "user", membership.user_id)
                told = {**repository.told(tenant), "administrator": administrator.email}
                await record_everywhere(
                    session, "tenant.created", "tenant", tenant.id, tenant_id=tenant.id, after=told, reason=reason
                )
        self._cache.forget("user", membership.user_id)
        return tenant
