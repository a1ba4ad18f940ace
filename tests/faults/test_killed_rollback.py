"""A long rollback whose worker is killed under every single compensation."""

from __future__ import annotations

from multiprocessing.process import BaseProcess
from typing import Any
from uuid import UUID

from tests.engine.harness import action
from tests.faults.actions import KILLED
from tests.faults.crew import Litter
from tests.faults.scene import Scene
from weftline.language import load
from weftline.machine.rewinding import Search, Target
from weftline.model.event import EventType
from weftline.store.inbox import MessageKind

STEPS = 100


def workflow() -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = [
        action(f"s{number}", "note", f"s{number + 1}", compensate="unbook") for number in range(1, STEPS + 1)
    ]
    del nodes[-1]["next"]
    return nodes


async def test_every_compensation_happens_once_and_in_order_though_a_worker_dies_under_each(
    scene: Scene, litter: Litter
) -> None:
    harness, owner = scene.harness, scene.owner
    await owner.execute("CREATE TABLE deaths (step text PRIMARY KEY)")
    await owner.execute("GRANT INSERT ON deaths TO weft_worker")
    await owner.execute("ALTER TABLE ledger ADD COLUMN position serial")
    await owner.execute("GRANT USAGE ON SEQUENCE ledger_position_seq TO weft_worker")
    await harness.publish(*workflow(), id="long")
    (execution,) = await harness.start({}, workflow="long")
    builder = litter.bear("builder")
    await harness.reach(execution, "completed")
    builder.terminate()
    builder.join()

    _, program = load({"id": "long", "nodes": workflow()})
    search = Search(program, {}, Target.START)
    search.scan(await harness.events(execution))
    search.locate()
    await harness.send(execution, MessageKind.REWIND, **search.point().rewind(halts=True))

    # two at a time: while one works, or dies, the other gets ready
    pair = [litter.bear(f"victim-{number}") for number in range(2)]
    for number in range(2, STEPS + 3):
        dead = await harness.until(lambda: _a_dead_one(scene, execution, pair), 60)
        if dead == "none":
            break
        pair[pair.index(dead)] = litter.bear(f"victim-{number}")
    assert (await harness.row(execution))["status"] == "rolled_back"
    assert await owner.fetchval("SELECT count(*) FROM deaths") == STEPS

    newest_first = [f"s{number}" for number in range(STEPS, 0, -1)]
    events = await harness.events(execution)
    assert [event.step for event in events if event.type is EventType.STEP_COMPENSATED] == newest_first
    started = [event.step for event in events if event.type is EventType.STEP_COMPENSATION_STARTED]
    assert started == newest_first
    undone = await owner.fetch("SELECT step FROM ledger WHERE execution_id = $1 ORDER BY position", execution)
    assert [row["step"] for row in undone] == newest_first
    assert sum(event.type is EventType.WORKFLOW_RECOVERED for event in events) == STEPS


async def _a_dead_one(scene: Scene, execution: UUID, workers: list[BaseProcess]) -> BaseProcess | str | None:
    """A worker that has died; ``none`` where everything is undone."""
    for worker in workers:
        if worker.exitcode is not None:
            assert worker.exitcode == KILLED
            return worker
    return "none" if (await scene.harness.row(execution))["status"] == "rolled_back" else None
