"""Watching what happens over connections that are lost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.client.scripted import HANG_UP, Reply, Scripted, problem, scripted
from weftline.client import (
    AsyncClient,
    Client,
    ConnectionFailed,
    Forbidden,
    InvalidRequest,
    PositionLost,
    RetryPolicy,
    Update,
)
from weftline.client.event_stream import EventStreamReader, ServerEvent

AT_ONCE = RetryPolicy(initial_interval=0.0)
EVENTS = {"Content-Type": "text/event-stream"}
EXECUTION = "01937d2e-7f3a-7c4e-9d1b-2f6a8c0e4b5d"
READY = b"retry: 1000\nid: 0\nevent: ready\ndata: {}\n\n"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    monkeypatch.setattr("weftline.client.watching.RECONNECTS", AT_ONCE)
    with scripted() as made:
        yield made


@pytest.fixture
def client(server: Scripted) -> Iterator[Client]:
    with Client(server.url, token="wk_1", retries=AT_ONCE) as made:
        yield made


def event(seq: int, kind: str = "step.completed") -> bytes:
    told = {
        "kind": kind,
        "workflowId": "greeting",
        "executionId": EXECUTION,
        "seq": seq,
        "occurredAt": "2026-03-02T09:30:00Z",
        "data": {"text": "é\n"},
    }
    return f"id: {seq}\ndata: {json.dumps(told)}\n\n".encode()


def end(code: str, status: int = 409) -> bytes:
    return b"event: end\ndata: " + json.dumps(problem(status, code).body).encode() + b"\n\n"


def stream(*parts: bytes, cut: bool = True) -> Reply:
    text = b"".join(parts)
    return Reply(200, text, EVENTS, cut=len(text) if cut else None)


def positions(server: Scripted) -> list[str | None]:
    return [seen.headers.get("Last-Event-ID") for seen in server.seen]


def test_no_update_is_missed_and_none_comes_twice(server: Scripted, client: Client) -> None:
    server.replies += [
        stream(READY, event(1), event(2)),
        HANG_UP,
        # half an event is none
        stream(event(3)[:-1]),
        stream(event(3), end("server_stopping")),
        problem(409, "server_stopping"),
        stream(event(4), b": still there\n\nid: 5\n\n"),
        stream(event(6, "execution.completed")),
    ]
    updates = list(client.watch(execution=EXECUTION))
    assert [update.seq for update in updates] == [1, 2, 3, 4, 6]
    assert [update.position for update in updates] == ["1", "2", "3", "4", "6"]
    assert updates[0].data == {"text": "é\n"} and updates[-1].is_end
    assert positions(server) == ["0", "2", "2", "2", "3", "3", "5"]
    assert {seen.path for seen in server.seen} == {f"/api/v1/executions/{EXECUTION}/live"}


def test_what_is_watched_is_said(server: Scripted, client: Client) -> None:
    server.replies += [stream(READY), stream(event(1)), stream(READY), stream(event(1)), stream(event(9))]
    next(client.watch(workflow="a b", kinds=["execution.failed", "task.*"]))
    next(client.watch(tasks=True))
    next(client.watch(after=8))
    paths = [seen.path.removeprefix("/api/v1") for seen in server.seen]
    wanted = "/live?workflowId=a+b&kinds=execution.failed&kinds=task.%2A"
    assert paths == [wanted, wanted, "/tasks/live", "/tasks/live", "/live"]
    assert positions(server) == [None, "0", None, "0", "8"]
    with pytest.raises(InvalidRequest):
        client.watch(workflow="a", tasks=True)


def test_a_watch_is_connected_once_it_is_entered(server: Scripted, client: Client) -> None:
    server.replies += [stream(READY, event(1), cut=False)]
    with client.watch(tasks=True) as updates:
        assert len(server.seen) == 1
        assert next(updates).seq == 1
    assert server.gone.wait(20)


def test_what_cannot_be_followed_any_more_is_an_error(server: Scripted, client: Client) -> None:
    server.replies += [stream(event(1)), problem(409, "position_expired")]
    updates = client.watch(after=0)
    assert next(updates).seq == 1
    with pytest.raises(PositionLost):
        next(updates)
    server.replies += [stream(READY, end("forbidden", 403))]
    with pytest.raises(Forbidden):
        next(client.watch())


def test_a_server_that_stays_away_is_given_up(
    server: Scripted, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("weftline.client.watching.LOST_AFTER", -1.0)
    server.replies += [stream(event(1)), *[HANG_UP] * 9]
    updates = client.watch(after=0)
    next(updates)
    with pytest.raises(ConnectionFailed):
        next(updates)


async def test_cancelling_closes_the_connection_and_loses_nothing(server: Scripted) -> None:
    server.replies += [stream(READY, event(1), cut=False), stream(event(2))]
    async with AsyncClient(server.url, token="wk_1", retries=AT_ONCE) as client:
        updates = client.watch(after=0)
        assert (await anext(updates)).seq == 1
        waiting = asyncio.ensure_future(anext(updates))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert await asyncio.to_thread(server.gone.wait, 20)
        assert (await anext(updates)).seq == 2
    assert positions(server) == ["0", "1"]


async def test_a_request_that_is_cancelled_gives_its_connection_back(server: Scripted) -> None:
    server.replies += [stream(READY, cut=False), Reply(200, {"name": "Ada"})]
    limits = httpx.Limits(max_connections=1)
    async with httpx.AsyncClient(base_url=f"{server.url}/api/v1", limits=limits) as http:
        client = AsyncClient(http=http)
        asking = asyncio.create_task(client.request("GET", "/live"))
        while not server.seen:
            await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert (await client.me()).name == "Ada"


LINES = st.lists(
    st.sampled_from([b"id: 7", b"data: {}", b"data", b"data:x", b"event: end", b": comment", b"", b"\xc3\xa9: 1"])
)


@given(lines=LINES, ends=st.sampled_from([b"\n", b"\r\n", b"\r"]), data=st.data())
def test_events_are_the_same_however_their_bytes_are_cut(lines: list[bytes], ends: bytes, data: st.DataObject) -> None:
    # the line's end after the last one is held back where it may be half of one
    text = b"\xef\xbb\xbf" + b"".join(line + ends for line in lines) + b":"
    whole = EventStreamReader().feed(text)
    reader = EventStreamReader()
    parts: list[ServerEvent] = []
    while text:
        size = data.draw(st.integers(1, len(text)))
        parts += reader.feed(text[:size])
        text = text[size:]
    assert parts == whole


def test_updates_know_what_they_are() -> None:
    told = {"kind": "task.created", "workflowId": "w", "occurredAt": "2026-03-02T09:30:00Z", "taskId": "t"}
    update = Update.model_validate(told)
    assert (update.task_id, update.is_end, update.visit) == ("t", False, 1)
