"""Undoing what executions did."""

from __future__ import annotations

from typing import Any

from tests.api.client import Client, problem
from tests.api.ledger import TRIP, Ledger, line, step, undoable
from weftline.engine.worker import Worker


async def begin_trip(api: Client) -> str:
    """A trip that waits before its last step."""
    await api.publish(TRIP)
    id = await api.start("trip", {"nights": 3})
    await api.when(id, lambda execution: execution["currentSteps"] == ["ready"])
    return id


async def steps_of(api: Client, id: str) -> dict[str, str]:
    """Where each step of an execution stands, the last activation of each."""
    items = (await api.get(f"/executions/{id}/steps")).json()["items"]
    return {item["stepId"]: item["stepStatus"] for item in items}


async def types_of(api: Client, id: str) -> list[str]:
    """The types of an execution's events."""
    return [event["type"] for event in (await api.get(f"/executions/{id}/events")).json()["items"]]


async def test_a_dry_run_says_what_would_be_undone_and_what_cannot_be(
    api: Client, worker: Worker, ledger: Ledger
) -> None:
    id = await begin_trip(api)
    before = await types_of(api, id)
    answer = await api.post(f"/executions/{id}/rollback", {"dryRun": True})
    assert answer.status_code == 200, answer.text
    plan = answer.json()
    assert (plan["toStepId"], plan["toSeq"]) == (None, 0)
    assert [(each["stepId"], each["action"]) for each in plan["undone"]] == [("hotel", "undo"), ("flight", "undo")]
    assert plan["cannotUndo"] == [{"stepId": "mail", "stepKey": "mail", "reason": "it has no compensation"}]
    assert [each["stepId"] for each in plan["cancelled"]] == ["ready"]
    to_mail = (await api.post(f"/executions/{id}/rollback", {"dryRun": True, "toStepId": "mail"})).json()
    assert [each["stepId"] for each in to_mail["undone"]] == ["hotel"]
    assert to_mail["cannotUndo"] == []
    assert await types_of(api, id) == before
    assert ledger.lines == ["flight", "mail", "hotel"]
    assert [each["stepId"] for each in (await api.execution(id))["undo"]] == ["hotel", "flight"]


async def test_everything_is_undone_in_reverse_order_and_can_begin_again(
    api: Client, worker: Worker, ledger: Ledger
) -> None:
    id = await begin_trip(api)
    answer = await api.post(f"/executions/{id}/rollback", {"reason": "Called off"})
    assert answer.status_code == 200, answer.text
    rolled_back = await api.when_status(id, "rolled_back")
    assert rolled_back["undo"] == []
    assert ledger.lines[3:] == ["undo hotel", "undo flight"]
    assert (await steps_of(api, id))["hotel"] == "compensated"
    await api.post(f"/executions/{id}/resume")
    await api.when(id, lambda execution: execution["currentSteps"] == ["ready"])
    assert ledger.lines[5:] == ["flight", "mail", "hotel"]


async def test_a_rollback_to_a_step_keeps_its_effect_or_does_it_again(
    api: Client, worker: Worker, ledger: Ledger
) -> None:
    id = await begin_trip(api)
    assert (await api.post(f"/executions/{id}/rollback", {"toStepId": "mail"})).status_code == 200
    await api.when(id, lambda execution: execution["currentSteps"] == ["ready"] and execution["status"] == "waiting")
    assert ledger.lines[3:] == ["undo hotel", "hotel"]
    answer = await api.post(f"/executions/{id}/rollback", {"toStepId": "hotel", "redo": True, "pause": True})
    assert answer.status_code == 200, answer.text
    await api.when_status(id, "rolled_back")
    assert ledger.lines[5:] == ["undo hotel"]
    await api.post(f"/executions/{id}/resume")
    await api.when(id, lambda execution: execution["currentSteps"] == ["ready"])
    assert ledger.lines[6:] == ["hotel"]


async def test_an_execution_that_has_ended_can_be_rolled_back(api: Client, worker: Worker, ledger: Ledger) -> None:
    id = await begin_trip(api)
    await api.post(f"/executions/{id}/signals", {"name": "ready"})
    await api.when_status(id, "completed")
    assert (await api.post(f"/executions/{id}/rollback", {"toStepId": "ready"})).status_code == 200
    await api.when_status(id, "completed")
    assert ledger.lines[3:] == ["car", "undo car", "car"]
    assert (await types_of(api, id)).count("WORKFLOW_COMPLETED") == 2


async def test_a_compensation_that_fails_stays_visible_until_it_is_retried_or_skipped(
    api: Client, worker: Worker, ledger: Ledger
) -> None:
    id = await begin_trip(api)
    ledger.broken |= {"undo hotel", "undo flight"}
    await api.post(f"/executions/{id}/rollback")
    stuck = await api.when(id, lambda execution: execution["error"] is not None)
    assert (stuck["status"], stuck["currentSteps"]) == ("compensating", ["hotel"])
    assert (stuck["error"]["code"], stuck["error"]["stepId"]) == ("broken", "hotel")
    problem(await api.post(f"/executions/{id}/rollback"), 409, "being_undone")
    ledger.broken.discard("undo hotel")
    retried = await api.post(f"/executions/{id}/retry", {"stepId": "hotel"})
    assert retried.status_code == 200, retried.text
    await api.when(id, lambda execution: execution["error"] is not None and execution["currentSteps"] == ["flight"])
    assert ledger.lines[3:] == ["undo hotel"]
    problem(await api.post(f"/executions/{id}/skip", {"stepId": "hotel"}), 409, "step_not_open")
    skipped = await api.post(f"/executions/{id}/skip", {"stepId": "flight", "reason": "Refunded by hand"})
    assert skipped.status_code == 200, skipped.text
    await api.when_status(id, "rolled_back")
    assert ledger.lines[3:] == ["undo hotel"]


async def test_cancelling_with_compensation_ends_once_all_is_undone(
    api: Client, worker: Worker, ledger: Ledger
) -> None:
    id = await begin_trip(api)
    await api.post(f"/executions/{id}/cancel", {"compensate": True, "reason": "No money"})
    await api.when_status(id, "cancelled")
    assert ledger.lines[3:] == ["undo hotel", "undo flight"]


async def test_what_cannot_be_gone_back_to_is_refused_with_its_place(api: Client, worker: Worker) -> None:
    id = await begin_trip(api)
    document = problem(await api.post(f"/executions/{id}/rollback", {"toStepId": "fligth"}), 422, "unknown_step")
    assert document["errors"][0]["pointer"] == "/toStepId"
    assert document["errors"][0]["hint"] == "did you mean 'flight'?"
    problem(await api.post(f"/executions/{id}/rollback", {"toStepId": "car"}), 409, "step_not_reached")
    ghost = "0195f3a0-7c1e-7d2a-9f6b-3a1c5e8d4b21"
    problem(await api.post(f"/executions/{ghost}/rollback"), 404, "execution_not_found")


async def test_a_saga_that_fails_is_undone_step_by_step(api: Client, worker: Worker, ledger: Ledger) -> None:
    saga: dict[str, Any] = {"errorHandling": {"strategy": "compensate"}}
    await api.publish(line("saga", undoable("one"), undoable("two"), step("three"), settings=saga))
    ledger.broken.add("three")
    id = await api.start("saga")
    failed = await api.when_status(id, "failed")
    assert failed["error"]["stepId"] == "three"
    assert ledger.lines == ["one", "two", "undo two", "undo one"]
    ledger.broken.clear()
    retried = await api.post(f"/executions/{id}/retry")
    assert retried.status_code == 200, retried.text
    await api.when_status(id, "completed")
    assert ledger.lines[4:] == ["one", "two", "three"]


async def test_what_loops_did_is_undone_and_listed_though_the_state_forgot_it(
    api: Client, worker: Worker, ledger: Ledger
) -> None:
    loops = [
        {"id": "outer", "type": "loop", "forEach": "${ [1, 2] }", "do": "inner", "next": "hold"},
        {"id": "inner", "type": "loop", "forEach": "${ [1, 2, 3] }", "do": "one"},
        undoable("one"),
        {"id": "hold", "type": "wait", "event": "go"},
    ]
    await api.publish({"id": "loops", "nodes": loops})
    id = await api.start("loops")
    await api.when(id, lambda execution: execution["currentSteps"] == ["hold"])
    listed = (await api.get(f"/executions/{id}/steps")).json()["items"]
    assert [item["stepStatus"] for item in listed if item["stepId"] == "one"] == ["completed"] * 6
    assert len((await api.execution(id))["undo"]) == 6
    await api.post(f"/executions/{id}/rollback")
    await api.when_status(id, "rolled_back")
    listed = (await api.get(f"/executions/{id}/steps")).json()["items"]
    assert [item["stepStatus"] for item in listed if item["stepId"] == "one"] == ["compensated"] * 6
    assert ledger.lines == ["one"] * 6 + ["undo one"] * 6


async def test_a_rollback_goes_through_the_executions_that_were_started(
    api: Client, worker: Worker, ledger: Ledger
) -> None:
    await api.publish(line("small", undoable("one"), undoable("two")))
    sub: dict[str, Any] = {"id": "sub", "type": "subworkflow", "workflow": "small"}
    await api.publish(line("big", sub, {"id": "hold", "type": "wait", "event": "go"}))
    id = await api.start("big")
    await api.when(id, lambda execution: execution["currentSteps"] == ["hold"])
    (child,) = (await api.get(f"/executions/{id}/children")).json()["items"]
    plan = (await api.post(f"/executions/{id}/rollback", {"dryRun": True})).json()
    assert plan["undone"] == [{"stepId": "sub", "stepKey": "sub", "action": None, "childId": child["id"]}]
    await api.post(f"/executions/{id}/rollback")
    await api.when_status(id, "rolled_back")
    assert ledger.lines == ["one", "two", "undo two", "undo one"]
    assert (await api.execution(child["id"]))["status"] == "rolled_back"


async def test_a_child_that_was_rolled_back_in_part_is_undone_with_its_parent(
    api: Client, worker: Worker, ledger: Ledger
) -> None:
    await api.publish(line("stay", undoable("room"), undoable("breakfast")))
    stay = {"id": "call", "type": "subworkflow", "workflow": "stay"}
    await api.publish(line("travel", undoable("flight"), stay))
    parent = await api.start("travel")
    await api.when_status(parent, "completed")
    (child,) = (await api.get(f"/executions/{parent}/children")).json()["items"]
    part = {"toStepId": "room", "pause": True}
    assert (await api.post(f"/executions/{child['id']}/rollback", part)).status_code == 200
    await api.when_status(child["id"], "rolled_back")
    assert (await api.post(f"/executions/{parent}/rollback")).status_code == 200
    await api.when_status(parent, "rolled_back")
    assert ledger.lines == ["flight", "room", "breakfast", "undo breakfast", "undo room", "undo flight"]


async def test_what_is_being_undone_is_not_planned_to_be_undone_once_more(
    api: Client, worker: Worker, ledger: Ledger
) -> None:
    ledger.broken.add("undo hotel")
    id = await begin_trip(api)
    await api.post(f"/executions/{id}/rollback")
    await api.when(id, lambda execution: execution["error"] is not None)
    problem(await api.post(f"/executions/{id}/rollback", {"dryRun": True}), 409, "being_undone")
