"""The client against the real server, which is killed under its hands."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.api.client import EMAIL, PASSWORD, PATIENCE
from tests.api.conftest import api_options
from tests.api.definitions import GREETING, PAYMENT
from tests.api.test_live import LiveServer
from weftline.client import AsyncClient, RetryPolicy
from weftline.engine.worker import Worker
from weftline.features.services import open_services

API = "http://localhost/api/v1"
UNTIL_IT_IS_BACK = RetryPolicy(max_attempts=300, initial_interval=0.05, max_interval=0.2)


@pytest.fixture
async def server(database: str, tmp_path: Path) -> AsyncIterator[LiveServer]:
    async with open_services(database, None, api_options(database).accounts, background=False) as services:
        await services.accounts.create_first(EMAIL, PASSWORD)
    server = LiveServer(database, tmp_path / "api.sock")
    try:
        await server.start()
        yield server
    finally:
        await server.end(signal.SIGKILL)


@pytest.fixture
async def client(server: LiveServer) -> AsyncIterator[AsyncClient]:
    transport = httpx.AsyncHTTPTransport(uds=str(server.socket))
    async with (
        httpx.AsyncClient(transport=transport, base_url=API) as http,
        AsyncClient(http=http, email=EMAIL, password=PASSWORD, retries=UNTIL_IT_IS_BACK) as client,
    ):
        yield client


async def test_nothing_is_started_twice_and_nothing_is_missed_while_the_server_is_killed(
    server: LiveServer, client: AsyncClient, worker: Worker
) -> None:
    async def start(number: int) -> str:
        return (await client.executions.start("greeting", {"name": str(number)})).id

    await client.workflows.deploy(GREETING)
    told: list[str | None] = []
    async with asyncio.timeout(6 * PATIENCE), client.watch(kinds=["execution.completed"]) as updates:
        early = [asyncio.create_task(start(number)) for number in range(10)]
        told.append((await anext(aiter(updates))).execution_id)
        await server.end(signal.SIGKILL)
        # a server that is killed leaves its socket behind
        server.socket.unlink(missing_ok=True)
        late = [asyncio.create_task(start(number)) for number in range(10, 15)]
        await server.start()
        ids = await asyncio.gather(*early, *late)
        while len(told) < len(ids):
            told.append((await anext(aiter(updates))).execution_id)
        # whatever came twice would come before this
        last = await start(15)
        told.append((await anext(aiter(updates))).execution_id)
    assert sorted(map(str, told)) == sorted([*ids, last])
    assert {each.id async for each in client.executions.list()} == {*ids, last}


async def test_who_waits_is_told_of_the_end(server: LiveServer, client: AsyncClient, worker: Worker) -> None:
    asked: list[str] = []

    async def note(request: httpx.Request) -> None:
        asked.append(request.url.path)

    await client.workflows.deploy(PAYMENT)
    execution = await client.executions.start("payment", {"order": "7"})
    await client.executions.wait(execution.id, PATIENCE, until={"waiting"})
    client.driver.http.event_hooks["request"].append(note)
    async with asyncio.timeout(PATIENCE):
        waiting = asyncio.create_task(client.executions.wait(execution.id))
        while len(asked) < 3:
            # it has looked, listens, and has looked again
            await asyncio.sleep(0)
        await client.executions.signal(execution.id, "paid", {"amount": 1})
        ended = await waiting
    assert (ended.status, ended.data) == ("completed", {"order": "7", "amount": 1})
    path = f"/api/v1/executions/{execution.id}"
    assert asked[:3] == [path, f"{path}/live", path]
    assert asked.count(f"{path}/live") == 1
