"""Remote workers over HTTP: fetching jobs, keeping them, answering them, and everything that can go wrong with that."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from tests.api.client import PATIENCE, Client, problem
from tests.api.people import People
from tests.api.test_variables import set_variable
from weftline.engine.worker import Worker
from weftline.store.jobs import MAX_LOSSES

NOBODY = "0195f3a0-7c1e-7d2a-9f6b-3a1c5e8d4b21"
RETRY = {"maxAttempts": 2, "initialInterval": "0s", "jitter": 0}
SHIP: dict[str, Any] = {
    "id": "order",
    "name": "Order",
    "nodes": [
        {
            "id": "ship",
            "type": "action",
            "action": "print-label",
            "queue": "parcels",
            "input": {"order": "${input.order}"},
            "output": {"label": "${result.label}"},
            "retry": RETRY,
        }
    ],
}


@pytest.fixture
async def order(api: Client, worker: Worker) -> str:
    """An execution that waits for a remote worker."""
    await api.publish(SHIP)
    return await api.start("order", {"order": 4711})


async def fetch(api: Client, queue: str = "parcels", **fields: Any) -> list[dict[str, Any]]:
    """What a worker gets."""
    body = {"workerId": "packer", "waitSeconds": PATIENCE, **fields}
    answer = await api.post(f"/task-queues/{queue}/fetch", body)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def fetch_one(api: Client, **fields: Any) -> dict[str, Any]:
    (job,) = await fetch(api, **fields)
    return job


async def say(api: Client, job: dict[str, Any], what: str, **fields: Any) -> httpx.Response:
    """What a worker says of a job that it has."""
    return await api.post(f"/jobs/{job['id']}/{what}", {"token": job["token"], **fields})


async def lose(tenant: asyncpg.Connection, job: dict[str, Any]) -> None:
    """The lock of a job runs out."""
    await tenant.execute("UPDATE jobs SET locked_until = now() - interval '1 second' WHERE id = $1", job["id"])


async def test_a_worker_gets_what_it_needs_to_carry_out_a_step_and_its_answer_resumes_the_execution(
    api: Client, order: str
) -> None:
    job = await fetch_one(api)
    assert (job["executionId"], job["workflowId"], job["stepId"], job["attempt"]) == (order, "order", "ship", 1)
    assert (job["action"], job["input"], job["losses"]) == ("print-label", {"order": 4711}, 0)
    assert job["idempotencyKey"] == f"{order}/ship"
    assert (await api.execution(order))["status"] == "waiting"
    answer = await say(api, job, "complete", output={"label": "L-1"}, data={"carrier": "X"})
    assert answer.json() == {"id": job["id"], "status": "completed"}
    execution = await api.when_status(order, "completed")
    assert execution["data"] == {"order": 4711, "label": "L-1", "carrier": "X"}


async def test_a_worker_that_waits_is_told_as_soon_as_there_is_a_job(api: Client, worker: Worker) -> None:
    await api.publish(SHIP)
    waiting = [asyncio.create_task(fetch(api, workerId=f"packer-{number}")) for number in range(3)]
    for number in range(3):
        await api.start("order", {"order": number})
    jobs = [job for each in waiting for job in await each]
    assert sorted(job["input"]["order"] for job in jobs) == [0, 1, 2]
    assert await fetch(api, waitSeconds=0) == []
    assert await fetch(api, waitSeconds=0.05) == []
    assert await fetch(api, "another", waitSeconds=0) == []


async def test_a_job_is_had_by_one_worker_at_a_time_however_many_ask(api: Client, worker: Worker) -> None:
    await api.publish(SHIP)
    for number in range(20):
        await api.start("order", {"order": number})
    got: list[str] = []
    async with asyncio.timeout(PATIENCE):
        while len(got) < 20:
            for jobs in await asyncio.gather(*(fetch(api, maxJobs=3, waitSeconds=0.1) for _ in range(5))):
                got += [job["id"] for job in jobs]
    assert len(set(got)) == 20


async def test_a_failed_attempt_is_tried_again_and_the_last_one_fails_the_step(api: Client, order: str) -> None:
    error = {"code": "jammed", "message": "the printer is jammed", "details": {"tray": 2}}
    first = await fetch_one(api)
    assert (await say(api, first, "fail", error=error)).json() == {"id": first["id"], "status": "failed"}
    second = await fetch_one(api)
    assert (second["attempt"], second["idempotencyKey"]) == (2, first["idempotencyKey"])
    assert second["id"] != first["id"]
    await say(api, second, "fail", error=error)
    execution = await api.when_status(order, "failed")
    assert (execution["error"]["code"], execution["error"]["details"]) == ("jammed", {"tray": 2})


async def test_several_jobs_are_answered_at_once_each_by_itself(api: Client, worker: Worker) -> None:
    await api.publish({**SHIP, "nodes": [{**SHIP["nodes"][0], "retry": 1}]})
    ids = [await api.start("order", {"order": number}) for number in range(3)]
    jobs = [await fetch_one(api) for _ in ids]
    items: list[dict[str, Any]] = [
        {"id": jobs[0]["id"], "token": jobs[0]["token"], "output": {"label": "L"}},
        {"id": jobs[1]["id"], "token": jobs[1]["token"], "error": {"code": "jammed"}},
        {"id": jobs[2]["id"], "token": str(uuid4())},
    ]
    answer = (await api.post("/jobs/complete", {"items": items})).json()["items"]
    assert [(item["status"], item["code"]) for item in answer] == [
        ("completed", None),
        ("failed", None),
        ("refused", "lock_lost"),
    ]
    await api.when_status(jobs[0]["executionId"], "completed")
    await api.when_status(jobs[1]["executionId"], "failed")
    twice = await api.post("/jobs/complete", {"items": [items[2], items[2]]})
    assert problem(twice, 422, "repeated_job")["errors"][0]["pointer"] == "/items/1/id"


# --- late, twice, and for another's job -------------------------------------------------------------------------------


async def test_an_answer_that_is_repeated_is_taken_as_before_and_another_is_refused(api: Client, order: str) -> None:
    job = await fetch_one(api)
    answers = [await say(api, job, "complete", output={"label": "L-1"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    problem(await say(api, job, "fail", error={"code": "x"}), 409, "job_closed")
    problem(await say(api, {**job, "token": str(uuid4())}, "complete"), 409, "lock_lost")
    problem(await say(api, job, "extend"), 404, "job_not_found")
    await api.when_status(order, "completed")
    events = (await api.get(f"/executions/{order}/events")).json()["items"]
    assert [event["type"] for event in events].count("STEP_COMPLETED") == 1


async def test_whoever_lost_a_job_to_another_can_no_longer_answer_it(
    api: Client, order: str, tenant: asyncpg.Connection
) -> None:
    slow = await fetch_one(api)
    await lose(tenant, slow)
    quick = await fetch_one(api, workerId="other")
    assert (quick["id"], quick["losses"]) == (slow["id"], 1)
    for what, fields in (("complete", {}), ("fail", {"error": {"code": "x"}}), ("extend", {})):
        problem(await say(api, slow, what, **fields), 409, "lock_lost")
    assert (await say(api, quick, "complete", output={"label": "L"})).status_code == 200
    await api.when_status(order, "completed")


async def test_a_late_answer_counts_as_long_as_nobody_else_has_the_job(
    api: Client, order: str, tenant: asyncpg.Connection
) -> None:
    job = await fetch_one(api)
    await lose(tenant, job)
    assert (await say(api, job, "complete", output={"label": "late"})).status_code == 200
    assert (await api.when_status(order, "completed"))["data"]["label"] == "late"


async def test_a_job_that_is_extended_stays_the_workers_and_tells_its_progress(
    api: Client, order: str, tenant: asyncpg.Connection
) -> None:
    job = await fetch_one(api, lockSeconds=5)
    answer = (await say(api, job, "extend", lockSeconds=3600, progress={"percent": 40})).json()
    assert (answer["cancelled"], answer["lockedUntil"] > job["lockedUntil"]) == (False, True)
    shown = (await api.get(f"/jobs/{job['id']}")).json()
    assert (shown["status"], shown["lockedBy"], shown["progress"]) == ("locked", "packer", {"percent": 40})
    assert (shown["input"], "token" in shown) == ({"order": 4711}, False)
    queues = (await api.get("/task-queues")).json()["items"]
    assert queues == [
        {"name": "parcels", "available": 0, "held": 0, "locked": 1, "oldest": None, "workers": ["packer"]}
    ]


async def test_a_step_whose_workers_are_all_lost_fails_its_attempt(
    api: Client, order: str, tenant: asyncpg.Connection
) -> None:
    for losses in range(MAX_LOSSES):
        job = await fetch_one(api)
        assert (job["attempt"], job["losses"]) == (1, losses)
        await lose(tenant, job)
    job = await fetch_one(api)
    assert (job["attempt"], job["losses"]) == (2, 0)
    events = (await api.get(f"/executions/{order}/events")).json()["items"]
    (retry,) = [event for event in events if event["type"] == "STEP_RETRY_SCHEDULED"]
    assert retry["data"]["error"]["code"] == "worker_lost"


async def test_a_worker_is_told_where_its_step_is_no_longer_wanted(api: Client, order: str) -> None:
    job = await fetch_one(api)
    await api.post(f"/executions/{order}/cancel", {})
    await api.when_status(order, "cancelled")
    assert (await say(api, job, "extend")).json() == {"id": job["id"], "cancelled": True, "lockedUntil": None}
    problem(await say(api, job, "complete"), 409, "job_closed")
    assert await fetch(api, waitSeconds=0) == []


async def test_a_paused_execution_hands_out_no_jobs_until_it_is_resumed(api: Client, order: str) -> None:
    job = await fetch_one(api)
    await api.post(f"/executions/{order}/pause")
    await say(api, job, "fail", error={"code": "x"})
    await api.when(order, lambda execution: execution["status"] == "paused")
    assert await fetch(api, waitSeconds=0.05) == []
    await api.post(f"/executions/{order}/resume")
    assert (await fetch_one(api))["attempt"] == 2


async def test_an_attempt_that_takes_longer_than_its_timeout_is_taken_from_the_worker(
    api: Client, worker: Worker
) -> None:
    # as many attempts as it takes until this test has come round to fetching one more
    retry = {**RETRY, "maxAttempts": 1000}
    await api.publish({**SHIP, "nodes": [{**SHIP["nodes"][0], "timeout": "0.05s", "retry": retry}]})
    await api.start("order", {"order": 1})
    first, second = await fetch_one(api), await fetch_one(api)
    assert first["attempt"] < second["attempt"]
    problem(await say(api, first, "complete"), 409, "job_closed")


async def test_a_suspended_tenants_jobs_are_not_handed_out(
    api: Client, order: str, connect_as_owner: asyncpg.Connection
) -> None:
    status = "UPDATE tenants SET status = $1"
    waiting = asyncio.create_task(fetch(api, "later", waitSeconds=0.2))
    await connect_as_owner.execute(status, "suspended")
    assert await waiting == []
    await connect_as_owner.execute(status, "active")


async def test_only_those_who_may_work_get_jobs_and_those_who_may_look_see_no_token(
    api: Client, order: str, people: People
) -> None:
    job = await fetch_one(api)
    viewer = await people.join("grace", "viewer")
    assert (await viewer.get(f"/jobs/{job['id']}")).status_code == 200
    problem(await viewer.post("/task-queues/parcels/fetch", {"workerId": "w"}), 403, "permission_denied")
    problem(await say(viewer, job, "complete"), 403, "permission_denied")
    key = await api.post("/api-keys", {"name": "packer", "scopes": ["job:work"]})
    worker = {"Authorization": f"Bearer {key.json()['key']}"}
    answer = await api.post(
        f"/jobs/{job['id']}/complete", {"token": job["token"], "output": {"label": "L"}}, headers=worker
    )
    assert answer.status_code == 200, answer.text


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("/task-queues/parcels/fetch", {"workerId": "w", "maxJobs": 201}, "/maxJobs"),
    ("/task-queues/parcels/fetch", {"workerId": "w", "waitSeconds": 61}, "/waitSeconds"),
    ("/task-queues/parcels/fetch", {"workerId": "w", "lockSeconds": 4}, "/lockSeconds"),
    ("/task-queues/parcels/fetch", {}, "/workerId"),
    (f"/jobs/{NOBODY}/complete", {"output": 1}, "/token"),
    (f"/jobs/{NOBODY}/complete", {"token": "x", "output": 1}, "/token"),
    (f"/jobs/{NOBODY}/fail", {"token": NOBODY, "error": {}}, "/error/code"),
    ("/jobs/complete", {"items": []}, "/items"),
]


async def test_bad_input_is_refused_with_its_place(api: Client, subtests: pytest.Subtests) -> None:
    for path, body, pointer in BAD:
        with subtests.test(f"{path} {body}"):
            document = problem(await api.post(path, body), 422, "invalid_request")
            assert [error["pointer"] for error in document["errors"]] == [pointer]
    problem(await api.post("/task-queues/no way/fetch", {"workerId": "w"}), 404, "not_found")
    problem(await api.post(f"/jobs/{NOBODY}/complete", {"token": NOBODY}), 404, "job_not_found")


async def test_an_answer_that_cannot_be_stored_is_refused_and_nothing_of_it_counts(api: Client, order: str) -> None:
    job = await fetch_one(api)
    deep: Any = 1
    for _ in range(70):
        deep = [deep]
    problem(await say(api, job, "complete", output=deep), 400, "malformed_json")
    problem(await say(api, job, "complete", output="a\0b"), 400, "malformed_json")
    assert (await say(api, job, "complete", output={"label": "L"})).status_code == 200


# --- secrets and encrypted payloads -----------------------------------------------------------------------------------

TOKEN, WHO = "tok-4f9c/7b 2e81", "Lovelace-10-12-1815"


@pytest.mark.parametrize("encrypts", [False, True])
async def test_a_worker_is_given_secrets_and_sealed_inputs_and_nobody_else_sees_either(
    api: Client, worker: Worker, tenant: asyncpg.Connection, encrypts: bool
) -> None:
    await set_variable(api, "TOKEN", TOKEN, "SECRET")
    given = {"auth": "Bearer ${vars.TOKEN}", "who": "${input.who}"}
    node = {**SHIP["nodes"][0], "input": given, "output": {"said": "${result}"}}
    await api.publish({**SHIP, "nodes": [node], "settings": {"encrypt": encrypts}})
    execution = await api.start("order", {"who": WHO})
    job = await fetch_one(api)
    assert job["input"] == {"auth": f"Bearer {TOKEN}", "who": WHO}
    await say(api, job, "extend", progress={"for": WHO, "with": TOKEN})
    shown = (await api.get(f"/jobs/{job['id']}")).json()
    assert shown["input"] == {"auth": "Bearer [secret TOKEN]", "who": WHO}
    assert shown["progress"] == {"for": WHO, "with": "***"}
    stored = await tenant.fetchval("SELECT j::text FROM jobs j")
    assert TOKEN not in stored
    assert (WHO in stored) is not encrypts
    await say(api, job, "complete", output={"echo": f"{TOKEN} of {WHO}"})
    ended = await api.when_status(execution, "completed")
    assert ended["data"]["said"] == {"echo": f"*** of {WHO}"}
    tables = ("executions", "events", "inbox")
    stored = "".join(
        [await tenant.fetchval(f"SELECT coalesce(string_agg(t::text, ''), '') FROM {t} t") for t in tables]
    )
    assert TOKEN not in stored
    assert (WHO in stored) is not encrypts


@pytest.mark.parametrize("encrypts", [False, True])
async def test_a_secret_that_is_gone_fails_its_own_step_and_holds_up_no_queue(
    api: Client, worker: Worker, encrypts: bool
) -> None:
    await set_variable(api, "TOKEN", TOKEN, "SECRET")
    node = {**SHIP["nodes"][0], "input": {"auth": "${vars.TOKEN}"}, "output": {"said": "${result}"}}
    await api.publish({**SHIP, "nodes": [node], "settings": {"encrypt": encrypts}})
    begun = await api.start("order")
    job = await fetch_one(api)
    late = await api.start("order")
    await api.when(late, lambda now: now["currentSteps"] == ["ship"])
    await api.publish({**SHIP, "id": "other"})
    other = await api.start("other", {"order": 4711})
    await api.when(other, lambda now: now["currentSteps"] == ["ship"])
    await api.http.delete("/api/v1/variables/TOKEN")
    assert [(await fetch_one(api, maxJobs=10))["executionId"]] == [other]
    assert (await api.when_status(late, "failed"))["error"]["code"] == "unknown_secret"
    assert (await say(api, job, "complete", output="done")).status_code == 200
    assert (await api.when_status(begun, "completed"))["data"]["said"] == "done"


async def test_a_secret_with_a_name_of_the_platforms_damages_no_answer(api: Client, worker: Worker) -> None:
    await set_variable(api, "A", "ship", "SECRET")
    await set_variable(api, "B", "message", "SECRET")
    node = {**SHIP["nodes"][0], "input": {"a": "${vars.A}", "b": "${vars.B}"}}
    await api.publish({**SHIP, "nodes": [node]})
    execution = await api.start("order")
    error = {"code": "no_label", "message": "no message", "retryable": False}
    assert (await say(api, await fetch_one(api), "fail", error=error)).status_code == 200
    error = (await api.when_status(execution, "failed"))["error"]
    assert (error["code"], error["message"]) == ("no_label", "no ***")
