"""Letting executions go on with another version."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.client import Client, problem
from tests.api.ledger import Ledger, line, step, undoable
from weftline.engine.worker import Worker

HOLD: dict[str, Any] = {"id": "hold", "type": "wait", "event": "go"}

FIRST = line("job", undoable("one"), HOLD, step("two"))
SECOND = line("job", undoable("one"), {**HOLD, "id": "stop"}, step("three"))


async def two_versions(api: Client) -> None:
    """A workflow with two published versions, of which executions still run the first."""
    answer = await api.put("/workflows/job", SECOND)
    assert answer.status_code == 200, answer.text
    assert (await api.post("/workflows/job/publish")).status_code == 200


async def begin(api: Client, count: int = 1) -> list[str]:
    """Executions that wait in the first version."""
    await api.publish(FIRST)
    ids = [await api.start("job") for _ in range(count)]
    for id in ids:
        await api.when(id, lambda execution: execution["currentSteps"] == ["hold"])
    await two_versions(api)
    return ids


async def test_an_execution_goes_on_with_another_version(api: Client, worker: Worker, ledger: Ledger) -> None:
    (id,) = await begin(api)
    body: dict[str, Any] = {"version": 2, "dryRun": True}
    check = (await api.post(f"/executions/{id}/migrate", body)).json()
    assert not check["possible"]
    assert [(each["code"], each["stepId"]) for each in check["problems"]] == [("live_node_missing", "hold")]
    document = problem(await api.post(f"/executions/{id}/migrate", {"version": 2}), 409, "state_would_be_lost")
    assert [error["pointer"] for error in document["errors"]] == ["/hold"]
    assert (await api.execution(id))["versionNumber"] == 1
    mapped: dict[str, Any] = {"version": 2, "nodes": {"hold": "stop"}, "reason": "Two was wrong"}
    assert (await api.post(f"/executions/{id}/migrate", {**mapped, "dryRun": True})).json() == {
        "possible": True,
        "problems": [],
    }
    migrated = await api.post(f"/executions/{id}/migrate", mapped)
    assert (migrated.status_code, migrated.json()["versionNumber"]) == (200, 2), migrated.text
    assert migrated.json()["currentSteps"] == ["stop"]
    await api.post(f"/executions/{id}/signals", {"name": "go"})
    await api.when_status(id, "completed")
    assert ledger.lines == ["one", "three"]


async def test_only_published_versions_can_be_migrated_to(api: Client, worker: Worker) -> None:
    (id,) = await begin(api)
    document = problem(await api.post(f"/executions/{id}/migrate", {"version": 9}), 422, "unknown_version")
    assert document["errors"][0]["pointer"] == "/version"
    body = {"fromVersion": 1, "toVersion": 9}
    document = problem(await api.post("/workflows/job/migrations", body), 422, "unknown_version")
    assert document["errors"][0]["pointer"] == "/toVersion"


async def test_all_executions_of_a_version_are_migrated_but_those_that_would_lose_state(
    api: Client, worker: Worker
) -> None:
    ids = await begin(api, 3)
    await api.post(f"/executions/{ids[0]}/cancel")
    body: dict[str, Any] = {"fromVersion": 1, "toVersion": 2}
    dry = await api.post("/workflows/job/migrations", {**body, "dryRun": True})
    assert (dry.status_code, dry.json()["total"], dry.json()["refused"]) == (200, 2, 2)
    assert {each["executionId"] for each in dry.json()["problems"]} == set(ids[1:])
    done = await api.post("/workflows/job/migrations", {**body, "nodes": {"hold": "stop"}})
    assert (done.status_code, done.json()) == (202, {"total": 2, "possible": 2, "refused": 0, "problems": []})
    for id in ids[1:]:
        await api.when(id, lambda execution: execution["versionNumber"] == 2)
    again = await api.post("/workflows/job/migrations", {**body, "dryRun": True})
    assert again.json()["total"] == 0


OPEN: dict[str, dict[str, Any]] = {
    "event": {"type": "wait", "event": "go", "correlation": "here"},
    "task": {"type": "form", "form": {"type": "object"}},
    "child": {"type": "subworkflow", "workflow": "small"},
}
"""Nodes that something outside the execution ends."""


@pytest.mark.parametrize("kind", OPEN)
async def test_what_is_open_under_another_name_is_still_ended_and_undone_from_outside(
    api: Client, worker: Worker, ledger: Ledger, kind: str
) -> None:
    await api.publish(line("small", undoable("in"), HOLD))
    await api.publish(line("job", {**OPEN[kind], "id": "before"}, step("two")))
    id = await api.start("job")
    await api.when(id, lambda execution: execution["currentSteps"] == ["before"])
    await api.put("/workflows/job", line("job", {**OPEN[kind], "id": "after"}, step("two")))
    await api.post("/workflows/job/publish")
    body = {"version": 2, "nodes": {"before": "after"}}
    assert (await api.post(f"/executions/{id}/migrate", body)).json()["currentSteps"] == ["after"]
    if kind == "event":
        assert (await api.post("/events", {"name": "go", "correlation": "here"})).json()["delivered"] == 1
    elif kind == "task":
        assert (await api.post(f"/executions/{id}/steps/after", {"data": {}})).status_code == 200
    else:
        (child,) = (await api.get(f"/executions/{id}/children")).json()["items"]
        await api.post(f"/executions/{child['id']}/signals", {"name": "go"})
    await api.when_status(id, "completed")
    await api.post(f"/executions/{id}/rollback")
    await api.when_status(id, "rolled_back")
    assert ledger.lines == (["in", "two", "undo in"] if kind == "child" else ["two"])


async def test_what_lies_before_a_migration_is_not_planned_to_be_gone_back_to(api: Client, worker: Worker) -> None:
    (id,) = await begin(api)
    await api.post(f"/executions/{id}/migrate", {"version": 2, "nodes": {"hold": "stop"}})
    for body in ({"toStepId": "one", "dryRun": True}, {"toStepId": "one"}):
        problem(await api.post(f"/executions/{id}/rollback", body), 409, "migrated_since")
    problem(await api.post(f"/executions/{id}/retry", {"stepId": "one", "dryRun": True}), 409, "migrated_since")
    assert (await api.post(f"/executions/{id}/rollback", {"dryRun": True})).status_code == 200
