"""Workers are killed while they run durable functions; the functions do not notice."""

from __future__ import annotations

import random
from collections import Counter

import orjson

from tests.faults.actions import killed
from tests.faults.crew import Crew
from tests.faults.scene import IN_LEDGER, Scene

EXECUTIONS = 400
KILLS = 8
EVENTS = 14
"""Of one execution, at least."""


async def test_functions_go_on_where_they_were_whoever_runs_them(scene: Scene, crew: Crew) -> None:
    definition = killed.definition()
    nodes = definition.pop("nodes")
    await scene.harness.publish(*nodes, **definition)
    chance = random.Random(8)
    ids = set(await scene.harness.start(*({"n": n} for n in range(EXECUTIONS)), workflow="killed"))
    for number in range(KILLS):
        target = await scene.event_count() + chance.randint(1, EXECUTIONS * EVENTS // KILLS)
        worker = crew.hire(f"victim-{number}")
        assert await scene.events_reach(target), f"everything had ended before kill number {number + 1}"
        worker.kill()
    crew.hire("survivor")
    await scene.all_ended()
    rows = await scene.harness.fetch("SELECT id, status, output FROM executions")
    assert {row["id"] for row in rows} == ids
    for row in rows:
        assert row["status"] == "completed"
        assert orjson.loads(row["output"])[:4] == ["reserve", "left", "right", "settle"]
        events = await scene.harness.events(row["id"])
        completed = Counter(event.step for event in events if event.type == "STEP_COMPLETED")
        assert completed == dict.fromkeys(("reserve", "left", "right", "nap", "settle"), 1)
    ledger = Counter((row[0], row[1]) for row in await scene.owner.fetch("SELECT execution_id, step FROM ledger"))
    assert ledger == {(id, step): 1 for id in ids for step in IN_LEDGER}
