"""Where benchmarks run: an embedded server as in production, the measured workflows on it, and workers beside it."""

from __future__ import annotations

import asyncio
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_bytes
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from benchmarks import workflows
from benchmarks.databases import prepare
from benchmarks.figure import BenchmarkFailed
from benchmarks.processes import WeftProcess, weft
from weftline.model.ids import DEFAULT_TENANT
from weftline.store.connect import connect, create_pool, tenant_transaction
from weftline.store.embedded import EmbeddedServer
from weftline.store.hints import hint_work
from weftline.store.inbox import MessageKind, send
from weftline.store.keyring import Keyring
from weftline.store.starts import NewExecution, start_executions
from weftline.store.vault import KEY_BYTES

QUEUE_BATCH = 1_000
PATIENCE = 120.0
"""Seconds that any work may take; what takes longer is a failure."""

LOOK_SECONDS = 0.1
"""Between looks whether much work is done. Times are taken from the log, so this costs no accuracy."""

CLOSE_LOOK_SECONDS = 0.0003
"""Between looks whether one execution is done; this is part of the time that is measured."""

LIVE_WORKER = "SELECT EXISTS (SELECT FROM workers WHERE lease_until > now())"
COUNT = "SELECT count(*) FROM executions WHERE tenant_id = $1 AND status = $2"
ANY_IN = "SELECT EXISTS (SELECT FROM executions WHERE tenant_id = $1 AND status = ANY ($2::text[]))"
STATUS = "SELECT status FROM executions WHERE tenant_id = $1 AND id = $2"


@dataclass(frozen=True, slots=True)
class Lab:
    """What benchmarks are given.

    Attributes:
        url: the database's, of its owner.
        directory: for logs and other files.
        is_quick: do little, to see that everything works; the figures then mean nothing.
        api: connections under the API's role, which start and signal executions.
        watch: a connection that sees every tenant's rows.
        master_key: of the workers, and of ``api``.
    """

    url: str
    directory: Path
    is_quick: bool
    api: asyncpg.Pool[asyncpg.Record]
    watch: asyncpg.Connection[asyncpg.Record]
    master_key: bytes

    def scaled(self, count: int) -> int:
        """``count``, or a tenth where this is to be quick."""
        return count // 10 if self.is_quick else count

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[WeftProcess]:
        """One ``weft worker`` process with default settings; ends with the context."""
        settings = {"WEFT_DATABASE_URL": self.url, "WEFT_MASTER_KEY": b64encode(self.master_key).decode()}
        async with weft("worker", self.directory / "worker.log", settings) as process:
            yield process

    async def until_worker_lives(self, worker: WeftProcess) -> None:
        """Wait until the worker has announced itself."""
        while not await self.watch.fetchval(LIVE_WORKER):
            worker.check()
            await asyncio.sleep(LOOK_SECONDS)

    async def clear(self) -> None:
        """Delete all executions, so that each measurement begins with empty tables."""
        owner = await asyncpg.connect(self.url)
        try:
            await owner.execute("TRUNCATE executions, events, inbox, event_subscriptions, human_tasks CASCADE")
            await owner.execute("TRUNCATE statistics, statistics_deltas, statistics_running")
        finally:
            await owner.close()

    async def tidy(self) -> None:
        """Do what autovacuum would do to new rows a minute later."""
        owner = await asyncpg.connect(self.url)
        try:
            await owner.execute("VACUUM ANALYZE")
        finally:
            await owner.close()

    async def queue(self, workflow_id: str, count: int, values: Mapping[str, Any] | None = None) -> list[UUID]:
        """Start executions, many in a transaction, without waking a worker; return their ids."""
        text = orjson.dumps(values or {}).decode()
        encrypts = workflow_id in workflows.ENCRYPTED
        ids: list[UUID] = []
        for begin in range(0, count, QUEUE_BATCH):
            number = min(QUEUE_BATCH, count - begin)
            new = [NewExecution(workflow_id, 1, text, encrypts=encrypts) for _ in range(number)]
            async with tenant_transaction(self.api, DEFAULT_TENANT) as connection:
                ids += await start_executions(connection, DEFAULT_TENANT, new, time.time())
        return ids

    async def until_none(self, worker: WeftProcess, *statuses: str) -> None:
        """Wait until no execution is in one of these statuses.

        Raises:
            BenchmarkFailed: that took too long, or the worker ended.
        """
        try:
            async with asyncio.timeout(PATIENCE):
                while await self.watch.fetchval(ANY_IN, DEFAULT_TENANT, statuses):
                    worker.check()
                    await asyncio.sleep(LOOK_SECONDS)
        except TimeoutError as error:
            raise BenchmarkFailed(f"executions are still {' or '.join(statuses)} after {PATIENCE:.0f} s") from error

    async def expect(self, status: str, count: int) -> None:
        """See that so many executions are in a status.

        Raises:
            BenchmarkFailed: they are more or less.
        """
        found = await self.watch.fetchval(COUNT, DEFAULT_TENANT, status)
        if found != count:
            raise BenchmarkFailed(f"{found} executions are {status}, not {count}")

    async def time_execution(self, workflow_id: str) -> float:
        """Start one execution and wait for its end; return milliseconds.

        Timed: from before the start's transaction begins until another connection sees the execution completed.
        """
        new = NewExecution(workflow_id, 1)
        began = time.perf_counter()
        async with tenant_transaction(self.api, DEFAULT_TENANT) as connection:
            await start_executions(connection, DEFAULT_TENANT, [new], time.time())
        return await self._time_to_completion(new.id, began)

    async def time_signal(self, execution_id: UUID) -> float:
        """Signal one waiting execution, which then ends; return milliseconds.

        Timed: from before the signal's transaction begins until another connection sees the execution completed.
        """
        payload = {"name": workflows.SIGNAL, "payload": None}
        began = time.perf_counter()
        async with tenant_transaction(self.api, DEFAULT_TENANT) as connection:
            await send(connection, DEFAULT_TENANT, execution_id, MessageKind.SIGNAL, payload, time.time())
        return await self._time_to_completion(execution_id, began)

    async def _time_to_completion(self, execution_id: UUID, began: float) -> float:
        async with self.api.acquire() as connection:
            await hint_work(connection)
        while await self.watch.fetchval(STATUS, DEFAULT_TENANT, execution_id) != "completed":
            if time.perf_counter() - began > PATIENCE:
                raise BenchmarkFailed("an execution did not complete")
            # Blocks the event loop, whose own timers are no finer than a millisecond; nothing else runs on it.
            time.sleep(CLOSE_LOOK_SECONDS)
        return (time.perf_counter() - began) * 1000


@asynccontextmanager
async def open_lab(directory: Path, *, is_quick: bool) -> AsyncIterator[Lab]:
    """Start a server under ``directory``, with the schema and the workflows; stop it in the end."""
    async with AsyncExitStack() as stack:
        server = EmbeddedServer(directory / "home")
        url = await asyncio.to_thread(server.start)
        stack.push_async_callback(asyncio.to_thread, server.stop)
        await prepare(url)
        master_key = token_bytes(KEY_BYTES)
        pool = await create_pool(url, "weft_api", max_size=2, keyring=Keyring(master_key))
        api = await stack.enter_async_context(pool)
        watch = await connect(url, "weft_worker", name="benchmark")
        stack.push_async_callback(watch.close)
        yield Lab(url, directory, is_quick, api, watch, master_key)


def rfc3339(seconds: float) -> str:
    """A Unix time as definitions write it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()
