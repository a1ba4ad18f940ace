"""Connections: pools under a database role, and the tenant's scope of a transaction."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, cast
from uuid import UUID

import asyncpg

from weftline.store.idempotency import mark_act

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    from weftline.store.keyring import Keyring

    BaseConnection = asyncpg.Connection[asyncpg.Record]
else:
    BaseConnection = asyncpg.Connection

Isolation = Literal["read_committed", "repeatable_read"]

Role = Literal["weft_api", "weft_worker", "weft_identity", "weft_operator"]

IDLE_IN_TRANSACTION = "5s"
"""How long a transaction that holds locks on the engine's rows may stand still."""

PLAN_ANEW = "SET LOCAL plan_cache_mode = force_custom_plan"
PLAN_ONCE = "SET LOCAL plan_cache_mode = force_generic_plan"

CONNECT_TIMEOUT = 10.0
"""Seconds to wait for a connection."""


def _settings(role: Role, name: str) -> dict[str, str]:
    return {"role": role, "application_name": name, "timezone": "UTC"}


class KeyedConnection(BaseConnection):
    """A connection that can read and write what tenants keep sealed, where it was given the keys."""

    keyring: Keyring | None = None
    _binding = ""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._closing: list[str] = []
        self._savepoints: list[int] = []

    @asynccontextmanager
    async def bound_to(
        self,
        tenant_id: UUID,
        isolation: Isolation | None = None,
        *,
        plan_anew: bool = False,
        plan_once: bool = False,
    ) -> AsyncGenerator[None]:
        """A transaction that sees and writes one tenant's rows only (row-level security enforces it).

        Args:
            tenant_id: whose rows.
            isolation: the transaction's; None: as the database has it.
            plan_anew: statements are planned for their values, whatever plans there are.
            plan_once: a statement's plan is kept, whatever its values; for those that find everything by its key.
                PostgreSQL overrates what arrays may hold, and would plan each time.
        """
        parts = binding(tenant_id), PLAN_ANEW if plan_anew else "", PLAN_ONCE if plan_once else ""
        self._binding = "; ".join(part for part in parts if part)
        try:
            async with self.transaction(isolation=isolation):
                yield
        finally:
            self._binding = ""

    def close_with(self, statement: str) -> None:
        """Have a statement sent together with what commits the current transaction, after everything else in it.

        What it locks is then held while the server commits, and not until this process, which may be busy, gets round
        to asking for that.

        Args:
            statement: SQL without parameters. What it raises is raised where the transaction is committed.
        """
        self._closing.append(statement)

    async def execute(self, query: str, *args: object, timeout: float | None = None) -> str:
        """The driver's own; what binds a transaction goes with what begins it, and what closes it with what commits it,
        each of which saves a round trip."""
        if query.startswith("BEGIN"):
            query, self._binding = f"{query} {self._binding}", ""
            self._closing.clear()
            self._savepoints.clear()
        elif query.startswith("SAVEPOINT"):
            self._savepoints.append(len(self._closing))
        elif query.startswith("RELEASE SAVEPOINT"):
            self._savepoints.pop()
        elif query.startswith("ROLLBACK TO"):
            del self._closing[self._savepoints.pop() :]
        elif self._closing and query.startswith("COMMIT"):
            return await self._close(query, timeout)
        return await super().execute(query, *args, timeout=timeout)

    async def _close(self, query: str, timeout: float | None) -> str:
        query = "; ".join([*self._closing, query])
        self._closing.clear()
        try:
            return await super().execute(query, timeout=timeout)
        except BaseException:
            # the driver takes it that a commit ends a transaction even where it fails
            if not self.is_closed() and self.is_in_transaction():
                await super().execute("ROLLBACK")
            raise


def _keyed(keyring: Keyring | None) -> type[KeyedConnection]:
    # the driver makes its connections itself, of a class that it is given
    return type("KeyedConnection", (KeyedConnection,), {"keyring": keyring})


def keyring_of(
    connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record],
) -> Keyring | None:
    """The tenants' keys, where the connection was given them."""
    return getattr(connection, "keyring", None)


async def create_pool(
    url: str,
    role: Role,
    *,
    name: str = "weftline",
    min_size: int = 1,
    max_size: int = 8,
    keyring: Keyring | None = None,
) -> asyncpg.Pool[asyncpg.Record]:
    """A pool whose connections act under ``role``.

    Args:
        url: a PostgreSQL URL.
        role: see ``weftline.store.roles``.
        name: shown in ``pg_stat_activity``.
        min_size, max_size: connections kept and allowed.
        keyring: the tenants' keys, for payloads of encrypted workflows.

    Raises:
        OSError, asyncpg.PostgresError: the server cannot be reached or refuses.
    """
    return await asyncpg.create_pool(
        url,
        min_size=min_size,
        max_size=max_size,
        timeout=CONNECT_TIMEOUT,
        max_inactive_connection_lifetime=0,
        connection_class=_keyed(keyring),
        server_settings=_settings(role, name),
        reset=_leave,
    )


async def _leave(_: asyncpg.Connection[asyncpg.Record]) -> None:
    """Nothing is to be undone of a connection whose transaction has ended: all that is set is set for that only. The
    driver would ask the server to undo everything that it can think of, each time."""


async def connect(
    url: str,
    role: Role,
    *,
    name: str = "weftline",
    keyring: Keyring | None = None,
    idleness: str = IDLE_IN_TRANSACTION,
) -> asyncpg.Connection[asyncpg.Record]:
    """One connection that acts under ``role``; see :func:`create_pool`.

    The server ends it when a transaction of it stands still for long: a process that freezes between two statements
    must not keep its locks from those who take over.

    Args:
        url, role, name, keyring: see :func:`create_pool`.
        idleness: how long a transaction may stand still, as PostgreSQL writes it.
    """
    settings = _settings(role, name) | {"idle_in_transaction_session_timeout": idleness}
    return await asyncpg.connect(
        url, timeout=CONNECT_TIMEOUT, connection_class=_keyed(keyring), server_settings=settings
    )


@asynccontextmanager
async def tenant_transaction(
    pool: asyncpg.Pool[asyncpg.Record], tenant_id: UUID, *, plan_once: bool = False
) -> AsyncGenerator[PoolConnectionProxy[asyncpg.Record]]:
    """A transaction of one of :func:`create_pool`'s connections; see :meth:`KeyedConnection.bound_to`."""
    async with (
        pool.acquire() as connection,
        cast("KeyedConnection", connection).bound_to(tenant_id, plan_once=plan_once),
    ):
        yield connection
        await mark_act(connection, tenant_id)


async def limit_idleness(connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]) -> None:
    """From now on the current transaction may not stand still for long; see :func:`connect`."""
    await connection.execute(f"SET LOCAL idle_in_transaction_session_timeout = '{IDLE_IN_TRANSACTION}'")


async def set_tenant(
    connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record], tenant_id: UUID
) -> None:
    """Bind the current transaction to a tenant."""
    await connection.execute(binding(tenant_id))


@lru_cache(maxsize=1_000)
def binding(tenant_id: UUID) -> str:
    """The statement that binds a transaction to a tenant. A UUID's text cannot carry SQL, so it may stand in it."""
    return f"SET LOCAL app.current_tenant = '{UUID(str(tenant_id))}'"
