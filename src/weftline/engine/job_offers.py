"""Tells the processes of the API which task queues have something to fetch, so that those who wait there need not ask.

Like every hint it is sent after the commit that made the work, and may be lost: who waits asks again now and then.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from uuid import UUID

import asyncpg

from weftline.engine.loop import Loop
from weftline.store.errors import translated
from weftline.store.hints import hint_jobs

IDLE_SECONDS = 60.0


class JobOffers(Loop):
    """Sends what has been offered since it sent last, together.

    Args:
        pool: the worker's connections.
    """

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record]) -> None:
        super().__init__("job offers", IDLE_SECONDS)
        self._pool = pool
        self._queues: set[tuple[UUID, str]] = set()

    def offer(self, queues: AbstractSet[tuple[UUID, str]]) -> None:
        """There is something to fetch in task queues, by tenant and name."""
        self._queues |= queues
        self.wake()

    async def run_once(self) -> int:
        """Send the hints; returns for how many queues."""
        queues, self._queues = self._queues, set()
        if queues:
            with translated():
                async with self._pool.acquire() as connection:
                    await hint_jobs(connection, queues)
        return len(queues)
