"""Sums what commits added to the statistics, and forgets what is old."""

from __future__ import annotations

import asyncpg
import structlog

from weftline.engine.clock import Clock
from weftline.engine.loop import Loop
from weftline.store.connect import limit_idleness
from weftline.store.errors import translated
from weftline.store.queries import queries
from weftline.store.statistics import HOUR

log = structlog.get_logger(__name__)

STATISTICS = queries("statistics")

BATCH = 2_000
"""Commits summed by one transaction, and hours forgotten."""

DAY = 24 * HOUR


class Compactor(Loop):
    """Every worker has one; an advisory lock lets them take turns, since they would wait for each other's rows.

    Args:
        pool: the worker's connections.
        clock: what is old.
        interval: seconds between two turns; what was added meanwhile is summed at once.
        retention_days: how long hours are kept.
    """

    def __init__(
        self, pool: asyncpg.Pool[asyncpg.Record], clock: Clock, *, interval: float, retention_days: int
    ) -> None:
        super().__init__("compactor", interval)
        self._pool = pool
        self._clock = clock
        self._kept = retention_days * DAY
        self._forgotten_hour = -1

    async def run_once(self) -> int:
        """Sum one batch, and once an hour forget one; returns more than nothing where there is more to do."""
        with translated():
            async with self._pool.acquire() as connection, connection.transaction():
                await limit_idleness(connection)
                if not await connection.fetchval(STATISTICS["lock"]):
                    return 0
                count: int = await connection.fetchval(STATISTICS["compact"], BATCH)
                forgotten = await self._forget(connection)
        # a part of a batch is what came in since; the rest of it comes with the next turn
        return count // BATCH + forgotten // BATCH

    async def _forget(self, connection: asyncpg.pool.PoolConnectionProxy[asyncpg.Record]) -> int:
        now = self._clock.now()
        hour = int(now // HOUR)
        if hour == self._forgotten_hour:
            return 0
        count = int((await connection.execute(STATISTICS["forget"], now - self._kept, BATCH)).rpartition(" ")[2])
        if count < BATCH:
            self._forgotten_hour = hour
        if count:
            log.info("old statistics removed", hours=count)
        return count
