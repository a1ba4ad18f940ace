"""Fires the schedules that are due.

Every worker has one. Row locks keep two of them from firing one schedule together; and the transaction that starts an
execution is the one that says when the schedule fires next, so a firing starts one execution however many schedulers
run, and whenever one of them dies. The execution's id follows from trigger and time, besides.

Schedules of a tenant that is not active are *shelved* when somebody comes across them, as its executions are; once it
is active again they are let go on, and what was missed is made up for as each of them says.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TypeAlias
from uuid import UUID

import asyncpg
import structlog

from weftline.engine.clock import Clock
from weftline.engine.firing import Firings, Shot
from weftline.engine.loop import Loop
from weftline.machine.firing import FiringFailed, due_firings, jitter
from weftline.model.errors import WorkflowError
from weftline.store.connect import limit_idleness
from weftline.store.errors import StoreUnavailable, translated
from weftline.store.hints import hint_work
from weftline.store.queries import queries
from weftline.store.triggers import Connection, Outcome, StoredTrigger, TriggerRules, firing_id, record_outcomes

log = structlog.get_logger(__name__)

SQL = queries("triggers")
BATCH = 250
"""Schedules fired in one transaction."""

TENANTS = 500
"""Tenants looked at in one turn for schedules that were shelved."""

TAKEN_SECONDS = 0.05
"""Until the next turn, where what is due is in somebody else's hands."""

FIRST = UUID(int=0)
"""Comes before every tenant's id."""

Next: TypeAlias = tuple[UUID, UUID, float | None, float | None]
"""Tenant and id of a schedule, the next time that it names, and when that is due."""


class Scheduler(Loop):
    """Fires what is due, and sleeps until the next schedule is.

    Args:
        pool: the worker's connections.
        clock: says what is due.
        firings: starts what triggers start.
        rules: compiled triggers.
        reached: called with the executions that were started.
        interval: seconds between looks for schedules that others have made or changed.
    """

    def __init__(
        self,
        pool: asyncpg.Pool[asyncpg.Record],
        clock: Clock,
        firings: Firings,
        rules: TriggerRules,
        reached: Callable[[Collection[UUID]], None],
        *,
        interval: float,
    ) -> None:
        super().__init__("scheduler", interval)
        self._pool = pool
        self._clock = clock
        self._firings = firings
        self._rules = rules
        self._reached = reached
        self._next_due: float | None = None
        self._after = FIRST

    def pause_seconds(self) -> float:
        """Until the next schedule is due."""
        if self._next_due is None:
            return self.interval
        wait = self._next_due - self._clock.now()
        return min(self.interval, wait if wait > 0 else TAKEN_SECONDS)

    async def run_once(self) -> int:
        """Fire a batch of what is due; returns how many schedules that were."""
        with translated():
            await self._unshelve()
            count = await self._fire_batch()
            if not count:
                self._next_due = await self._pool.fetchval(SQL["next_due"])
        return count

    async def _fire_batch(self) -> int:
        rows: list[asyncpg.Record] = []
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                await limit_idleness(connection)
                now = self._clock.now()
                rows = await connection.fetch(SQL["due"], now, BATCH)
                started = await self._fire(connection, rows, now)
        except StoreUnavailable:
            raise
        except Exception:
            if not rows:
                raise
            log.exception("schedules cannot be fired together; trying one by one", count=len(rows))
            started = await self._one_by_one(rows)
        if started:
            self._reached(started)
            await self._hint()
        return len(rows)

    async def _one_by_one(self, rows: list[asyncpg.Record]) -> set[UUID]:
        """Fire each of the schedules by itself; one that cannot be fired has failed, and hurts nobody else."""
        started: set[UUID] = set()
        for row in rows:
            key = (row["tenant_id"], row["id"])
            try:
                started |= await self._fire_one(*key)
            except StoreUnavailable:
                raise
            except Exception as error:
                log.exception("a schedule cannot be fired", trigger_id=str(key[1]))
                await self._fail_one(*key, WorkflowError("not_started", f"{type(error).__name__}: {error}"))
        return started

    async def _fire_one(self, tenant_id: UUID, trigger_id: UUID) -> set[UUID]:
        with translated():
            async with self._pool.acquire() as connection, connection.transaction():
                await limit_idleness(connection)
                now = self._clock.now()
                rows = await connection.fetch(SQL["due_one"], tenant_id, trigger_id, now)
                return await self._fire(connection, rows, now)

    async def _fail_one(self, tenant_id: UUID, trigger_id: UUID, error: WorkflowError) -> None:
        """Go on with the next firing."""
        with translated():
            async with self._pool.acquire() as connection, connection.transaction():
                await limit_idleness(connection)
                now = self._clock.now()
                for row in await connection.fetch(SQL["due_one"], tenant_id, trigger_id, now):
                    _, following = self._plan(row, now)
                    await connection.execute(SQL["advance"], *([value] for value in following))
                    await record_outcomes(connection, [Outcome(tenant_id, trigger_id, failed=1, error=error)], now)

    async def _fire(self, connection: Connection, rows: list[asyncpg.Record], now: float) -> set[UUID]:
        """Start what the schedules start, and say when they fire next; those of a tenant that rests are shelved."""
        resting = [(row["tenant_id"], row["id"]) for row in rows if row["is_suspended"]]
        if resting:
            await connection.execute(SQL["shelve"], *zip(*resting, strict=True))
        shots: list[Shot] = []
        following: list[Next] = []
        for row in rows:
            if not row["is_suspended"]:
                due, after = self._plan(row, now)
                shots += due
                following.append(after)
        if not following:
            return set()
        started = await self._firings.carry_out(connection, shots, now)
        await connection.execute(SQL["advance"], *zip(*following, strict=True))
        return started

    def _plan(self, row: asyncpg.Record, now: float) -> tuple[list[Shot], Next]:
        """What a schedule fires now, and when it fires next. One that cannot be read any more fires once, in vain."""
        trigger, first = StoredTrigger.from_row(row), round(row["next_for"], 6)
        try:
            rule = self._rules.get(trigger).schedule
        except FiringFailed:
            return [_shot(trigger, first)], (trigger.tenant_id, trigger.id, None, None)
        assert rule is not None, "only schedules are due"
        due, following = due_firings(rule, trigger.id, first, now)
        due_at = None if following is None else following + jitter(rule, trigger.id, following)
        return [_shot(trigger, moment) for moment in due], (trigger.tenant_id, trigger.id, following, due_at)

    async def _unshelve(self) -> None:
        tenants = await self._pool.fetch(SQL["shelved_tenants"], self._after, TENANTS)
        for tenant in tenants:
            if tenant["is_active"]:
                await self._pool.execute(SQL["unshelve"], tenant["tenant_id"])
        # the next turn looks at the tenants after these; after the last it begins anew
        self._after = tenants[-1]["tenant_id"] if len(tenants) == TENANTS else FIRST

    async def _hint(self) -> None:
        async with self._pool.acquire() as connection:
            await hint_work(connection)


def _shot(trigger: StoredTrigger, moment: float) -> Shot:
    return Shot(trigger, firing_id(trigger.id, moment), scheduled_at=moment)
