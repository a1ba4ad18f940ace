"""Servers that answer as other systems do, by what their public references say; over real HTTP, on this machine."""

from __future__ import annotations

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from weftline.authoring import ActionError
from weftline.authoring.builtin import close_http
from weftline.authoring.integrations import OpenedConnection
from weftline.testing.connectors import call


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked.

    Attributes:
        method, path: the path as it came, percent-encoded.
        query: values by name.
        headers: by lower-case name.
        body: as it came.
    """

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body's value."""
        return json.loads(self.body)

    @property
    def parts(self) -> list[str]:
        """The parts of the path, decoded."""
        return [unquote(part) for part in self.path.strip("/").split("/")]

    def asked(self, name: str, otherwise: str | None = None) -> str | None:
        """A parameter's value."""
        return self.query.get(name, [otherwise])[0]  # type: ignore[list-item]


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered: JSON, or text as it is."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    text: str | None = None


class FakeServer(ABC):
    """Another system.

    Attributes:
        requests: what it was asked so far.
        failures: answered first, one after the other, in place of what it would say.
    """

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.failures: list[Answer] = []
        self.url = ""

    @abstractmethod
    def answer(self, request: Request) -> Answer:
        """What the system says to a request."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                method, target, _ = head[0].split(" ")
                headers = {
                    name.strip().lower(): value.strip()
                    for name, _, value in (line.partition(":") for line in head[1:] if line)
                }
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                parts = urlsplit(target)
                request = Request(method, parts.path, parse_qs(parts.query, keep_blank_values=True), headers, body)
                self.requests.append(request)
                answer = self.failures.pop(0) if self.failures else self.answer(request)
                writer.write(_written(answer))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass


def _written(answer: Answer) -> bytes:
    headers = dict(answer.headers)
    content = b""
    if answer.text is not None:
        content = answer.text.encode()
        headers.setdefault("Content-Type", "text/plain; charset=utf-8")
    elif answer.body is not None:
        content = json.dumps(answer.body).encode()
        headers.setdefault("Content-Type", "application/json; charset=utf-8")
    if answer.status != 204:
        headers["Content-Length"] = str(len(content))
    lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + content


S = TypeVar("S", bound=FakeServer)


@asynccontextmanager
async def running(server: S) -> AsyncGenerator[S]:
    """The server, listening on a free port."""
    async with listening(server.serve) as port:
        server.url = f"http://127.0.0.1:{port}"
        try:
            yield server
        finally:
            await close_http()


@asynccontextmanager
async def listening(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncGenerator[int]:
    """A port at which every connection is served; none is open any more once the context has ended."""
    serving: set[asyncio.Task[Any]] = set()

    async def tracked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        try:
            await serve(reader, writer)
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
            serving.discard(task)

    server = await asyncio.start_server(tracked, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        # whoever was accepted just now begins to be served first
        await asyncio.sleep(0)
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)


async def refusal(action: str, connection: OpenedConnection, **input: Any) -> ActionError:
    """The error with which an action fails."""
    with pytest.raises(ActionError) as raised:
        await call(action, connection, **input)
    return raised.value
