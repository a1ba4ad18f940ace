"""What an API process does without being asked: again and again, whatever happens."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from weftline.store.errors import StoreError

log = structlog.get_logger(__name__)


class Background:
    """Does a turn of something over and over, until it is stopped.

    A turn that fails is logged, and tried again like any other.

    Args:
        name: for logs.
        seconds: between two turns that found nothing to do.
        turn: does a bounded amount; returns how much it did.

    Attributes:
        seconds: as above; a turn may change it.
    """

    def __init__(self, name: str, seconds: float, turn: Callable[[], Awaitable[int]]) -> None:
        self._name = name
        self.seconds = seconds
        self._turn = turn
        self._wake = asyncio.Event()
        self._is_stopping = False
        self._task: asyncio.Task[None] | None = None

    @property
    def is_stopping(self) -> bool:
        """Whether a turn should come to its end soon."""
        return self._is_stopping

    def wake(self) -> None:
        """There may be something to do now."""
        self._wake.set()

    def start(self) -> None:
        """Begin; does nothing where it runs already."""
        if self._task is None:
            self._is_stopping = False
            self._task = asyncio.create_task(self._run(), name=self._name)

    async def stop(self, grace: float = 0.0) -> None:
        """End; does nothing where it does not run.

        Args:
            grace: seconds that the turn under way is given.
        """
        task, self._task = self._task, None
        if task is None:
            return
        self._is_stopping = True
        self.wake()
        await asyncio.wait([task], timeout=grace)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async def _run(self) -> None:
        while not self._is_stopping:
            self._wake.clear()
            done = await self._safe_turn()
            if not done and not self._is_stopping:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self.seconds):
                        await self._wake.wait()

    async def _safe_turn(self) -> int:
        try:
            return await self._turn()
        except StoreError as error:
            log.warning("database unavailable", loop=self._name, error=str(error))
        except Exception:
            # a defect in one turn must not end the loop for ever
            log.exception("loop failed", loop=self._name)
        return 0
