"""The API behind its real server, in a process of its own."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from socket import create_server

import asyncpg
import httpx
import pytest

from tests.api.client import EMAIL, PASSWORD, PATIENCE, V1, Client, problem
from tests.api.conftest import api_options
from tests.api.definitions import GREETING
from tests.conftest import Connect
from weftline.api.app import Application
from weftline.api.server import serve
from weftline.features.services import open_services

START_PATIENCE = 90.0
"""Seconds; a busy machine takes its time to load everything."""

SERVE = """
import sys
from pathlib import Path
from tests.api.conftest import api_options
from weftline.api.app import Application
from weftline.api.server import StopTimes, serve
from weftline.telemetry.logging import configure_logging

configure_logging("info", "json")
serve(Application(api_options(sys.argv[1])), socket=Path(sys.argv[2]), stop=StopTimes(float(sys.argv[3])))
"""

DIES = """
import os, signal
from weftline.{module} import {owner}

async def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

{owner}.{name} = die
"""
"""Has the server killed where it would call a method."""

DIES_BEFORE = DIES.format(module="features.members.groups.service", owner="GroupService", name="create")
DIES_AFTER = DIES.format(module="features.idempotency.keys", owner="IdempotencyKeys", name="close")


class Server:
    """A running server."""

    def __init__(self, process: asyncio.subprocess.Process, socket: Path) -> None:
        self.process = process
        self.socket = socket

    async def answers(self) -> None:
        """Wait until it answers."""
        async with asyncio.timeout(START_PATIENCE), self.client() as http:
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


@asynccontextmanager
async def serving(database: str, socket: Path, fault: str = "", *, delay: float = 0) -> AsyncIterator[Server]:
    """A server in a process of its own.

    Args:
        database: its database's URL.
        socket: where it is to listen.
        fault: what it does beforehand, to be struck by something later.
        delay: seconds for which it says that it is about to stop.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", fault + SERVE, database, socket, str(delay), stderr=asyncio.subprocess.PIPE
    )
    server = Server(process, socket)
    try:
        await server.answers()
        yield server
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@pytest.fixture
async def server(database: str, tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(database, tmp_path / "api.sock") as server:
        yield server


@pytest.fixture
async def remote(server: Server, database: str) -> AsyncIterator[Client]:
    """The first administrator, signed in over the wire."""
    async with open_services(database, None, api_options(database).accounts, background=False) as services:
        await services.accounts.create_first(EMAIL, PASSWORD)
    async with server.client() as http:
        client = Client(http)
        await client.sign_in()
        yield client


async def test_what_keeps_the_api_from_starting_is_told(database: str, tmp_path: Path) -> None:
    fails = "from weftline.api import app\napp.open_services = lambda *_, **__: open('/no/such/file')\n"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", fails + SERVE, database, tmp_path / "api", "0", stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(START_PATIENCE):
        _, said = await process.communicate()
    assert process.returncode == 1
    assert said.decode().endswith("FileNotFoundError: [Errno 2] No such file or directory: '/no/such/file'\n")


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


async def test_a_server_that_stops_under_load_answers_everything_that_it_has_accepted(
    server: Server, remote: Client, tenant: asyncpg.Connection
) -> None:
    await remote.publish(GREETING)
    answered: set[str] = set()

    async def start_for_ever() -> None:
        while True:
            try:
                answered.add(await remote.start("greeting", {"name": "Ada"}))
            except httpx.TransportError:
                # it listens no more, and nothing was begun
                return

    clients = [asyncio.create_task(start_for_ever()) for _ in range(20)]
    async with asyncio.timeout(PATIENCE):
        while len(answered) < 50:
            await asyncio.sleep(0)
    assert await server.stop() == 0
    await asyncio.gather(*clients)
    assert {str(row["id"]) for row in await tenant.fetch("SELECT id FROM executions")} == answered


async def test_a_server_that_is_about_to_stop_says_so_and_still_answers(database: str, tmp_path: Path) -> None:
    async with serving(database, tmp_path / "api.sock", delay=3600) as server, server.client() as http:
        assert (await http.get("/health/ready")).status_code == 200
        server.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE):
            while (answer := await http.get("/health/ready")).status_code == 200:
                pass
        assert (answer.status_code, answer.json()["status"]) == (503, "stopping")
        assert (await http.get("/health/live")).status_code == 200
        # whoever insists has it end at once, long before its time
        async with asyncio.timeout(PATIENCE):
            while server.process.returncode is None:
                server.process.send_signal(signal.SIGTERM)
                await asyncio.sleep(0)


@pytest.mark.parametrize(("fault", "status"), [(DIES_BEFORE, 201), (DIES_AFTER, 409)], ids=["before", "after"])
async def test_a_server_that_is_killed_around_an_act_never_lets_it_be_done_twice(
    database: str, tmp_path: Path, api: Client, connect: Connect, fault: str, status: int
) -> None:
    headers = {"Authorization": api.http.headers["Authorization"], "Idempotency-Key": "k"}
    async with serving(database, tmp_path / "api.sock", fault) as server, server.client() as http:
        with pytest.raises(httpx.TransportError):
            await http.post(f"{V1}/groups", json={"name": "Clerks"}, headers=headers)
        assert await server.process.wait() == -signal.SIGKILL
    # it gives no sign of life any more, and nobody need wait until that is noticed
    await (await connect("weft_identity")).execute("UPDATE idempotency_keys SET alive_until = now()")
    again = await api.post("/groups", {"name": "Clerks"}, headers=headers)
    assert again.status_code == status, again.text
    if status == 409:
        problem(again, 409, "idempotency_outcome_unknown")
    assert [group["name"] for group in (await api.get("/groups")).json()["items"]] == ["Clerks"]


async def test_a_database_that_comes_back_costs_no_request(
    remote: Client, connect_as_owner: asyncpg.Connection
) -> None:
    await remote.publish(GREETING)
    await remote.start("greeting", {"name": "Ada"})
    gone = await connect_as_owner.fetchval(
        """SELECT array_agg(pid) FROM pg_stat_activity
           WHERE datname = current_database() AND application_name LIKE 'weftline-%'
             AND pg_terminate_backend(pid)"""
    )
    assert gone
    async with asyncio.timeout(PATIENCE):
        while await connect_as_owner.fetchval("SELECT count(*) FROM pg_stat_activity WHERE pid = any($1)", gone):
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
