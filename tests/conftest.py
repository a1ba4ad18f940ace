"""Databases for tests: real PostgreSQL, and a fresh database for each test, cloned from a migrated template.

Without settings, the tests run embedded servers of their own; with ``WEFT_DATABASE_URL``, they make their
databases on that server and drop them again. Fixtures for tests to use:

- ``database``: URL of a fresh, migrated database. Its commits would not survive a power cut, for speed.
- ``durable_database``: the same on a server that flushes every commit to disk.
- ``empty_database``: URL of a fresh database that was never migrated.
- ``connect``: opens connections to ``database``, as one of the roles; they are closed when the test ends.
- ``server_home``: an empty home for an ``EmbeddedServer``, which is stopped when the test ends.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Protocol
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy import make_url

from weftline import migrations
from weftline.store.embedded import EmbeddedServer

# For a server whose data nobody will miss. Autovacuum would now and then hold up the cloning of the template.
_FLEETING = """
fsync = off
full_page_writes = off
synchronous_commit = off
autovacuum = off
min_wal_size = 32MB
max_wal_size = 512MB
shared_buffers = 128MB
"""
_MEMORY_DISK = Path("/dev/shm")
_MEMORY_DISK_NEEDED = 2 * 1024**3

# Stops a server when the tests end, however they end: its input closes with the process that holds it.
_REAPER = """
import shutil, sys
from pathlib import Path
from weftline.store.embedded import EmbeddedServer

home = Path(sys.argv[1])
sys.stdin.read()
EmbeddedServer(home).shut_down()
shutil.rmtree(home)
"""


class Connect(Protocol):
    """Opens a connection to the test's database."""

    async def __call__(self, role: str | None = None, tenant: UUID | None = None) -> asyncpg.Connection:
        """
        Args:
            role: ``weft_api`` or ``weft_worker``; None for the login role, which owns the tables.
            tenant: the current tenant of the whole connection.
        """
        ...


class DatabaseServer:
    """A server to make databases on.

    Args:
        url: of a login role that may create databases and roles.
    """

    def __init__(self, url: str) -> None:
        self._url = make_url(url)
        self._template = f"weft_template_{uuid4().hex}"

    @contextmanager
    def with_template(self) -> Iterator[DatabaseServer]:
        """Keeps a migrated database to clone others from."""
        asyncio.run(self._run(f"CREATE DATABASE {self._template}"))
        try:
            asyncio.run(migrations.upgrade(self._url_of(self._template)))
            yield self
        finally:
            asyncio.run(self._run(f"DROP DATABASE {self._template}"))

    @asynccontextmanager
    async def fresh_database(self, *, migrated: bool = True) -> AsyncIterator[str]:
        """The URL of a database that is dropped at the end, whoever is still connected."""
        name = f"weft_test_{uuid4().hex}"
        template = self._template if migrated else "template1"
        await self._run(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        try:
            yield self._url_of(name)
        finally:
            await self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def _url_of(self, name: str) -> str:
        return self._url.set(database=name).render_as_string(hide_password=False)

    async def _run(self, statement: str) -> None:
        connection = await asyncpg.connect(self._url.render_as_string(hide_password=False))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@contextmanager
def throwaway_home(parent: Path | None = None) -> Iterator[Path]:
    """A new home whose server, if one is started, is stopped and deleted with it at the end."""
    home = Path(tempfile.mkdtemp(prefix="weft-test-", dir=parent))
    reaper = subprocess.Popen([sys.executable, "-c", _REAPER, home], stdin=subprocess.PIPE, start_new_session=True)
    try:
        yield home
    finally:
        reaper.communicate()
    assert reaper.returncode == 0, f"the server in {home} could not be stopped"


@contextmanager
def _database_server(overrides: str, parent: Path | None) -> Iterator[DatabaseServer]:
    outside = os.environ.get("WEFT_DATABASE_URL")
    if outside:
        with DatabaseServer(outside).with_template() as server:
            yield server
        return
    with throwaway_home(parent) as home:
        (home / "postgres.conf").write_text(overrides)
        with EmbeddedServer(home) as embedded, DatabaseServer(embedded.url).with_template() as server:
            yield server


def memory_disk() -> Path | None:
    """A directory in memory with room for the tests' databases, where this machine has one."""
    if _MEMORY_DISK.is_dir() and shutil.disk_usage(_MEMORY_DISK).free >= _MEMORY_DISK_NEEDED:
        return _MEMORY_DISK
    return None


@pytest.fixture(scope="session")
def database_server() -> Iterator[DatabaseServer]:
    with _database_server(_FLEETING, memory_disk()) as server:
        yield server


@pytest.fixture(scope="session")
def durable_database_server() -> Iterator[DatabaseServer]:
    with _database_server("", None) as server:
        yield server


@pytest.fixture
async def database(database_server: DatabaseServer) -> AsyncIterator[str]:
    async with database_server.fresh_database() as url:
        yield url


@pytest.fixture
async def durable_database(durable_database_server: DatabaseServer) -> AsyncIterator[str]:
    async with durable_database_server.fresh_database() as url:
        yield url


@pytest.fixture
async def empty_database(database_server: DatabaseServer) -> AsyncIterator[str]:
    async with database_server.fresh_database(migrated=False) as url:
        yield url


@pytest.fixture
async def connect(database: str) -> AsyncIterator[Connect]:
    async with AsyncExitStack() as opened:

        async def open_connection(role: str | None = None, tenant: UUID | None = None) -> asyncpg.Connection:
            settings = {"role": role, "app.current_tenant": tenant and str(tenant)}
            connection = await asyncpg.connect(
                database, server_settings={name: value for name, value in settings.items() if value}
            )
            opened.push_async_callback(connection.close)
            return connection

        yield open_connection


@pytest.fixture
def server_home() -> Iterator[Path]:
    with throwaway_home(memory_disk()) as home:
        yield home
