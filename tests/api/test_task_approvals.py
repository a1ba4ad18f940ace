"""Approvals that take several people, or another person than the one who asks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest

from tests.api.client import EMAIL, Client, problem
from tests.api.human_tasks import approval, ask, open_task, task_ids
from tests.api.people import People, Person
from weftline.api.app import Application, as_console
from weftline.engine.worker import Worker

YES, NO = {"outcome": "approved"}, {"outcome": "rejected"}


@pytest.fixture
async def board(people: People) -> list[Person]:
    """Four who may approve."""
    return [await people.join(name, "approver") for name in ("grace", "ada", "eve", "mary")]


async def test_as_many_must_approve_as_the_definition_says(api: Client, worker: Worker, board: list[Person]) -> None:
    task = await ask(api, approvals=3)
    path = f"/tasks/{task['id']}"
    assert (task["approvalsRequired"], task["approvingOutcomes"]) == (3, ["approved"])
    for given, person in enumerate(board[:2], start=1):
        voted = (await person.post(f"{path}/complete", {**YES, "comment": f"vote {given}"})).json()
        assert (voted["status"], voted["approvalsGiven"], voted["completedBy"]) == ("open", given, None)
        assert await task_ids(person, mine=True) == []
        assert await task_ids(person) == [task["id"]]
    done = (await board[2].post(f"{path}/complete", YES)).json()
    assert (done["status"], done["approvalsGiven"], done["completedBy"]) == ("completed", 3, board[2].email)
    problem(await board[3].post(f"{path}/complete", YES), 409, "task_closed")
    votes = (await board[3].get(f"{path}/votes")).json()["items"]
    assert [(vote["voter"], vote["isApproving"]) for vote in votes] == [(each.email, True) for each in board[:3]]
    execution = await api.when_status(task["executionId"], "completed")
    assert execution["data"]["votes"] == [
        {"by": board[0].email, "outcome": "approved", "comment": "vote 1"},
        {"by": board[1].email, "outcome": "approved", "comment": "vote 2"},
        {"by": board[2].email, "outcome": "approved"},
    ]


async def test_the_first_rejection_ends_it(api: Client, worker: Worker, board: list[Person]) -> None:
    task = await ask(api, approvals=3)
    await board[0].post(f"/tasks/{task['id']}/complete", YES)
    done = (await board[1].post(f"/tasks/{task['id']}/complete", NO)).json()
    assert (done["status"], done["outcome"], done["approvalsGiven"]) == ("completed", "rejected", 1)
    assert (await api.when_status(task["executionId"], "completed"))["data"]["refused"] is True


async def test_nobody_votes_twice(api: Client, worker: Worker, board: list[Person]) -> None:
    task = await ask(api, approvals=2)
    path = f"/tasks/{task['id']}"
    answers = await asyncio.gather(*(board[0].post(f"{path}/complete", YES) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409]
    problem(await board[0].post(f"{path}/complete", NO), 409, "already_voted")
    assert (await api.get(path)).json()["approvalsGiven"] == 1


async def test_of_several_who_approve_at_the_same_instant_each_counts_and_one_completes(
    api: Client, worker: Worker, board: list[Person], tenant: asyncpg.Connection
) -> None:
    task = await ask(api, approvals=3)
    path = f"/tasks/{task['id']}"
    answers = await asyncio.gather(*(person.post(f"{path}/complete", YES) for person in board))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 409]
    ended = [answer.json()["status"] for answer in answers if answer.status_code == 200]
    assert sorted(ended) == ["completed", "open", "open"]
    assert len((await api.get(f"{path}/votes")).json()["items"]) == 3
    await api.when_status(task["executionId"], "completed")
    completions = "SELECT count(*) FROM events WHERE type = 'STEP_COMPLETED' AND step_id = 'approve'"
    assert await tenant.fetchval(completions) == 1


async def test_an_approval_and_a_rejection_at_the_same_instant_end_it_once(
    api: Client, worker: Worker, board: list[Person]
) -> None:
    task = await ask(api, approvals=2)
    path = f"/tasks/{task['id']}/complete"
    await board[0].post(path, YES)
    answers = await asyncio.gather(board[1].post(path, YES), board[2].post(path, NO))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    (won,) = (answer.json()["outcome"] for answer in answers if answer.status_code == 200)
    execution = await api.when_status(task["executionId"], "completed")
    assert execution["data"].get("refused", False) is (won == "rejected")


async def test_an_approval_by_several_cannot_be_claimed(api: Client, worker: Worker, board: list[Person]) -> None:
    task = await ask(api, approvals=2)
    problem(await board[0].post(f"/tasks/{task['id']}/claim"), 409, "not_claimable")


async def test_outcomes_that_approve_may_be_named(api: Client, worker: Worker, board: list[Person]) -> None:
    outcomes = {"yes": "end", "with-conditions": "end", "no": "refused"}
    approvals = {"required": 2, "outcomes": ["yes", "with-conditions"]}
    task = await ask(api, type="human-task", outcomes=outcomes, approvals=approvals)
    await board[0].post(f"/tasks/{task['id']}/complete", {"outcome": "with-conditions"})
    done = (await board[1].post(f"/tasks/{task['id']}/complete", {"outcome": "yes"})).json()
    assert (done["status"], done["outcome"]) == ("completed", "yes")


async def test_what_a_vote_does_not_satisfy_is_no_vote(api: Client, worker: Worker, board: list[Person]) -> None:
    task = await ask(api, approvals=2, form={"type": "object", "required": ["note"]})
    path = f"/tasks/{task['id']}/complete"
    problem(await board[0].post(path, YES), 422, "invalid_form")
    problem(await board[0].post(path, {"outcome": "maybe", "data": {"note": "x"}}), 422, "unknown_outcome")
    assert (await board[0].post(path, {**YES, "data": {"note": "x"}})).json()["approvalsGiven"] == 1


async def test_whoever_hands_their_say_to_another_has_none(api: Client, worker: Worker, board: list[Person]) -> None:
    grace, ada, eve, _ = board
    task = await ask(api, approvals=2, assignTo=[grace.email, eve.email])
    path = f"/tasks/{task['id']}"
    assert (await grace.post(f"{path}/delegate", {"to": ada.email})).json()["status"] == "open"
    problem(await grace.post(f"{path}/complete", YES), 409, "handed_over")
    problem(await grace.post(f"{path}/delegate", {"to": eve.email}), 409, "handed_over")
    assert await task_ids(ada, mine=True) == [task["id"]]
    assert (await ada.post(f"{path}/complete", YES)).json()["approvalsGiven"] == 1
    problem(await ada.post(f"{path}/delegate", {"to": grace.email}), 409, "already_voted")
    problem(await eve.post(f"{path}/delegate", {"to": ada.email}), 422, "cannot_take_task")
    assert (await eve.post(f"{path}/complete", YES)).json()["status"] == "completed"


async def test_a_say_can_be_handed_back(api: Client, worker: Worker, board: list[Person]) -> None:
    grace, ada, *_ = board
    task = await ask(api, approvals=2, assignTo=grace.email)
    await grace.post(f"/tasks/{task['id']}/delegate", {"to": ada.email})
    await ada.post(f"/tasks/{task['id']}/delegate", {"to": grace.email})
    problem(await ada.post(f"/tasks/{task['id']}/complete", YES), 409, "handed_over")
    assert (await grace.post(f"/tasks/{task['id']}/complete", YES)).json()["approvalsGiven"] == 1


async def test_with_four_eyes_whoever_asks_has_no_say(api: Client, worker: Worker, board: list[Person]) -> None:
    await api.publish(approval(fourEyes=True))
    task = await open_task(api)
    path = f"/tasks/{task['id']}"
    grace = board[0]
    assert task["fourEyes"] is True
    assert await task_ids(api, mine=True) == []
    assert await task_ids(grace, mine=True) == [task["id"]]
    for act, body in (
        ("claim", None),
        ("complete", YES),
        ("complete", NO),
        ("delegate", {"to": grace.email}),
        ("reassign", {"assignTo": [grace.email]}),
        ("links", {"user": grace.email}),
    ):
        problem(await api.post(f"{path}/{act}", body), 403, "four_eyes")
    await grace.post(f"{path}/claim")
    problem(await grace.post(f"{path}/delegate", {"to": EMAIL}), 422, "cannot_take_task")
    assert (await grace.post(f"{path}/complete", YES)).json()["completedBy"] == grace.email


async def test_with_four_eyes_and_several_whoever_asks_is_none_of_them(
    api: Client, worker: Worker, board: list[Person]
) -> None:
    task = await ask(api, fourEyes=True, approvals=2)
    path = f"/tasks/{task['id']}"
    await board[0].post(f"{path}/complete", YES)
    problem(await api.post(f"{path}/complete", YES), 403, "four_eyes")
    problem(await board[1].post(f"{path}/delegate", {"to": EMAIL}), 422, "cannot_take_task")
    assert (await board[1].post(f"{path}/complete", YES)).json()["status"] == "completed"


@pytest.fixture
async def console(application: Application) -> AsyncIterator[Client]:
    """Whoever owns the machine."""
    assert application.services is not None
    caller = await as_console(application.services, "default")
    transport = httpx.ASGITransport(application.acting_as(caller))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        yield Client(http)


@pytest.mark.parametrize("fields", [{"fourEyes": True}, {"approvals": 2}])
async def test_only_people_decide_where_it_matters_who(
    api: Client, worker: Worker, console: Client, fields: dict[str, Any]
) -> None:
    task = await ask(api, **fields)
    problem(await console.post(f"/tasks/{task['id']}/complete", YES), 403, "people_only")


async def test_the_console_may_do_what_one_person_decides(api: Client, worker: Worker, console: Client) -> None:
    path = f"/tasks/{(await ask(api))['id']}"
    claimed = (await console.post(f"{path}/claim")).json()
    assert claimed["claimedBy"] and claimed["claimedById"] is None
    done = (await console.post(f"{path}/complete", YES)).json()
    assert (done["status"], done["completedBy"]) == ("completed", claimed["claimedBy"])
