"""What the client asks, against the API."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.api.client import EMAIL
from tests.api.definitions import APPROVAL, GREETING, PAYMENT, changed
from weftline.client import (
    AsyncClient,
    Conflict,
    Forbidden,
    Invalid,
    InvalidRequest,
    NotFound,
    Start,
    Unauthenticated,
    WaitTimedOut,
)
from weftline.engine.worker import Worker
from weftline.model.status import ExecutionStatus

REVIEWERS = {"reviewers": [EMAIL]}


async def test_a_workflow_is_deployed_started_awaited_and_read(client: AsyncClient, worker: Worker) -> None:
    workflow = await client.workflows.deploy(GREETING, change_description="first")
    assert (workflow.id, workflow.version_number, workflow.published_version) == ("greeting", 1, 1)
    execution = await client.executions.start("greeting", {"name": "Ada"}, tags=["t"], priority=7, wait=30)
    assert execution.status is ExecutionStatus.COMPLETED and execution.has_ended
    assert (execution.input, execution.output) == ({"name": "Ada"}, {"text": "Hello Ada"})
    assert (execution.tags, execution.priority) == (["t"], 7)
    events = [event async for event in client.executions.events(execution.id)]
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert events[-1].type == "WORKFLOW_COMPLETED"
    later = [event async for event in client.executions.events(execution.id, after=2)]
    assert later == events[2:]
    steps = [step.step_id async for step in client.executions.steps(execution.id)]
    assert "greet" in steps


async def test_what_did_not_change_makes_no_version_and_what_did_makes_one(client: AsyncClient) -> None:
    await client.workflows.deploy(GREETING)
    assert (await client.workflows.deploy(GREETING)).version_number == 1
    changed_workflow = await client.workflows.deploy(changed(GREETING, description="Says it louder"))
    assert changed_workflow.version_number == 2
    assert [each.version_number async for each in client.workflows.versions("greeting")] == [2, 1]
    version = await client.workflows.version("greeting", 1)
    assert version.definition is not None and version.definition["description"] == "Says hello"


async def test_definitions_may_be_text(client: AsyncClient) -> None:
    text = "id: tea\nnodes:\n- {id: start, type: start, next: end}\n- {id: end, type: end}\n"
    assert (await client.workflows.validate(text)).valid
    assert (await client.workflows.deploy(text)).name == "tea"
    with pytest.raises(Conflict) as refused:
        await client.workflows.create(text)
    assert refused.value.code == "workflow_exists"


async def test_a_document_of_another_system_is_converted(client: AsyncClient) -> None:
    foreign = "id: tea\nname: Tea\nnodes:\n- {id: start, type: start, nextNodeId: tell}\n- {id: tell, type: fax}\n"
    with pytest.raises(Invalid) as refused:
        await client.workflows.convert(foreign)
    assert refused.value.code == "not_convertible"
    converted = await client.workflows.convert(foreign, partial=True)
    assert (converted.source, converted.target) == ("nodes", "native")
    assert [note.pointer for note in converted.notes if note.fate == "unsupported"] == ["/nodes/1/type"]


async def test_a_person_completes_what_waits_for_them(client: AsyncClient, worker: Worker) -> None:
    await client.workflows.deploy(APPROVAL)
    execution = await client.executions.start("approval", REVIEWERS)
    execution = await client.executions.wait(execution.id, 30, until={"waiting"})
    assert execution.status == "waiting"
    with pytest.raises(WaitTimedOut) as late:
        await client.executions.wait(execution.id, 0)
    assert late.value.execution == execution
    [task] = [each async for each in client.tasks.list(mine=True, status=["open", "claimed"])]
    assert task.execution_id == execution.id and set(task.outcomes or ()) == {"yes", "no"}
    assert (await client.tasks.claim(task.id)).status == "claimed"
    await client.tasks.comment(task.id, "Looks well")
    assert [each.text async for each in client.tasks.comments(task.id)] == ["Looks well"]
    assert (await client.tasks.complete(task.id, {"note": "fine"}, outcome="yes")).status == "completed"
    ended = await client.executions.wait(execution.id, 30)
    assert ended.data is not None and ended.data["note"] == "fine"


async def test_an_execution_is_steered(client: AsyncClient, worker: Worker) -> None:
    await client.workflows.deploy(PAYMENT)
    first, second, third = [
        await client.executions.start("payment", {"order": order}, wait=0) for order in ("a", "b", "c")
    ]
    await client.executions.wait(first.id, 30, until={"waiting"})
    assert (await client.events.send("paid", {"amount": 3}, correlation="a")).name == "paid"
    assert (await client.executions.wait(first.id, 30)).status == "completed"
    await client.executions.signal(second.id, "paid", {"amount": 4})
    assert (await client.executions.wait(second.id, 30)).data == {"order": "b", "amount": 4}
    await client.executions.pause(third.id)
    await client.executions.wait(third.id, 30, until={"paused"})
    await client.executions.resume(third.id)
    assert (await client.executions.update(third.id, tags=["late"])).tags == ["late"]
    await client.executions.cancel(third.id, reason="no longer wanted")
    assert (await client.executions.wait(third.id, 30)).status == "cancelled"
    again = await client.executions.restart(first.id, input={"order": "d"})
    assert again.restarted_from == first.id != again.id


async def test_lists_are_read_to_their_end_page_by_page(client: AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    await client.workflows.deploy(GREETING)
    started = [each async for each in client.executions.start_many("greeting", ({"name": str(n)} for n in range(7)))]
    assert [each.index for each in started] == list(range(7))
    ids = [each.id for each in started]
    listed = [each.id async for each in client.executions.list(workflow="greeting", query={"limit": 3})]
    assert sorted(listed) == sorted(str(id) for id in ids)
    some = [each.id async for each in client.executions.list(limit=2)]
    assert some == listed[:2]
    assert [each async for each in client.executions.list(limit=0)] == []


async def test_a_batch_says_what_came_of_each_start(client: AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("weftline.client.batching.MAX_LINES", 2)
    await client.workflows.deploy(GREETING)
    taken: list[int] = []

    async def starts() -> Any:
        for number in range(5):
            taken.append(number)
            yield Start({"name": "Ada"}, tags=["batch"]) if number != 3 else {"nobody": True}

    results = client.executions.start_many("greeting", starts())
    first = await anext(aiter(results))
    assert (first.index, first.error, taken) == (0, None, [0, 1])
    rest = [each async for each in results]
    assert [(each.index, each.id is None) for each in rest] == [(1, False), (2, False), (3, True), (4, False)]
    assert rest[2].error is not None and "name" in rest[2].error
    tagged = [each async for each in client.executions.list(tag="batch")]
    assert {each.id for each in tagged} == {first.id} | {each.id for each in rest if each.id}


async def test_refusals_are_errors_with_what_the_server_says(client: AsyncClient) -> None:
    with pytest.raises(NotFound) as missing:
        await client.workflows.get("nothing")
    assert (missing.value.status, missing.value.code) == (404, "workflow_not_found")
    assert missing.value.problem.instance == "/api/v1/workflows/nothing"
    assert missing.value.correlation_id
    with pytest.raises(Invalid) as invalid:
        await client.workflows.create({"id": "x", "nodes": [{"id": "a", "type": "action", "action": "eco"}]})
    assert invalid.value.errors and invalid.value.errors[0].pointer.startswith("/nodes/0")
    for argument in ("", "..", "\ud800"):
        with pytest.raises(InvalidRequest):
            await client.workflows.get(argument)
    with pytest.raises(InvalidRequest):
        await client.executions.start("greeting", {"n": object()})


async def test_any_operation_can_be_asked(client: AsyncClient) -> None:
    answer = await client.request("GET", "/statistics", query={"limit": 5})
    assert answer.status == 200 and answer.body["items"] == []
    answer = await client.request("POST", ("variables",), body={"key": "a", "value": "b"})
    assert answer.status == 201
    assert (await client.variables.get("a")).value == "b"


async def test_variables_users_keys_and_tenants(client: AsyncClient, anonymous: Any) -> None:
    assert (await client.variables.set("limit", 3, type="NUMBER")).value == 3
    secret = await client.variables.set("token", "s3cret", type="SECRET")
    assert secret.value is None and "s3cret" not in repr(secret)
    own = [each.key async for each in client.variables.list() if not each.is_system]
    assert own == ["limit", "token"]
    assert (await client.variables.delete("limit")).key == "limit"
    user = await client.users.invite("grace@example.com", ["approver"])
    assert (await client.users.get(user.id)).status == "invited"
    assert (await client.users.update(user.id, department="Finance")).department == "Finance"
    assert {each.email async for each in client.users.list()} >= {"grace@example.com"}
    await client.users.remove(user.id)
    me = await client.me()
    assert me.tenant is not None and me.tenant.slug == "default"
    assert [each.slug async for each in client.tenants.list()] == ["default"]
    key = await client.api_keys.create("reports", scopes=["execution:read"])
    assert key.key not in repr(key)
    async with AsyncClient(http=client.driver.http, token=key.key) as reports:
        assert [each async for each in reports.executions.list()] == []
        with pytest.raises(Forbidden):
            await reports.variables.set("a", "b")
        await client.api_keys.revoke(key.id)
        with pytest.raises(Unauthenticated):
            await reports.me()


async def test_an_answer_waits_no_longer_than_it_is_told(client: AsyncClient) -> None:
    await client.workflows.deploy(GREETING)
    async with asyncio.timeout(20):
        execution = await client.executions.start("greeting", {"name": "Ada"}, wait=0.01)
    assert execution.status == "pending" and not execution.has_ended
