"""Workers are killed while they look at other systems; each event starts one execution all the same."""

from __future__ import annotations

import asyncio

from tests.engine.test_integration_triggers import declare
from tests.faults.actions import KILLED, NUMBERS, WAVES
from tests.faults.crew import Crew
from tests.faults.scene import Scene

STARTED = "SELECT (input->>'n')::int AS n FROM executions WHERE workflow_id = $1 ORDER BY 1"
DEATHS = 4


async def test_events_start_one_execution_each_whenever_the_worker_that_looks_is_killed(
    scene: Scene, crew: Crew
) -> None:
    harness, owner = scene.harness, scene.owner
    await owner.execute("CREATE TABLE deaths (step text PRIMARY KEY)")
    await owner.execute("CREATE TABLE waves (n int PRIMARY KEY, settled boolean NOT NULL DEFAULT false)")
    await owner.execute("INSERT INTO waves SELECT n FROM generate_series(0, $1 - 1) AS n", WAVES)
    for name in ("numbers", "waves"):
        await harness.publish({"id": "end", "type": "end"}, id=name)
        trigger = {"type": "integration", "integration": "tide", "trigger": name, "every": "1h"}
        await declare(harness, {**trigger, "input": {"n": "${ event.payload }"}}, workflow=name)

    async def started(name: str) -> list[int]:
        return [row["n"] for row in await harness.fetch(STARTED, name)]

    hired = 0
    # one that dies may do so in two places at once
    while await owner.fetchval("SELECT count(*) FROM deaths") < DEATHS:
        victim = crew.hire(f"victim-{hired}")
        hired += 1
        assert await asyncio.to_thread(victim.wait) == KILLED, victim.log.read_text()[-4_000:]
    crew.hire("survivor")

    async def are_all_there() -> bool:
        return len(await started("numbers")) >= NUMBERS and len(await started("waves")) >= WAVES

    await harness.until(are_all_there)
    await harness.all_ended()
    assert await started("numbers") == list(range(NUMBERS))
    assert await started("waves") == list(range(WAVES))
    (seen,) = await harness.fetch("SELECT duplicates FROM integration_triggers WHERE kind = 'POLLING'")
    # two of each look but the first were found before
    assert seen["duplicates"] == 2 * (NUMBERS // 10 - 1)
