"""Telling people of their tasks, and what happens to tasks that are overdue."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from tests.api.client import EMAIL, PATIENCE, Client, problem
from tests.api.human_tasks import ask, open_task, task_ids, task_token
from tests.api.mailbox import Mailbox
from tests.api.people import People, Person
from tests.conftest import Connect
from weftline.api.app import Application
from weftline.engine.worker import Worker
from weftline.features.database import Database
from weftline.features.tasks.notices import TaskNotices

YES = {"outcome": "approved"}
LATER = timedelta(hours=2)


def address(path: str) -> str:
    return f"http://127.0.0.1:8080{path}"


@pytest.fixture
async def processes(application: Application, database: str) -> AsyncIterator[list[TaskNotices]]:
    """Loops as two processes would have them, none of which runs by itself."""
    assert application.services is not None
    databases = [Database(database, "weft_worker", size=1) for _ in range(2)]
    yield [TaskNotices(each, application.services.cache, address) for each in databases]
    for each in databases:
        await each.close()


@pytest.fixture
def notices(processes: list[TaskNotices]) -> TaskNotices:
    return processes[0]


@pytest.fixture
async def grace(people: People) -> Person:
    return await people.join("grace", "approver")


async def escalated(notices: TaskNotices, now: datetime | None = None) -> int:
    """Two hours later."""
    return await notices.run_once(now or datetime.now(UTC) + LATER)


async def told(notices: TaskNotices, mailbox: Mailbox, address: str) -> list[str]:
    """The templates of the messages to an address, once there are any. The application's own loop may be first."""
    async with asyncio.timeout(PATIENCE):
        while not (templates := await mailbox.templates(address)):
            await notices.run_once()
    return templates


async def test_those_who_are_asked_get_a_link_once(
    api: Client, worker: Worker, people: People, grace: Person, mailbox: Mailbox, notices: TaskNotices
) -> None:
    ada = await people.join("ada", "approver", groups=["purchasing"])
    eve = await people.join("eve", "approver")
    task = await ask(api, assignTo=[grace.email, "purchasing"], notify="email")
    assert await told(notices, mailbox, ada.email) == ["task_link"]
    assert await told(notices, mailbox, grace.email) == ["task_link"]
    assert await notices.run_once() == 0
    assert len(await mailbox.templates(grace.email)) == 1
    assert await mailbox.templates(eve.email) == await mailbox.templates(EMAIL) == []
    del api.http.headers["Authorization"]
    assert (await api.post(f"/task-links/{await task_token(mailbox, ada.email)}", YES)).status_code == 200
    assert (await grace.get(f"/tasks/{task['id']}")).json()["completedBy"] == ada.email


async def test_members_with_a_role_that_inherits_the_one_asked_are_told(
    api: Client, worker: Worker, people: People, mailbox: Mailbox, notices: TaskNotices
) -> None:
    await people.make_role("boss", inherits=["approver"])
    ada = await people.join("ada", "boss")
    await ask(api, assignTo="approver", notify="email")
    assert await told(notices, mailbox, ada.email) == ["task_link"]


async def test_whoever_has_no_say_is_not_told(
    api: Client, worker: Worker, people: People, grace: Person, mailbox: Mailbox, notices: TaskNotices
) -> None:
    vera = await people.join("vera", "viewer")
    await ask(api, assignTo=[EMAIL, vera.email, grace.email], fourEyes=True, notify="email")
    assert await told(notices, mailbox, grace.email) == ["task_link"]
    assert await mailbox.templates(EMAIL) == await mailbox.templates(vera.email) == []


async def test_whoever_must_sign_in_is_told_without_a_link(
    api: Client, worker: Worker, people: People, grace: Person, mailbox: Mailbox, notices: TaskNotices
) -> None:
    await people.require_second_factor(grace)
    await ask(api, assignTo=grace.email, notify="email")
    assert await told(notices, mailbox, grace.email) == ["task_assigned"]


async def test_whoever_has_a_form_to_fill_in_is_told_without_a_link(
    api: Client, worker: Worker, grace: Person, mailbox: Mailbox, notices: TaskNotices
) -> None:
    form = {"type": "object", "required": ["note"]}
    task = await ask(api, assignTo=grace.email, notify="email", form=form)
    assert await told(notices, mailbox, grace.email) == ["task_assigned"]
    assert address(f"/tasks/{task['id']}") in await mailbox.text(grace.email, "task_assigned")


async def test_a_new_assignee_is_told_too(
    api: Client, worker: Worker, people: People, grace: Person, mailbox: Mailbox, notices: TaskNotices
) -> None:
    ada = await people.join("ada", "approver")
    task = await ask(api, assignTo=grace.email, notify="email")
    await told(notices, mailbox, grace.email)
    await api.post(f"/tasks/{task['id']}/reassign", {"assignTo": [ada.email]})
    assert await told(notices, mailbox, ada.email) == ["task_link"]
    assert len(await mailbox.templates(grace.email)) == 1


async def test_an_overdue_task_is_assigned_to_more_people_and_told(
    api: Client, worker: Worker, people: People, grace: Person, mailbox: Mailbox, notices: TaskNotices
) -> None:
    boss, audit = await people.join("boss", "approver"), await people.join("audit", "viewer")
    escalation = {"assignTo": boss.email, "notify": [audit.email, boss.email]}
    task = await ask(api, assignTo=grace.email, dueIn="1h", escalation=escalation)
    path = f"/tasks/{task['id']}"
    assert task["escalateAt"] == task["dueAt"]
    problem(await boss.post(f"{path}/complete", YES), 404, "task_not_found")
    assert await notices.run_once() == 0
    assert await escalated(notices) == 1
    after = (await boss.get(path)).json()
    assert after["assignTo"] == [grace.email, boss.email]
    assert after["escalateAt"] is None and after["escalatedAt"] is not None
    assert await mailbox.templates(boss.email) == ["task_escalated"]
    assert await mailbox.templates(audit.email) == ["task_overdue"]
    assert await task_ids(boss, mine=True) == await task_ids(grace, mine=True) == [task["id"]]
    assert await escalated(notices) == 0
    assert (await boss.post(f"{path}/complete", YES)).status_code == 200


async def test_escalation_takes_a_claimed_task_back_and_leaves_its_holder_a_say(
    api: Client, worker: Worker, people: People, grace: Person, notices: TaskNotices
) -> None:
    ada, boss = await people.join("ada", "approver"), await people.join("boss", "approver")
    task = await ask(api, assignTo=grace.email, escalation={"after": "1h", "assignTo": boss.email})
    await grace.post(f"/tasks/{task['id']}/claim")
    await grace.post(f"/tasks/{task['id']}/delegate", {"to": ada.email})
    await escalated(notices)
    after = (await api.get(f"/tasks/{task['id']}")).json()
    assert (after["status"], after["claimedBy"]) == ("open", None)
    assert after["assignTo"] == [grace.email, str(ada.id), boss.email]
    for person in (grace, ada, boss):
        assert await task_ids(person, mine=True) == [task["id"]]


async def test_an_escalation_that_only_tells_leaves_the_task_as_it_is(
    api: Client, worker: Worker, grace: Person, mailbox: Mailbox, notices: TaskNotices
) -> None:
    task = await ask(api, escalation={"after": "1h", "notify": EMAIL})
    claimed = (await grace.post(f"/tasks/{task['id']}/claim")).json()
    await escalated(notices)
    after = (await grace.get(f"/tasks/{task['id']}")).json()
    assert {**after, "escalatedAt": None} == {**claimed, "escalateAt": None}
    assert await mailbox.templates(EMAIL) == ["task_overdue"]


async def test_a_task_that_is_done_does_not_escalate(
    api: Client, worker: Worker, grace: Person, mailbox: Mailbox, notices: TaskNotices
) -> None:
    escalation = {"after": "1h", "notify": EMAIL}
    done = await ask(api, escalation=escalation)
    await grace.post(f"/tasks/{done['id']}/complete", YES)
    await api.when_status(done["executionId"], "completed")
    cancelled = await open_task(api)
    await api.post(f"/executions/{cancelled['executionId']}/cancel")
    await api.when_status(cancelled["executionId"], "cancelled")
    assert await escalated(notices) == 0
    assert await mailbox.templates(EMAIL) == []


async def test_several_processes_escalate_a_task_once(
    api: Client, worker: Worker, mailbox: Mailbox, processes: list[TaskNotices]
) -> None:
    await ask(api, escalation={"after": "1h", "notify": EMAIL})
    done = await asyncio.gather(*(escalated(each) for each in processes))
    assert sum(done) == 1
    assert len(await mailbox.templates(EMAIL)) == 1
    entries = (await api.get("/audit", params={"action": "task.escalated"})).json()["items"]
    assert [(entry["actorType"], entry["after"]["told"]) for entry in entries] == [("system", [EMAIL])]


async def test_a_task_that_cannot_be_told_of_does_not_keep_others_from_it(
    api: Client, worker: Worker, mailbox: Mailbox, notices: TaskNotices, connect_as_owner: asyncpg.Connection
) -> None:
    broken = await ask(api, escalation={"after": "1h", "notify": EMAIL})
    fine = await open_task(api)
    await connect_as_owner.execute("ALTER TABLE human_tasks NO FORCE ROW LEVEL SECURITY")
    await connect_as_owner.execute("UPDATE human_tasks SET escalation = '5' WHERE id = $1", broken["id"])
    now = datetime.now(UTC) + LATER
    assert await escalated(notices, now) == 1
    assert (await api.get(f"/tasks/{fine['id']}")).json()["escalatedAt"] is not None
    after = (await api.get(f"/tasks/{broken['id']}")).json()
    assert after["escalatedAt"] is None
    assert datetime.fromisoformat(after["escalateAt"]) > now
    assert await escalated(notices, now) == 0


async def test_what_is_due_is_found_by_an_index(connect: Connect) -> None:
    worker = await connect("weft_worker")
    await worker.execute("SET enable_seqscan = off")
    for column, index in (("notify_at", "human_tasks_notify"), ("escalate_at", "human_tasks_escalate")):
        plan = await worker.fetch(
            f"EXPLAIN SELECT tenant_id, id FROM human_tasks WHERE {column} <= now() ORDER BY {column} LIMIT 100"
        )
        assert index in "\n".join(row[0] for row in plan)
