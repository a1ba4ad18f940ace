"""Process maps: how executions went through a workflow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.api.client import Client, problem
from tests.api.definitions import FORK, GREETING
from tests.api.people import People
from weftline.engine.worker import Worker
from weftline.features.process_map.folding import Fact, Flow, milliseconds
from weftline.features.process_map.ways import ways_of

ORDER: dict[str, Any] = {
    "id": "order",
    "nodes": [
        {"id": "start", "type": "start", "next": "size"},
        {
            "id": "size",
            "type": "decision",
            "cases": [{"when": "total > 100", "next": "ask", "label": "large"}, {"when": "total > 50", "next": "pay"}],
            "default": "pay",
        },
        {"id": "ask", "type": "set", "values": {"asked": True}, "next": "pay"},
        {"id": "pay", "type": "action", "action": "echo", "input": "${ data.card }", "onError": "tell", "next": "ship"},
        {"id": "tell", "type": "set", "values": {"told": True}},
        {"id": "ship", "type": "loop", "forEach": "${ lines }", "do": "pack"},
        {"id": "pack", "type": "action", "action": "echo"},
    ],
}


async def map_of(api: Client, workflow: str, **params: Any) -> dict[str, Any]:
    answer = await api.get(f"/workflows/{workflow}/process-map", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def edges(told: dict[str, Any]) -> dict[tuple[str, str, str | None], int]:
    return {(each["from"], each["to"], each["label"]): each["count"] for each in told["edges"]}


def nodes(told: dict[str, Any], figure: str) -> dict[str, Any]:
    return {each["nodeId"]: each[figure] for each in told["nodes"]}


async def run(api: Client, workflow: str, *inputs: dict[str, Any]) -> None:
    for input in inputs:
        id = await api.start(workflow, input)
        await api.when(id, lambda each: each["status"] in ("completed", "failed"))


async def test_every_way_is_counted_that_executions_took(api: Client, worker: Worker) -> None:
    await api.publish(ORDER)
    card = {"card": {}, "lines": [1, 2]}
    await run(
        api, "order", {"total": 500, **card}, {"total": 60, **card}, {"total": 1, **card}, {"total": 2, "lines": []}
    )
    told = await map_of(api, "order")
    assert (told["executions"], told["versionNumber"], told["isPartial"]) == (4, 1, False)
    assert edges(told) == {
        ("start", "size", None): 4,
        ("size", "pay", "default"): 2,
        ("size", "ask", "large"): 1,
        ("size", "pay", "total > 50"): 1,
        ("ask", "pay", None): 1,
        ("pay", "ship", None): 3,
        ("pay", "tell", "error"): 1,
        ("ship", "pack", None): 6,
    }
    assert nodes(told, "visits") == {"start": 4, "size": 4, "ask": 1, "pay": 4, "tell": 1, "ship": 3, "pack": 6}
    assert nodes(told, "failures")["pay"] == 1
    assert all(0 <= each["durationMedianMs"] <= each["durationP95Ms"] for each in told["nodes"])


async def test_branches_of_a_parallel_are_ways_into_them(api: Client, worker: Worker) -> None:
    await api.publish(FORK)
    await run(api, "fork", {})
    told = await map_of(api, "fork")
    assert edges(told) == {
        ("start", "both", None): 1,
        ("both", "end", None): 1,
        ("both", "left", None): 1,
        ("both", "right", None): 1,
    }
    assert {each["kind"] for each in told["edges"]} == {"next", "branch"}


async def test_it_tells_of_one_version_one_period_and_the_latest_executions(api: Client, worker: Worker) -> None:
    await api.publish(GREETING)
    await run(api, "greeting", {"name": "Ada"}, {"name": "Grace"})
    longer = {**GREETING, "nodes": [*GREETING["nodes"][:1], {"id": "greet", "type": "set", "values": {}}]}
    assert (await api.put("/workflows/greeting", longer)).status_code == 200
    assert (await map_of(api, "greeting"))["versionNumber"] == 1
    await api.post("/workflows/greeting/publish")
    await run(api, "greeting", {"name": "Joan"})
    told = await map_of(api, "greeting")
    assert (told["versionNumber"], told["executions"], list(nodes(told, "visits"))) == (2, 1, ["start", "greet"])
    assert (await map_of(api, "greeting", version=1))["executions"] == 2
    assert nodes(await map_of(api, "greeting", version=1, limit=1), "visits")["greet"] == 1
    now = datetime.now(UTC)
    later = {"from": (now + timedelta(hours=1)).isoformat(), "to": (now + timedelta(hours=2)).isoformat()}
    assert (await map_of(api, "greeting", version=1, **later))["executions"] == 0


async def test_what_there_is_not_has_no_map(api: Client, people: People) -> None:
    await api.publish(GREETING)
    path = "/workflows/greeting/process-map"
    problem(await api.get("/workflows/nothing/process-map"), 404, "workflow_not_found")
    problem(await api.get(path, params={"version": 7}), 404, "version_not_found")
    period = {"from": "2026-03-02T00:00:00Z", "to": "2026-03-01T00:00:00Z"}
    problem(await api.get(path, params=period), 422, "invalid_period")
    problem(await api.get(path, params={"limit": 5_001}), 422, "invalid_request")
    ann = await people.join("ann")
    problem(await ann.get(path), 403, "permission_denied")


async def test_of_an_encrypted_workflow_it_tells_the_way_though_what_decided_it_is_sealed(
    api: Client, worker: Worker
) -> None:
    decision = {"id": "old", "type": "decision", "condition": "age > 17", "true": "let-in", "false": "turn-away"}
    steps = [{"id": id, "type": "set", "values": {}} for id in ("let-in", "turn-away")]
    await api.publish({"id": "door", "settings": {"encrypt": True}, "nodes": [decision, *steps]})
    await run(api, "door", {"age": 3}, {"age": 4}, {"age": 40})
    assert edges(await map_of(api, "door")) == {("old", "let-in", "true"): 1, ("old", "turn-away", "false"): 2}


# --- folding ---------------------------------------------------------------------------------------------------------


def folded(definition: dict[str, Any], *facts: tuple[str, str, float], next: Any = None) -> Flow:
    flow = Flow(ways_of(definition))
    flow.add(Fact(1, f"STEP_{type}", step, None, None, at) for type, step, at in facts)
    return flow


def test_a_step_that_waits_for_others_is_waited_for_from_the_first_of_them() -> None:
    definition = {
        "nodes": [
            {"id": "a", "type": "action", "action": "x", "next": "c"},
            {"id": "b", "type": "action", "action": "x"},
            {"id": "c", "type": "action", "action": "x", "dependencies": ["a", "b"]},
        ]
    }
    flow = folded(
        definition,
        ("STARTED", "a", 0.0),
        ("STARTED", "b", 0.0),
        ("COMPLETED", "a", 1.0),
        ("COMPLETED", "b", 5.0),
        ("STARTED", "c", 5.0),
        ("RETRY_SCHEDULED", "c", 6.0),
        ("STARTED", "c", 8.0),
        ("COMPLETED", "c", 9.0),
    )
    assert {(way.source, way.kind.value): (found.count, found.gaps) for way, found in flow.ways.items()} == {
        ("a", "next"): (0, []),
        ("a", "dependency"): (1, [4.0]),
        ("b", "dependency"): (1, [0.0]),
    }
    node = flow.nodes["c"]
    assert (node.waits, node.durations, node.retries, node.visits) == ([4.0], [4.0], 1, 1)


def test_what_is_undone_and_what_another_version_had_does_not_count() -> None:
    definition = {"nodes": [{"id": "a", "type": "action", "action": "x"}]}
    flow = folded(
        definition, ("STARTED", "a", 0.0), ("COMPLETED", "a", 1.0), ("CANCELLED", "!a", 2.0), ("STARTED", "old", 3.0)
    )
    assert (flow.nodes["a"].visits, flow.nodes["a"].durations) == (1, [1.0])


def test_percentiles_are_values_that_occurred() -> None:
    assert milliseconds([], 0.5) is None
    assert milliseconds([0.004], 0.95) == 4
    seconds = [number / 1_000 for number in range(1, 101)]
    assert (milliseconds(seconds, 0.5), milliseconds(seconds, 0.95)) == (51, 96)
