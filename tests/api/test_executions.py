"""Executions over HTTP: starting, reading and steering them."""

from __future__ import annotations

import asyncio
from datetime import datetime
from uuid import UUID

import asyncpg
import pytest

from tests.api.client import EMAIL, Client, problem
from tests.api.definitions import FORK, GREETING, PAYMENT, changed
from weftline.engine.worker import Worker

NOBODY = "0195f3a0-7c1e-7d2a-9f6b-3a1c5e8d4b21"


async def test_a_start_is_answered_once_it_is_durable(api: Client, tenant: asyncpg.Connection) -> None:
    await api.publish(GREETING)
    body = {"input": {"name": "Ada"}, "tags": ["demo"], "priority": 7}
    answer = await api.post("/workflows/greeting/executions", body)
    assert answer.status_code == 202
    started = answer.json()
    assert started == {
        "id": started["id"],
        "workflowId": "greeting",
        "versionNumber": 1,
        "status": "pending",
        "priority": 7,
        "tags": ["demo"],
    }
    assert UUID(started["id"]).version == 7
    assert await tenant.fetchval("SELECT id FROM executions") == UUID(started["id"])
    execution = await api.execution(started["id"])
    assert execution["input"] == execution["data"] == {"name": "Ada"}
    assert execution["status"] == "pending"
    assert execution["currentSteps"] == []
    assert execution["output"] is execution["error"] is execution["startedAt"] is None


async def test_a_start_may_wait_for_the_end(api: Client, worker: Worker) -> None:
    await api.publish(GREETING)
    body = {"input": {"name": "Ada"}}
    answer = await api.post("/workflows/greeting/executions", body, params={"wait": 20})
    assert answer.status_code == 200
    execution = answer.json()
    assert execution["status"] == "completed"
    assert execution["output"] == {"text": "Hello Ada"}
    assert execution["error"] is None
    assert execution["executionTimeMs"] >= 0
    started, completed = (datetime.fromisoformat(execution[name]) for name in ("startedAt", "completedAt"))
    assert started <= completed
    assert execution == await api.execution(execution["id"])


async def test_a_wait_that_is_too_short_answers_with_what_is_so_far(api: Client) -> None:
    await api.publish(GREETING)
    answer = await api.post("/workflows/greeting/executions", {"input": {"name": "A"}}, params={"wait": 0.01})
    assert answer.status_code == 202
    assert answer.json()["status"] == "pending"


async def test_nothing_can_be_started_of_a_workflow_that_is_unknown_or_unpublished(api: Client) -> None:
    problem(await api.post("/workflows/greeting/executions", {}), 404, "workflow_not_found")
    await api.post("/workflows", GREETING)
    answer = await api.post("/workflows/greeting/executions", {"input": {"name": "Ada"}})
    problem(answer, 409, "not_published")


async def test_an_input_must_satisfy_the_workflows_schema(api: Client, tenant: asyncpg.Connection) -> None:
    await api.publish(GREETING)
    document = problem(await api.post("/workflows/greeting/executions", {"input": {"name": 5}}), 422, "invalid_input")
    assert [error["pointer"] for error in document["errors"]] == ["/input/name"]
    problem(await api.post("/workflows/greeting/executions"), 422, "invalid_input")
    assert await tenant.fetchval("SELECT count(*) FROM executions") == 0


async def test_a_start_after_a_publish_runs_the_new_version(api: Client) -> None:
    await api.publish(GREETING)
    await api.start("greeting", {"name": "Ada"})
    await api.put("/workflows/greeting", changed(GREETING, input=True))
    old = await api.start("greeting", {"name": "Ada"})
    assert (await api.execution(old))["versionNumber"] == 1
    await api.post("/workflows/greeting/publish")
    new = await api.start("greeting", {"anything": "goes"})
    assert (await api.execution(new))["versionNumber"] == 2


async def test_the_same_idempotency_key_finds_the_first_execution(api: Client, worker: Worker) -> None:
    await api.publish(GREETING)
    body = {"input": {"name": "Ada"}, "idempotencyKey": "one"}
    first = (await api.post("/workflows/greeting/executions", body)).json()
    await api.when_status(first["id"], "completed")
    second = await api.post("/workflows/greeting/executions", body)
    assert second.status_code == 200
    assert (second.json()["id"], second.json()["status"]) == (first["id"], "completed")
    by_header = await api.post(
        "/workflows/greeting/executions", {"input": {"name": "Ada"}}, headers={"idempotency-key": "one"}
    )
    assert by_header.json()["id"] == first["id"]


async def test_of_many_starts_at_once_under_one_key_one_counts(api: Client, tenant: asyncpg.Connection) -> None:
    await api.publish(GREETING)
    body = {"input": {"name": "Ada"}, "idempotencyKey": "one"}
    answers = await asyncio.gather(*(api.post("/workflows/greeting/executions", body) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await tenant.fetchval("SELECT count(*) FROM executions") == 1


async def test_among_starts_that_commit_together_each_gets_its_own_answer(
    api: Client, tenant: asyncpg.Connection
) -> None:
    await api.publish(GREETING)
    await api.post("/workflows", PAYMENT)

    async def start(workflow: str, name: object) -> int:
        return (await api.post(f"/workflows/{workflow}/executions", {"input": {"name": name}})).status_code

    kinds = [("greeting", "Ada", 202), ("greeting", 5, 422), ("payment", "Ada", 409), ("nothing", "Ada", 404)]
    calls = [kind for kind in kinds for _ in range(25)]
    answers = await asyncio.gather(*(start(workflow, name) for workflow, name, _ in calls))
    assert answers == [status for _, _, status in calls]
    assert await tenant.fetchval("SELECT count(*) FROM executions") == 25


async def test_events_are_the_log_in_order(api: Client, worker: Worker) -> None:
    await api.publish(GREETING)
    id = await api.start("greeting", {"name": "Ada"})
    await api.when_status(id, "completed")
    page = (await api.get(f"/executions/{id}/events")).json()
    assert [event["seq"] for event in page["items"]] == list(range(1, len(page["items"]) + 1))
    kinds = [(event["type"], event["stepId"]) for event in page["items"]]
    assert kinds[0] == ("WORKFLOW_STARTED", None)
    assert ("STEP_STARTED", "greet") in kinds
    assert ("STEP_COMPLETED", "greet") in kinds
    assert kinds[-1] == ("WORKFLOW_COMPLETED", None)
    assert all(datetime.fromisoformat(event["occurredAt"]).tzinfo for event in page["items"])
    assert "scope" not in page["items"][0]
    first = (await api.get(f"/executions/{id}/events", params={"limit": 2})).json()
    assert (first["items"], first["nextCursor"]) == (page["items"][:2], 2)
    rest = (await api.get(f"/executions/{id}/events", params={"after": first["nextCursor"]})).json()
    assert (rest["items"], rest["nextCursor"]) == (page["items"][2:], None)


async def test_events_of_a_branch_say_which(api: Client, worker: Worker) -> None:
    await api.publish(FORK)
    id = await api.start("fork")
    await api.when_status(id, "completed")
    events = (await api.get(f"/executions/{id}/events")).json()["items"]
    left = next(event for event in events if event["stepId"] == "left")
    assert left["scope"] == "both:1:0"


async def test_steps_tell_what_each_node_did(api: Client, worker: Worker) -> None:
    await api.publish(GREETING)
    id = await api.start("greeting", {"name": "Ada"})
    await api.when_status(id, "completed")
    steps = (await api.get(f"/executions/{id}/steps")).json()["items"]
    assert [step["stepId"] for step in steps] == ["start", "greet", "end"]
    greet = steps[1]
    assert (greet["stepName"], greet["stepType"], greet["stepStatus"]) == ("Greet", "action", "completed")
    assert greet["input"] == greet["output"] == {"text": "Hello Ada"}
    assert (greet["attempt"], greet["retryCount"], greet["visit"]) == (1, 0, 1)
    assert greet["startedAt"] <= greet["completedAt"]


async def test_every_run_of_a_node_is_a_step_of_its_own(api: Client, worker: Worker) -> None:
    nodes = [
        {"id": "count", "type": "set", "values": {"n": "${ n + 1 }"}, "next": "again"},
        {"id": "again", "type": "wait", "duration": "1ms", "next": "enough"},
        {"id": "enough", "type": "decision", "condition": "n < 3", "true": "count", "false": "end"},
        {"id": "end", "type": "end"},
    ]
    await api.publish({"id": "circle", "startNode": "count", "nodes": nodes})
    id = await api.start("circle", {"n": 0})
    assert (await api.when_status(id, "completed"))["data"] == {"n": 3}
    steps = (await api.get(f"/executions/{id}/steps")).json()["items"]
    assert [step["visit"] for step in steps if step["stepId"] == "count"] == [1, 2, 3]
    assert {step["stepStatus"] for step in steps} == {"completed"}


async def test_a_waiting_execution_shows_where_it_is(api: Client, worker: Worker) -> None:
    await api.publish(PAYMENT)
    id = await api.start("payment", {"order": "4711"})
    execution = await api.when_status(id, "waiting")
    assert execution["currentSteps"] == ["pay"]
    assert execution["executionTimeMs"] is None


async def test_a_signal_resumes_the_step_that_waits_for_its_name(api: Client, worker: Worker) -> None:
    await api.publish(PAYMENT)
    id = await api.start("payment", {"order": "4711"})
    await api.when_status(id, "waiting")
    answer = await api.post(f"/executions/{id}/signals", {"name": "paid", "payload": {"amount": 250}})
    assert answer.status_code == 202
    assert answer.json() == {"executionId": id, "name": "paid"}
    execution = await api.when_status(id, "completed")
    assert execution["data"] == {"order": "4711", "amount": 250}


async def test_an_event_reaches_the_steps_of_its_correlation(api: Client, worker: Worker) -> None:
    await api.publish(PAYMENT)
    wanted, other = await api.start("payment", {"order": "1"}), await api.start("payment", {"order": "2"})
    for id in (wanted, other):
        await api.when_status(id, "waiting")
    event = {"name": "paid", "correlation": "1", "payload": {"amount": 5}}
    answer = await api.post("/events", event)
    assert (answer.status_code, answer.json()) == (202, {"name": "paid", "delivered": 1})
    await api.when_status(wanted, "completed")
    assert (await api.execution(other))["status"] == "waiting"
    assert (await api.post("/events", {"name": "unheard"})).json()["delivered"] == 0


async def test_cancel_pause_and_resume_answer_with_their_effect(api: Client, worker: Worker) -> None:
    await api.publish(PAYMENT)
    id = await api.start("payment", {"order": "4711"})
    await api.when_status(id, "waiting")
    paused = await api.post(f"/executions/{id}/pause")
    assert (paused.status_code, paused.json()["status"]) == (200, "paused")
    resumed = await api.post(f"/executions/{id}/resume")
    assert (resumed.status_code, resumed.json()["status"]) == (200, "waiting")
    cancelled = await api.post(f"/executions/{id}/cancel", {"reason": "Ordered twice"})
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    last = (await api.get(f"/executions/{id}/events")).json()["items"][-1]
    assert (last["type"], last["data"]) == ("WORKFLOW_CANCELLED", {"reason": "Ordered twice", "by": EMAIL})


async def test_an_act_that_no_worker_has_seen_yet_is_accepted_and_kept(
    api: Client, tenant: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("weftline.features.executions.steering.PATIENCE", 0.01)
    await api.publish(GREETING)
    id = await api.start("greeting", {"name": "Ada"})
    answer = await api.post(f"/executions/{id}/cancel")
    assert (answer.status_code, answer.json()["status"]) == (202, "pending")
    assert await tenant.fetchval("SELECT kind FROM inbox WHERE execution_id = $1", UUID(id)) == "cancel"


@pytest.mark.parametrize("act", ["cancel", "pause", "resume", "signals"])
async def test_nothing_happens_to_an_execution_that_has_ended(api: Client, worker: Worker, act: str) -> None:
    await api.publish(GREETING)
    id = await api.start("greeting", {"name": "Ada"})
    await api.when_status(id, "completed")
    body = {"name": "paid"} if act == "signals" else None
    problem(await api.post(f"/executions/{id}/{act}", body), 409, "execution_ended")


@pytest.mark.parametrize("act", ["cancel", "pause", "resume", "signals"])
async def test_nothing_happens_to_an_execution_that_is_not_there(api: Client, act: str) -> None:
    body = {"name": "paid"} if act == "signals" else None
    problem(await api.post(f"/executions/{NOBODY}/{act}", body), 404, "execution_not_found")


async def test_what_does_not_exist_cannot_be_read(api: Client) -> None:
    for path in ("", "/events", "/steps"):
        problem(await api.get(f"/executions/{NOBODY}{path}"), 404, "execution_not_found")


async def test_lists_are_newest_first_filtered_and_paged(api: Client, worker: Worker) -> None:
    await api.publish(GREETING)
    await api.publish(PAYMENT)
    greeted = [await api.start("greeting", {"name": str(n)}, tags=[f"tag-{n}"]) for n in range(3)]
    waiting = await api.start("payment", {"order": "1"})
    for id in greeted:
        await api.when_status(id, "completed")
    await api.when_status(waiting, "waiting")

    async def ids(**params: object) -> list[str]:
        answer = await api.get("/executions", params=params)
        assert answer.status_code == 200, answer.text
        return [each["id"] for each in answer.json()["items"]]

    assert await ids() == [waiting, *reversed(greeted)]
    assert await ids(status="waiting") == [waiting]
    assert await ids(status=["waiting", "completed"], limit=2) == [waiting, greeted[2]]
    assert await ids(workflowId="greeting") == list(reversed(greeted))
    assert await ids(tag="tag-1") == [greeted[1]]
    middle = (await api.execution(greeted[1]))["createdAt"]
    assert await ids(createdAfter=middle, workflowId="greeting") == [greeted[2], greeted[1]]
    assert await ids(createdBefore=middle) == [greeted[0]]
    first = (await api.get("/executions", params={"limit": 3})).json()
    params = {"limit": 3, "cursor": first["nextCursor"]}
    rest = (await api.get("/executions", params=params)).json()
    assert [each["id"] for each in first["items"] + rest["items"]] == [waiting, *reversed(greeted)]
    assert rest["nextCursor"] is None
    assert first["items"][0]["currentSteps"] == ["pay"]
    assert first["items"][1]["executionTimeMs"] is not None


async def test_a_batch_starts_every_line_that_can_be_started(
    api: Client, tenant: asyncpg.Connection, worker: Worker
) -> None:
    await api.publish(GREETING)
    lines = [
        b'{"input": {"name": "Ada"}, "tags": ["a"]}',
        b'{"input": {"name": 5}}',
        b"",
        b"{not json",
        b'{"input": {"name": "Bob"}, "priority": 10}',
        b'{"input": {"name": "Eve"}, "idempotencyKey": "k"}',
        b'{"input": {"name": "Eve"}, "idempotencyKey": "k"}',
    ]
    answer = await api.post(
        "/workflows/greeting/executions/batch",
        content=b"\n".join(lines),
        headers={"content-type": "application/x-ndjson"},
    )
    assert answer.status_code == 202
    batch = answer.json()
    assert batch["accepted"] == len(batch["ids"]) == 3
    assert batch["ids"][1] == batch["ids"][2]
    assert [each["line"] for each in batch["rejected"]] == [2, 4, 5]
    assert batch["rejected"][0]["error"].startswith("/input/name:")
    assert "JSON" in batch["rejected"][1]["error"]
    assert batch["rejected"][2]["error"].startswith("/priority:")
    assert await tenant.fetchval("SELECT count(*) FROM executions") == 2
    execution = await api.when_status(batch["ids"][0], "completed")
    assert (execution["output"], execution["tags"]) == ({"text": "Hello Ada"}, ["a"])


async def test_a_batch_holds_ten_thousand_lines_and_no_more(api: Client, tenant: asyncpg.Connection) -> None:
    await api.publish(GREETING)
    path, headers = "/workflows/greeting/executions/batch", {"content-type": "application/x-ndjson"}
    line = b'{"input": {"name": "Ada"}}\n'
    answer = await api.post(path, content=line * 10_000, headers=headers)
    assert (answer.status_code, answer.json()["accepted"]) == (202, 10_000)
    problem(await api.post(path, content=line * 10_001, headers=headers), 413, "too_many_lines")
    assert await tenant.fetchval("SELECT count(*) FROM executions") == 10_000


async def test_a_batch_needs_a_published_workflow(api: Client) -> None:
    path, headers = "/workflows/greeting/executions/batch", {"content-type": "application/x-ndjson"}
    problem(await api.post(path, content=b"{}", headers=headers), 404, "workflow_not_found")
    await api.post("/workflows", GREETING)
    problem(await api.post(path, content=b"{}", headers=headers), 409, "not_published")
