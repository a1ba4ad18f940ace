"""A server on this machine that is told of events, and misbehaves as it is asked to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from standardwebhooks import Webhook


class Told(NamedTuple):
    """A message that came in."""

    path: str
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> dict[str, Any]:
        """What it says."""
        return json.loads(self.raw)

    @property
    def type(self) -> str:
        """What happened."""
        return self.body["type"]

    def verify(self, secret: str) -> None:
        """Check the signature as those who receive webhooks do."""
        Webhook(secret).verify(self.raw, self.headers)


Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


class Receiver:
    """Remembers what it was told.

    Attributes:
        url: where it is; paths are added to it.
        told: what came in, the oldest first.
        answers: how a path answers next, one after the other; then, and everywhere else, with 204.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.told: list[Told] = []
        self.answers: dict[str, list[Answer]] = {}

    def at(self, path: str) -> list[Told]:
        """What came in at a path."""
        return [each for each in self.told if each.path == path]


def status(code: int, body: bytes = b"", **headers: str) -> Answer:
    """Answers with a status."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        named = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        head = f"HTTP/1.1 {code} Answer\r\n{named}content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()

    return answer


def hang(until: asyncio.Event, then: Answer | None = None) -> Answer:
    """Answers nothing before ``until``."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        await until.wait()
        await (then or status(204))(writer)

    return answer


async def endless(writer: asyncio.StreamWriter) -> None:
    """Answers 200 with a body that never ends."""
    writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"2710\r\n" + b"x" * 10_000 + b"\r\n")
        await writer.drain()


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    """A server, until the context ends."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
            raw = await reader.readexactly(int(headers["content-length"]))
            path = head[0].split(" ")[1]
            made.told.append(Told(path, headers, raw))
            answers = made.answers.get(path)
            await (answers.pop(0) if answers else status(204))(writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the other side has heard enough
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    made = Receiver(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    try:
        yield made
    finally:
        server.close()
