"""HTTP/1.1 on bare streams: a full client would take more of the machine than the server it measures."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

HEAD_END = b"\r\n\r\n"
LENGTH = b"\r\ncontent-length:"
PREFIX = "/api/v1"


@dataclass(frozen=True, slots=True)
class HttpConnection:
    """A connection that stays open, for one request at a time. A streamed answer (chunked) is not understood."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def exchange(self, request: bytes, *, expected: int | tuple[int, ...]) -> bytes:
        """Send a request; return its answer's body.

        Raises:
            RuntimeError: the answer's status is none of those expected.
        """
        self.writer.write(request)
        head = (await self.reader.readuntil(HEAD_END)).lower()
        body = await self._body(head)
        statuses = expected if isinstance(expected, tuple) else (expected,)
        if int(head[9:12]) not in statuses:
            raise RuntimeError(f"the server answered {head.decode()}{body[:1000].decode()}")
        return body

    async def receive(self) -> bytes | None:
        """The body of the next request, at the other end; None where the connection has ended."""
        try:
            head = (await self.reader.readuntil(HEAD_END)).lower()
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        return await self._body(head)

    async def _body(self, head: bytes) -> bytes:
        begin = head.index(LENGTH) + len(LENGTH)
        return await self.reader.readexactly(int(head[begin : head.index(b"\r", begin)]))

    def close(self) -> None:
        """Let go of the connection."""
        self.writer.close()


async def connect(port: int) -> HttpConnection:
    """Connect to a server on the loopback address."""
    return HttpConnection(*await asyncio.open_connection("127.0.0.1", port))


def encode(method: str, path: str, port: int, *, token: str | None = None, body: Any = None) -> bytes:
    """A request as it is sent.

    Args:
        method: of HTTP.
        path: below ``/api/v1``.
        port: of the server.
        token: of whoever asks; None for nobody in particular.
        body: sent as JSON; None for no body.
    """
    content = b"" if body is None else json.dumps(body).encode()
    head = [f"{method} {PREFIX}{path} HTTP/1.1", f"Host: 127.0.0.1:{port}"]
    if token is not None:
        head.append(f"Authorization: Bearer {token}")
    if body is not None:
        head += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
    return "\r\n".join([*head, "", ""]).encode() + content
