"""Links by which one person decides once, without signing in."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest
from structlog.typing import EventDict

from tests.api.client import Client, problem
from tests.api.human_tasks import ask, task_token
from tests.api.mailbox import Mailbox
from tests.api.people import People, Person
from tests.conftest import Connect
from weftline.api.app import Application
from weftline.engine.worker import Worker

YES, NO = {"outcome": "approved"}, {"outcome": "rejected"}
PAGE = {"Accept": "text/html,*/*;q=0.8"}


@pytest.fixture
async def grace(people: People) -> Person:
    return await people.join("grace", "approver")


@pytest.fixture
async def stranger(application: Application) -> AsyncIterator[Client]:
    """Somebody who has a link and nothing else."""
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        yield Client(http)


async def sent(api: Client, mailbox: Mailbox, task: dict[str, Any], to: Person, **fields: Any) -> str:
    """The token of a new link."""
    answer = await api.post(f"/tasks/{task['id']}/links", {"user": to.email, **fields})
    assert answer.status_code == 201, answer.text
    return await task_token(mailbox, to.email)


async def test_a_link_lets_its_person_decide_without_signing_in(
    api: Client, worker: Worker, grace: Person, mailbox: Mailbox, stranger: Client
) -> None:
    task = await ask(api)
    link = await sent(api, mailbox, task, grace)
    offer = (await stranger.get(f"/task-links/{link}")).json()
    assert (offer["name"], offer["user"], offer["outcomes"]) == (task["name"], grace.email, task["outcomes"])
    decided = await stranger.post(f"/task-links/{link}", {**YES, "comment": "fine"})
    assert decided.json() == {"taskId": task["id"], "status": "completed", "outcome": "approved"}
    done = (await api.get(f"/tasks/{task['id']}")).json()
    assert (done["completedBy"], done["completedById"]) == (grace.email, str(grace.id))
    await api.when_status(task["executionId"], "completed")


async def test_nobody_but_its_person_learns_a_links_token(
    api: Client, worker: Worker, grace: Person, mailbox: Mailbox, connect: Connect
) -> None:
    task = await ask(api)
    answer = await api.post(f"/tasks/{task['id']}/links", {"user": str(grace.id), "outcome": "approved"})
    token = await task_token(mailbox, grace.email)
    assert token not in answer.text
    assert (answer.json()["email"], answer.json()["outcome"]) == (grace.email, "approved")
    owner = await connect("weft_worker")
    assert token not in str(await owner.fetch("SELECT * FROM task_links"))
    log = await api.get("/audit", params={"action": "task.link_sent"})
    assert token not in log.text
    assert log.json()["items"][0]["after"]["to"] == grace.email


async def test_no_log_keeps_a_links_token(
    api: Client, worker: Worker, grace: Person, mailbox: Mailbox, stranger: Client, logs: list[EventDict]
) -> None:
    link = await sent(api, mailbox, await ask(api), grace)
    await stranger.get(f"/task-links/{link}")
    await stranger.post(f"/task-links/{link}", YES)
    assert "/api/v1/task-links/…" in str(logs)
    assert link not in str(logs)


async def test_looking_at_a_link_changes_nothing(
    api: Client, worker: Worker, grace: Person, mailbox: Mailbox, stranger: Client
) -> None:
    task = await ask(api)
    link = await sent(api, mailbox, task, grace)
    before = (await api.get(f"/tasks/{task['id']}")).json()
    for _ in range(3):
        assert (await stranger.get(f"/task-links/{link}", params=YES)).status_code == 200
        assert (await stranger.get(f"/task-links/{link}", params=YES, headers=PAGE)).status_code == 200
    assert (await api.get(f"/tasks/{task['id']}")).json() == before
    assert (await stranger.post(f"/task-links/{link}", YES)).status_code == 200


async def test_a_link_works_once(
    api: Client, worker: Worker, grace: Person, mailbox: Mailbox, stranger: Client
) -> None:
    task = await ask(api, approvals=2)
    link = await sent(api, mailbox, task, grace)
    assert (await stranger.post(f"/task-links/{link}", YES)).json()["status"] == "open"
    problem(await stranger.post(f"/task-links/{link}", YES), 410, "link_spent")
    problem(await stranger.get(f"/task-links/{link}"), 410, "link_spent")
    assert (await api.get(f"/tasks/{task['id']}")).json()["approvalsGiven"] == 1


async def test_a_link_used_several_times_at_the_same_instant_works_once(
    api: Client, worker: Worker, grace: Person, mailbox: Mailbox, stranger: Client
) -> None:
    task = await ask(api, approvals=2)
    link = await sent(api, mailbox, task, grace)
    answers = await asyncio.gather(*(stranger.post(f"/task-links/{link}", YES) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 410, 410, 410, 410]


async def test_two_links_of_one_person_are_one_vote(
    api: Client, worker: Worker, grace: Person, mailbox: Mailbox, stranger: Client
) -> None:
    task = await ask(api, approvals=2)
    links = [await sent(api, mailbox, task, grace) for _ in range(2)]
    assert links[0] != links[1]
    answers = await asyncio.gather(*(stranger.post(f"/task-links/{link}", YES) for link in links))
    assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_a_link_is_of_no_use_after_the_task_has_ended(
    api: Client, worker: Worker, grace: Person, mailbox: Mailbox, stranger: Client
) -> None:
    task = await ask(api)
    link = await sent(api, mailbox, task, grace)
    await api.post(f"/tasks/{task['id']}/complete", NO)
    problem(await stranger.post(f"/task-links/{link}", YES), 410, "link_spent")
    problem(await stranger.get(f"/task-links/{link}"), 410, "link_spent")
    problem(await api.post(f"/tasks/{task['id']}/links", {"user": grace.email}), 409, "task_closed")


async def test_a_link_is_of_no_use_after_its_execution_was_cancelled(
    api: Client, worker: Worker, grace: Person, mailbox: Mailbox, stranger: Client
) -> None:
    task = await ask(api)
    link = await sent(api, mailbox, task, grace)
    await api.post(f"/executions/{task['executionId']}/cancel")
    await api.when_status(task["executionId"], "cancelled")
    problem(await stranger.post(f"/task-links/{link}", YES), 410, "link_spent")


async def test_a_link_expires(
    api: Client, worker: Worker, grace: Person, mailbox: Mailbox, stranger: Client, connect_as_owner: asyncpg.Connection
) -> None:
    link = await sent(api, mailbox, await ask(api), grace)
    await connect_as_owner.execute("ALTER TABLE task_links NO FORCE ROW LEVEL SECURITY")
    await connect_as_owner.execute("UPDATE task_links SET expires_at = now()")
    problem(await stranger.get(f"/task-links/{link}"), 410, "link_spent")
    problem(await stranger.post(f"/task-links/{link}", YES), 410, "link_spent")


async def test_a_link_is_of_no_use_to_another(
    api: Client, worker: Worker, grace: Person, mailbox: Mailbox, people: People
) -> None:
    ada = await people.join("ada", "approver", "operator")
    task = await ask(api)
    link = await sent(api, mailbox, task, grace)
    for somebody in (ada, api):
        problem(await somebody.get(f"/task-links/{link}"), 404, "link_not_found")
        problem(await somebody.post(f"/task-links/{link}", YES), 404, "link_not_found")
    assert (await grace.post(f"/task-links/{link}", YES)).status_code == 200


async def test_a_tampered_link_is_none(
    api: Client, worker: Worker, grace: Person, mailbox: Mailbox, stranger: Client
) -> None:
    link = await sent(api, mailbox, await ask(api), grace)
    for position in (0, 5, 30, 63):
        flipped = link[:position] + ("A" if link[position] != "A" else "B") + link[position + 1 :]
        problem(await stranger.get(f"/task-links/{flipped}"), 404, "link_not_found")
        problem(await stranger.post(f"/task-links/{flipped}", YES), 404, "link_not_found")
    for nonsense in ("x", link[:-1], f"{link}A", "%00" * 64, "é" * 64, "~" * 64):
        problem(await stranger.post(f"/task-links/{nonsense}", YES), 404, "link_not_found")
    assert (await stranger.post(f"/task-links/{link}", YES)).status_code == 200


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ("status = 'disabled'", 410, "link_spent"),
        ("roles = '{viewer}'", 403, "permission_denied"),
        ("roles = '{}'", 403, "permission_denied"),
    ],
)
async def test_whoever_uses_a_link_may_do_what_its_person_may_do_now(
    api: Client,
    worker: Worker,
    grace: Person,
    mailbox: Mailbox,
    people: People,
    stranger: Client,
    change: str,
    status: int,
    code: str,
) -> None:
    task = await ask(api)
    link = await sent(api, mailbox, task, grace)
    await people.change(grace, change)
    problem(await stranger.post(f"/task-links/{link}", YES), status, code)
    await people.change(grace, "status = 'active', roles = '{approver}'")
    assert (await stranger.post(f"/task-links/{link}", YES)).status_code == 200


async def test_a_link_is_of_no_use_once_the_task_is_for_others(
    api: Client, worker: Worker, grace: Person, mailbox: Mailbox, stranger: Client
) -> None:
    task = await ask(api, assignTo=grace.email)
    link = await sent(api, mailbox, task, grace)
    await api.post(f"/tasks/{task['id']}/reassign", {"assignTo": ["somebody-else"]})
    problem(await stranger.get(f"/task-links/{link}"), 410, "link_spent")
    problem(await stranger.post(f"/task-links/{link}", YES), 404, "task_not_found")


async def test_whoever_needs_a_second_factor_has_to_sign_in(
    api: Client, worker: Worker, grace: Person, mailbox: Mailbox, people: People, stranger: Client
) -> None:
    task = await ask(api)
    link = await sent(api, mailbox, task, grace)
    await people.require_second_factor(grace)
    problem(await stranger.get(f"/task-links/{link}"), 403, "second_factor_required")
    problem(await stranger.post(f"/task-links/{link}", YES), 403, "second_factor_required")
    answer = await api.post(f"/tasks/{task['id']}/links", {"user": grace.email})
    problem(answer, 422, "cannot_take_task")


async def test_a_link_of_a_suspended_tenant_does_not_work(
    api: Client, worker: Worker, grace: Person, mailbox: Mailbox, people: People, stranger: Client
) -> None:
    link = await sent(api, mailbox, await ask(api), grace)
    await people.suspend_tenant()
    problem(await stranger.get(f"/task-links/{link}"), 410, "link_spent")
    problem(await stranger.post(f"/task-links/{link}", YES), 410, "link_spent")


async def test_a_link_may_be_for_one_outcome_only(
    api: Client, worker: Worker, grace: Person, mailbox: Mailbox, stranger: Client
) -> None:
    task = await ask(api)
    link = await sent(api, mailbox, task, grace, outcome="rejected")
    assert (await stranger.get(f"/task-links/{link}")).json()["outcomes"] == ["rejected"]
    problem(await stranger.post(f"/task-links/{link}", YES), 422, "unknown_outcome")
    assert (await stranger.post(f"/task-links/{link}", NO)).json()["outcome"] == "rejected"
    problem(await api.post(f"/tasks/{task['id']}/links", {"user": grace.email}), 409, "task_closed")


@pytest.mark.parametrize("body", [{}, {"outcome": "maybe"}, {"outcome": 5}, {"outcom": "approved"}, []])
async def test_what_a_task_does_not_accept_leaves_the_link_as_it_is(
    api: Client, worker: Worker, grace: Person, mailbox: Mailbox, stranger: Client, body: Any
) -> None:
    link = await sent(api, mailbox, await ask(api), grace)
    answer = await stranger.post(f"/task-links/{link}", body)
    assert answer.status_code == 422, answer.text
    assert (await stranger.post(f"/task-links/{link}", YES)).status_code == 200


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"user": "nobody@example.com"}, "unknown_member"),
        ({"user": "vera@example.com"}, "cannot_take_task"),
        ({"user": "grace@example.com", "outcome": "maybe"}, "unknown_outcome"),
        ({"user": "grace@example.com", "token": "mine"}, "invalid_request"),
        ({}, "invalid_request"),
    ],
)
async def test_a_link_goes_only_to_a_member_who_may_decide(
    api: Client, worker: Worker, grace: Person, people: People, mailbox: Mailbox, body: dict[str, Any], code: str
) -> None:
    await people.join("vera", "viewer")
    task = await ask(api)
    problem(await api.post(f"/tasks/{task['id']}/links", body), 422, code)
    assert await mailbox.templates("vera@example.com") == await mailbox.templates(grace.email) == []
    problem(await grace.post(f"/tasks/{task['id']}/links", {"user": grace.email}), 403, "permission_denied")


async def test_deciding_by_a_link_stands_in_the_audit_log_as_its_persons_act(
    api: Client, worker: Worker, grace: Person, mailbox: Mailbox, stranger: Client
) -> None:
    task = await ask(api)
    await stranger.post(f"/task-links/{await sent(api, mailbox, task, grace)}", YES)
    (entry,) = (await api.get("/audit", params={"action": "task.completed"})).json()["items"]
    assert (entry["actorName"], entry["resourceId"]) == (grace.email, task["id"])
    assert entry["after"]["linkId"]


async def test_people_get_a_page_with_a_button_for_each_outcome(
    api: Client, worker: Worker, grace: Person, mailbox: Mailbox, stranger: Client
) -> None:
    task = await ask(api, name="<b>Order</b> & co")
    link = await sent(api, mailbox, task, grace)
    page = await stranger.get(f"/task-links/{link}", params=NO, headers=PAGE)
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["cache-control"] == "no-store"
    assert "&lt;b&gt;Order&lt;/b&gt; &amp; co" in page.text and "<b>Order" not in page.text
    assert re.findall(r'name="outcome" value="(\w+)"', page.text) == ["rejected", "approved"]
    form = {"outcome": "approved", "comment": "fine & <i>good</i>"}
    thanks = await stranger.http.post(f"/api/v1/task-links/{link}", data=form, headers=PAGE)
    assert thanks.status_code == 200
    assert "<strong>approved</strong>" in thanks.text
    (vote,) = (await api.get(f"/tasks/{task['id']}/votes")).json()["items"]
    assert (vote["voter"], vote["comment"]) == (grace.email, "fine & <i>good</i>")
    again = await stranger.http.post(f"/api/v1/task-links/{link}", data=form, headers=PAGE)
    assert again.status_code == 410
    assert "does not work any more" in again.text


async def test_the_page_of_a_task_with_a_form_asks_to_sign_in(
    api: Client, worker: Worker, grace: Person, mailbox: Mailbox, stranger: Client
) -> None:
    task = await ask(api, form={"type": "object", "required": ["note"]})
    link = await sent(api, mailbox, task, grace)
    page = await stranger.get(f"/task-links/{link}", headers=PAGE)
    assert "sign in" in page.text and "<button" not in page.text
    decided = await stranger.post(f"/task-links/{link}", {**YES, "data": {"note": "x"}})
    assert decided.status_code == 200


@pytest.mark.parametrize("form", ["outcome=approved&comment=%00", "outcome=approved&x=1", "a" * 5_000, "%ff=%ff"])
async def test_a_malformed_form_is_refused(
    api: Client, worker: Worker, grace: Person, mailbox: Mailbox, stranger: Client, form: str
) -> None:
    link = await sent(api, mailbox, await ask(api), grace)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer: httpx.Response = await stranger.http.post(f"/api/v1/task-links/{link}", content=form, headers=headers)
    assert answer.status_code in (415, 422), answer.text
    assert (await stranger.post(f"/task-links/{link}", YES)).status_code == 200
