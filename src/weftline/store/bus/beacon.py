"""Saying that somebody follows feeds, so that those who commit tell of growth."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from weftline.store.bus.base import ASKED, WATCHED, Bus

WATCH_SECONDS = 15.0
"""Between two times at which it is said."""


class Beacon:
    """Says so now and then while it holds, and to whoever asks.

    Args:
        bus: carries it.
        is_followed: whether anybody in this process follows.
    """

    def __init__(self, bus: Bus, is_followed: Callable[[], bool]) -> None:
        self._bus = bus
        self._is_followed = is_followed
        self._task: asyncio.Task[None] | None = None
        bus.listen(ASKED, self._hear)

    def light(self) -> None:
        """Somebody follows now."""
        if self._task is None:
            self._task = asyncio.create_task(self._burn(), name="bus-beacon")

    async def close(self) -> None:
        """Say no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _hear(self, _: str | None) -> None:
        if self._is_followed():
            self._bus.publish(WATCHED)

    async def _burn(self) -> None:
        while self._is_followed():
            self._bus.publish(WATCHED)
            await asyncio.sleep(WATCH_SECONDS)
        self._task = None
