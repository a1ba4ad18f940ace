"""Whose a task is: assignees, groups and roles; claiming, releasing, delegating and reassigning."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.api.client import Client, problem
from tests.api.human_tasks import ask, open_task, task_ids
from tests.api.people import People
from tests.conftest import Connect
from weftline.engine.worker import Worker
from weftline.model.ids import DEFAULT_TENANT

YES = {"outcome": "approved"}


@pytest.mark.parametrize("way", ["id", "address", "group", "role"])
async def test_a_task_is_for_whom_it_names(api: Client, worker: Worker, people: People, way: str) -> None:
    grace = await people.join("grace", "approver", groups=["purchasing"])
    ada = await people.join("ada", "viewer", "author")
    named = {"id": str(grace.id), "address": "Grace@Example.com", "group": "purchasing", "role": "approver"}[way]
    task = await ask(api, assignTo=[named, "somebody-else"])
    path = f"/tasks/{task['id']}"
    assert await task_ids(grace) == await task_ids(grace, mine=True) == [task["id"]]
    assert await task_ids(ada, mine=True) == []
    problem(await ada.post(f"{path}/claim"), 403, "not_assigned")
    problem(await ada.post(f"{path}/complete", YES), 403, "not_assigned")
    assert (await grace.post(f"{path}/complete", YES)).json()["completedBy"] == grace.email


async def test_a_task_that_names_nobody_is_for_everybody_who_may_do_tasks(
    api: Client, worker: Worker, people: People
) -> None:
    grace, vera = await people.join("grace", "approver"), await people.join("vera", "viewer")
    task = await ask(api)
    assert await task_ids(grace) == await task_ids(grace, mine=True) == await task_ids(vera) == [task["id"]]
    assert await task_ids(vera, mine=True) == []
    problem(await vera.post(f"/tasks/{task['id']}/complete", YES), 403, "permission_denied")
    assert (await grace.post(f"/tasks/{task['id']}/complete", YES)).status_code == 200


async def test_whoever_manages_tasks_may_do_any(api: Client, worker: Worker, people: People) -> None:
    oscar = await people.join("oscar", "operator")
    task = await ask(api, assignTo="somebody-else")
    assert await task_ids(oscar) == [task["id"]]
    assert await task_ids(oscar, mine=True) == []
    assert (await oscar.post(f"/tasks/{task['id']}/complete", YES)).json()["completedBy"] == oscar.email


async def test_others_tasks_do_not_exist_for_whoever_may_see_only_their_own(
    api: Client, worker: Worker, people: People
) -> None:
    grace, ada = await people.join("grace", "approver"), await people.join("ada", "approver")
    task = await ask(api, assignTo="grace@example.com")
    path = f"/tasks/{task['id']}"
    assert await task_ids(ada) == []
    for route in ("", "/votes", "/comments", "/delegations"):
        problem(await ada.get(path + route), 404, "task_not_found")
    for route, body in (
        ("claim", None),
        ("release", None),
        ("complete", YES),
        ("comments", {"text": "hm"}),
        ("delegate", {"to": "grace@example.com"}),
    ):
        problem(await ada.post(f"{path}/{route}", body), 404, "task_not_found")
    await grace.post(f"{path}/complete", YES)
    assert await task_ids(grace) == [task["id"]]
    assert await task_ids(grace, mine=True) == []


async def test_tasks_of_a_workflow_may_be_granted(api: Client, worker: Worker, people: People) -> None:
    eve = await people.join("eve")
    task = await ask(api)
    problem(await eve.get("/tasks"), 403, "permission_denied")
    await people.grant(eve, "order", "task:read", "task:complete")
    assert await task_ids(eve, mine=True) == [task["id"]]
    assert (await eve.post(f"/tasks/{task['id']}/complete", YES)).status_code == 200


async def test_a_claimed_task_is_left_to_whoever_has_it(api: Client, worker: Worker, people: People) -> None:
    grace, ada = [await people.join(name, "approver", groups=["purchasing"]) for name in ("grace", "ada")]
    task = await ask(api, assignTo="purchasing")
    path = f"/tasks/{task['id']}"
    await grace.post(f"{path}/claim")
    problem(await ada.post(f"{path}/complete", YES), 409, "task_claimed")
    problem(await ada.post(f"{path}/release"), 403, "not_holder")
    assert await task_ids(ada, mine=True) == []
    assert await task_ids(grace, mine=True) == [task["id"]]
    released = (await grace.post(f"{path}/release")).json()
    assert (released["status"], released["claimedBy"], released["claimedAt"]) == ("open", None, None)
    assert (await grace.post(f"{path}/release")).json() == released
    assert (await ada.post(f"{path}/complete", YES)).status_code == 200


async def test_of_several_who_claim_at_once_one_has_it(api: Client, worker: Worker, people: People) -> None:
    crew = [await people.join(name, "approver") for name in ("grace", "ada", "eve")]
    task = await ask(api)
    answers = await asyncio.gather(*(person.post(f"/tasks/{task['id']}/claim") for person in crew))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]


async def test_whoever_manages_tasks_may_put_a_claimed_one_back(api: Client, worker: Worker, people: People) -> None:
    grace = await people.join("grace", "approver")
    task = await ask(api)
    await grace.post(f"/tasks/{task['id']}/claim")
    assert (await api.post(f"/tasks/{task['id']}/release")).json()["status"] == "open"


async def test_a_task_can_be_handed_to_another_member(api: Client, worker: Worker, people: People) -> None:
    grace, ada = await people.join("grace", "approver"), await people.join("ada", "approver")
    task = await ask(api, assignTo=grace.email)
    path = f"/tasks/{task['id']}"
    problem(await grace.post(f"{path}/delegate", {"to": ada.email}), 403, "not_holder")
    await grace.post(f"{path}/claim")
    delegated = await grace.post(f"{path}/delegate", {"to": ada.email.upper(), "reason": "on leave"})
    assert (delegated.json()["status"], delegated.json()["claimedById"]) == ("claimed", str(ada.id))
    problem(await grace.post(f"{path}/complete", YES), 409, "task_claimed")
    assert await task_ids(ada, mine=True) == [task["id"]]
    (handed,) = (await ada.get(f"{path}/delegations")).json()["items"]
    assert (handed["fromName"], handed["toName"], handed["reason"]) == (grace.email, ada.email, "on leave")
    assert (await ada.post(f"{path}/complete", YES)).json()["completedBy"] == ada.email


@pytest.mark.parametrize(
    ("to", "code"),
    [
        ("nobody@example.com", "unknown_member"),
        ("left@example.com", "unknown_member"),
        ("0195f3a0-7c1e-7d2a-9f6b-3a1c5e8d4b21", "unknown_member"),
        ("vera@example.com", "cannot_take_task"),
        ("grace@example.com", "cannot_take_task"),
    ],
)
async def test_a_task_cannot_be_handed_to_somebody_who_cannot_do_it(
    api: Client, worker: Worker, people: People, to: str, code: str
) -> None:
    grace = await people.join("grace", "approver")
    await people.join("vera", "viewer")
    await people.change(await people.join("left", "approver"), "status = 'disabled'")
    task = await ask(api, assignTo=grace.email)
    claimed = (await grace.post(f"/tasks/{task['id']}/claim")).json()
    problem(await grace.post(f"/tasks/{task['id']}/delegate", {"to": to}), 422, code)
    assert (await grace.get(f"/tasks/{task['id']}")).json() == claimed
    assert (await grace.get(f"/tasks/{task['id']}/delegations")).json()["items"] == []


async def test_a_task_can_be_assigned_to_others(api: Client, worker: Worker, people: People) -> None:
    grace, ada = await people.join("grace", "approver"), await people.join("ada", "approver")
    task = await ask(api, assignTo=grace.email)
    path = f"/tasks/{task['id']}"
    await grace.post(f"{path}/claim")
    problem(await grace.post(f"{path}/reassign", {"assignTo": []}), 403, "permission_denied")
    assigned = (await api.post(f"{path}/reassign", {"assignTo": ["Ada@example.com", "x"], "reason": "better"})).json()
    assert (assigned["assignTo"], assigned["status"], assigned["claimedBy"]) == (["ada@example.com", "x"], "open", None)
    problem(await grace.post(f"{path}/complete", YES), 404, "task_not_found")
    assert (await ada.post(f"{path}/complete", YES)).status_code == 200
    problem(await api.post(f"{path}/reassign", {"assignTo": []}), 409, "task_closed")


async def test_comments_are_listed_in_order_and_paged(api: Client, worker: Worker, people: People) -> None:
    grace = await people.join("grace", "approver")
    task = await ask(api)
    path = f"/tasks/{task['id']}/comments"
    said = [(await by.post(path, {"text": text})).json() for by, text in ((grace, "why?"), (api, "because"))]
    assert (said[0]["author"], said[0]["text"]) == (grace.email, "why?")
    assert (await grace.get(path)).json() == {"items": said, "nextCursor": None}
    first = (await grace.get(path, params={"limit": 1})).json()
    assert first["items"] == said[:1]
    rest = (await grace.get(path, params={"limit": 1, "cursor": first["nextCursor"]})).json()
    assert rest == {"items": said[1:], "nextCursor": None}
    problem(await grace.post(path, {"text": ""}), 422, "invalid_request")
    problem(await grace.post(path, {"text": "x", "author": "ada"}), 422, "invalid_request")


async def test_every_act_stands_in_the_audit_log(api: Client, worker: Worker, people: People) -> None:
    grace, ada = await people.join("grace", "approver"), await people.join("ada", "approver")
    task = await ask(api)
    path = f"/tasks/{task['id']}"
    await grace.post(f"{path}/claim")
    await grace.post(f"{path}/release")
    await grace.post(f"{path}/claim")
    await grace.post(f"{path}/delegate", {"to": str(ada.id), "reason": "on leave"})
    await ada.post(f"{path}/comments", {"text": "hm"})
    await api.post(f"{path}/reassign", {"assignTo": []})
    await ada.post(f"{path}/complete", YES)
    query: dict[str, Any] = {"resourceType": "task", "resourceId": task["id"]}
    entries = (await api.get("/audit", params=query)).json()["items"]
    assert sorted((entry["action"], entry["actorName"]) for entry in entries) == [
        ("task.claimed", grace.email),
        ("task.claimed", grace.email),
        ("task.commented", ada.email),
        ("task.completed", ada.email),
        ("task.delegated", grace.email),
        ("task.reassigned", "admin@example.com"),
        ("task.released", grace.email),
    ]


async def test_whoever_is_asked_is_found_by_an_index_under_row_level_security(connect: Connect) -> None:
    api = await connect("weft_api", DEFAULT_TENANT)
    await api.execute("SET enable_seqscan = off")
    statement = "EXPLAIN SELECT task_id FROM task_assignees WHERE tenant_id = $1 AND assignee = ANY ($2::text[])"
    plan = "\n".join(row[0] for row in await api.fetch(statement, DEFAULT_TENANT, ["grace", "approver"]))
    assert "Index Cond: ((tenant_id = " in plan
    assert "AND (assignee = ANY" in plan


async def test_an_open_task_is_assigned_as_the_input_says(api: Client, worker: Worker, people: People) -> None:
    grace = await people.join("grace", "approver")
    await ask(api, assignTo="${ input.?boss.orValue('nobody') }")
    task = await open_task(api, boss="Grace@Example.com")
    assert await task_ids(grace) == [task["id"]]
