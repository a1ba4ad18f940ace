"""Frees the executions of workers that are gone."""

from __future__ import annotations

from collections.abc import Callable

import asyncpg
import structlog

from weftline.engine.clock import Clock
from weftline.engine.lease import WORKERS, host_identity
from weftline.engine.loop import Loop
from weftline.store.embedded.processes import is_alive
from weftline.store.errors import translated
from weftline.store.queries import queries

log = structlog.get_logger(__name__)

RESCUE = queries("executions")["rescue"]
BATCH = 5_000


class Rescuer(Loop):
    """Every worker rescues; row locks keep them from doing it twice.

    A worker of this host whose process is gone need not be waited for: its lease is ended at once, so that a restart
    after a crash goes on without a pause.

    Args:
        pool: the worker's connections.
        clock: when the freed executions are ready.
        found: called when executions were freed.
        interval: seconds between looks.
    """

    def __init__(
        self, pool: asyncpg.Pool[asyncpg.Record], clock: Clock, found: Callable[[], None], *, interval: float
    ) -> None:
        super().__init__("rescuer", interval)
        self._pool = pool
        self._clock = clock
        self._found = found

    async def run_once(self) -> int:
        """Free one batch; returns how many executions it was."""
        with translated():
            neighbours = await self._pool.fetch(WORKERS["on_host"], host_identity())
            dead = [row["id"] for row in neighbours if not is_alive(row["pid"])]
            if dead:
                await self._pool.execute(WORKERS["expire"], dead)
            tag = await self._pool.execute(RESCUE, self._clock.now(), BATCH)
            await self._pool.execute(WORKERS["forget"])
        count = int(tag.rpartition(" ")[2])
        if count:
            log.info("executions of lost workers freed", count=count)
            self._found()
        return count
