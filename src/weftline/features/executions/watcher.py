"""Waiting for executions: one query now and then answers for everybody who waits.

Nobody tells the API what workers do, so it looks. A fresh wait is looked after every few milliseconds, an old one
less and less often.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from itertools import groupby
from operator import attrgetter
from uuid import UUID

import structlog

from weftline.features.database import Database
from weftline.features.executions import repository
from weftline.features.http.patience import allow
from weftline.store.errors import StoreError

log = structlog.get_logger(__name__)

FIRST_LOOK = 0.004
LAST_LOOK = 0.25
GROWTH = 1.3
TOGETHER = 0.003
"""Seconds: what is due within this time is looked after at once."""


class _Wait:
    """Somebody who waits: until a message was taken in, or until the end where ``seq`` is None."""

    __slots__ = ("done", "execution_id", "interval", "next_at", "seq", "tenant_id")

    def __init__(self, tenant_id: UUID, execution_id: UUID, seq: int | None, loop: asyncio.AbstractEventLoop) -> None:
        self.tenant_id = tenant_id
        self.execution_id = execution_id
        self.seq = seq
        self.done: asyncio.Future[None] = loop.create_future()
        self.interval = FIRST_LOOK
        self.next_at = loop.time() + FIRST_LOOK

    def postpone(self, now: float) -> None:
        self.interval = min(self.interval * GROWTH, LAST_LOOK)
        self.next_at = now + self.interval


class Watcher:
    """Waits for what workers do to executions.

    Args:
        database: where they are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waits: set[_Wait] = set()
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._is_closed = False

    async def ended(self, tenant_id: UUID, execution_id: UUID, timeout: float) -> bool:
        """Whether the execution ends within ``timeout`` seconds."""
        return await self._wait(tenant_id, execution_id, None, timeout)

    async def took(self, tenant_id: UUID, execution_id: UUID, seq: int, timeout: float) -> bool:
        """Whether the execution takes message number ``seq`` in within ``timeout`` seconds."""
        return await self._wait(tenant_id, execution_id, seq, timeout)

    def release(self) -> None:
        """Let nobody wait any longer, now or later."""
        self._is_closed = True
        for wait in self._waits:
            wait.done.cancel()

    async def close(self) -> None:
        """Let nobody wait any longer, and stop looking."""
        self.release()
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _wait(self, tenant_id: UUID, execution_id: UUID, seq: int | None, timeout: float) -> bool:
        if self._is_closed:
            return False
        allow(timeout)
        wait = _Wait(tenant_id, execution_id, seq, asyncio.get_running_loop())
        self._waits.add(wait)
        self._changed.set()
        if self._task is None:
            self._task = asyncio.create_task(self._watch(), name="watch-executions")
        try:
            done, _ = await asyncio.wait([wait.done], timeout=timeout)
            return bool(done) and not wait.done.cancelled()
        finally:
            self._waits.discard(wait)

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waits:
                self._changed.clear()
                next_at = min(wait.next_at for wait in self._waits)
                if next_at > loop.time():
                    with suppress(TimeoutError):
                        async with asyncio.timeout_at(next_at):
                            await self._changed.wait()
                    continue
                horizon = loop.time() + TOGETHER
                due = [wait for wait in self._waits if wait.next_at <= horizon]
                await self._look(due)
                for wait in due:
                    wait.postpone(loop.time())
        finally:
            self._task = None

    async def _look(self, due: list[_Wait]) -> None:
        by_tenant = attrgetter("tenant_id")
        for tenant_id, group in groupby(sorted(due, key=by_tenant), by_tenant):
            try:
                await self._settle(tenant_id, list(group))
            except StoreError as error:
                # whoever waits goes on waiting: the next look may find the database back
                log.warning("could not look after executions", error=str(error))

    async def _settle(self, tenant_id: UUID, waits: list[_Wait]) -> None:
        messages = [(wait.execution_id, wait.seq) for wait in waits if wait.seq is not None]
        to_end = {wait.execution_id for wait in waits if wait.seq is None}
        async with self._database.reading(tenant_id) as connection:
            ended = await repository.ended(connection, tenant_id, to_end) if to_end else set[UUID]()
            unread = await repository.unread(connection, tenant_id, messages)
        for wait in waits:
            # a message is taken in even by an execution that has ended meanwhile, which then says that it came too late
            is_over = wait.execution_id in ended if wait.seq is None else (wait.execution_id, wait.seq) not in unread
            if is_over and not wait.done.done():
                wait.done.set_result(None)
