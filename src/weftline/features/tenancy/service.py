"""What can be done with tenants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.access.cache import AccessCache
from weftline.features.access.caller import Caller
from weftline.features.access.errors import OperatorsOnly
from weftline.features.access.revocations import revoke
from weftline.features.audit.trail import PLATFORM, record
from weftline.features.database import Database
from weftline.features.http.listing import Window
from weftline.features.platform.reach import reach_of
from weftline.features.tenancy import repository
from weftline.features.tenancy.admission import Admission
from weftline.features.tenancy.configuration import TenantConfiguration, written
from weftline.features.tenancy.errors import TenantChanged, TenantNotFound
from weftline.features.tenancy.models import Tenant
from weftline.features.tenancy.names import checked_domain, checked_slug
from weftline.features.tenancy.permissions import MANAGE

OPERATORS_SECTIONS = ("limits", "features")
"""What a tenant does not configure itself."""


class TenantChanges(TypedDict, total=False):
    """What is to change of a tenant; what is absent stays as it is."""

    name: str
    slug: str
    domain: str | None
    configuration: TenantConfiguration


class TenantService:
    """Finds and changes tenants.

    Args:
        database: under the API's role.
        operators: under the role of the platform's operators.
        identity: under the role that knows who belongs where.
        cache: what follows from tenants.
        admission: who may see which, and act in which.
    """

    def __init__(
        self, database: Database, operators: Database, identity: Database, cache: AccessCache, admission: Admission
    ) -> None:
        self._database = database
        self._operators = operators
        self._identity = identity
        self._cache = cache
        self._admission = admission

    async def find(self, name: str) -> UUID:
        """The tenant of an id, a slug or a domain, whoever asks.

        Raises:
            TenantNotFound: there is none such.
        """
        async with self._operators.unbound() as session:
            tenant = await repository.find(session, name)
        if tenant is None:
            raise TenantNotFound(name)
        return tenant.id

    async def list(
        self,
        caller: Caller,
        wanted: repository.Filter,
        window: Window,
        *,
        reason: str | None = None,
    ) -> Sequence[Tenant]:
        """The tenants that the caller belongs to, or, for an operator, may see.

        Args:
            caller: who asks.
            wanted: which.
            window: which part of them, in which order.
            reason: why an operator wants to know; recorded.
        """
        reach = await reach_of(self._cache, caller)
        if not reach.is_empty:
            async with self._operators.unbound() as session:
                found = await repository.list_operated(session, wanted, ids=reach.tenants, window=window)
                await record(session, "tenant.listed", "tenant", reason=reason, tenant_id=PLATFORM)
                return found
        async with self._identity.unbound() as session:
            if caller.kind == "user" and caller.key_id is None and caller.id is not None:
                return await repository.list_joined(session, wanted, user_id=caller.id, window=window)
            # a service account and a key are one tenant's
            ids = [caller.tenant_id]
            return await repository.list_operated(session, wanted, ids=ids, window=window)

    async def get(self, caller: Caller, name: str, reason: str | None = None) -> Tenant:
        """A tenant that the caller may see; see ``Admission.look``."""
        return await self._admission.look(caller, name, reason)

    async def configuration(
        self, caller: Caller, name: str, reason: str | None = None
    ) -> tuple[Tenant, TenantConfiguration]:
        """A tenant, and its configuration with what it falls back to; see ``Admission.look``."""
        tenant = await self._admission.look(caller, name, reason)
        async with self._identity.unbound() as session:
            return tenant, await repository.configuration_of(session, tenant)

    async def change(
        self,
        caller: Caller,
        name: str,
        changes: TenantChanges,
        *,
        reason: str | None = None,
        expected_etag: str | None = None,
    ) -> Tenant:
        """Change a tenant.

        Args:
            caller: who changes it.
            name: its id, slug or domain.
            changes: what.
            reason: why, where an operator does it to a tenant they have not signed in to.
            expected_etag: only if it is still in this state.

        Raises:
            TenantNotFound, PermissionDenied, TenantMismatch, ReasonRequired: see ``Admission.act``.
            OperatorsOnly: the slug, the domain, limits or features would change, and the caller is none.
            InvalidName, NameTaken: it cannot be called this.
            TenantChanged: it is not in the expected state.
        """
        acting, found = await self._admission.act(caller, name, MANAGE, reason)
        operates = found.id in await reach_of(self._cache, caller)
        with repository.names_unique():
            # a tenant's administrator needs no more than its own rows
            transaction = self._operators.unbound() if operates else self._database.transaction(found.id)
            async with transaction as session:
                tenant = await repository.find(session, str(found.id), lock=True)
                assert tenant is not None, "tenants are never removed"
                if expected_etag is not None and expected_etag != str(tenant.etag):
                    raise TenantChanged
                if not operates and _touches_operators(tenant, changes):
                    raise OperatorsOnly
                before = repository.told(tenant)
                _apply(tenant, changes)
                await save(session, tenant)
                after = repository.told(tenant)
                await record(
                    session,
                    "tenant.changed",
                    "tenant",
                    tenant.id,
                    before=before,
                    after=after,
                    tenant_id=acting.tenant_id,
                )
        self._cache.forget("tenant", tenant.id)
        return tenant


async def save(session: AsyncSession, tenant: Tenant) -> None:
    """Write a changed tenant, and make every process forget what it knew of it."""
    tenant.etag += 1
    tenant.updated_at = func.now()
    await session.flush()
    await session.refresh(tenant)
    await revoke(session, "tenant", tenant.id)


def _apply(tenant: Tenant, changes: TenantChanges) -> None:
    if "name" in changes:
        tenant.name = changes["name"]
    if "slug" in changes and changes["slug"] != tenant.slug:
        tenant.slug = checked_slug(changes["slug"])
    if "domain" in changes:
        domain = changes["domain"]
        tenant.domain = None if domain is None else checked_domain(domain)
    if "configuration" in changes:
        tenant.configuration = written(changes["configuration"])


def _touches_operators(tenant: Tenant, changes: TenantChanges) -> bool:
    """Whether a change is more than a tenant may decide on itself."""
    if changes.get("slug", tenant.slug) != tenant.slug or changes.get("domain", tenant.domain) != tenant.domain:
        return True
    if "configuration" not in changes:
        return False
    wanted = written(changes["configuration"])
    return any(wanted.get(section) != tenant.configuration.get(section) for section in OPERATORS_SECTIONS)
