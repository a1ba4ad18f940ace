"""Reading the audit log within a transaction of the caller's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.audit.models import AuditEntry, AuditHead
from weftline.features.http.listing import Ordering, SortKey, Window

ORDER = Ordering(
    SortKey("occurredAt", AuditEntry.occurred_at, datetime),
    tie=SortKey("seq", AuditEntry.seq, int),
    default="-occurredAt",
    note="Entries of one moment are in the order of their numbers.",
)

# every chain there is a trace of: whoever removes a tenant or a head does not hide the entries
# scope: all tenants, because the platform verifies every chain
_CHAINS = text(
    """
    WITH RECURSIVE logged AS (
        (SELECT tenant_id FROM audit_log ORDER BY tenant_id LIMIT 1)
        UNION ALL
        SELECT (SELECT l.tenant_id FROM audit_log l WHERE l.tenant_id > logged.tenant_id ORDER BY l.tenant_id LIMIT 1)
        FROM logged WHERE logged.tenant_id IS NOT NULL
    ),
    traced AS (
        SELECT tenant_id FROM logged WHERE tenant_id IS NOT NULL
        UNION SELECT tenant_id FROM audit_heads
        UNION SELECT id FROM tenants
    )
    SELECT traced.tenant_id, tenants.slug FROM traced LEFT JOIN tenants ON tenants.id = traced.tenant_id
    ORDER BY traced.tenant_id
    """
)
_TENANT = text("SELECT id FROM tenants WHERE slug = :slug")


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries: those that fit every field that is given.

    Attributes:
        actor: of the person or service account with this id, or of whoever has this name.
        action: of this action; of all that begin so where it ends with a dot.
        resource_type, resource_id: on this.
        since, until: at this time or later, and before this time.
        request_id: under this request.
    """

    actor: UUID | str | None = None
    action: str | None = None
    resource_type: str | None = None
    resource_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    request_id: str | None = None


class Chain(NamedTuple):
    """Whose chain: a tenant's, or another's that has no slug (any more)."""

    tenant_id: UUID
    slug: str | None


async def get(session: AsyncSession, tenant_id: UUID, seq: int) -> AuditEntry | None:
    """An entry."""
    return await session.get(AuditEntry, (tenant_id, seq))


async def list_entries(
    session: AsyncSession, tenant_id: UUID, wanted: Filter, window: Window, *, last_seq: int | None = None
) -> Sequence[AuditEntry]:
    """Those of the entries that fit.

    Args:
        session: sees the tenant's rows.
        tenant_id: whose.
        wanted: which.
        window: which part of them, in which order.
        last_seq: none beyond this one of the chain.
    """
    statement = select(AuditEntry).where(AuditEntry.tenant_id == tenant_id, *_conditions(wanted))
    if last_seq is not None:
        statement = statement.where(AuditEntry.seq <= last_seq)
    return (await session.scalars(window.of(statement))).all()


async def last_seq(session: AsyncSession, tenant_id: UUID) -> int:
    """The number of the last entry; 0 where there is none."""
    return await session.scalar(select(AuditHead.seq).where(AuditHead.tenant_id == tenant_id)) or 0


async def chains(session: AsyncSession) -> Sequence[Chain]:
    """Every chain, in a session that sees all tenants."""
    return [Chain(*row) for row in await session.execute(_CHAINS)]


async def tenant_of(session: AsyncSession, slug: str) -> UUID | None:
    """The tenant with this slug, in a session that sees all tenants."""
    return await session.scalar(_TENANT, {"slug": slug})


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    match wanted.actor:
        case None:
            pass
        case UUID():
            found.append(AuditEntry.actor_id == wanted.actor)
        case str():
            found.append(AuditEntry.actor_name == wanted.actor)
    if wanted.action is not None:
        is_prefix = wanted.action.endswith(".")
        action = AuditEntry.action
        found.append(action.startswith(wanted.action, autoescape=True) if is_prefix else action == wanted.action)
    if wanted.resource_type is not None:
        found.append(AuditEntry.resource_type == wanted.resource_type)
    if wanted.resource_id is not None:
        found.append(AuditEntry.resource_id == wanted.resource_id)
    if wanted.since is not None:
        found.append(AuditEntry.occurred_at >= wanted.since)
    if wanted.until is not None:
        found.append(AuditEntry.occurred_at < wanted.until)
    if wanted.request_id is not None:
        found.append(AuditEntry.request_id == wanted.request_id)
    return found
