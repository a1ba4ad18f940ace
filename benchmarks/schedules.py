"""How late the last of many schedules starts its execution that are due in the same second, with two schedulers."""

import asyncio
import math
import time

from benchmarks.figure import BenchmarkFailed, Figure
from benchmarks.lab import LOOK_SECONDS, PATIENCE, Lab, rfc3339
from weftline.features.triggers.declaring import declare_triggers
from weftline.model.ids import DEFAULT_TENANT
from weftline.store.connect import tenant_transaction

SCHEDULES = 1_000
WORKFLOW = "w1"
LEAD_SECONDS = 10
"""For both workers to begin before the schedules are due."""

WORKERS = "SELECT count(*) FROM workers WHERE lease_until > now()"
STARTED = """
    SELECT count(*)::int AS count, count(DISTINCT e.trigger_id)::int AS triggers,
           extract(epoch FROM min(v.occurred_at))::float8 AS first,
           extract(epoch FROM max(v.occurred_at))::float8 AS last
    FROM executions e
    JOIN events v ON v.tenant_id = e.tenant_id AND v.execution_id = e.id AND v.type = 'WORKFLOW_STARTED'
    WHERE e.tenant_id = $1 AND e.trigger_id IS NOT NULL
"""


async def schedules(lab: Lab) -> list[Figure]:
    """Schedules of one workflow that all name the same second, and two worker processes.

    Timed: from that second to the last of the events that say that an execution has started. Each schedule must have
    started one.
    """
    count = lab.scaled(SCHEDULES)
    await lab.clear()
    async with lab.worker() as first, lab.worker() as second:
        async with asyncio.timeout(PATIENCE):
            while await lab.watch.fetchval(WORKERS) < 2:
                first.check()
                second.check()
                await asyncio.sleep(LOOK_SECONDS)
        due = math.ceil(time.time() + LEAD_SECONDS)
        await _declare(lab, count, due)
        if time.time() >= due:
            raise BenchmarkFailed(f"{count} schedules were not published before they were due")
        started = await _until_started(lab, count)
        await lab.until_none(first, "pending", "running")
        await _declare(lab, 0, due)
    await lab.expect("completed", count)
    if started["first"] < due or started["triggers"] != count:
        raise BenchmarkFailed("a schedule fired before it was due, or not once")
    return [Figure("schedules.last", started["last"] - due, "s", 2, "lower")]


async def _declare(lab: Lab, count: int, due: int) -> None:
    """Publish so many schedules that are all due at once."""
    once = {"type": "schedule", "every": "24h", "startAt": rfc3339(due)}
    definition = {"triggers": [once] * count}
    async with tenant_transaction(lab.api, DEFAULT_TENANT) as connection:
        await declare_triggers(connection, DEFAULT_TENANT, WORKFLOW, 1, definition)


async def _until_started(lab: Lab, count: int) -> dict[str, float]:
    async with asyncio.timeout(PATIENCE):
        while True:
            row = await lab.watch.fetchrow(STARTED, DEFAULT_TENANT)
            assert row is not None
            if row["count"] >= count:
                return dict(row)
            await asyncio.sleep(LOOK_SECONDS)
