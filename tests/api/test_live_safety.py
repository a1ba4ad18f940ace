"""Following what happens, by those who would see more, or longer, than they may."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from tests.api.client import PATIENCE, Client, problem, running
from tests.api.conftest import ORIGIN, api_options
from tests.api.definitions import GREETING
from tests.api.graphql.test_subscriptions import Socket
from tests.api.graphql.test_subscriptions import connected as connected_to_graphql
from tests.api.world import World
from weftline.api.app import Application
from weftline.features.live import hub
from weftline.features.live.follower import Follower
from weftline.features.live.happenings import Happening
from weftline.features.live.topics import Topic
from weftline.features.rates.limiter import Rates
from weftline.model.ids import DEFAULT_TENANT

EVENTS = "subscription { tenantEvents { kind } }"


def header(client: Client) -> str:
    return client.http.headers["Authorization"]


def token(client: Client) -> str:
    return header(client).partition(" ")[2]


@asynccontextmanager
async def connected(application: Application, address: str | None = None) -> AsyncIterator[Socket]:
    """A connection to ``/ws``."""
    socket = Socket()
    scope = {
        "type": "websocket", "path": "/ws", "raw_path": b"/ws", "query_string": b"", "root_path": "",
        "scheme": "ws", "headers": [(b"host", b"localhost")], "subprotocols": [],
        "client": None if address is None else (address, 4711),
    }  # fmt: skip
    task = asyncio.create_task(application(scope, socket.to_server.get, socket.from_server.put))
    await socket.to_server.put({"type": "websocket.connect"})
    async with asyncio.timeout(PATIENCE):
        assert (await socket.from_server.get())["type"] == "websocket.accept"
    yield socket
    await socket.to_server.put({"type": "websocket.disconnect", "code": 1000})
    await task


async def test_a_token_of_another_tenant_ends_what_was_followed_in_the_first(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "RENEW_SECONDS", 0.0)
    first, second = await world.found("first"), await world.found("second")
    async with connected(world.application) as socket:
        await socket.send(type="connect", token=token(first))
        assert (await socket.receive())["type"] == "connected"
        await socket.send(type="subscribe", id="all", tenant=True)
        assert (await socket.receive())["type"] == "subscribed"
        await socket.send(type="connect", token=token(second))
        assert (await socket.receive())["type"] == "connected"
        await first.publish(GREETING)
        message = await socket.receive()
        assert (message["type"], message["problem"]["code"]) == ("ended", "tenant_mismatch")


async def test_a_token_that_is_none_leaves_the_one_before(application: Application, api: Client) -> None:
    async with connected(application) as socket:
        await socket.send(type="connect", token=token(api))
        await socket.receive()
        await socket.send(type="connect", token="nonsense")
        assert (await socket.receive())["type"] == "error"
        await socket.send(type="subscribe", id="all", tenant=True)
        assert (await socket.receive())["type"] == "subscribed"


async def test_nobody_is_read_at_length_before_they_have_said_who_they_are(application: Application) -> None:
    async with connected(application) as socket:
        await socket.send(type="connect", token="x" * 70_000)
        assert (await socket.receive())["problem"]["code"] == "message_too_long"


async def test_whoever_was_signed_out_subscribes_to_nothing_more(application: Application, api: Client) -> None:
    leaving = Client(api.http)
    async with connected_to_graphql(application, leaving) as socket:
        await leaving.post("/auth/logout")
        await socket.ask("1", EVENTS)
        message = await socket.receive()
        assert message["type"] == "error"
        assert message["payload"][0]["extensions"]["code"] == "unauthenticated"


async def test_a_stopping_server_tells_subscribers_to_come_back(application: Application, api: Client) -> None:
    async with connected_to_graphql(application, api) as socket:
        await socket.ask("1", EVENTS)
        await socket.send(type="ping")
        assert await socket.receive() == {"type": "pong"}
        application.begin_stop()
        told: list[Any] = []
        while {"closed": 1012} not in told:
            told.append(await socket.receive())
        assert "server_stopping" in str(told[0]["payload"])


async def test_what_comes_as_time_is_up_is_not_passed_over() -> None:
    follower = Follower(Topic("tenant"))
    happening: Any = Happening(DEFAULT_TENANT, "execution.started", "greeting", None, "")  # type: ignore[arg-type]
    taking = asyncio.create_task(follower.take(0))
    asyncio.get_running_loop().call_soon(follower.offer, happening)
    assert await taking == [happening]


async def test_whoever_asks_too_often_over_one_connection_is_refused(database: str) -> None:
    limited = Application(api_options(database, rates=Rates(caller=4)))
    transport = httpx.ASGITransport(limited)
    async with running(limited), httpx.AsyncClient(transport=transport, base_url=ORIGIN) as http:
        api = Client(http)
        await api.become_first_administrator(limited)
        async with connected(limited) as socket:
            await socket.send(type="connect", token=token(api))
            assert (await socket.receive())["type"] == "connected"
            answers: list[dict[str, Any]] = []
            for number in range(4):
                await socket.send(type="subscribe", id=str(number), tenant=True)
                answers.append(await socket.receive())
            assert [each["type"] for each in answers] == ["subscribed"] * 3 + ["ended"]
            assert answers[-1]["problem"]["code"] == "rate_limited"
        problem(await api.get("/workflows"), 429, "rate_limited")


async def test_whoever_subscribes_too_often_over_one_connection_is_refused(database: str) -> None:
    limited = Application(api_options(database, rates=Rates(caller=2)))
    transport = httpx.ASGITransport(limited)
    async with running(limited), httpx.AsyncClient(transport=transport, base_url=ORIGIN) as http:
        api = Client(http)
        await api.become_first_administrator(limited)
        async with connected_to_graphql(limited, api) as socket:
            # one for the handshake, and one for the first
            await socket.ask("first", EVENTS)
            await socket.ask("second", EVENTS)
            answer = await socket.receive()
            assert (answer["type"], answer["id"]) == ("error", "second")
            assert answer["payload"][0]["extensions"]["code"] == "rate_limited"


async def test_messages_count_for_the_address_that_they_come_from(database: str) -> None:
    limited = Application(api_options(database, rates=Rates(address=4)))
    transport = httpx.ASGITransport(limited)
    async with running(limited), httpx.AsyncClient(transport=transport, base_url=ORIGIN) as http:
        api = Client(http)
        await api.become_first_administrator(limited)
        async with connected(limited, "192.0.2.7") as socket:
            await socket.send(type="connect", token=token(api))
            for _ in range(4):
                await socket.send(type="ping")
            answers = [await socket.receive() for _ in range(5)]
        # the handshake was the first
        assert [each["type"] for each in answers] == ["connected", "pong", "pong", "pong", "error"]
        assert answers[-1]["problem"]["code"] == "rate_limited"
