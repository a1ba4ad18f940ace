"""Worker processes are killed, frozen and outnumbered; the executions do not notice."""

from __future__ import annotations

import random

from tests.faults.crew import Crew
from tests.faults.scene import EVENTS_PER_EXECUTION, Scene, recovered

EXECUTIONS = 2_000
KILLS = 20


async def test_a_worker_killed_twenty_times_loses_nothing_and_does_nothing_twice(scene: Scene, crew: Crew) -> None:
    chance = random.Random(20)
    ids = await scene.harness.start(*({"n": n} for n in range(EXECUTIONS)))
    # so many events between two kills, at most, that there is work left for the last one
    stretch = EXECUTIONS * EVENTS_PER_EXECUTION // KILLS
    for number in range(KILLS):
        target = await scene.event_count() + chance.randint(1, stretch)
        worker = crew.hire(f"victim-{number}")
        assert await scene.events_reach(target), f"everything had ended before kill number {number + 1}"
        worker.kill()
    crew.hire("survivor")
    await scene.harness.all_ended()
    logs = await scene.verify(ids)
    assert sum(recovered(events) for events in logs.values()) >= KILLS
