"""Connections that are kept open between the steps that use them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from time import monotonic
from typing import Generic, TypeVar

C = TypeVar("C")

MAX_IDLE = 60.0
"""Seconds after which a connection that nobody uses is not used again."""


class Pool(Generic[C]):
    """Up to so many connections to one server, each used by one step at a time.

    Args:
        open: makes one.
        close: ends one; called for a broken one too.
        is_usable: whether an idle one still is, as far as can be told without asking.
        size: how many there are at once.
    """

    def __init__(
        self,
        open: Callable[[], Awaitable[C]],
        close: Callable[[C], Awaitable[None]],
        is_usable: Callable[[C], bool],
        size: int = 5,
    ) -> None:
        self._open = open
        self._close = close
        self._is_usable = is_usable
        self._room = asyncio.Semaphore(size)
        self._idle: list[tuple[C, float]] = []

    @asynccontextmanager
    async def one(self) -> AsyncGenerator[C]:
        """A connection for as long as the context lasts; where that fails, it is closed, for who knows its state."""
        async with self._room:
            connection = await self._take()
            try:
                yield connection
            except BaseException:
                await self._close(connection)
                raise
            self._idle.append((connection, monotonic()))

    async def close(self) -> None:
        """Close the connections that nobody uses."""
        while self._idle:
            await self._close(self._idle.pop()[0])

    async def _take(self) -> C:
        oldest = monotonic() - MAX_IDLE
        while self._idle:
            connection, since = self._idle.pop()
            if since >= oldest and self._is_usable(connection):
                return connection
            await self._close(connection)
        return await self._open()


async def let_go(closing: Awaitable[object], seconds: float = 1.0) -> None:
    """Close something that may be broken: whatever becomes of that, it is gone.

    Args:
        closing: the end of it.
        seconds: that it may take.
    """
    with suppress(Exception):
        async with asyncio.timeout(seconds):
            await closing
