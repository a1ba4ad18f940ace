"""How late the last of many timers fires that are due at once."""

import math
import time

from benchmarks.figure import BenchmarkFailed, Figure
from benchmarks.lab import Lab, rfc3339
from weftline.model.ids import DEFAULT_TENANT

TIMERS = 10_000
LEAD_SECONDS = 10
"""For all executions to come to rest before their timers are due."""

FIRED = """
    SELECT extract(epoch FROM min(occurred_at))::float8 AS first, extract(epoch FROM max(occurred_at))::float8 AS last
    FROM events WHERE tenant_id = $1 AND type = 'STEP_COMPLETED'
"""


async def timers(lab: Lab) -> list[Figure]:
    """Executions that all wait until the same instant.

    All are at rest in the database, held by nobody, before it. Timed: from that instant to the last of the events
    that say a wait is over.
    """
    count = lab.scaled(TIMERS)
    await lab.clear()
    async with lab.worker() as worker:
        await lab.until_worker_lives(worker)
        due = math.ceil(time.time() + LEAD_SECONDS)
        await lab.queue("timer", count, {"due": rfc3339(due)})
        await lab.until_none(worker, "pending", "running")
        if time.time() >= due:
            raise BenchmarkFailed(f"{count} executions did not come to rest before their timers were due")
        await lab.until_none(worker, "waiting", "running")
    await lab.expect("completed", count)
    fired = await lab.watch.fetchrow(FIRED, DEFAULT_TENANT)
    assert fired is not None
    if fired["first"] < due:
        raise BenchmarkFailed("a timer fired before it was due")
    return [Figure("timers.last", fired["last"] - due, "s", 2, "lower")]
