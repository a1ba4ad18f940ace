"""Requests that come in too slowly, or take too long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import httpx
import orjson
from starlette.types import Message

from tests.api.client import PATIENCE, V1, Client, problem, running
from tests.api.conftest import ORIGIN, api_options
from tests.api.definitions import GREETING
from tests.conftest import Connect
from weftline.api.app import Application

SOON = 0.2


@asynccontextmanager
async def limited(database: str, api: Client, seconds: float) -> AsyncIterator[Client]:
    """Another server for the same person, which gives requests so much time."""
    app = Application(api_options(database, request_seconds=seconds))
    transport, headers = httpx.ASGITransport(app), {"Authorization": api.http.headers["Authorization"]}
    async with running(app), httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers) as http:
        yield Client(http)


async def test_a_body_that_does_not_come_in_is_given_up(database: str) -> None:
    app = Application(api_options(database, body_seconds=SOON))
    headers = [(b"host", b"localhost"), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": f"{V1}/auth/login", "query_string": b"", "headers": headers}
    told: list[Message] = []
    parts = [b'{"email": ', b'"']

    async def receive() -> Message:
        if parts:
            return {"type": "http.request", "body": parts.pop(0), "more_body": True}
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        told.append(message)

    async with running(app), asyncio.timeout(PATIENCE):
        await app(scope, receive, send)
    assert told[0]["status"] == 408
    assert (b"connection", b"close") in told[0]["headers"]
    assert orjson.loads(told[1]["body"])["code"] == "body_timeout"


async def test_a_request_that_takes_too_long_is_given_up_and_changes_nothing(
    database: str, api: Client, connect: Connect
) -> None:
    owner: asyncpg.Connection = await connect()
    sent = {"json": {"name": "Clerks"}, "headers": {"Idempotency-Key": "k"}}
    async with limited(database, api, SOON) as hasty, owner.transaction():
        await owner.execute("LOCK TABLE groups IN EXCLUSIVE MODE")
        answer = await hasty.post("/groups", **sent)
    problem(answer, 503, "request_timeout")
    assert answer.headers["retry-after"] == "1"
    again = await api.post("/groups", **sent)
    assert again.status_code == 201, again.text
    assert "idempotency-replayed" not in again.headers


async def test_what_waits_by_intention_gets_the_time_for_it(database: str, api: Client) -> None:
    await api.publish(GREETING)
    async with limited(database, api, 10 * SOON) as hasty:
        start = {"input": {"name": "Ada"}}
        answer = await hasty.post("/workflows/greeting/executions", start, params={"wait": 11 * SOON})
        assert answer.status_code == 202, answer.text
        fetch = {"workerId": "w", "waitSeconds": 11 * SOON}
        assert (await hasty.post("/task-queues/none/fetch", fetch)).json() == {"items": []}
