"""Taking workers' answers: those that arrive while one transaction commits go into the next, together.

An idle system commits each by itself, a busy one as many together as came in meanwhile; see ``executions.starter``.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import asyncpg

from weftline.features.access.caller import current_caller
from weftline.features.audit.trail import Entry, append
from weftline.features.executions.hints import WorkHints
from weftline.features.http.origin import current_origin
from weftline.store.connect import tenant_transaction
from weftline.store.errors import StoreError, Unstorable, translated
from weftline.store.inbox import MessageKind
from weftline.store.jobs import Answer, Standing, answer

MAX_GROUP = 400
"""Answers in one transaction, unless one request alone brings more."""

REMEMBERED = 20_000
"""Answers that a process remembers, so that whoever repeats one learns that it was taken."""


class _Taken(NamedTuple):
    token: UUID
    kind: MessageKind


class _Request:
    """Answers that wait for their transaction."""

    __slots__ = ("actor", "answers", "done", "ids", "origin")

    def __init__(self, answers: Sequence[Answer], done: asyncio.Future[dict[UUID, Standing]]) -> None:
        self.answers = answers
        self.ids = frozenset(each.job_id for each in answers)
        self.done = done
        # the transaction runs in a task of its own, which knows nothing of the request
        self.actor = current_caller()
        self.origin = current_origin()

    def entry(self, standings: dict[UUID, Standing]) -> Entry | None:
        """What the audit log tells of it; None where nothing was taken."""
        taken = [each for each in self.answers if standings[each.job_id] is Standing.TAKEN]
        if not taken:
            return None
        failed = sum(each.kind is MessageKind.JOB_FAILED for each in taken)
        if len(self.answers) > 1:
            after = {"completed": len(taken) - failed, "failed": failed}
            return Entry("job.batch_answered", "job", taken[0].job_id, after, actor=self.actor, origin=self.origin)
        action = "job.failed" if failed else "job.completed"
        return Entry(action, "job", taken[0].job_id, actor=self.actor, origin=self.origin)

    def resolve(self, standings: dict[UUID, Standing]) -> None:
        # the caller may have gone away meanwhile
        if not self.done.done():
            self.done.set_result({id: standings[id] for id in self.ids})

    def refuse(self, error: Exception) -> None:
        if not self.done.done():
            self.done.set_exception(error)


class Answers:
    """Takes workers' answers.

    Args:
        pool: connections under the API's role, with the tenants' keys.
        hints: wakes the engine's workers.
    """

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record], hints: WorkHints) -> None:
        self._pool = pool
        self._hints = hints
        self._queues: dict[UUID, deque[_Request]] = {}
        self._tasks: dict[UUID, asyncio.Task[None]] = {}
        self._taken: OrderedDict[tuple[UUID, UUID], _Taken] = OrderedDict()

    async def take(self, tenant_id: UUID, answers: Sequence[Answer]) -> dict[UUID, Standing | MessageKind]:
        """Take answers; they are durable when this returns.

        Args:
            tenant_id: whose jobs.
            answers: at most one for each job.

        Returns:
            For each job, by its id, what became of the answer. An answer that was taken before is so once more; where
            it was another one by the same worker, what is told is its kind.

        Raises:
            Unstorable: an answer cannot be stored; none was taken.
            StoreUnavailable: the database does not answer.
        """
        request = _Request(answers, asyncio.get_running_loop().create_future())
        self._queues.setdefault(tenant_id, deque()).append(request)
        if tenant_id not in self._tasks:
            self._tasks[tenant_id] = asyncio.create_task(self._drain(tenant_id), name="take-answers")
        standings = await request.done
        return {each.job_id: self._recalled(tenant_id, each, standings[each.job_id]) for each in answers}

    async def close(self) -> None:
        """Wait until everybody has been told."""
        await asyncio.gather(*self._tasks.values())

    async def _drain(self, tenant_id: UUID) -> None:
        queue = self._queues[tenant_id]
        try:
            while queue:
                await self._take_group(tenant_id, _next_group(queue))
                self._hints.send()
        finally:
            del self._tasks[tenant_id], self._queues[tenant_id]

    async def _take_group(self, tenant_id: UUID, group: Sequence[_Request]) -> None:
        answers = [each for request in group for each in request.answers]
        try:
            with translated():
                async with tenant_transaction(self._pool, tenant_id) as connection:
                    standings = await answer(connection, tenant_id, answers, time.time())
                    entries = [entry for request in group if (entry := request.entry(standings)) is not None]
                    if entries:
                        append(connection, tenant_id, entries)
        except Unstorable as error:
            # one refused value must not fail the others
            if len(group) == 1:
                group[0].refuse(error)
            else:
                for request in group:
                    await self._take_group(tenant_id, [request])
        except StoreError as error:
            for request in group:
                request.refuse(error)
        else:
            self._remember(tenant_id, answers, standings)
            for request in group:
                request.resolve(standings)

    def _remember(self, tenant_id: UUID, answers: Sequence[Answer], standings: dict[UUID, Standing]) -> None:
        for each in answers:
            if standings[each.job_id] is Standing.TAKEN:
                self._taken[tenant_id, each.job_id] = _Taken(each.token, each.kind)
        while len(self._taken) > REMEMBERED:
            self._taken.popitem(last=False)

    def _recalled(self, tenant_id: UUID, answer: Answer, standing: Standing) -> Standing | MessageKind:
        """What is told of an answer to a job that is not open any more."""
        taken = self._taken.get((tenant_id, answer.job_id))
        if standing is not Standing.UNKNOWN or taken is None:
            return standing
        if taken.token != answer.token:
            return Standing.LOST
        return Standing.TAKEN if taken.kind is answer.kind else taken.kind


def _next_group(queue: deque[_Request]) -> list[_Request]:
    """What goes into one transaction, in order: each job once."""
    group = [queue.popleft()]
    ids = set(group[0].ids)
    while queue and len(ids) + len(queue[0].ids) <= MAX_GROUP and ids.isdisjoint(queue[0].ids):
        request = queue.popleft()
        ids |= request.ids
        group.append(request)
    return group
