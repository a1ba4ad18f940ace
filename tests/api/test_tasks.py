"""Human tasks over HTTP."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from tests.api.client import EMAIL, Client, problem
from tests.api.definitions import APPROVAL, changed
from tests.api.human_tasks import open_task, task_ids
from tests.api.people import People
from weftline.engine.worker import Worker

NOBODY = "0195f3a0-7c1e-7d2a-9f6b-3a1c5e8d4b21"
GOOD: dict[str, Any] = {"outcome": "yes", "data": {"note": "fine"}}


@pytest.fixture
async def task(api: Client, worker: Worker) -> dict[str, Any]:
    await api.publish(APPROVAL)
    return await open_task(api, "approval", reviewers=["grace@example.com"])


async def test_a_task_says_what_is_asked_of_whom(api: Client, task: dict[str, Any]) -> None:
    assert task["status"] == "open"
    assert (task["workflowId"], task["stepId"], task["name"]) == ("approval", "approve", "Approve it")
    assert task["assignTo"] == ["grace@example.com"]
    assert sorted(task["outcomes"]) == ["no", "yes"]
    assert task["form"]["required"] == ["note"]
    assert task["claimedBy"] is task["data"] is task["outcome"] is task["completedAt"] is None
    assert (await api.get(f"/tasks/{task['id']}")).json() == task


async def test_the_fields_of_a_form_come_in_the_order_of_its_author(api: Client, worker: Worker) -> None:
    form = {"type": "object", "properties": {name: {"type": "string"} for name in ("zip", "applicant", "amount")}}
    node = {"id": "ask", "type": "human-task", "form": form}
    await api.publish({"id": "ordered", "nodes": [node]})
    task = await open_task(api, "ordered")
    assert list(task["form"]["properties"]) == ["zip", "applicant", "amount"]


async def test_completing_a_task_resumes_its_execution(api: Client, task: dict[str, Any]) -> None:
    answer = await api.post(f"/tasks/{task['id']}/complete", GOOD)
    assert answer.status_code == 200
    done = answer.json()
    assert (done["status"], done["outcome"], done["data"]) == ("completed", "yes", {"note": "fine"})
    assert done["completedBy"] == EMAIL
    execution = await api.when_status(task["executionId"], "completed")
    assert execution["data"]["note"] == "fine"


async def test_an_outcome_chooses_the_way_on(api: Client, task: dict[str, Any]) -> None:
    await api.post(f"/tasks/{task['id']}/complete", {**GOOD, "outcome": "no"})
    execution = await api.when_status(task["executionId"], "completed")
    assert execution["data"]["refused"] is True


async def test_only_the_first_completion_counts(api: Client, task: dict[str, Any], tenant: asyncpg.Connection) -> None:
    path = f"/tasks/{task['id']}/complete"
    answers = await asyncio.gather(*(api.post(path, GOOD) for _ in range(10)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [200] + [409] * 9
    problem(await api.post(path, {**GOOD, "outcome": "no"}), 409, "task_closed")
    await api.when_status(task["executionId"], "completed")
    completions = "SELECT count(*) FROM events WHERE type = 'STEP_COMPLETED' AND step_id = 'approve'"
    assert await tenant.fetchval(completions) == 1


async def test_a_task_is_claimed_by_one_person(api: Client, task: dict[str, Any], people: People) -> None:
    path = f"/tasks/{task['id']}"
    grace = await people.join("grace", "approver")
    claimed = (await grace.post(f"{path}/claim")).json()
    assert (claimed["status"], claimed["claimedBy"], claimed["claimedById"]) == ("claimed", grace.email, str(grace.id))
    assert claimed["claimedAt"].endswith("Z")
    assert (await grace.post(f"{path}/claim")).json() == claimed
    problem(await api.post(f"{path}/claim"), 409, "task_claimed")
    done = (await grace.post(f"{path}/complete", GOOD)).json()
    assert (done["completedBy"], done["completedById"]) == (grace.email, str(grace.id))
    problem(await grace.post(f"{path}/claim"), 409, "task_closed")
    problem(await grace.post(f"{path}/release"), 409, "task_closed")


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        ({**GOOD, "outcome": "maybe"}, "unknown_outcome", "/outcome"),
        ({"data": GOOD["data"]}, "unknown_outcome", "/outcome"),
        ({"outcome": "yes"}, "invalid_form", "/data"),
        ({"outcome": "yes", "data": {"note": 5}}, "invalid_form", "/data/note"),
    ],
)
async def test_what_a_task_does_not_accept_changes_nothing(
    api: Client, task: dict[str, Any], body: dict[str, Any], code: str, pointer: str
) -> None:
    document = problem(await api.post(f"/tasks/{task['id']}/complete", body), 422, code)
    assert [error["pointer"] for error in document["errors"]] == [pointer]
    assert (await api.get(f"/tasks/{task['id']}")).json() == task


async def test_a_task_of_an_execution_that_has_ended_is_closed(api: Client, task: dict[str, Any]) -> None:
    await api.post(f"/executions/{task['executionId']}/cancel")
    await api.when_status(task["executionId"], "cancelled")
    problem(await api.post(f"/tasks/{task['id']}/complete", GOOD), 409, "task_closed")
    assert (await api.get(f"/tasks/{task['id']}")).json()["status"] == "cancelled"


async def test_a_form_that_is_only_named_takes_any_data(api: Client, worker: Worker) -> None:
    nodes = [dict(node) for node in APPROVAL["nodes"]]
    nodes[1]["form"] = "approval-form"
    await api.publish(changed(APPROVAL, nodes=nodes))
    task = await open_task(api, "approval", reviewers=[])
    assert (await api.post(f"/tasks/{task['id']}/complete", GOOD)).status_code == 200


async def test_lists_are_newest_first_filtered_and_paged(api: Client, task: dict[str, Any]) -> None:
    tasks = [task, *[await open_task(api, "approval", reviewers=[f"user-{n}"]) for n in range(2)]]
    newest_first = [each["id"] for each in reversed(tasks)]
    assert await task_ids(api) == newest_first
    assert await task_ids(api, assignee="user-1") == [tasks[2]["id"]]
    assert await task_ids(api, workflowId="approval") == newest_first
    assert await task_ids(api, workflowId="other") == []
    await api.post(f"/tasks/{task['id']}/claim")
    assert await task_ids(api, status="claimed") == [task["id"]]
    assert await task_ids(api, status=["open", "claimed"]) == newest_first
    first = (await api.get("/tasks", params={"limit": 2})).json()
    rest = (await api.get("/tasks", params={"limit": 2, "cursor": first["nextCursor"]})).json()
    assert [each["id"] for each in first["items"] + rest["items"]] == newest_first
    assert rest["nextCursor"] is None


async def test_what_does_not_exist_is_not_found(api: Client) -> None:
    problem(await api.get(f"/tasks/{NOBODY}"), 404, "task_not_found")
    problem(await api.post(f"/tasks/{NOBODY}/claim"), 404, "task_not_found")
    problem(await api.post(f"/tasks/{NOBODY}/complete", GOOD), 404, "task_not_found")
