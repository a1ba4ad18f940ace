"""What the test kit says of a workflow is what the engine does with it."""

from __future__ import annotations

from typing import Any

from tests.engine.harness import Harness
from weftline.authoring import ActionError, Context
from weftline.language import load
from weftline.model.event import Event
from weftline.store.inbox import MessageKind
from weftline.testing import WorkflowTest
from weftline.testing.replay import replay

CHILD: dict[str, Any] = {
    "id": "child",
    "nodes": [
        {"id": "each", "type": "loop", "forEach": "${items}", "do": "pack", "next": "tell"},
        {"id": "pack", "type": "action", "action": "pack", "input": {"n": "${item}"}, "compensate": "unpack"},
        {"id": "tell", "type": "emit", "event": "packed", "correlation": "${order}", "next": "rest"},
        {"id": "rest", "type": "wait", "event": "finish"},
    ],
    "startNode": "each",
}

PARENT: dict[str, Any] = {
    "id": "parent",
    "nodes": [
        {"id": "both", "type": "parallel", "branches": ["hear", "late"], "next": "ask"},
        {"id": "hear", "type": "wait", "event": "packed", "correlation": "${order}"},
        {"id": "late", "type": "wait", "duration": "50ms", "next": "start"},
        {"id": "start", "type": "subworkflow", "workflow": "child", "input": {"items": [1, 2], "order": "${order}"}},
        {"id": "ask", "type": "approval", "outcomes": {"approved": "pay", "rejected": "stop"}},
        {"id": "pay", "type": "action", "action": "pay", "retry": {"maxAttempts": 2, "initialInterval": "10ms"}},
        {"id": "stop", "type": "end"},
    ],
    "startNode": "both",
    "settings": {"errorHandling": {"strategy": "compensate"}},
}


RESTS = """
    SELECT 1 FROM event_subscriptions WHERE name = 'finish'
    AND NOT EXISTS (SELECT FROM event_subscriptions WHERE name = 'packed')
"""
"""The child waits, and its parent has heard of it."""


def told(events: list[Event]) -> list[tuple[str, str | None]]:
    return [(event.type.value, event.step) for event in events]


async def test_an_execution_has_the_same_events_in_the_kit_and_takes_the_same_path_again(engine: Harness) -> None:
    @engine.action("pack")
    async def pack(ctx: Context) -> Any:
        return {"packed": ctx.input["n"]}

    @engine.action("unpack")
    async def unpack(ctx: Context) -> Any:
        return None

    @engine.action("pay")
    async def pay(ctx: Context) -> Any:
        raise ActionError("no", code="declined", retryable=ctx.attempt == 1)

    for document in (CHILD, PARENT):
        fields = {name: value for name, value in document.items() if name != "nodes"}
        await engine.publish(*document["nodes"], **fields)
    async with engine.worker(poll_seconds=0.02):
        execution = await engine.start_one({"order": "o1"}, workflow="parent")
        await engine.until(lambda: engine.fetch(RESTS))
        await engine.deliver("finish")
        await engine.until(lambda: engine.fetch("SELECT 1 FROM human_tasks"))
        await engine.send(execution, MessageKind.TASK_COMPLETED, step="ask", outcome="approved", by="somebody")
        assert (await engine.reach(execution))["status"] == "failed"
    (child,) = await engine.fetch("SELECT id FROM executions WHERE parent_id = $1", execution)

    test = WorkflowTest(PARENT, children=[CHILD], real_actions=True, registry=engine.registry)
    run = await test.at("1s").event("finish").answer("ask", outcome="approved").run_async({"order": "o1"})
    events = await engine.events(execution)
    assert told(run.events) == told(events)
    assert told(run.children[0].events) == told(await engine.events(child["id"]))
    assert replay(load(PARENT)[1], {"order": "o1"}, events).is_same
