"""Worker processes are killed, frozen and outnumbered; the executions do not notice."""

from __future__ import annotations

import random
from uuid import UUID

import orjson
import pytest

from tests.engine.harness import action
from tests.faults.actions import KILLED
from tests.faults.crew import Crew, Litter
from tests.faults.scene import EVENTS_PER_EXECUTION, Scene, recovered
from weftline.machine.reacting import MAX_INTERRUPTIONS

EXECUTIONS = 2_000
KILLS = 20
SHARED_EXECUTIONS = 600


async def test_a_worker_killed_twenty_times_loses_nothing_and_does_nothing_twice(scene: Scene, litter: Litter) -> None:
    chance = random.Random(20)
    # so many events between two kills, at most, that there is work left for the last one ...
    share = EXECUTIONS // KILLS
    ids = await scene.harness.start(*({"n": n} for n in range(EXECUTIONS)))
    kills = 0
    for number in range(2 * KILLS):
        if kills == KILLS:
            break
        if await scene.open_count() < 2 * share:
            # ... unless this process was late for some of them
            ids += await scene.harness.start(*({"n": n} for n in range(2 * share)))
        target = await scene.event_count() + chance.randint(1, share * EVENTS_PER_EXECUTION)
        name = f"victim-{number}"
        worker = litter.bear(name)
        await scene.events_reach(target)
        worker.kill()
        worker.join()
        kills += bool(await scene.held_by(name))
    assert kills == KILLS
    litter.bear("survivor")
    await scene.all_ended()
    logs = await scene.verify(ids)
    assert sum(recovered(events) for events in logs.values()) >= KILLS


@pytest.mark.parametrize("size", [2, 4])
async def test_several_workers_share_the_work(scene: Scene, crew: Crew, size: int) -> None:
    names = [f"worker-{number}" for number in range(size)]
    workers = [crew.hire(name) for name in names]
    for name in names:
        await scene.harness.until(lambda name=name: scene.identities(name))
    ids = await scene.harness.start(*({"n": n} for n in range(SHARED_EXECUTIONS)))
    busy: set[str] = set()

    async def all_were_busy() -> bool:
        for name in names:
            if name not in busy and await scene.held_by(name):
                busy.add(name)
        return len(busy) == size

    await scene.harness.until(all_were_busy)
    await scene.all_ended()
    logs = await scene.verify(ids)
    assert not any(recovered(events) for events in logs.values())
    for worker in workers:
        worker.stop()
    assert await scene.owner.fetch("SELECT * FROM workers WHERE lease_until > now()") == []


async def test_a_worker_frozen_past_its_lease_is_fenced_and_works_on_as_a_new_one(scene: Scene, crew: Crew) -> None:
    sleeper = crew.hire("sleeper")
    ids = await scene.harness.start(*({"n": n} for n in range(SHARED_EXECUTIONS)))
    assert await scene.events_reach(SHARED_EXECUTIONS)
    sleeper.freeze()
    old = await scene.identities("sleeper")
    in_hand = await scene.held_by("sleeper")
    assert len(old) == 1
    assert in_hand

    other = crew.hire("other")
    await scene.all_ended()
    logs = await scene.verify(ids)
    assert {id for id, events in logs.items() if recovered(events)} == in_hand

    sleeper.thaw()
    await scene.harness.until(lambda: _took_a_new_identity(scene, "sleeper", old))
    assert await scene.verify(ids) == logs
    other.stop()
    more = await scene.harness.start(*({"n": n} for n in range(10)))
    await scene.all_ended()
    await scene.verify(more)
    sleeper.stop()


async def _took_a_new_identity(scene: Scene, name: str, old: set[UUID]) -> bool:
    return bool(await scene.identities(name) - old)


async def test_an_action_that_kills_its_worker_at_the_first_step_fails_its_execution_alone(
    scene: Scene, crew: Crew
) -> None:
    await scene.harness.publish(action("boom", "kill"), id="poison")
    [poison] = await scene.harness.start({}, workflow="poison")
    innocent = await scene.harness.start(*({"n": n} for n in range(30)))
    losses = await _supervise_until_all_ended(scene, crew)
    row = await scene.harness.row(poison)
    assert row["status"] == "failed"
    assert orjson.loads(row["error"])["code"] == "interrupted"
    assert orjson.loads(row["error"])["stepId"] == "boom"
    assert losses == MAX_INTERRUPTIONS + 1
    await scene.verify(innocent)


async def test_an_action_that_kills_its_worker_late_in_its_execution_fails_it_too(scene: Scene, crew: Crew) -> None:
    await scene.harness.publish(
        action("before", "note", "nap"),
        {"id": "nap", "type": "wait", "duration": 0.05, "next": "boom"},
        action("boom", "kill"),
        id="poison",
    )
    [poison] = await scene.harness.start({}, workflow="poison")
    losses = await _supervise_until_all_ended(scene, crew)
    assert orjson.loads((await scene.harness.row(poison))["error"])["code"] == "interrupted"
    assert losses == MAX_INTERRUPTIONS + 1
    assert (await scene.harness.types(poison)).count("STEP_COMPLETED before") == 1


async def _supervise_until_all_ended(scene: Scene, crew: Crew) -> int:
    """Keep one worker running, as a supervisor would; returns how many were lost."""
    worker, losses = crew.hire("worker-0"), 0

    async def look() -> bool:
        nonlocal worker, losses
        if worker.exit_code is not None:
            assert worker.exit_code == KILLED, worker.log.read_text()[-4_000:]
            losses += 1
            worker = crew.hire(f"worker-{losses}")
        return await scene.open_count() == 0

    await scene.patiently(look)
    worker.stop()
    return losses
