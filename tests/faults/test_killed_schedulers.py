"""Workers are killed while schedules fire; each firing starts one execution all the same."""

from __future__ import annotations

import random

from tests.engine.test_scheduler import declare
from tests.faults.crew import Crew
from tests.faults.scene import Scene

SCHEDULES = 40
KILLS = 6
TIMES = "SELECT trigger_id, extract(epoch FROM scheduled_at)::float8 AS at FROM executions WHERE trigger_id IS NOT NULL"


async def test_a_firing_starts_one_execution_however_often_schedulers_are_killed(scene: Scene, crew: Crew) -> None:
    chance, harness = random.Random(6), scene.harness
    for number in range(SCHEDULES):
        await harness.publish({"id": "end", "type": "end"}, id=f"flow{number}")
        await declare(harness, {"type": "schedule", "every": "1s", "catchUp": "all"}, workflow=f"flow{number}")

    async def reaches(count: int) -> None:
        async def look() -> bool:
            return len(await harness.fetch(TIMES)) >= count

        await harness.until(look)

    for number in range(KILLS):
        before = len(await harness.fetch(TIMES))
        victims = [crew.hire(f"victim-{number}-{side}") for side in "ab"]
        await reaches(before + chance.randint(1, 2 * SCHEDULES))
        for victim in victims:
            victim.kill()
    crew.hire("survivor")
    await reaches(len(await harness.fetch(TIMES)) + 3 * SCHEDULES)
    by_trigger: dict[object, list[float]] = {}
    for row in await harness.fetch(TIMES + " ORDER BY 1, 2"):
        by_trigger.setdefault(row["trigger_id"], []).append(row["at"])
    assert len(by_trigger) == SCHEDULES
    for times in by_trigger.values():
        # every second once, none left out
        assert times == [times[0] + number for number in range(len(times))]
