"""A server on this machine that webhooks can lead to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple


class Call(NamedTuple):
    """A request that came in."""

    path: str
    headers: dict[str, str]
    body: Any


class Webhooks:
    """Remembers what it was told.

    Attributes:
        url: where it is; paths are added to it.
        calls: what came in, the oldest first.
        statuses: what a path answers next, one after the other; then, and everywhere else, 204.
        on_call: awaited before an answer is given.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.calls: list[Call] = []
        self.statuses: dict[str, list[int]] = {}
        self.on_call: Callable[[], Awaitable[object]] | None = None

    def paths(self) -> list[str]:
        """Which paths were called."""
        return [call.path for call in self.calls]


@asynccontextmanager
async def webhooks() -> AsyncIterator[Webhooks]:
    """A server, until the context ends."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        body = json.loads(await reader.readexactly(int(headers["content-length"])))
        path = head[0].split(" ")[1]
        hooks.calls.append(Call(path, headers, body))
        statuses = hooks.statuses.get(path)
        status = statuses.pop(0) if statuses else 204
        if hooks.on_call is not None:
            await hooks.on_call()
        writer.write(f"HTTP/1.1 {status} Answer\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    hooks = Webhooks(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    async with server:
        yield hooks
