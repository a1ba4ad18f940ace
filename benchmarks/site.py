"""``weft up`` in a home of its own, as a new user starts it, or ``weft server`` on a database that is there."""

import asyncio
import json
import shutil
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks import http_client
from benchmarks.figure import BenchmarkFailed
from benchmarks.peers.children import free_ports
from benchmarks.processes import WEFT, WeftProcess, weft
from weftline.store.embedded import EmbeddedServer

PATIENCE = 60.0
LOOK_SECONDS = 0.02

EMAIL = "bench@example.com"
PASSWORD = "what a benchmark signs in with"
"""Of the first administrator."""


@dataclass(frozen=True, slots=True)
class Site:
    """A running HTTP API.

    Attributes:
        process: the command.
        port: of its HTTP API, on the loopback address.
        database_url: of the database's owner.
        seconds_to_ready: from its start to the first good answer of ``/health/ready``.
    """

    process: WeftProcess
    port: int
    database_url: str
    seconds_to_ready: float

    async def sign_in(self, email: str = EMAIL, password: str = PASSWORD) -> str:
        """Sign in, as the first administrator if nobody else is named; return an access token, good for ten minutes."""
        connection = await http_client.connect(self.port)
        body = {"email": email, "password": password}
        login = http_client.encode("POST", "/auth/login", self.port, body=body)
        try:
            return json.loads(await connection.exchange(login, expected=200))["accessToken"]
        finally:
            connection.close()


@asynccontextmanager
async def open_site(home: Path, settings: Mapping[str, str] | None = None) -> AsyncIterator[Site]:
    """Run ``weft up`` on a free port, with an empty home that is deleted in the end.

    Args:
        home: where to.
        settings: ``WEFT_*`` variables.

    Raises:
        BenchmarkFailed: it ended, or is not ready after a minute.
    """
    server = EmbeddedServer(home)
    try:
        chosen = {"WEFT_ADMIN_EMAIL": EMAIL, "WEFT_ADMIN_PASSWORD": PASSWORD, **(settings or {})}
        async with _serve("up", home, chosen, server.url, WEFT) as site:
            yield site
    finally:
        # Nothing to do where weft up ended in order; a killed one leaves its server running.
        await asyncio.to_thread(server.shut_down)
        shutil.rmtree(home)


@asynccontextmanager
async def open_server(home: Path, database_url: str, *, program: str = WEFT) -> AsyncIterator[Site]:
    """Run ``weft server`` on a free port.

    Args:
        home: for its master key, which is made where it is missing; servers of one database need the same.
        database_url: of a migrated database's owner.
        program: the module to run in place of ``weft``'s own.

    Raises:
        BenchmarkFailed: it ended, or is not ready after a minute.
    """
    async with _serve("server", home, {"WEFT_DATABASE_URL": database_url}, database_url, program) as site:
        yield site


@asynccontextmanager
async def _serve(
    command: str, home: Path, settings: dict[str, str], database_url: str, program: str
) -> AsyncIterator[Site]:
    [port] = free_ports(1)
    settings = {**settings, "WEFT_HOME": str(home), "WEFT_PORT": str(port)}
    began = time.perf_counter()
    async with weft(command, home.with_name(f"{home.name}-{port}.log"), settings, program=program) as process:
        await _until_ready(process, port)
        yield Site(process, port, database_url, time.perf_counter() - began)


async def _until_ready(process: WeftProcess, port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        while time.monotonic() < deadline:
            process.check()
            try:
                if (await client.get("/health/ready")).is_success:
                    return
            except httpx.TransportError:
                pass  # not listening yet
            await asyncio.sleep(LOOK_SECONDS)
    raise BenchmarkFailed(f"weft is not ready after {PATIENCE:.0f} s")
