"""Connections: pools under a database role, and the tenant's scope of a transaction."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Literal
from uuid import UUID

import asyncpg

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

Role = Literal["weft_api", "weft_worker", "weft_identity", "weft_operator"]

IDLE_IN_TRANSACTION = "5s"
"""How long a transaction that holds locks on the engine's rows may stand still."""

CONNECT_TIMEOUT = 10.0
"""Seconds to wait for a connection."""


def _settings(role: Role, name: str) -> dict[str, str]:
    return {"role": role, "application_name": name, "timezone": "UTC"}


async def create_pool(
    url: str, role: Role, *, name: str = "weftline", min_size: int = 1, max_size: int = 8
) -> asyncpg.Pool[asyncpg.Record]:
    """A pool whose connections act under ``role``.

    Args:
        url: a PostgreSQL URL.
        role: see ``weftline.store.roles``.
        name: shown in ``pg_stat_activity``.
        min_size, max_size: connections kept and allowed.

    Raises:
        OSError, asyncpg.PostgresError: the server cannot be reached or refuses.
    """
    return await asyncpg.create_pool(
        url,
        min_size=min_size,
        max_size=max_size,
        timeout=CONNECT_TIMEOUT,
        max_inactive_connection_lifetime=0,
        server_settings=_settings(role, name),
    )


async def connect(url: str, role: Role, *, name: str = "weftline") -> asyncpg.Connection[asyncpg.Record]:
    """One connection that acts under ``role``; see :func:`create_pool`.

    The server ends it when a transaction of it stands still for long: a process that freezes between two statements
    must not keep its locks from those who take over.
    """
    settings = _settings(role, name) | {"idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION}
    return await asyncpg.connect(url, timeout=CONNECT_TIMEOUT, server_settings=settings)


@asynccontextmanager
async def tenant_transaction(
    pool: asyncpg.Pool[asyncpg.Record], tenant_id: UUID
) -> AsyncGenerator[PoolConnectionProxy[asyncpg.Record]]:
    """A transaction that sees and writes one tenant's rows only (row-level security enforces it)."""
    async with pool.acquire() as connection, connection.transaction():
        await set_tenant(connection, tenant_id)
        yield connection


async def limit_idleness(connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]) -> None:
    """From now on the current transaction may not stand still for long; see :func:`connect`."""
    await connection.execute(f"SET LOCAL idle_in_transaction_session_timeout = '{IDLE_IN_TRANSACTION}'")


async def set_tenant(
    connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record], tenant_id: UUID
) -> None:
    """Bind the current transaction to a tenant. A UUID's text cannot carry SQL, so it may stand in the statement."""
    await connection.execute(f"SET LOCAL app.current_tenant = '{UUID(str(tenant_id))}'")
