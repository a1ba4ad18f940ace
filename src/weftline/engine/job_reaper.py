"""Looks after jobs whose workers are not heard of any more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from uuid import UUID

import asyncpg
import structlog

from weftline.engine.clock import Clock
from weftline.engine.loop import Loop
from weftline.model.errors import WorkflowError
from weftline.store.errors import translated
from weftline.store.inbox import MessageKind
from weftline.store.jobs import MAX_LOSSES, Answer, Standing, answer
from weftline.store.queries import queries

log = structlog.get_logger(__name__)

EXPIRE, LOST, SWEEP = queries("jobs")["expire"], queries("jobs")["lost"], queries("jobs")["sweep"]
BATCH = 1_000
"""Jobs looked after in one turn."""


class JobReaper(Loop):
    """Every worker has one; row locks keep them from doing it twice.

    A job whose lock has run out can be fetched again. The one that has been lost too often is what its workers die of:
    its attempt has failed.

    Args:
        pool: the worker's connections.
        clock: when locks run out.
        offer: called with the task queues, by tenant and name, in which jobs can be fetched again.
        found: called when executions got messages.
        interval: seconds between looks.
    """

    def __init__(
        self,
        pool: asyncpg.Pool[asyncpg.Record],
        clock: Clock,
        offer: Callable[[AbstractSet[tuple[UUID, str]]], None],
        found: Callable[[], None],
        *,
        interval: float,
    ) -> None:
        super().__init__("job reaper", interval)
        self._pool = pool
        self._clock = clock
        self._offer = offer
        self._found = found

    async def run_once(self) -> int:
        """Look after one batch; returns how many jobs that was."""
        now = self._clock.now()
        with translated():
            expired = await self._pool.fetch(EXPIRE, now, MAX_LOSSES, BATCH)
            lost = await self._pool.fetch(LOST, now, MAX_LOSSES, BATCH)
            await self._pool.execute(SWEEP, now, BATCH)
        if expired:
            log.info("jobs whose workers were lost can be fetched again", count=len(expired))
            self._offer({(row["tenant_id"], row["queue"]) for row in expired})
        by_tenant: defaultdict[UUID, list[Answer]] = defaultdict(list)
        for row in lost:
            by_tenant[row["tenant_id"]].append(_given_up(row))
        failed = sum([await self._fail(tenant_id, answers, now) for tenant_id, answers in by_tenant.items()])
        return len(expired) + failed

    async def _fail(self, tenant_id: UUID, answers: list[Answer], now: float) -> int:
        with translated():
            async with self._pool.acquire() as connection, connection.transaction():
                standings = await answer(connection, tenant_id, answers, now)
        count = sum(standing is Standing.TAKEN for standing in standings.values())
        if count:
            log.warning("jobs were lost too often; their attempts have failed", tenant_id=str(tenant_id), count=count)
            self._found()
        return count


def _given_up(row: asyncpg.Record) -> Answer:
    message = f"{MAX_LOSSES} workers fetched it and were not heard of again"
    error = WorkflowError("worker_lost", message).to_json()
    return Answer(row["id"], row["lock_token"], MessageKind.JOB_FAILED, {"error": error})
