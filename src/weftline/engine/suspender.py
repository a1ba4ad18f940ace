"""Halts the runs in hand whose tenant is suspended. (The claimer's statement shelves those at rest.)

A run that is halted begins nothing new: no action, no timer, no message. When what is at work has ended and is
recorded, it is released as if ready; the next claim shelves it, or takes it where the tenant is active again by then.
So there is one place only that shelves, and no moment at which an execution could be forgotten.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol
from uuid import UUID

import asyncpg

from weftline.engine.loop import Loop
from weftline.engine.run import Run
from weftline.store.errors import translated
from weftline.store.queries import queries

INACTIVE = queries("tenants")["inactive"]


class Host(Protocol):
    """What the suspender needs of its worker."""

    @property
    def runs(self) -> Collection[Run]:
        """Every run in hand."""
        ...

    def halt(self, run: Run) -> None:
        """The run begins nothing new, and is let go when what is at work has ended."""
        ...

    def go_on(self, run: Run) -> None:
        """A run that was halted may go on."""
        ...


class Suspender(Loop):
    """Asks, for the tenants of the runs in hand alone, which are not active.

    Args:
        host: the worker.
        pool: its connections.
        interval: seconds between looks.
    """

    def __init__(self, host: Host, pool: asyncpg.Pool[asyncpg.Record], *, interval: float) -> None:
        super().__init__("suspender", interval)
        self._host = host
        self._pool = pool
        self.halted: frozenset[UUID] = frozenset()
        """The tenants that were found suspended."""

    async def run_once(self) -> int:
        """Halt what must stop, and let go on what may; always 0, for nothing is left to do."""
        asked = {run.tenant.id for run in self._host.runs}
        if asked:
            with translated():
                rows = await self._pool.fetch(INACTIVE, asked)
            self.halted = frozenset(row["id"] for row in rows)
        else:
            self.halted = frozenset()
        for run in list(self._host.runs):
            if run.is_leaving:
                continue
            if run.tenant.id in self.halted:
                if run.halted_at is None:
                    self._host.halt(run)
            elif run.halted_at is not None and not run.must_leave:
                self._host.go_on(run)
        return 0
