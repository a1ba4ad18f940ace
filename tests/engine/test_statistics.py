"""Statistics are what the logs add up to, whatever happens to the workers and however often they are summed.

Every test here ends, as all tests of the engine do, by comparing them with the logs (``Harness.check_logs``).
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from tests.conftest import Connect
from tests.engine.harness import Harness, action
from weftline.authoring import ActionError, Context
from weftline.engine.compactor import BATCH, Compactor
from weftline.model.event import Event, EventType
from weftline.model.ids import DEFAULT_TENANT, uuid7
from weftline.store.connect import create_pool
from weftline.store.inbox import MessageKind
from weftline.store.statistics import HOUR, rows_of

SHAKY: list[dict[str, Any]] = [
    action("first", "shaky", "each", retry={"maxAttempts": 3, "initialDelay": 0.001}, onError="nap"),
    {"id": "each", "type": "loop", "forEach": "[1, 2, 3]", "concurrency": 2, "body": "item", "next": "nap"},
    action("item", "shaky", retry={"maxAttempts": 4, "initialDelay": 0.001}),
    {"id": "nap", "type": "wait", "duration": 0.02, "next": "maybe"},
    action("maybe", "echo", "last", when="input.n % 2 == 0"),
    action("last", "shaky", retry={"maxAttempts": 1}),
]
"""Actions that fail now and then, are tried again or handled; iterations; a rest; a step that is passed over."""

STATISTICS = "SELECT * FROM statistics ORDER BY workflow_id, version_number, node_id, hour"
DELTA = """
INSERT INTO statistics_deltas (tenant_id, workflow_id, version_number, hour, running, counts)
VALUES ($1, 'old', 1, $2, $3, '[{"node_id": "", "started": 1}]')
"""


@pytest.fixture
async def compactor(engine: Harness) -> AsyncIterator[Compactor]:
    pool = await create_pool(engine.url, "weft_worker")
    yield Compactor(pool, engine.clock, interval=1.0, retention_days=2)
    pool.terminate()


async def waiting_counts(connection: asyncpg.Connection[asyncpg.Record]) -> int:
    return await connection.fetchval("SELECT count(*) FROM statistics_deltas")


async def test_runs_that_fail_are_cancelled_or_go_on_after_an_hour_are_counted_as_their_logs_tell(
    engine: Harness, compactor: Compactor, connect: Connect
) -> None:
    chance = random.Random(11)

    @engine.action("shaky")
    async def shaky(ctx: Context) -> None:
        if chance.random() < 0.25:
            raise ActionError("not now")

    await engine.publish(*SHAKY)
    await engine.publish({"id": "go", "type": "wait", "event": "go"}, id="patient")
    async with engine.worker(capacity=20, commit_batch=5), engine.worker(capacity=20, commit_batch=5):
        ids = await engine.start(*({"n": n} for n in range(60)))
        patient = [await engine.start_one(workflow="patient") for _ in range(6)]
        for id in (*ids[::10], *patient[:2]):
            await engine.send(id, MessageKind.CANCEL)
        for id in ids:
            await compactor.run_once()
            await engine.reach(id)
        for id in patient[2:]:
            await engine.reach(id, "waiting")
        await engine.advance_clock(HOUR)
        for id in patient[2:4]:
            await engine.signal(id, "go")
            await engine.reach(id, "completed")
    await engine.check_logs()
    worker = await connect("weft_worker")
    assert await waiting_counts(worker) > 0
    await compactor.run_once()
    assert await waiting_counts(worker) == 0


async def test_only_one_worker_sums_at_a_time(engine: Harness, compactor: Compactor, connect: Connect) -> None:
    worker = await connect("weft_worker")
    await worker.execute(DELTA, DEFAULT_TENANT, datetime.now(UTC), 0)
    async with worker.transaction():
        await worker.execute("SELECT pg_advisory_xact_lock(7741002)")
        await compactor.run_once()
        assert await waiting_counts(worker) == 1
        # what nobody started is not in any log
        await worker.execute("DELETE FROM statistics_deltas")


async def test_what_is_older_than_is_kept_is_forgotten_but_not_what_runs(
    engine: Harness, compactor: Compactor, connect: Connect
) -> None:
    worker = await connect("weft_worker")
    now = datetime.fromtimestamp(engine.clock.now(), UTC)
    for age in (timedelta(days=3), timedelta(days=1)):
        await worker.execute(DELTA, DEFAULT_TENANT, now - age, 1)
    await compactor.run_once()
    assert [row["hour"] for row in await worker.fetch(STATISTICS)] == [now - timedelta(days=1)]
    assert await worker.fetchval("SELECT running FROM statistics_running WHERE workflow_id = 'old'") == 2
    await worker.execute("DELETE FROM statistics")
    await worker.execute("DELETE FROM statistics_running")


async def test_a_full_batch_is_followed_by_the_next_at_once(
    engine: Harness, compactor: Compactor, connect: Connect
) -> None:
    worker = await connect("weft_worker")
    await worker.executemany(DELTA, [(DEFAULT_TENANT, datetime.now(UTC), 0)] * (BATCH + 1))
    assert await compactor.run_once() == 1
    assert await compactor.run_once() == 0
    assert [row["started"] for row in await worker.fetch(STATISTICS)] == [BATCH + 1]
    await worker.execute("DELETE FROM statistics")


def test_what_one_commit_has_of_two_hours_is_counted_in_both() -> None:
    before, after = (
        Event(1, EventType.WORKFLOW_STARTED, None, None, 7_199.0),
        Event(2, EventType.WORKFLOW_COMPLETED, None, None, 7_201.0),
    )
    after.took = 2.0
    rows = rows_of([(DEFAULT_TENANT, uuid7(), "flow", 1, [before, after], 0, 7_201.0)])
    assert {row[3]: row[5] for row in rows} == {
        3_600.0: '[{"node_id":"","started":1}]',
        7_200.0: '[{"node_id":"","completed":1,"duration_sum":2000000,"duration_min":2000000,'
        '"duration_max":2000000,"buckets":[286],"numbers":[1]}]',
    }


def test_a_clock_that_was_set_back_makes_no_negative_durations() -> None:
    event = Event(1, EventType.STEP_COMPLETED, "step", None, 10.0)
    event.took = -3.0
    [row] = rows_of([(DEFAULT_TENANT, uuid7(), "flow", 1, [event], 0, 10.0)])
    assert '"duration_sum":0' in row[5]
