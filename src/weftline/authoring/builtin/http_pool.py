"""Connections to servers that are kept and used again, however many are at work.

httpcore's own pool looks at each of its connections whenever a request begins or ends, and for each idle one at all the
others: with hundreds of slow requests at once it does nothing else. This one looks at none but the one that it takes.
"""

from __future__ import annotations

import ssl
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from typing import cast

import httpcore

MAX_IDLE = 256
"""Connections that are kept while nobody uses them."""

IDLE_SECONDS = 15.0
"""How long."""

SWEEP_SECONDS = 5.0
"""Between looks at those that nobody has taken."""

Place = tuple[bytes, bytes, int]
"""Scheme, host and port."""


class ConnectionPool:
    """Sends requests over connections of HTTP/1.1, one at a time over each, as many at once as there are.

    Args:
        tls: of those to ``https`` addresses.
        backend: makes them.
    """

    def __init__(self, tls: ssl.SSLContext, backend: httpcore.AsyncNetworkBackend) -> None:
        self._tls = tls
        self._backend = backend
        self._idle: dict[Place, deque[httpcore.AsyncHTTPConnection]] = {}
        self._idle_count = 0
        self._busy: set[httpcore.AsyncHTTPConnection] = set()
        self._swept_at = time.monotonic()

    async def send(self, request: httpcore.Request) -> httpcore.Response:
        """Send a request; its connection is free again when the response is closed.

        Raises:
            httpcore.UnsupportedProtocol: neither ``http`` nor ``https``.
            httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError: it could not be sent or answered.
        """
        if request.url.scheme not in (b"http", b"https"):
            raise httpcore.UnsupportedProtocol(f"'{request.url.scheme.decode()}' is neither http nor https")
        await self._sweep()
        origin = request.url.origin
        while True:
            connection = await self._take(origin)
            self._busy.add(connection)
            try:
                response = await connection.handle_async_request(request)
            except httpcore.ConnectionNotAvailable:
                # the server has closed it since
                await self._end(connection)
                continue
            except BaseException:
                await self._end(connection)
                raise
            stream = _Stream(cast("AsyncIterable[bytes]", response.stream), self, _place(origin), connection)
            return httpcore.Response(response.status, headers=response.headers, content=stream)

    async def aclose(self) -> None:
        """Close every connection."""
        connections = [*self._busy, *(connection for idle in self._idle.values() for connection in idle)]
        self._idle.clear()
        self._idle_count = 0
        for connection in connections:
            await self._end(connection)

    async def give_back(self, place: Place, connection: httpcore.AsyncHTTPConnection) -> None:
        """A response has been closed."""
        if connection in self._busy and connection.is_idle() and self._idle_count < MAX_IDLE:
            self._busy.discard(connection)
            self._idle.setdefault(place, deque()).append(connection)
            self._idle_count += 1
        else:
            await self._end(connection)

    async def _take(self, origin: httpcore.Origin) -> httpcore.AsyncHTTPConnection:
        idle = self._idle.get(_place(origin))
        while idle:
            # the one that was used last is the likeliest to live
            connection = idle.pop()
            self._idle_count -= 1
            if not connection.has_expired() and connection.is_available():
                return connection
            await connection.aclose()
        return httpcore.AsyncHTTPConnection(
            origin, ssl_context=self._tls, keepalive_expiry=IDLE_SECONDS, network_backend=self._backend
        )

    async def _end(self, connection: httpcore.AsyncHTTPConnection) -> None:
        self._busy.discard(connection)
        await connection.aclose()

    async def _sweep(self) -> None:
        now = time.monotonic()
        if now - self._swept_at < SWEEP_SECONDS:
            return
        self._swept_at = now
        expired: list[httpcore.AsyncHTTPConnection] = []
        for place, idle in list(self._idle.items()):
            # those that have waited longest stand first
            while idle and (idle[0].has_expired() or not idle[0].is_available()):
                expired.append(idle.popleft())
                self._idle_count -= 1
            if not idle:
                del self._idle[place]
        for connection in expired:
            await connection.aclose()


class _Stream:
    """A response's body, with which its connection is given back."""

    def __init__(
        self,
        stream: AsyncIterable[bytes],
        pool: ConnectionPool,
        place: Place,
        connection: httpcore.AsyncHTTPConnection,
    ) -> None:
        self._stream = stream
        self._pool = pool
        self._place = place
        self._connection = connection
        self._is_closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for part in self._stream:
                yield part
        except BaseException:
            await self.aclose()
            raise

    async def aclose(self) -> None:
        """Nobody reads on."""
        if not self._is_closed:
            self._is_closed = True
            try:
                await cast("AsyncGenerator[bytes]", self._stream).aclose()
            finally:
                await self._pool.give_back(self._place, self._connection)


def _place(origin: httpcore.Origin) -> Place:
    return origin.scheme, origin.host, origin.port
