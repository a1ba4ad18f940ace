"""Executions that start others and send events, while their workers die and their connections break."""

from __future__ import annotations

import random

import pytest

from tests.engine.harness import action
from tests.faults.crew import Crew, WorkerProcess
from tests.faults.scene import Scene
from weftline.model.event import EventType

PARENTS = 120
BLOWS = 6
EVENTS_PER_FAMILY = 18
"""At least so many events a parent and its child leave."""

STRETCH = PARENTS * EVENTS_PER_FAMILY // (BLOWS + 1) // 2
"""Events between two blows, at most, so that there is work left for the last one."""

CUT = """
SELECT count(*) FILTER (WHERE pg_terminate_backend(pid))
FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'worker%'
"""

PARENT = [
    {"id": "both", "type": "parallel", "branches": ["call", "hear"]},
    {"id": "call", "type": "subworkflow", "workflow": "child", "input": {"who": "${execution.id}"}},
    {"id": "hear", "type": "wait", "event": "hello", "correlation": "${execution.id}"},
]
CHILD = [
    action("before", "note", "tell"),
    {"id": "tell", "type": "emit", "event": "hello", "correlation": "${who}", "next": "after"},
    action("after", "ponder"),
]


@pytest.mark.parametrize("blow", ["killed", "cut off"])
async def test_every_child_starts_once_and_every_event_and_result_arrives_once(
    scene: Scene, crew: Crew, blow: str
) -> None:
    harness = scene.harness
    chance = random.Random(blow)
    await harness.publish(*CHILD, id="child")
    await harness.publish(*PARENT, id="parent")
    workers = [crew.hire("worker-a"), crew.hire("worker-b")]
    await scene.workers_reach(len(workers))
    parents = await harness.start(*({} for _ in range(PARENTS)), workflow="parent")
    for number in range(BLOWS):
        target = await scene.event_count() + chance.randint(1, STRETCH)
        assert await scene.events_reach(target), f"everything had ended before blow {number + 1}"
        if blow == "killed":
            workers = _replace_one(workers, crew, number)
        else:
            assert await scene.owner.fetchval(CUT) > 0
    await scene.all_ended()
    await harness.until(lambda: _nothing_is_left(scene))

    rows = await harness.fetch("SELECT * FROM executions")
    assert {row["status"] for row in rows} == {"completed"}
    assert sorted(row["parent_id"] for row in rows if row["parent_id"]) == sorted(parents)
    # the event, and the child's end
    assert {row["inbox_seq"] for row in rows if row["id"] in set(parents)} == {2}
    heard = await harness.fetch("SELECT execution_id FROM events WHERE type = $1", EventType.SIGNAL_RECEIVED)
    assert sorted(row["execution_id"] for row in heard) == sorted(parents)
    await harness.check_logs()


def _replace_one(workers: list[WorkerProcess], crew: Crew, number: int) -> list[WorkerProcess]:
    """Kill the worker that has been there longest, and hire another."""
    first, *others = workers
    first.kill()
    return [*others, crew.hire(f"worker-{number}")]


async def _nothing_is_left(scene: Scene) -> bool:
    """Whether everything that was sent has been carried out and read."""
    left = "SELECT (SELECT count(*) FROM dispatches) + (SELECT count(*) FROM inbox) AS left"
    return (await scene.harness.fetch(left))[0]["left"] == 0
