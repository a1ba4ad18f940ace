"""Reading tenants within a transaction of the caller's."""

from __future__ import annotations

from collections.abc import Collection, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.http.listing import Ordering, SortKey, Window
from weftline.features.identity.models import Membership
from weftline.features.tenancy.configuration import TenantConfiguration, effective
from weftline.features.tenancy.errors import NameTaken
from weftline.features.tenancy.models import PlatformSettings, Tenant, TenantStatus

_UNIQUE = {"tenants_slug_key": "slug", "tenants_domain_key": "domain"}

ID = SortKey("id", Tenant.id, UUID)
ORDER = Ordering(
    ID,
    SortKey("slug", Tenant.slug),
    SortKey("name", Tenant.name),
    SortKey("createdAt", Tenant.created_at, datetime),
    tie=ID,
    default="id",
)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which tenants to list: those that fit every field that is given.

    Attributes:
        status: that stand here.
        query: whose slug or name holds this text, whatever its case.
    """

    status: TenantStatus | None = None
    query: str | None = None


@contextmanager
def names_unique() -> Generator[None]:
    """Around a transaction that names a tenant.

    Raises:
        NameTaken: another tenant has the slug or the domain.
    """
    try:
        yield
    except asyncpg.UniqueViolationError as error:
        field = _UNIQUE.get(error.constraint_name or "")
        if field is None:
            raise
        raise NameTaken(field) from None


async def find(session: AsyncSession, name: str, *, lock: bool = False) -> Tenant | None:
    """The tenant of an id, a slug or a domain, locked against other changes where ``lock`` says so."""
    name = name.strip().lower()
    try:
        wanted = Tenant.id == UUID(name)
    except ValueError:
        wanted = or_(Tenant.slug == name, Tenant.domain == name)
    statement = select(Tenant).where(wanted)
    if lock:
        statement = statement.with_for_update(key_share=True)
    return (await session.scalars(statement)).one_or_none()


async def tenant_named(session: AsyncSession, name: str) -> UUID | None:
    """The id of the tenant of an id, a slug or a domain."""
    found = await find(session, name)
    return None if found is None else found.id


async def list_operated(
    session: AsyncSession, wanted: Filter, *, ids: Collection[UUID] | None, window: Window
) -> Sequence[Tenant]:
    """Tenants, for an operator.

    Args:
        session: under the role of operators.
        wanted: which.
        ids: those that the operator may see; None for all.
        window: which part of them, in which order.
    """
    statement = select(Tenant)
    if ids is not None:
        statement = statement.where(Tenant.id.in_(ids))
    return await _page(session, statement, wanted, window)


async def list_joined(session: AsyncSession, wanted: Filter, *, user_id: UUID, window: Window) -> Sequence[Tenant]:
    """Tenants to which a person belongs; see :func:`list_operated`."""
    # scope: all tenants, because it lists those of one person, whom the query names
    statement = select(Tenant).join(
        Membership,
        (Membership.tenant_id == Tenant.id) & (Membership.user_id == user_id) & (Membership.status == "active"),
    )
    return await _page(session, statement, wanted, window)


async def is_member(session: AsyncSession, tenant_id: UUID, user_id: UUID) -> bool:
    """Whether a person belongs to a tenant."""
    statement = select(Membership.user_id).where(
        Membership.tenant_id == tenant_id, Membership.user_id == user_id, Membership.status == "active"
    )
    return (await session.scalars(statement)).one_or_none() is not None


async def settings(session: AsyncSession, *, lock: bool = False) -> PlatformSettings:
    """The platform's settings."""
    return await session.get_one(PlatformSettings, 1, with_for_update=True if lock else None)


async def configuration_of(session: AsyncSession, tenant: Tenant) -> TenantConfiguration:
    """A tenant's configuration with what it falls back to."""
    return effective((await settings(session)).configuration, tenant.configuration)


def told(tenant: Tenant) -> dict[str, Any]:
    """A tenant as the audit log keeps it."""
    return {
        "slug": tenant.slug,
        "name": tenant.name,
        "domain": tenant.domain,
        "status": tenant.status,
        "configuration": tenant.configuration,
    }


async def _page(session: AsyncSession, statement: Select[Tenant], wanted: Filter, window: Window) -> Sequence[Tenant]:
    if wanted.status is not None:
        statement = statement.where(Tenant.status == wanted.status.value)
    if wanted.query:
        like = (
            Tenant.slug.icontains(wanted.query, autoescape=True),
            Tenant.name.icontains(wanted.query, autoescape=True),
        )
        statement = statement.where(or_(*like))
    return (await session.scalars(window.of(statement))).all()
