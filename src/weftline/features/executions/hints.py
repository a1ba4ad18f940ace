"""Waking workers up."""

from __future__ import annotations

import asyncio

import asyncpg
import structlog

from weftline.store.errors import StoreError, translated
from weftline.store.hints import hint_work

log = structlog.get_logger(__name__)

PAUSE = 0.01
"""Seconds between two hints. The first goes at once; where much begins, those that would follow it within this time are
one. A hint for each would cost a statement, and a claim of the worker that it wakes, for a handful of executions."""


class WorkHints:
    """Tells workers that there is work, after the transaction that made it.

    At most one hint is on its way; whoever asks meanwhile, or soon after, shares the next. A hint that fails is no
    loss: workers look for themselves, only later.

    Args:
        pool: connections under the API's role.
    """

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record]) -> None:
        self._pool = pool
        self._is_wanted = False
        self._has_dispatches = False
        self._task: asyncio.Task[None] | None = None

    def send(self, *, dispatches: bool = False) -> None:
        """Wake workers soon; where ``dispatches`` says so, also those who carry dispatches out."""
        self._is_wanted = True
        self._has_dispatches |= dispatches
        if self._task is None:
            self._task = asyncio.create_task(self._send(), name="work-hints")

    async def close(self) -> None:
        """Wait for the hint that is on its way."""
        if self._task is not None:
            await self._task

    async def _send(self) -> None:
        try:
            while self._is_wanted:
                self._is_wanted = False
                has_dispatches, self._has_dispatches = self._has_dispatches, False
                with translated():
                    async with self._pool.acquire() as connection:
                        await hint_work(connection, dispatches=has_dispatches)
                await asyncio.sleep(PAUSE)
        except StoreError as error:
            log.warning("could not wake workers", error=str(error))
        finally:
            self._task = None
