"""Handing out jobs, and what workers do with them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from weftline.features.database import Database, driver
from weftline.features.executions.hints import WorkHints
from weftline.features.http.patience import allow
from weftline.features.jobs import repository
from weftline.features.jobs.answers import Answers
from weftline.features.jobs.errors import JobClosed, JobNotFound, LockLost
from weftline.features.jobs.listener import JobListener
from weftline.features.jobs.models import Job as JobRow
from weftline.features.jobs.repository import TaskQueue
from weftline.features.jobs.waiting import WaitingRoom, Wish
from weftline.store import jobs as store
from weftline.store.connect import tenant_transaction
from weftline.store.errors import translated
from weftline.store.inbox import MessageKind
from weftline.store.jobs import Answer, Job, Standing
from weftline.store.sealing import job_place, opened, progress_place


class JobService:
    """Jobs of one database.

    Args:
        url: the database's.
        pool: connections under the API's role, with the tenants' keys.
        database: the same database.
        hints: wakes the engine's workers.
    """

    def __init__(self, url: str, pool: asyncpg.Pool[asyncpg.Record], database: Database, hints: WorkHints) -> None:
        self._pool = pool
        self._database = database
        self._answers = Answers(pool, hints)
        self._room = WaitingRoom(self)
        self._listener = JobListener(url, self._room.hint)

    def start(self) -> None:
        """Follow the hints that there are jobs."""
        self._listener.start()

    def release(self) -> None:
        """Let nobody wait for jobs any longer."""
        self._room.release()

    async def close(self) -> None:
        """Let nobody wait any longer, and finish what was asked for."""
        await self._room.close()
        await self._listener.stop()
        await self._answers.close()

    # --- handing out ----------------------------------------------------------------------------------------------

    async def fetch_or_wait(self, tenant_id: UUID, queue: str, wish: Wish, seconds: float) -> list[Job]:
        """Jobs of a task queue as soon as there are some; none where that takes longer than ``seconds``.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        jobs = await self.fetch(tenant_id, queue, wish)
        allow(seconds)
        return jobs or (await self._room.wait(tenant_id, queue, wish, seconds) if seconds else [])

    async def fetch(self, tenant_id: UUID, queue: str, wish: Wish) -> list[Job]:
        """What there is in a task queue now."""
        with translated():
            async with tenant_transaction(self._pool, tenant_id) as connection:
                # a lock is no fact: should the server crash before it is on disk, somebody else gets the job
                await connection.execute("SET LOCAL synchronous_commit = off")
                return await store.fetch(
                    connection, tenant_id, queue, wish.worker, wish.limit, wish.lock_seconds, time.time()
                )

    async def give_back(self, tenant_id: UUID, jobs: list[Job]) -> None:
        """Make jobs available again that nobody came for."""
        with translated():
            async with tenant_transaction(self._pool, tenant_id) as connection:
                await store.give_back(connection, tenant_id, jobs)

    # --- what workers say -----------------------------------------------------------------------------------------

    async def answer(self, tenant_id: UUID, answer: Answer) -> None:
        """Take what came of a job; repeating it changes nothing.

        Raises:
            JobNotFound, LockLost, JobClosed: the job is not, or no longer, the worker's.
            Unstorable: the answer cannot be stored.
            StoreUnavailable: the database does not answer.
        """
        error = (await self.answer_all(tenant_id, [answer]))[0]
        if error is not None:
            raise error

    async def answer_all(
        self, tenant_id: UUID, answers: Sequence[Answer]
    ) -> list[JobNotFound | LockLost | JobClosed | None]:
        """The same for several jobs, each once; tells for each why it is refused."""
        standings = await self._answers.take(tenant_id, answers)
        return [_refusal(standings[each.job_id]) for each in answers]

    async def extend(
        self, tenant_id: UUID, job_id: UUID, token: UUID, seconds: float, progress: Any
    ) -> datetime | None:
        """Let a worker keep its job; None where its step is no longer wanted.

        Raises:
            JobNotFound, LockLost: the job is not, or no longer, the worker's.
            Unstorable: the progress cannot be stored.
            StoreUnavailable: the database does not answer.
        """
        with translated():
            async with tenant_transaction(self._pool, tenant_id) as connection:
                standing, until = await store.extend(
                    connection, tenant_id, job_id, token, seconds, progress, time.time()
                )
        refusal = _refusal(standing)
        if refusal is not None and not isinstance(refusal, JobClosed):
            raise refusal
        return until

    # --- looking --------------------------------------------------------------------------------------------------

    async def get(self, tenant_id: UUID, job_id: UUID) -> tuple[JobRow, Any, Any]:
        """An open job, with its input and its progress as they are.

        Raises:
            JobNotFound: there is none of this id.
        """
        async with self._database.transaction(tenant_id) as session:
            row = await repository.get(session, tenant_id, job_id)
            if row is None:
                raise JobNotFound
            connection = await driver(session)

            async def read(value: Any, place: str) -> Any:
                text = orjson.dumps(value).decode()
                return orjson.loads(await opened(connection, tenant_id, row.execution_id, text, place))

            return row, await read(row.input, job_place(job_id)), await read(row.progress, progress_place(job_id))

    async def queues(self, tenant_id: UUID) -> list[TaskQueue]:
        """The task queues in which there are jobs."""
        async with self._database.transaction(tenant_id) as session:
            return await repository.queues(session, tenant_id)


def _refusal(standing: Standing | MessageKind) -> JobNotFound | LockLost | JobClosed | None:
    match standing:
        case Standing.TAKEN:
            return None
        case Standing.LOST:
            return LockLost()
        case Standing.WITHDRAWN:
            return JobClosed()
        case Standing.UNKNOWN:
            return JobNotFound()
        case _:
            done = "completed" if standing is MessageKind.JOB_COMPLETED else "failed"
            return JobClosed(f"it is {done} already")
