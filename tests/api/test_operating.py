"""What operators do to one execution, and what each act says wherever an execution stands."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.api.client import PATIENCE, Client, problem
from tests.api.ledger import TRIP, Ledger, line, step, undoable
from weftline.engine.worker import Worker
from weftline.model.status import ExecutionStatus

ASK: dict[str, Any] = {"id": "ask", "type": "form", "form": {"type": "object"}}
SLOW: dict[str, Any] = {"maxAttempts": 5, "initialInterval": "1h", "maxInterval": "1h"}

JOB = line("job", undoable("one"), step("two", input={"n": "${ n }"}), {"id": "wait", "type": "wait", "event": "go"})


async def stored(api: Client, id: str) -> int:
    """How many events an execution has."""
    return len((await api.get(f"/executions/{id}/events", params={"limit": 1000})).json()["items"])


async def started(api: Client, definition: dict[str, Any], **input: Any) -> str:
    """An execution of a new workflow."""
    await api.publish(definition)
    return await api.start(definition["id"], input)


async def test_what_failed_goes_on_from_there_with_edited_data(api: Client, worker: Worker, ledger: Ledger) -> None:
    ledger.broken.add("two")
    id = await started(api, JOB, n=1)
    await api.when_status(id, "failed")
    plan = (await api.post(f"/executions/{id}/retry", {"dryRun": True})).json()
    assert plan == {"stepId": "two", "sideEffects": [], "cancelled": []}
    ledger.broken.clear()
    retried = await api.post(f"/executions/{id}/retry", {"data": {"n": 7}})
    assert retried.status_code == 200, retried.text
    await api.when(id, lambda execution: execution["currentSteps"] == ["wait"])
    assert (ledger.lines, ledger.inputs["two"]) == (["one", "two"], {"n": 7})


async def test_what_was_cancelled_goes_on_with_what_was_open(api: Client, worker: Worker, ledger: Ledger) -> None:
    id = await started(api, JOB, n=1)
    await api.when(id, lambda execution: execution["currentSteps"] == ["wait"])
    await api.post(f"/executions/{id}/cancel")
    problem(
        await api.post(f"/executions/{id}/migrate", {"version": 1, "nodes": {"no": "one"}}), 409, "state_would_be_lost"
    )
    retried = await api.post(f"/executions/{id}/retry")
    assert (retried.status_code, retried.json()["sideEffects"]) == (200, []), retried.text
    assert retried.json()["currentSteps"] == ["wait"]
    await api.post(f"/executions/{id}/signals", {"name": "go"})
    await api.when_status(id, "completed")
    assert ledger.lines == ["one", "two"]


async def test_a_chosen_step_is_done_again_with_another_input(api: Client, worker: Worker, ledger: Ledger) -> None:
    id = await started(api, JOB, n=1)
    await api.when(id, lambda execution: execution["currentSteps"] == ["wait"])
    answer = await api.post(f"/executions/{id}/retry", {"stepId": "one", "input": {"by": "hand"}})
    assert answer.status_code == 200, answer.text
    assert [each["stepId"] for each in answer.json()["sideEffects"]] == ["two", "one"]
    await api.when(id, lambda execution: execution["currentSteps"] == ["wait"] and execution["status"] == "waiting")
    assert ledger.lines == ["one", "two", "one", "two"]
    assert ledger.inputs["one"] == {"by": "hand"}


async def test_a_step_that_waits_for_its_next_attempt_is_tried_now(api: Client, worker: Worker, ledger: Ledger) -> None:
    ledger.down.add("one")
    id = await started(api, line("later", step("one", retry=SLOW)))
    await api.when(id, lambda execution: execution["status"] == "waiting")
    ledger.down.clear()
    assert (await api.post(f"/executions/{id}/retry")).status_code == 200
    await api.when_status(id, "completed")
    assert ledger.lines == ["one"]


async def test_a_step_is_skipped_while_it_is_open_and_after_its_failure(
    api: Client, worker: Worker, ledger: Ledger
) -> None:
    ledger.broken.add("two")
    id = await started(api, JOB, n=1)
    await api.when_status(id, "failed")
    problem(await api.post(f"/executions/{id}/skip", {"stepId": "one"}), 409, "step_not_open")
    skipped = await api.post(f"/executions/{id}/skip", {"stepId": "two", "output": "by hand", "reason": "done"})
    assert skipped.status_code == 200, skipped.text
    await api.when(id, lambda execution: execution["currentSteps"] == ["wait"])
    assert (await api.post(f"/executions/{id}/skip", {"stepId": "wait"})).status_code == 200
    await api.when_status(id, "completed")
    statuses = [item["stepStatus"] for item in (await api.get(f"/executions/{id}/steps")).json()["items"]]
    assert statuses.count("skipped") == 2


async def test_which_of_several_activations_is_meant_must_be_said(api: Client, worker: Worker) -> None:
    waiting = {"id": "each", "type": "wait", "event": "go"}
    loop = {"id": "all", "type": "loop", "forEach": "${ items }", "concurrency": 2, "do": "each"}
    await api.publish({"id": "many", "nodes": [loop, waiting]})
    id = await api.start("many", {"items": [1, 2]})
    await api.when(id, lambda execution: execution["status"] == "waiting")
    document = problem(await api.post(f"/executions/{id}/skip", {"stepId": "each"}), 409, "ambiguous_step")
    assert "each@all:1:0, each@all:1:1" in document["detail"]
    for key in ("each@all:1:0", "each@all:1:1"):
        assert (await api.post(f"/executions/{id}/skip", {"stepKey": key})).status_code == 200
    await api.when_status(id, "completed")


async def test_data_of_a_running_execution_are_edited_between_two_steps(api: Client, worker: Worker) -> None:
    id = await started(api, line("edit", ASK), name="Ada", wrong=True)
    await api.when_status(id, "waiting")
    body = {"set": {"name": "Grace"}, "remove": ["wrong"], "reason": "A typo"}
    answer = await api.http.patch(f"/api/v1/executions/{id}/data", json=body)
    assert (answer.status_code, answer.json()["data"]) == (200, {"name": "Grace"})
    assert answer.json()["input"] == {"name": "Ada", "wrong": True}
    last = (await api.get(f"/executions/{id}/events")).json()["items"][-1]
    assert (last["type"], last["data"]["reason"]) == ("DATA_CHANGED", "A typo")


async def test_an_execution_is_started_anew_once_for_each_key(api: Client, worker: Worker) -> None:
    job = {**JOB, "settings": {"searchAttributes": {"n": "${ input.n }"}}}
    await api.publish(job)
    first = await api.start("job", {"n": 1}, tags=["drill"], attributes={"batch": 4})
    await api.put("/workflows/job", {**job, "description": "newer"})
    await api.post("/workflows/job/publish")
    headers = {"Idempotency-Key": "again"}
    answer = await api.post(f"/executions/{first}/restart", {"data": {"n": 2}}, headers=headers)
    assert answer.status_code == 201, answer.text
    restarted = answer.json()
    assert (restarted["restartedFrom"], restarted["versionNumber"]) == (first, 1)
    again = await api.post(f"/executions/{first}/restart", {"data": {"n": 2}}, headers=headers)
    assert again.json()["id"] == restarted["id"]
    problem(await api.post(f"/executions/{first}/restart", headers=headers), 422, "idempotency_key_reused")
    detail = await api.execution(restarted["id"])
    assert (detail["input"], detail["restartedFrom"]) == ({"n": 2}, first)
    assert (detail["tags"], detail["attributes"]) == (["drill"], {"n": 2, "batch": 4})
    latest = (await api.post(f"/executions/{first}/restart", {"latest": True})).json()
    assert latest["versionNumber"] == 2


async def test_children_are_listed(api: Client, worker: Worker) -> None:
    await api.publish(line("small", step("one")))
    id = await started(api, line("big", {"id": "sub", "type": "subworkflow", "workflow": "small"}))
    await api.when_status(id, "completed")
    (child,) = (await api.get(f"/executions/{id}/children")).json()["items"]
    assert (child["workflowId"], child["status"], child["parentId"]) == ("small", "completed", id)
    assert (await api.execution(child["id"]))["parentStepId"] == "sub"


async def test_many_are_retried_or_rolled_back_at_once_and_each_refusal_is_told(
    api: Client, worker: Worker, ledger: Ledger
) -> None:
    ledger.broken.add("two")
    ids = [await started(api, JOB, n=1), await api.start("job", {"n": 2})]
    for id in ids:
        await api.when_status(id, "failed")
    ledger.broken.clear()
    body: dict[str, Any] = {"act": "retry", "filter": {"workflowId": "job"}}
    assert (await in_bulk(api, body))["succeeded"] == 2
    for id in ids:
        await api.when(id, lambda execution: execution["currentSteps"] == ["wait"])
    refused = await in_bulk(api, body)
    [first, _] = (await api.get(f"/bulk-operations/{refused['id']}/failures")).json()["items"]
    assert (refused["failed"], first["code"]) == (2, "nothing_to_retry")
    assert (await in_bulk(api, {**body, "act": "rollback"}))["succeeded"] == 2
    for id in ids:
        await api.when_status(id, "rolled_back")
    assert ledger.lines[-2:] == ["undo one", "undo one"]


async def in_bulk(api: Client, body: dict[str, Any]) -> dict[str, Any]:
    """An act on many executions, once it is over."""
    operation = (await api.post("/bulk-operations", body)).json()
    async with asyncio.timeout(PATIENCE):
        while operation["status"] == "running":
            operation = (await api.get(f"/bulk-operations/{operation['id']}")).json()
        return operation


async def test_of_two_commands_that_exclude_each_other_one_takes_effect(api: Client, worker: Worker) -> None:
    id = await started(api, TRIP, nights=1)
    await api.when(id, lambda execution: execution["currentSteps"] == ["ready"])
    acts = [("skip", {"stepId": "ready"}), ("skip", {"stepId": "ready"}), ("cancel", None)]
    answers = await asyncio.gather(*(api.post(f"/executions/{id}/{act}", body) for act, body in acts))
    statuses = [answer.status_code for answer in answers]
    assert sorted(statuses[:2]) in ([200, 409], [409, 409]), statuses
    for answer in answers:
        if answer.status_code == 409:
            assert answer.json()["code"] in ("step_not_open", "execution_ended"), answer.text
    types = [event["type"] for event in (await api.get(f"/executions/{id}/events")).json()["items"]]
    assert types.count("STEP_SKIPPED") == statuses[:2].count(200)
    assert types.count("WORKFLOW_CANCELLED") == (statuses[2] == 200)


# --- every act, wherever an execution stands --------------------------------------------------------------------------

REVIEWED = {"review": {"draft": True}}

Prepare = Callable[[Client, Ledger], Awaitable[str]]


async def draft(api: Client, ledger: Ledger) -> str:
    id = await started(api, line("draft", ASK, settings=REVIEWED))
    await api.when_status(id, "draft")
    return id


async def waiting(api: Client, ledger: Ledger) -> str:
    id = await started(api, TRIP, nights=1)
    await api.when(id, lambda execution: execution["currentSteps"] == ["ready"])
    return id


async def paused(api: Client, ledger: Ledger) -> str:
    id = await waiting(api, ledger)
    await api.post(f"/executions/{id}/pause")
    return id


async def awaiting_validation(api: Client, ledger: Ledger) -> str:
    id = await started(api, line("review", ASK, settings={"review": {"draft": False}}))
    assert (await api.post(f"/executions/{id}/steps/ask", {"data": {}})).status_code == 200
    await api.when_status(id, "awaiting_validation")
    return id


async def submitted(api: Client, ledger: Ledger) -> str:
    id = await awaiting_validation(api, ledger)
    assert (await api.post(f"/executions/{id}/submit")).status_code == 200
    return id


async def compensating(api: Client, ledger: Ledger) -> str:
    id = await waiting(api, ledger)
    ledger.broken.add("undo hotel")
    await api.post(f"/executions/{id}/rollback")
    await api.when(id, lambda execution: execution["error"] is not None)
    return id


async def rolled_back(api: Client, ledger: Ledger) -> str:
    id = await waiting(api, ledger)
    await api.post(f"/executions/{id}/rollback")
    await api.when_status(id, "rolled_back")
    return id


async def completed(api: Client, ledger: Ledger) -> str:
    id = await waiting(api, ledger)
    await api.post(f"/executions/{id}/signals", {"name": "ready"})
    await api.when_status(id, "completed")
    return id


async def failed(api: Client, ledger: Ledger) -> str:
    ledger.broken.add("hotel")
    id = await started(api, TRIP, nights=1)
    await api.when_status(id, "failed")
    return id


async def cancelled(api: Client, ledger: Ledger) -> str:
    id = await waiting(api, ledger)
    await api.post(f"/executions/{id}/cancel")
    return id


ACTS: dict[str, tuple[str, str, dict[str, Any] | None]] = {
    "pause": ("POST", "pause", None),
    "start": ("POST", "start", None),
    "fill in": ("POST", "steps/ask", {"data": {}}),
    "validate": ("POST", "validate", None),
    "submit": ("POST", "submit", None),
    "approve": ("POST", "approve", None),
    "reject": ("POST", "reject", {"reason": "no"}),
    "reject to": ("POST", "reject", {"reason": "no", "toStepId": "ask"}),
    "skip": ("POST", "skip", {"stepKey": "ready~9"}),
    "data": ("PATCH", "data", {"set": {"x": 1}}),
    "migrate": ("POST", "migrate", {"version": 1}),
    "retry": ("POST", "retry", None),
    "roll back": ("POST", "rollback", None),
    "cancel": ("POST", "cancel", None),
}

REVIEW = dict.fromkeys(("start", "submit", "approve", "reject", "reject to"), "wrong_status")
STILL = {"skip": "step_not_open", "retry": "nothing_to_retry"}
ENDED = dict.fromkeys(
    ("pause", "start", "validate", "submit", "approve", "reject", "data", "cancel"), "execution_ended"
)

REFUSED: dict[ExecutionStatus, dict[str, str]] = {
    ExecutionStatus.DRAFT: {**REVIEW, **STILL, "roll back": "not_started"},
    ExecutionStatus.WAITING: {**REVIEW, **STILL, "validate": "not_reviewed"},
    ExecutionStatus.PAUSED: {**REVIEW, **STILL, "validate": "not_reviewed"},
    ExecutionStatus.AWAITING_VALIDATION: {**REVIEW, **STILL, "pause": "wrong_status"},
    ExecutionStatus.SUBMITTED: {**REVIEW, **STILL, "pause": "wrong_status", "fill in": "wrong_status"},
    ExecutionStatus.COMPENSATING: {
        **REVIEW,
        "pause": "wrong_status",
        "skip": "step_not_open",
        **dict.fromkeys(("migrate", "roll back"), "being_undone"),
    },
    ExecutionStatus.ROLLED_BACK: {**REVIEW, **STILL, "pause": "wrong_status"},
    ExecutionStatus.COMPLETED: {**ENDED, **STILL, "reject to": "wrong_status"},
    ExecutionStatus.FAILED: {**ENDED, "skip": "step_not_open", "reject to": "wrong_status"},
    ExecutionStatus.CANCELLED: {**ENDED, "skip": "step_not_open", "reject to": "wrong_status"},
}
"""What each act is answered with where it cannot be done; where an execution stands is what was done to get there."""

for legal, status in (
    ("start", ExecutionStatus.DRAFT),
    ("submit", ExecutionStatus.AWAITING_VALIDATION),
    ("approve", ExecutionStatus.SUBMITTED),
    ("reject", ExecutionStatus.SUBMITTED),
    ("reject to", ExecutionStatus.SUBMITTED),
):
    del REFUSED[status][legal]

STANDS: dict[ExecutionStatus, Prepare] = {
    ExecutionStatus.DRAFT: draft,
    ExecutionStatus.WAITING: waiting,
    ExecutionStatus.PAUSED: paused,
    ExecutionStatus.AWAITING_VALIDATION: awaiting_validation,
    ExecutionStatus.SUBMITTED: submitted,
    ExecutionStatus.COMPENSATING: compensating,
    ExecutionStatus.ROLLED_BACK: rolled_back,
    ExecutionStatus.COMPLETED: completed,
    ExecutionStatus.FAILED: failed,
    ExecutionStatus.CANCELLED: cancelled,
}


@pytest.mark.parametrize("status", STANDS, ids=str)
async def test_what_cannot_be_done_is_refused_and_changes_nothing(
    api: Client, worker: Worker, ledger: Ledger, status: ExecutionStatus
) -> None:
    id = await STANDS[status](api, ledger)
    before = await api.execution(id)
    assert before["status"] == status
    events = await stored(api, id)
    for name, code in REFUSED[status].items():
        method, act, body = ACTS[name]
        answer = await api.http.request(method, f"/api/v1/executions/{id}/{act}", json=body)
        assert (answer.status_code, answer.json().get("code")) == (409, code), f"{name}: {answer.text}"
        assert answer.json()["detail"]
    new = (await api.get(f"/executions/{id}/events", params={"after": events})).json()["items"]
    assert {event["type"] for event in new} <= {"COMMAND_REFUSED"}
    assert await api.execution(id) == before
