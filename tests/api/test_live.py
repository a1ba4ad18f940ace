"""Following what happens, by server-sent events and by the WebSocket: real server, real worker."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, unix_connect
from websockets.exceptions import ConnectionClosed

from tests.api.client import EMAIL, PASSWORD, PATIENCE, V1, Client
from tests.api.conftest import api_options
from tests.api.definitions import GREETING
from weftline.engine.worker import Worker
from weftline.features.services import open_services

SERVE = """
import sys
from pathlib import Path
from tests.api.conftest import api_options
from weftline.api.app import Application
from weftline.api.server import serve

serve(Application(api_options(sys.argv[1])), socket=Path(sys.argv[2]))
"""

ASKING = {
    "id": "asking",
    "nodes": [
        {"id": "ask", "type": "human-task", "assignTo": "someone@example.com", "next": "done"},
        {"id": "done", "type": "end"},
    ],
}


class LiveServer:
    """The API behind its real server, which can be stopped and started again on the same socket."""

    def __init__(self, database: str, socket: Path) -> None:
        self.database = database
        self.socket = socket
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        # one that was killed leaves it behind
        self.socket.unlink(missing_ok=True)
        self.process = await asyncio.create_subprocess_exec(sys.executable, "-c", SERVE, self.database, self.socket)
        async with asyncio.timeout(3 * PATIENCE), self.http() as http:
            while True:
                try:
                    await http.get("/health/live")
                except httpx.TransportError:
                    assert self.process.returncode is None
                    await asyncio.sleep(0)
                else:
                    return

    async def end(self, number: signal.Signals) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(number)
            async with asyncio.timeout(PATIENCE):
                await self.process.wait()

    def http(self) -> httpx.AsyncClient:
        transport = httpx.AsyncHTTPTransport(uds=str(self.socket))
        return httpx.AsyncClient(transport=transport, base_url="http://localhost", timeout=PATIENCE)


class Reader:
    """Reads server-sent events, as a browser does."""

    def __init__(self, answer: httpx.Response) -> None:
        self._lines = answer.aiter_lines()
        self.last_id: str | None = None

    async def event(self) -> tuple[str, Any]:
        """The next event's name and data."""
        name, data = "message", ""
        async with asyncio.timeout(PATIENCE):
            async for line in self._lines:
                field, _, value = line.partition(": ")
                match field:
                    case "id":
                        self.last_id = value
                    case "event":
                        name = value
                    case "data":
                        data += value
                    case "" if data:
                        return name, json.loads(data)
        raise EOFError

    async def until(self, condition: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
        """The happenings up to the first that fulfils a condition."""
        found: list[dict[str, Any]] = []
        while not found or not condition(found[-1]):
            name, data = await self.event()
            assert name == "message", data
            found.append(data)
        return found


@asynccontextmanager
async def following(client: Client, path: str, after: str | None = None, **query: Any) -> AsyncIterator[Reader]:
    headers = {} if after is None else {"Last-Event-ID": after}
    async with client.http.stream("GET", V1 + path, params=query, headers=headers) as answer:
        if answer.status_code != 200:
            await answer.aread()
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].startswith("text/event-stream")
        reader = Reader(answer)
        assert await reader.event() == ("ready", {})
        yield reader


@asynccontextmanager
async def connected(server: LiveServer, token: str | None = None) -> AsyncIterator[ClientConnection]:
    async with unix_connect(str(server.socket), "ws://localhost/ws", open_timeout=PATIENCE) as socket:
        if token is not None:
            await send(socket, type="connect", token=token)
            assert (await receive(socket))["type"] == "connected"
        yield socket


async def send(socket: ClientConnection, **message: Any) -> None:
    await socket.send(json.dumps(message))


async def receive(socket: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE):
        return json.loads(await socket.recv())


def ended(happening: dict[str, Any]) -> bool:
    return happening["kind"] in ("execution.completed", "execution.failed")


@pytest.fixture
async def server(database: str, tmp_path: Path) -> AsyncIterator[LiveServer]:
    server = LiveServer(database, tmp_path / "api.sock")
    try:
        await server.start()
        yield server
    finally:
        await server.end(signal.SIGKILL)


@pytest.fixture
async def client(server: LiveServer, database: str, worker: Worker) -> AsyncIterator[Client]:
    """The first administrator, signed in over the wire, with a worker that runs what they start."""
    async with open_services(database, None, api_options(database).accounts, background=False) as services:
        await services.accounts.create_first(EMAIL, PASSWORD)
    async with server.http() as http:
        client = Client(http)
        await client.sign_in()
        yield client


def token_of(client: Client) -> str:
    return client.http.headers["Authorization"].partition(" ")[2]


async def test_what_happens_in_the_tenant_is_told(client: Client):
    async with following(client, "/live") as live:
        await client.publish(GREETING)
        id = await client.start("greeting", {"name": "Ada"})
        happenings = await live.until(ended)
    assert [each["kind"] for each in happenings[:2]] == ["workflow.changed", "workflow.published"]
    assert {each["workflowId"] for each in happenings} == {"greeting"}
    log = (await client.get(f"/executions/{id}/events")).json()["items"]
    told = [each for each in happenings if each.get("executionId") == id]
    assert [each["seq"] for each in told] == [event["seq"] for event in log]
    assert [each["data"] for each in told] == [event["data"] for event in log]
    assert told[0]["kind"] == "execution.started"


async def test_who_follows_a_workflow_hears_at_once_that_somebody_edits_or_changes_it(client: Client):
    me = (await client.get("/auth/me")).json()
    async with following(client, "/live", workflowId="greeting") as live:
        assert (await client.put("/working-copies/greeting", {"definition": {}})).status_code == 200
        assert (await client.post("/workflows", GREETING)).status_code == 201
        happenings = await live.until(lambda each: each["kind"] == "workflow.changed")
    assert [(each["kind"], each["data"]) for each in happenings] == [
        ("workflow.edited", {"editorId": me["id"]}),
        ("workflow.changed", None),
    ]


async def test_an_executions_log_is_followed_from_any_event(client: Client):
    await client.publish(GREETING)
    id = await client.start("greeting", {"name": "Ada"})
    async with following(client, f"/executions/{id}/live", after="0") as live:
        whole = await live.until(ended)
    async with following(client, f"/executions/{id}/live", after="2") as live:
        rest = await live.until(ended)
    assert [each["seq"] for each in whole] == list(range(1, len(whole) + 1))
    # what comes from the log itself has no place among all that happens
    without = [{name: value for name, value in each.items() if name != "position"} for each in whole]
    assert rest == without[2:]


async def test_only_the_kinds_that_were_asked_for_are_told(client: Client):
    await client.publish(GREETING)
    async with following(client, "/live", workflowId="greeting", kinds=["execution.*"]) as live:
        await client.start("greeting", {"name": "Ada"})
        happenings = await live.until(ended)
    assert [each["kind"] for each in happenings] == ["execution.started", "execution.completed"]


async def test_tasks_are_told_to_those_who_may_see_them(client: Client):
    await client.publish(ASKING)
    async with following(client, "/tasks/live") as live:
        id = await client.start("asking")
        [created] = await live.until(lambda each: each["kind"] == "task.created")
        assert (created["executionId"], created["stepId"], created["data"]["status"]) == (id, "ask", "open")
        await client.post(f"/tasks/{created['taskId']}/claim")
        assert (await live.until(lambda each: True))[0]["kind"] == "task.claimed"
        await client.post(f"/tasks/{created['taskId']}/complete", {})
        assert (await live.until(lambda each: True))[0]["kind"] == "task.completed"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"])
async def test_across_a_restart_nothing_is_lost_or_told_twice(
    server: LiveServer, client: Client, number: signal.Signals
):
    await client.publish(GREETING)
    ids, told = [await client.start("greeting", {"name": "Ada"})], []
    async with following(client, "/live", kinds=["execution.completed"]) as live:
        ids += [await client.start("greeting", {"name": name}) for name in "abcde"]
        told += await live.until(lambda each: True)
        await server.end(number)
        # what was on its way still counts
        try:
            while True:
                name, data = await live.event()
                told += [data] if name == "message" else []
        except (EOFError, httpx.TransportError):
            last = live.last_id
    await server.start()
    ids += [await client.start("greeting", {"name": name}) for name in "fghij"]
    async with following(client, "/live", after=last, kinds=["execution.completed"]) as live:
        while len({each["executionId"] for each in told} & set(ids[1:])) < len(ids) - 1:
            told += await live.until(lambda each: True)
    completed = [each["executionId"] for each in told]
    assert len(completed) == len(set(completed))


async def test_a_position_that_is_none_is_refused(client: Client):
    await client.publish(GREETING)
    id = await client.start("greeting", {"name": "Ada"})
    for path in ("/live", "/tasks/live", f"/executions/{id}/live"):
        answer = await client.get(path, params={"after": "yesterday"})
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_position")
    answer = await client.get("/live", params={"after": "1~5:5:"})
    assert (answer.status_code, answer.json()["code"]) == (409, "position_expired")
    answer = await client.get("/live", params={"kinds": "execution.compelted"})
    assert answer.status_code == 422
    assert "did you mean 'execution.completed'" in answer.text


async def test_one_socket_carries_many_subscriptions(server: LiveServer, client: Client):
    await client.publish(GREETING)
    async with connected(server, token_of(client)) as socket:
        await send(socket, type="subscribe", id="all", tenant=True, kinds=["execution.*"])
        assert (await receive(socket))["type"] == "subscribed"
        id = await client.start("greeting", {"name": "Ada"})
        await send(socket, type="subscribe", id="one", execution=id, after="0")
        seen: dict[str, list[Any]] = {"all": [], "one": []}
        while not all(events and ended(events[-1]) for events in seen.values()):
            message = await receive(socket)
            if message["type"] == "events":
                seen[message["id"]] += message["events"]
        assert [each["kind"] for each in seen["all"]] == ["execution.started", "execution.completed"]
        assert [each["seq"] for each in seen["one"]] == list(range(1, len(seen["one"]) + 1))
        await send(socket, type="unsubscribe", id="all")
        while (message := await receive(socket))["type"] != "unsubscribed":
            pass
        await send(socket, type="ping")
        assert await receive(socket) == {"type": "pong"}


async def test_the_socket_says_what_is_wrong_and_goes_on(server: LiveServer, client: Client):
    async with connected(server, token_of(client)) as socket:
        for text, code in (
            ("{", "malformed_json"),
            ('{"type": "sing"}', "invalid_request"),
            ('{"type": "subscribe", "id": "a"}', "invalid_request"),
            ('{"type": "subscribe", "id": "a", "tenant": true, "kinds": ["x"]}', "invalid_request"),
            ('"' + "x" * 70_000 + '"', "message_too_long"),
        ):
            await socket.send(text)
            message = await receive(socket)
            assert (message["type"], message["problem"]["code"]) == ("error", code)
        for topic, code in (
            ({"execution": "01937d2e-7f3a-7c4e-9d1b-2f6a8c0e4b5d"}, "execution_not_found"),
            ({"tenant": True, "after": "x"}, "invalid_position"),
        ):
            await send(socket, type="subscribe", id="b", **topic)
            message = await receive(socket)
            assert (message["type"], message["id"]) == ("ended", "b")
            assert message["problem"]["code"] in (code, "not_found")
        for _ in range(2):
            await send(socket, type="subscribe", id="c", tasks=True)
        codes = [message.get("problem", {}).get("code") for message in [await receive(socket) for _ in range(2)]]
        assert "subscription_exists" in codes


@pytest.mark.parametrize("first", [{"type": "connect", "token": "wrong"}, {"type": "ping"}], ids=["wrong", "none"])
async def test_whoever_does_not_say_who_they_are_is_shown_out(server: LiveServer, first: dict[str, str]):
    async with connected(server) as socket:
        await send(socket, **first)
        assert (await receive(socket))["problem"]["code"] == "unauthenticated"
        with pytest.raises(ConnectionClosed) as closed:
            await receive(socket)
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 4401


async def test_a_stopping_server_tells_sockets_to_come_back(server: LiveServer, client: Client):
    async with connected(server, token_of(client)) as socket:
        await send(socket, type="subscribe", id="all", tenant=True)
        assert (await receive(socket))["type"] == "subscribed"
        await server.end(signal.SIGTERM)
        message = await receive(socket)
        assert (message["type"], message["problem"]["code"]) == ("ended", "server_stopping")
        with pytest.raises(ConnectionClosed) as closed:
            await receive(socket)
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1012
