"""PostgreSQL as the features see it: transactions, as a rule bound to one tenant.

Plain reading and writing goes through SQLAlchemy. What the store offers as a function of a driver's connection takes
part in the same transaction through :func:`driver`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from functools import partial
from typing import TypeAlias, cast
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, DisconnectionError, InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from weftline.store.connect import KeyedConnection, Role, connect
from weftline.store.errors import StoreUnavailable, translated
from weftline.store.idempotency import has_act, mark_act
from weftline.store.keyring import Keyring
from weftline.store.reading import ReadConnections

POOL_SIZE = 8
READING_SIZE = 4
"""Connections for what is only read; see :meth:`Database.reading`."""

POOL_TIMEOUT = 10.0
"""Seconds to wait for a free connection."""

IDLENESS = "1min"
"""How long a request's transaction may stand still. Nobody takes over a request, so a process that the machine held up
for some seconds goes on."""

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

_DRIVER = "driver"
"""Where a session keeps the driver's connection beneath it."""


class Row(DeclarativeBase):
    """Base of the features' row types. The tables themselves are made by the migrations."""


class Database:
    """Transactions under one of the database's roles.

    Args:
        url: a PostgreSQL URL.
        role: see ``weftline.store.roles``.
        size: connections at a time.
        keyring: the tenants' keys, for payloads of encrypted workflows.
    """

    def __init__(
        self, url: str, role: Role = "weft_api", *, size: int = POOL_SIZE, keyring: Keyring | None = None
    ) -> None:
        name = f"weftline-{role.removeprefix('weft_')}"
        creator = partial(connect, url, role, name=name, keyring=keyring, idleness=IDLENESS)
        self._reading = ReadConnections(partial(_open_reading, creator), READING_SIZE)
        self._engine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=creator,
            # transactions are the driver's own: see ``transaction``
            isolation_level="AUTOCOMMIT",
            pool_size=size,
            max_overflow=0,
        )
        event.listen(self._engine.sync_engine, "checkout", _refuse_unusable)
        # the pool lets newcomers overtake whoever waits
        self._turns = asyncio.Semaphore(size)

    @asynccontextmanager
    async def transaction(
        self, tenant_id: UUID, *, snapshot: bool = False, plan_anew: bool = False, plan_once: bool = False
    ) -> AsyncGenerator[AsyncSession]:
        """A transaction that sees and writes one tenant's rows only, committed at the end.

        Args:
            tenant_id: whose rows.
            snapshot: several reads see one and the same state of the database.
            plan_anew: statements are planned for their values; for those whose best index depends on how many rows
                fit, so that a plan that was made for other values may be very slow.
            plan_once: statements keep their plans; see :meth:`KeyedConnection.bound_to`.

        Raises:
            StoreUnavailable, Fenced, Unstorable: see ``weftline.store.errors``.
        """
        isolation = "repeatable_read" if snapshot else None
        async with (
            self._session() as (session, connection),
            connection.bound_to(tenant_id, isolation, plan_anew=plan_anew, plan_once=plan_once),
        ):
            yield session
            await _complete(session, tenant_id)

    def reading(self, tenant_id: UUID, *, plan_anew: bool = False) -> AbstractAsyncContextManager[Connection]:
        """A connection that sees one tenant's rows only and changes nothing; see ``weftline.store.reading``.

        Much cheaper than a transaction. Each statement sees what is committed when it begins, and keeps its plan; see
        :mod:`weftline.features.rows` for how rows are read.

        Args:
            tenant_id: whose rows.
            plan_anew: see :meth:`transaction`; for whatever is narrowed down by other things than keys.

        Raises:
            StoreUnavailable: see ``weftline.store.errors``.
        """
        return self._reading.reading(tenant_id, plan_anew=plan_anew)

    @asynccontextmanager
    async def unbound(self) -> AsyncGenerator[AsyncSession]:
        """A transaction bound to no tenant, for roles that see more than one; raises like :meth:`transaction`."""
        async with self._session() as (session, connection), connection.transaction():
            yield session
            await _complete(session, None)

    @asynccontextmanager
    async def _session(self) -> AsyncGenerator[tuple[AsyncSession, KeyedConnection]]:
        """A session, and the driver's connection beneath it, with no transaction yet."""
        with _translated():
            async with self._turn(), AsyncSession(self._engine, expire_on_commit=False) as session:
                raw = await (await session.connection()).get_raw_connection()
                connection = session.info[_DRIVER] = cast("KeyedConnection", raw.driver_connection)
                yield session, connection

    @asynccontextmanager
    async def _turn(self) -> AsyncGenerator[None]:
        """The right to a connection, first come, first served."""
        try:
            async with asyncio.timeout(POOL_TIMEOUT):
                await self._turns.acquire()
        except TimeoutError:
            raise StoreUnavailable("every connection to the database is busy") from None
        try:
            yield
        finally:
            self._turns.release()

    async def close(self) -> None:
        """Close every connection."""
        await self._reading.close()
        await self._engine.dispose()


async def driver(session: AsyncSession) -> asyncpg.Connection[asyncpg.Record]:
    """The driver's own connection beneath a session of :meth:`Database.transaction`, in the same transaction."""
    return session.info[_DRIVER]


async def _open_reading(creator: Callable[[], Awaitable[Connection]]) -> Connection:
    connection = await creator()
    for name in ("json", "jsonb"):
        # as on SQLAlchemy's connections
        await connection.set_type_codec(name, schema="pg_catalog", encoder=str, decoder=orjson.loads)
    return connection


async def _complete(session: AsyncSession, bound_to: UUID | None) -> None:
    """Write what is left to write, and with it that an act took effect; see ``weftline.store.idempotency``."""
    if session.new or session.dirty or session.deleted:
        await session.flush()
    if has_act():
        await mark_act(await driver(session), bound_to)


def _refuse_unusable(connection: DBAPIConnection, *_: object) -> None:
    """Notices, at no cost, that the server went away since: the pool then connects anew, and no request fails.

    A connection whose transaction could not be ended, since its task was cancelled twice, is of no use either.
    """
    raw = connection.driver_connection
    if raw.is_closed():
        raise InvalidatePoolError
    if raw.is_in_transaction():
        raise DisconnectionError


@contextmanager
def _translated() -> Generator[None]:
    with translated():
        try:
            yield
        except DBAPIError as error:
            cause = error.orig.__cause__ if error.orig is not None else None
            raise cause or error from error
