"""Being told of what happens, over a WebSocket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.types import Message

from tests.api.client import PATIENCE, Client
from tests.api.definitions import GREETING, PAYMENT
from tests.api.graphql.client import problem, send
from tests.api.people import People
from weftline.api.app import Application
from weftline.engine.worker import Worker

EVENTS = "subscription ($id: ID!, $after: Int) { executionEvents(id: $id, after: $after) { kind seq stepId } }"


class Socket:
    """A client's end of a WebSocket, in this process."""

    def __init__(self) -> None:
        self.to_server: asyncio.Queue[Message] = asyncio.Queue()
        self.from_server: asyncio.Queue[Message] = asyncio.Queue()

    async def send(self, **message: Any) -> None:
        await self.to_server.put({"type": "websocket.receive", "text": json.dumps(message)})

    async def receive(self) -> dict[str, Any]:
        """The next message, or the code with which the server closes."""
        async with asyncio.timeout(PATIENCE):
            message = await self.from_server.get()
        return {"closed": message["code"]} if message["type"] == "websocket.close" else json.loads(message["text"])

    async def ask(self, id: str, query: str, /, **variables: Any) -> None:
        await self.send(type="subscribe", id=id, payload={"query": query, "variables": variables})


@asynccontextmanager
async def connected(
    application: Application, client: Client | None = None, *, protocol: str = "graphql-transport-ws"
) -> AsyncIterator[Socket]:
    """A connection to ``/graphql``; with a client, as whoever that is."""
    socket = Socket()
    scope = {
        "type": "websocket", "path": "/graphql", "raw_path": b"/graphql", "query_string": b"", "root_path": "",
        "scheme": "ws", "headers": [(b"host", b"localhost")], "subprotocols": [protocol], "client": None,
    }  # fmt: skip
    task = asyncio.create_task(application(scope, socket.to_server.get, socket.from_server.put))
    await socket.to_server.put({"type": "websocket.connect"})
    async with asyncio.timeout(PATIENCE):
        assert (await socket.from_server.get())["type"] == "websocket.accept"
    if client is not None:
        await socket.send(type="connection_init", payload={"authorization": client.http.headers["Authorization"]})
        assert await socket.receive() == {"type": "connection_ack"}
    yield socket
    await socket.to_server.put({"type": "websocket.disconnect", "code": 1000})
    await task


async def test_the_events_of_an_execution_come_as_they_happen_and_from_where_one_left(
    application: Application, api: Client, worker: Worker
) -> None:
    await api.publish(PAYMENT)
    id = await api.start("payment", {"order": "4711"})
    await api.when_status(id, "waiting")
    async with connected(application, api) as socket:
        await socket.ask("1", EVENTS, id=id, after=0)
        kinds: list[str] = []
        while "execution.completed" not in kinds:
            message = await socket.receive()
            assert (message["type"], message["id"]) == ("next", "1"), message
            event = message["payload"]["data"]["executionEvents"]
            kinds.append(event["kind"])
            assert event["seq"] == len(kinds)
            if event["stepId"] == "pay" and event["kind"] == "step.started":
                await api.post("/events", {"name": "paid", "correlation": "4711", "payload": {"amount": 3}})
        assert {"execution.started", "step.started", "step.completed"} <= set(kinds)
        await socket.ask("2", EVENTS, id=id, after=len(kinds) - 1)
        assert (await socket.receive())["payload"]["data"]["executionEvents"]["kind"] == "execution.completed"
        await socket.send(type="complete", id="2")
        await socket.send(type="ping")
        assert await socket.receive() == {"type": "pong"}


async def test_what_may_not_be_followed_is_refused(application: Application, api: Client, people: People) -> None:
    await api.publish(GREETING)
    id = await api.start("greeting", {"name": "Ada"})
    guest = await people.join("gus")
    async with connected(application, guest) as socket:
        await socket.ask("1", EVENTS, id=id)
        refused = await socket.receive()
        assert (refused["type"], refused["id"]) == ("next", "1") or refused["type"] == "error"
        assert "permission_denied" in str(refused["payload"])
        await socket.ask("2", "{ me { email } }")
        apart = await socket.receive()
        assert apart["type"] == "error" and apart["payload"][0]["extensions"]["code"] == "graphql_subscriptions_apart"
    answer = await send(api, EVENTS, id=id)
    problem(answer, 400, "graphql_subscriptions_apart")


async def test_a_client_must_keep_to_the_protocol(application: Application, api: Client) -> None:
    async with connected(application, protocol="graphql-ws") as socket:
        assert await socket.receive() == {"closed": 4406}
    async with connected(application) as socket:
        await socket.ask("1", "subscription { tenantEvents { kind } }")
        assert await socket.receive() == {"closed": 4401}
    async with connected(application) as socket:
        await socket.send(type="connection_init", payload={"token": "nonsense"})
        assert await socket.receive() == {"closed": 4401}
    async with connected(application, api) as socket:
        for _ in range(2):
            await socket.ask("1", "subscription { tenantEvents { kind } }")
        assert await socket.receive() == {"closed": 4409}
