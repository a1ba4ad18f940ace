"""Reading and writing connections within a transaction of the caller's.

Lock order: the tenant's changes of connections, then a connection's row, then what the database counts of changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, false, func, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.http.listing import Ordering, SortKey, Window
from weftline.features.integrations.models import Authorization, Connection, ConnectionState, ConnectionStatus

ORDER = Ordering(
    SortKey("name", Connection.name),
    SortKey("integration", Connection.integration),
    SortKey("createdAt", Connection.created_at, datetime),
    SortKey("updatedAt", Connection.updated_at, datetime),
    tie=SortKey("id", Connection.id, UUID),
    default="name",
)

_BEGIN = text("SELECT pg_advisory_xact_lock(hashtextextended('weftline.connections.' || :tenant, 0))")

# what a step names stands beside its action, in its `compensate`, or in a branch of its own
_NAMING = text(
    """
    SELECT t.id
    FROM workflow_templates t
    JOIN workflow_versions v
      ON v.tenant_id = t.tenant_id AND v.template_id = t.id AND v.version_number = t.published_version
    WHERE t.tenant_id = :tenant AND t.status <> 'ARCHIVED'
      AND jsonb_path_exists(
          v.definition::jsonb, '$.** ? (@.connection == $name)', jsonb_build_object('name', CAST(:name AS text)))
    ORDER BY t.id
    LIMIT :limit
    """
)


async def begin_change(session: AsyncSession, tenant_id: UUID) -> None:
    """Let one request at a time change a tenant's connections."""
    await session.execute(_BEGIN, {"tenant": str(tenant_id)})


async def get(session: AsyncSession, tenant_id: UUID, connection_id: UUID, *, lock: bool = False) -> Connection | None:
    """A connection, locked where ``lock`` says so."""
    key = (tenant_id, connection_id)
    return await session.get(Connection, key, with_for_update=lock or None, populate_existing=lock)


async def by_name(session: AsyncSession, tenant_id: UUID, owner: UUID | None, name: str) -> Connection | None:
    """The connection of this name, the tenant's or a person's."""
    statement = select(Connection).where(
        Connection.tenant_id == tenant_id, Connection.owner_user_id.is_not_distinct_from(owner), Connection.name == name
    )
    return (await session.scalars(statement)).one_or_none()


async def count(session: AsyncSession, tenant_id: UUID) -> int:
    """How many connections a tenant and its members have."""
    return (await session.scalars(select(func.count()).where(Connection.tenant_id == tenant_id))).one()


async def list_connections(
    session: AsyncSession,
    tenant_id: UUID,
    window: Window,
    *,
    owner: UUID | None,
    is_personal: bool | None = None,
    integration: str | None = None,
    statuses: Sequence[ConnectionStatus] = (),
    query: str | None = None,
) -> Sequence[Connection]:
    """Those of the connections that fit.

    Args:
        session: bound to the tenant.
        tenant_id: whose.
        window: which part of them, in which order.
        owner: whose own are seen beside the tenant's.
        is_personal: only that person's own, or only the tenant's.
        integration: only those to this one.
        statuses: only those that stand so; all where empty.
        query: only those whose name holds this.
    """
    # somebody at the console is nobody's owner
    own = false() if owner is None else Connection.owner_user_id == owner
    tenants = Connection.owner_user_id.is_(None)
    statement = select(Connection).where(Connection.tenant_id == tenant_id)
    statement = statement.where(or_(own, tenants) if is_personal is None else own if is_personal else tenants)
    if integration is not None:
        statement = statement.where(Connection.integration == integration)
    if statuses:
        statement = statement.where(Connection.status.in_(statuses))
    if query:
        statement = statement.where(Connection.name.icontains(query, autoescape=True))
    return (await session.scalars(window.of(statement))).all()


async def connected(session: AsyncSession, tenant_id: UUID, owner: UUID | None) -> dict[str, list[ConnectionStatus]]:
    """How the connections stand that somebody sees, by integration."""
    visible = or_(Connection.owner_user_id == owner, Connection.owner_user_id.is_(None))
    statement = (
        select(Connection.integration, Connection.status)
        .where(Connection.tenant_id == tenant_id, visible)
        .order_by(Connection.integration)
    )
    found: dict[str, list[ConnectionStatus]] = {}
    for integration, status in (await session.execute(statement)).all():
        found.setdefault(integration, []).append(status)
    return found


async def states(session: AsyncSession, tenant_id: UUID, connections: Sequence[UUID]) -> dict[UUID, ConnectionState]:
    """The circuit breakers of connections, as far as workers have left something."""
    if not connections:
        return {}
    statement = select(ConnectionState).where(
        ConnectionState.tenant_id == tenant_id, ConnectionState.connection_id.in_(connections)
    )
    return {each.connection_id: each for each in (await session.scalars(statement)).all()}


async def reset_breaker(session: AsyncSession, tenant_id: UUID, connection_id: UUID) -> None:
    """Close a connection's circuit breaker, and let workers know."""
    await session.execute(
        update(ConnectionState)
        .where(ConnectionState.tenant_id == tenant_id, ConnectionState.connection_id == connection_id)
        .values(
            breaker="CLOSED",
            failures=0,
            opened_at=None,
            retry_at=None,
            resets=ConnectionState.resets + 1,
            updated_at=func.now(),
        )
        .execution_options(synchronize_session=False)
    )


async def drop_default(session: AsyncSession, tenant_id: UUID, integration: str, besides: UUID) -> None:
    """Let no other connection be an integration's default."""
    await session.execute(
        update(Connection)
        .where(
            Connection.tenant_id == tenant_id,
            Connection.integration == integration,
            Connection.is_default,
            Connection.id != besides,
        )
        .values(is_default=False, etag=Connection.etag + 1, updated_at=func.now())
        .execution_options(synchronize_session=False)
    )


async def workflows_naming(session: AsyncSession, tenant_id: UUID, name: str, *, limit: int) -> Sequence[str]:
    """The workflows whose published version names a connection."""
    return list((await session.scalars(_NAMING, {"tenant": tenant_id, "name": name, "limit": limit})).all())


async def authorization(session: AsyncSession, tenant_id: UUID, id: UUID) -> Authorization | None:
    """What somebody went for."""
    return await session.get(Authorization, (tenant_id, id))


async def end_authorization(session: AsyncSession, tenant_id: UUID, id: UUID) -> bool:
    """Let it count no more; whether it did until now, and for the caller alone."""
    ended = await session.scalars(
        delete(Authorization)
        .where(Authorization.tenant_id == tenant_id, Authorization.id == id)
        .returning(Authorization.id)
    )
    return ended.one_or_none() is not None


async def forget_authorizations(session: AsyncSession, tenant_id: UUID, connection_id: UUID) -> None:
    """Forget what nobody came back for."""
    await session.execute(
        delete(Authorization).where(
            Authorization.tenant_id == tenant_id,
            Authorization.connection_id == connection_id,
            Authorization.expires_at < func.now(),
        )
    )
