"""What waits for one who follows."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from weftline.features.live.errors import FellBehind
from weftline.features.live.happenings import Happening
from weftline.features.live.topics import Topic

MAX_WAITING = 2_000
MAX_WAITING_BYTES = 4_000_000
"""What may wait for a follower before it is told that it fell behind. The happenings themselves are everybody's."""


class Follower:
    """What waits for somebody who follows a topic.

    Args:
        topic: what.
    """

    def __init__(self, topic: Topic) -> None:
        self.topic = topic
        self._waiting: list[Happening] = []
        self._size = 0
        self._news = asyncio.Event()
        self._end: Exception | None = None

    def offer(self, happening: Happening) -> None:
        """Something happened."""
        if self._end is not None or not self.topic.asks_for(happening):
            return
        self._waiting.append(happening)
        self._size += happening.size
        if len(self._waiting) > MAX_WAITING or self._size > MAX_WAITING_BYTES:
            self._waiting.clear()
            self.end(FellBehind())
        self._news.set()

    def end(self, reason: Exception) -> None:
        """Once what waits is taken, ``reason`` is raised."""
        self._end = self._end or reason
        self._news.set()

    async def take(self, patience: float) -> list[Happening]:
        """What waits, as soon as something does; nothing after so many seconds.

        Raises:
            Exception: see :meth:`end`.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._news.wait()
        # something may have come while time was up; whoever is told that nothing waits goes on beyond it
        if not self._news.is_set():
            return []
        taken, self._waiting, self._size = self._waiting, [], 0
        if self._end is None:
            self._news.clear()
        elif not taken:
            raise self._end
        return taken
