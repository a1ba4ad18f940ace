"""The control-flow patterns of ``examples/patterns`` that take the engine: events, and several executions at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.engine.harness import Harness
from weftline.model.event import EventType

PATTERNS = Path(__file__).parents[2] / "examples" / "patterns"

SUBSCRIBED = "SELECT 1 FROM event_subscriptions WHERE name = 'courier'"
CHILDREN = "SELECT id FROM executions WHERE parent_id = $1"


async def publish(engine: Harness, name: str) -> str:
    [path] = PATTERNS.glob(f"{name}*.json")
    document: dict[str, Any] = json.loads(path.read_text())
    return await engine.publish(*document.pop("nodes"), **document)


async def test_23_an_event_that_nothing_waits_for_is_lost(engine: Harness) -> None:
    workflow = await publish(engine, "wcp-23")
    async with engine.worker():
        execution = await engine.start_one({"parcel": "P1"}, workflow=workflow)
        await engine.reach(execution, "waiting")
        assert await engine.deliver("courier", "P1") == 0
        await engine.signal(execution, "unpacked")
        await engine.until(lambda: engine.fetch(SUBSCRIBED))
        assert await engine.deliver("courier", "P2") == 0
        assert await engine.deliver("courier", "P1") == 1
        assert (await engine.reach(execution))["status"] == "completed"


async def test_34_two_of_several_instances_are_enough_and_the_others_run_to_their_end(engine: Harness) -> None:
    workflow = await publish(engine, "wcp-34")
    async with engine.worker():
        execution = await engine.start_one({"reviewers": ["ann", "bob", "cat"]}, workflow=workflow)
        assert (await engine.reach(execution))["status"] == "completed"
    events = await engine.events(execution)
    completed = [str(event.step).partition("@")[0] for event in events if event.type is EventType.STEP_COMPLETED]
    assert completed.count("review") == 3
    assert completed.count("decide") == 1


async def test_39_two_critical_sections_never_run_at_the_same_time(engine: Harness) -> None:
    workflow = await publish(engine, "wcp-39-critical")
    await publish(engine, "wcp-39-section")
    async with engine.worker():
        execution = await engine.start_one(workflow=workflow)
        assert (await engine.reach(execution))["status"] == "completed"
    sections = [await engine.events(row["id"]) for row in await engine.fetch(CHILDREN, execution)]
    (first_begins, first_ends), (second_begins, _) = sorted((events[0].at, events[-1].at) for events in sections)
    assert first_begins <= first_ends <= second_begins
