"""The API behind its real server, in a process of its own."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from socket import create_server

import asyncpg
import httpx
import pytest

from tests.api.client import EMAIL, PASSWORD, PATIENCE, V1, Client, problem
from tests.api.conftest import api_options
from tests.api.definitions import GREETING
from weftline.api.app import Application
from weftline.api.server import serve
from weftline.features.services import open_services

SERVE = """
import sys
from pathlib import Path
from tests.api.conftest import api_options
from weftline.api.app import Application
from weftline.api.server import serve
from weftline.telemetry.logging import configure_logging

configure_logging("info", "json")
serve(Application(api_options(sys.argv[1])), socket=Path(sys.argv[2]))
"""


class Server:
    """A running server."""

    def __init__(self, process: asyncio.subprocess.Process, socket: Path) -> None:
        self.process = process
        self.socket = socket

    async def answers(self) -> None:
        """Wait until it answers."""
        async with asyncio.timeout(PATIENCE), self.client() as http:
            while True:
                try:
                    await http.get("/health/live")
                except httpx.TransportError:
                    assert self.process.returncode is None
                    # let the event loop see to the process
                    await asyncio.sleep(0)
                else:
                    return

    def client(self) -> httpx.AsyncClient:
        transport = httpx.AsyncHTTPTransport(uds=str(self.socket))
        return httpx.AsyncClient(transport=transport, base_url="http://localhost", timeout=PATIENCE)

    async def stop(self) -> int:
        """Ask it to stop; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE):
            return await self.process.wait()


@pytest.fixture
async def server(database: str, tmp_path: Path) -> AsyncIterator[Server]:
    socket = tmp_path / "api.sock"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SERVE, database, socket, stderr=asyncio.subprocess.PIPE
    )
    running = Server(process, socket)
    try:
        await running.answers()
        yield running
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@pytest.fixture
async def remote(server: Server, database: str) -> AsyncIterator[Client]:
    """The first administrator, signed in over the wire."""
    async with open_services(database, None, api_options(database).accounts, background=False) as services:
        await services.accounts.create_first(EMAIL, PASSWORD)
    async with server.client() as http:
        client = Client(http)
        await client.sign_in()
        yield client


async def test_many_clients_at_once_each_start_an_execution(remote: Client, tenant: asyncpg.Connection) -> None:
    await remote.publish(GREETING)
    ids = await asyncio.gather(*(remote.start("greeting", {"name": str(n)}) for n in range(300)))
    assert len(set(ids)) == 300
    assert await tenant.fetchval("SELECT count(*) FROM executions") == 300


async def test_a_body_that_is_too_large_is_refused_over_the_wire(remote: Client) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield b" " * 1_000_000

    headers = {"content-type": "application/json"}
    answer = await remote.http.post(f"{V1}/workflows", content=b" " * 10_000_000, headers=headers)
    problem(answer, 413, "body_too_large")
    answer = await remote.http.post(f"{V1}/workflows", content=chunks(), headers=headers)
    problem(answer, 413, "body_too_large")


async def test_a_stopping_server_answers_whoever_waits_for_an_execution(server: Server, remote: Client) -> None:
    await remote.publish(GREETING)
    waiting = asyncio.create_task(
        remote.post("/workflows/greeting/executions", {"input": {"name": "Ada"}}, params={"wait": 60})
    )
    async with asyncio.timeout(PATIENCE):
        while not (await remote.get("/executions")).json()["items"]:
            pass
    assert await server.stop() == 0
    assert (await waiting).status_code == 202


async def test_a_database_that_comes_back_costs_no_request(
    remote: Client, connect_as_owner: asyncpg.Connection
) -> None:
    await remote.publish(GREETING)
    await remote.start("greeting", {"name": "Ada"})
    gone = await connect_as_owner.fetchval(
        """SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
           WHERE datname = current_database() AND application_name LIKE 'weftline-%'"""
    )
    assert gone > 0
    async with asyncio.timeout(PATIENCE):
        while await connect_as_owner.fetchval(
            """SELECT count(*) FROM pg_stat_activity
               WHERE datname = current_database() AND application_name LIKE 'weftline-%'"""
        ):
            pass
    await remote.start("greeting", {"name": "Grace"})
    assert len((await remote.get("/executions")).json()["items"]) == 2


async def test_the_log_is_json_with_the_requests_id(server: Server, remote: Client) -> None:
    answer = await remote.get("/workflows")
    await server.stop()
    assert server.process.stderr is not None
    lines = (await server.process.stderr.read()).decode().splitlines()
    assert any(answer.headers["x-request-id"] in line and line.startswith("{") for line in lines)


def test_an_address_that_is_taken_is_an_error_before_anything_starts() -> None:
    with create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        serve(Application(api_options("postgresql://nobody@127.0.0.1:9/nothing")), port=taken.getsockname()[1])
