"""The worker's lease: one row that covers everything it holds.

Heartbeats therefore touch one row of a small table, however much a worker holds, and no indexed column. A worker
whose lease has run out must assume that its executions belong to others. It learns of that from its own clock,
without asking anybody, so that a frozen process cannot wake up and go on as if nothing had happened.
"""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import UUID

import structlog

from weftline.engine.link import Link
from weftline.engine.loop import Loop
from weftline.model.ids import uuid7
from weftline.store.errors import translated
from weftline.store.queries import queries

log = structlog.get_logger(__name__)

WORKERS = queries("workers")

SAFETY = 0.9
"""Part of the lease that the worker itself trusts: it must stop before others begin."""


def host_identity() -> str:
    """Names this machine and its process table, so that pids of other containers are not taken for ours."""
    try:
        namespace = Path("/proc/self/ns/pid").readlink().name
    except OSError:
        namespace = ""
    return f"{platform.node()} {namespace}".strip()


def _elapsed() -> float:
    """Seconds on a clock that nobody sets and, where the system has one, that goes on while the machine sleeps."""
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


class Lease(Loop):
    """Keeps the worker's lease.

    Args:
        link: a connection of its own: joined transactions, which may take all of the pool's, must not starve it.
        name: for people.
        seconds: how long the lease lasts after each renewal.
        lost: called when the lease is lost; everything in hand must be dropped before it returns.
    """

    def __init__(
        self,
        link: Link,
        name: str,
        seconds: float,
        lost: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__("lease", seconds / 3)
        self._link = link
        self._name = name
        self._seconds = seconds
        self._lost = lost
        self._valid_until = 0.0
        self.worker_id: UUID = uuid7()

    @property
    def is_valid(self) -> bool:
        """Whether the lease has certainly not run out."""
        return _elapsed() < self._valid_until

    async def acquire(self) -> None:
        """Register as a new worker.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        worker_id = uuid7()
        before = _elapsed()
        with translated():
            await (await self._link.get()).execute(
                WORKERS["register"], worker_id, self._name, host_identity(), os.getpid(), self._seconds
            )
        self.worker_id = worker_id
        self._valid_until = before + self._seconds * SAFETY

    async def run_once(self) -> int:
        """Renew the lease; where it has run out, drop everything and begin anew."""
        before = _elapsed()
        with translated():
            renewed = await (await self._link.get()).fetchval(WORKERS["renew"], self.worker_id, self._seconds)
        if renewed is None:
            log.warning("lease lost", worker_id=str(self.worker_id))
            self._valid_until = 0.0
            await self._lost()
            await self.acquire()
        else:
            self._valid_until = before + self._seconds * SAFETY
        return 0

    async def retire(self) -> None:
        """Give the lease back; the worker must hold nothing any more."""
        with translated():
            await (await self._link.get()).execute(WORKERS["retire"], self.worker_id)
        self._valid_until = 0.0
