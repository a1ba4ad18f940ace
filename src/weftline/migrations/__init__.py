"""The database's schema as a sequence of revisions, run from code.

Revisions are immutable once released and only go forward. All that are due run in one transaction, under an
advisory lock: several processes may start on an old schema at once, and one of them migrates it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from weftline.store.roles import ensure_roles

__all__ = ["UnsupportedServerError", "current", "head", "is_current", "upgrade"]

_OLDEST_SERVER = 15
_LOCATION = Path(__file__).parent
# Alembic keeps the migration it is running in globals of the process
_ALEMBIC = threading.Lock()


class UnsupportedServerError(Exception):
    """The PostgreSQL server is older than Weftline supports."""


async def upgrade(url: str) -> None:
    """Brings the database to the newest schema, and makes the roles it needs.

    Args:
        url: ``postgresql://…`` of a login role that owns the database or may create in its ``public`` schema.

    Raises:
        UnsupportedServerError: PostgreSQL is older than 15.
        RoleSetupError: the login role may not create or assume ``weft_api`` and ``weft_worker``.
    """
    await asyncio.to_thread(_upgrade_alone, url)


async def current(url: str) -> str | None:
    """The revision the database is at; None for one that was never migrated."""
    async with _connect(url) as connection:
        return await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())


async def is_current(url: str) -> bool:
    """Whether the database is at the newest revision this program knows."""
    return await current(url) == head()


def head() -> str:
    """The newest revision this program knows."""
    revision = ScriptDirectory(str(_LOCATION)).get_current_head()
    if revision is None:
        raise RuntimeError(f"no revisions in {_LOCATION}")
    return revision


@asynccontextmanager
async def _connect(url: str) -> AsyncGenerator[AsyncConnection]:
    engine = create_async_engine(make_url(url).set(drivername="postgresql+asyncpg"), poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            yield connection
    finally:
        await engine.dispose()


def _upgrade_alone(url: str) -> None:
    with _ALEMBIC:
        asyncio.run(_upgrade(url))


async def _upgrade(url: str) -> None:
    async with _connect(url) as connection:
        autocommit = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await _check_server(autocommit)
        await ensure_roles(autocommit)
    async with _connect(url) as connection:
        await connection.run_sync(_run_revisions)


async def _check_server(connection: AsyncConnection) -> None:
    version = int((await connection.execute(text("SHOW server_version_num"))).scalar_one())
    if version // 10000 < _OLDEST_SERVER:
        raise UnsupportedServerError(
            f"PostgreSQL {version // 10000} is too old: Weftline needs {_OLDEST_SERVER} or later"
        )


def _run_revisions(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(_LOCATION).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
