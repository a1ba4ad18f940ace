"""One act on many executions."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from tests.api.client import EMAIL, Client, problem
from tests.api.definitions import GREETING, PAYMENT
from tests.api.people import People
from weftline.api.app import Application
from weftline.engine.worker import Worker
from weftline.features.executions.bulk import runner
from weftline.features.executions.bulk.runner import BulkRunner


async def started(api: Client, count: int, **fields: Any) -> list[str]:
    """Executions that wait for a payment."""
    await api.publish(PAYMENT)
    return [await api.start("payment", {"order": str(number)}, **fields) for number in range(count)]


async def begin(api: Client, act: str, **wanted: Any) -> dict[str, Any]:
    answer = await api.post("/bulk-operations", {"act": act, "filter": wanted, "reason": "A drill"})
    assert answer.status_code == 202, answer.text
    return answer.json()


async def completed(api: Client, operation: dict[str, Any]) -> dict[str, Any]:
    """An operation once it has ended."""
    async with asyncio.timeout(20):
        while operation["status"] == "running":
            operation = (await api.get(f"/bulk-operations/{operation['id']}")).json()
        return operation


async def test_an_act_is_done_to_all_that_fit_and_to_no_other(api: Client, worker: Worker) -> None:
    ids = await started(api, 3, tags=["drill"])
    other = await api.start("payment", {"order": "other"})
    operation = await completed(api, await begin(api, "cancel", tag="drill"))
    assert {name: operation[name] for name in ("status", "total", "done", "succeeded", "failed")} == {
        "status": "completed",
        "total": 3,
        "done": 3,
        "succeeded": 3,
        "failed": 0,
    }
    for id in ids:
        await api.when_status(id, "cancelled")
    await api.when_status(other, "waiting")
    entries = (await api.get("/audit", params={"action": "execution.cancelled"})).json()["items"]
    assert {entry["resourceId"] for entry in entries} == set(ids)
    assert {(entry["reason"], entry["actorName"]) for entry in entries} == {("A drill", EMAIL)}
    [entry] = (await api.get("/audit", params={"action": "bulk_operation.started"})).json()["items"]
    assert entry["after"] == {"act": "cancel", "filter": {"tag": "drill"}, "total": 3}


async def test_pausing_and_resuming_reach_what_was_chosen_by_id(api: Client, worker: Worker) -> None:
    ids = await started(api, 2)
    for id in ids:
        await api.when_status(id, "waiting")
    await completed(api, await begin(api, "pause", ids=ids[:1]))
    await api.when_status(ids[0], "paused")
    await completed(api, await begin(api, "resume", status=["paused"]))
    await api.when_status(ids[0], "waiting")
    assert (await api.execution(ids[1]))["status"] == "waiting"


async def test_what_could_not_be_done_is_told_for_each(api: Client, worker: Worker) -> None:
    [waiting] = await started(api, 1)
    await api.publish(GREETING)
    ended = [await api.start("greeting", {"name": "Ada"}) for _ in range(3)]
    for id in ended:
        await api.when_status(id, "completed")
    operation = await completed(api, await begin(api, "cancel"))
    assert (operation["succeeded"], operation["failed"]) == (1, 3)
    await api.when_status(waiting, "cancelled")
    path, told = f"/bulk-operations/{operation['id']}/failures", list[dict[str, Any]]()
    cursor: str | None = None
    while True:
        page = (await api.get(path, params={"limit": 2, **({"cursor": cursor} if cursor else {})})).json()
        told += page["items"]
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert [(failure["executionId"], failure["code"]) for failure in told] == [(id, "execution_ended") for id in ended]


async def test_a_dry_run_says_how_many_it_would_be_and_does_nothing(api: Client, tenant: asyncpg.Connection) -> None:
    await started(api, 2, attributes={"region": "emea"})
    body = {"act": "cancel", "filter": {"attribute": ["region:emea"]}, "dryRun": True}
    answer = await api.post("/bulk-operations", body)
    assert (answer.status_code, answer.json()) == (200, {"act": "cancel", "total": 2})
    assert await tenant.fetchval("SELECT count(*) FROM bulk_operations") == 0


@pytest.fixture
async def idle(application: Application) -> BulkRunner:
    """What carries operations out, which does so only when it is asked to."""
    assert application.services is not None
    await application.services.bulk_runner.stop()
    return application.services.bulk_runner


async def break_down(connection: asyncpg.Connection, execution_id: str) -> None:
    """From now on nothing can be sent to an execution."""
    await connection.execute(
        f"""
        CREATE FUNCTION break_down() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'broken'; END $$;
        CREATE TRIGGER broken BEFORE INSERT ON inbox
        FOR EACH ROW WHEN (NEW.execution_id = '{UUID(execution_id)}') EXECUTE FUNCTION break_down()
        """
    )


async def test_whoever_goes_on_after_a_crash_goes_on_exactly_there(
    api: Client,
    idle: BulkRunner,
    tenant: asyncpg.Connection,
    connect_as_owner: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runner, "PAGE", 2)
    ids = await started(api, 5)
    operation = await begin(api, "cancel")
    assert await idle.run_once() == 2
    await break_down(connect_as_owner, ids[3])
    assert await idle.run_once() == 0
    assert (await api.get(f"/bulk-operations/{operation['id']}")).json()["done"] == 2
    await connect_as_owner.execute("DROP TRIGGER broken ON inbox")
    assert [await idle.run_once() for _ in range(3)] == [2, 1, 0]
    messages = await tenant.fetch("SELECT execution_id, count(*) FROM inbox GROUP BY 1 ORDER BY 1")
    assert [(str(id), count) for id, count in messages] == [(id, 1) for id in ids]
    entries = (await api.get("/audit", params={"action": "execution.cancelled"})).json()["items"]
    assert len(entries) == 5


async def test_several_processes_deal_with_each_execution_once(
    api: Client, idle: BulkRunner, tenant: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "PAGE", 1)
    await started(api, 6)
    for _ in range(2):
        await begin(api, "cancel")
    while sum(await asyncio.gather(*(idle.run_once() for _ in range(3)))):
        pass
    assert await tenant.fetchval("SELECT count(*) FROM inbox") == 12
    done = await tenant.fetch("SELECT status, done, failed FROM bulk_operations")
    assert {tuple(row) for row in done} == {("completed", 6, 0)}


async def test_a_cancelled_operation_leaves_the_rest_alone(
    api: Client, idle: BulkRunner, tenant: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "PAGE", 1)
    await started(api, 3)
    operation = await begin(api, "cancel")
    await idle.run_once()
    ended = (await api.post(f"/bulk-operations/{operation['id']}/cancel")).json()
    assert (ended["status"], ended["done"], ended["total"]) == ("cancelled", 1, 3)
    assert await idle.run_once() == 0
    assert await tenant.fetchval("SELECT count(*) FROM inbox") == 1
    problem(await api.post(f"/bulk-operations/{operation['id']}/cancel"), 409, "bulk_operation_ended")


async def test_nobody_does_to_many_what_they_may_not_do_to_one(
    api: Client, people: People, application: Application
) -> None:
    await started(api, 1)
    viewer = await people.join("vera", "viewer")
    body = {"act": "cancel", "filter": {}}
    problem(await viewer.post("/bulk-operations", body), 403, "permission_denied")
    policy = (
        'forbid (principal, action == Action::"execution:cancel", resource) when { resource.tags.contains("kept") };'
    )
    await api.start("payment", {"order": "kept"}, tags=["kept"])
    answer = await api.post("/policies", {"name": "kept", "source": policy})
    assert answer.status_code == 201, answer.text
    assert application.services is not None
    await application.services.cache.refresh()
    operation = await begin(api, "cancel")
    assert operation["total"] == 1


async def test_a_bad_filter_is_refused_with_its_place(api: Client) -> None:
    body = {"act": "cancel", "filter": {"status": ["gone"], "attribute": ["emea"], "tags": "x"}}
    document = problem(await api.post("/bulk-operations", body), 422, "invalid_request")
    pointers = {error["pointer"] for error in document["errors"]}
    assert pointers == {"/filter/status/0", "/filter/attribute/0", "/filter/tags"}
