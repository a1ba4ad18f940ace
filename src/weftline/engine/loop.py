"""The one shape of every background loop: start, stop, and a ``run_once`` that says how much it did."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod

import structlog

from weftline.store.errors import StoreUnavailable

log = structlog.get_logger(__name__)

RETRY_SECONDS = 0.5
"""Pause after the database could not be reached."""


class Loop(ABC):
    """A background loop. The first turn comes at once; ``wake`` brings the next one forward.

    Args:
        name: for logs.
        interval: seconds between two turns that found nothing to do.
    """

    def __init__(self, name: str, interval: float) -> None:
        self.name = name
        self.interval = interval
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @abstractmethod
    async def run_once(self) -> int:
        """Do what there is to do, in bounded amounts, and return how much it was."""

    def pause_seconds(self) -> float:
        """Seconds until the next turn, after one that found nothing."""
        return self.interval

    def wake(self) -> None:
        """There may be something to do now."""
        self._wake.set()

    def start(self) -> None:
        """Begin; does nothing where it runs already."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name=self.name)

    async def stop(self) -> None:
        """End; does nothing where it does not run."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            try:
                done = await self.run_once()
            except StoreUnavailable as error:
                log.warning("database unavailable", loop=self.name, error=str(error))
                await asyncio.sleep(RETRY_SECONDS)
                continue
            except Exception:
                # a defect in one turn must not end the loop for ever; it is logged and tried again
                log.exception("loop failed", loop=self.name)
                await asyncio.sleep(RETRY_SECONDS)
                continue
            if not done:
                try:
                    async with asyncio.timeout(self.pause_seconds()):
                        await self._wake.wait()
                except TimeoutError:
                    pass
