"""Long polling: whoever finds a task queue empty waits until there is something in it.

Hints say that there may be; while none comes, the queue is looked at now and then. Those who wait for one queue are
served one after the other, so that a hint leads to as many queries as it takes to empty the queue, not to one for each
of them.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import NamedTuple, Protocol
from uuid import UUID

import structlog

from weftline.store.errors import StoreError
from weftline.store.hints import queue_hint
from weftline.store.jobs import Job

log = structlog.get_logger(__name__)

LOOK_SECONDS = 1.0
"""Between looks while no hint comes."""


class Wish(NamedTuple):
    """What a worker asks for.

    Attributes:
        worker: what it calls itself.
        limit: jobs at most.
        lock_seconds: for how long they are its own.
        is_gone: tells whether the worker does not listen any more.
    """

    worker: str
    limit: int
    lock_seconds: float
    is_gone: Callable[[], Awaitable[bool]]


class Counter(Protocol):
    """Where jobs are handed out."""

    async def fetch(self, tenant_id: UUID, queue: str, wish: Wish) -> list[Job]:
        """What there is in a tenant's task queue."""
        ...

    async def give_back(self, tenant_id: UUID, jobs: list[Job]) -> None:
        """Make jobs available again that nobody came for."""
        ...


class _Wait(NamedTuple):
    wish: Wish
    answer: asyncio.Future[list[Job]]


class _Line:
    """Those who wait for one task queue, in the order in which they came."""

    __slots__ = ("hint", "task", "waits")

    def __init__(self) -> None:
        self.waits: deque[_Wait] = deque()
        self.hint = asyncio.Event()
        self.task: asyncio.Task[None] | None = None


class WaitingRoom:
    """Where workers wait for jobs.

    Args:
        counter: where jobs are handed out.
    """

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._lines: dict[str, _Line] = {}
        self._is_closed = False

    async def wait(self, tenant_id: UUID, queue: str, wish: Wish, seconds: float) -> list[Job]:
        """Jobs of a task queue as soon as there are some; none where that takes longer than ``seconds``."""
        if self._is_closed:
            return []
        key = queue_hint(tenant_id, queue)
        line = self._lines.setdefault(key, _Line())
        wait = _Wait(wish, asyncio.get_running_loop().create_future())
        line.waits.append(wait)
        if line.task is None:
            line.task = asyncio.create_task(self._serve(tenant_id, queue, key, line), name="serve-task-queue")
        try:
            done, _ = await asyncio.wait([wait.answer], timeout=seconds)
            return wait.answer.result() if done and not wait.answer.cancelled() else []
        finally:
            wait.answer.cancel()

    def hint(self, key: str | None) -> None:
        """There may be jobs in a task queue, or, for None, in any."""
        for line in self._lines.values() if key is None else filter(None, [self._lines.get(key)]):
            line.hint.set()

    def release(self) -> None:
        """Let nobody wait any longer, now or later."""
        self._is_closed = True
        for line in self._lines.values():
            for wait in line.waits:
                wait.answer.cancel()
            line.hint.set()

    async def close(self) -> None:
        """Let nobody wait any longer, and stop looking."""
        self.release()
        await asyncio.gather(*(line.task for line in self._lines.values() if line.task is not None))

    async def _serve(self, tenant_id: UUID, queue: str, key: str, line: _Line) -> None:
        try:
            while not self._is_closed:
                line.hint.clear()
                while line.waits and await self._serve_first(tenant_id, queue, line):
                    pass
                if not line.waits:
                    return
                try:
                    async with asyncio.timeout(LOOK_SECONDS):
                        await line.hint.wait()
                except TimeoutError:
                    pass
        finally:
            line.task = None
            del self._lines[key]

    async def _serve_first(self, tenant_id: UUID, queue: str, line: _Line) -> bool:
        """Fetch for whoever has waited longest; returns whether there may be more."""
        wait = line.waits[0]
        if wait.answer.done() or await wait.wish.is_gone():
            wait.answer.cancel()
            line.waits.popleft()
            return True
        try:
            jobs = await self._counter.fetch(tenant_id, queue, wait.wish)
            if not jobs:
                return False
            line.waits.popleft()
            if wait.answer.done():
                # it stopped waiting a moment ago
                await self._counter.give_back(tenant_id, jobs)
            else:
                wait.answer.set_result(jobs)
        except StoreError as error:
            # whoever waits goes on waiting: the next look may find the database back
            log.warning("could not look for jobs", error=str(error))
            return False
        return True
