"""PostgreSQL as the features see it: transactions, as a rule bound to one tenant.

Plain reading and writing goes through SQLAlchemy. What the store offers as a function of a driver's connection takes
part in the same transaction through :func:`driver`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import cast
from uuid import UUID

import asyncpg
from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, InvalidatePoolError, TimeoutError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from weftline.store.connect import Role, connect
from weftline.store.errors import StoreUnavailable, translated

POOL_SIZE = 8
POOL_TIMEOUT = 10.0
"""Seconds to wait for a free connection."""


class Row(DeclarativeBase):
    """Base of the features' row types. The tables themselves are made by the migrations."""


class Database:
    """Transactions under one of the database's roles.

    Args:
        url: a PostgreSQL URL.
        role: see ``weftline.store.roles``.
        size: connections at a time.
    """

    def __init__(self, url: str, role: Role = "weft_api", *, size: int = POOL_SIZE) -> None:
        self._engine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=partial(connect, url, role, name=f"weftline-{role.removeprefix('weft_')}"),
            pool_size=size,
            max_overflow=0,
            pool_timeout=POOL_TIMEOUT,
        )
        event.listen(self._engine.sync_engine, "checkout", _refuse_closed)

    @asynccontextmanager
    async def transaction(self, tenant_id: UUID, *, snapshot: bool = False) -> AsyncGenerator[AsyncSession]:
        """A transaction that sees and writes one tenant's rows only, committed at the end.

        Args:
            tenant_id: whose rows.
            snapshot: several reads see one and the same state of the database.

        Raises:
            StoreUnavailable, Fenced, Unstorable: see ``weftline.store.errors``.
        """
        with _translated():
            async with AsyncSession(self._engine, expire_on_commit=False) as session, session.begin():
                options = {"isolation_level": "REPEATABLE READ"} if snapshot else None
                connection = await session.connection(execution_options=options)
                # a UUID's text cannot carry SQL
                await connection.exec_driver_sql(f"SET LOCAL app.current_tenant = '{UUID(str(tenant_id))}'")
                yield session

    @asynccontextmanager
    async def unbound(self) -> AsyncGenerator[AsyncSession]:
        """A transaction bound to no tenant, for roles that see more than one; raises like :meth:`transaction`."""
        with _translated():
            async with AsyncSession(self._engine, expire_on_commit=False) as session, session.begin():
                yield session

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()


async def driver(session: AsyncSession) -> asyncpg.Connection[asyncpg.Record]:
    """The driver's own connection beneath a session of :meth:`Database.transaction`, in the same transaction."""
    raw = await (await session.connection()).get_raw_connection()
    return cast("asyncpg.Connection[asyncpg.Record]", raw.driver_connection)


def _refuse_closed(connection: DBAPIConnection, *_: object) -> None:
    """Notices, at no cost, that the server went away since: the pool then connects anew, and no request fails."""
    if connection.driver_connection.is_closed():
        raise InvalidatePoolError


@contextmanager
def _translated() -> Generator[None]:
    with translated():
        try:
            yield
        except TimeoutError as error:
            raise StoreUnavailable("every connection to the database is busy") from error
        except DBAPIError as error:
            cause = error.orig.__cause__ if error.orig is not None else None
            raise cause or error from error
