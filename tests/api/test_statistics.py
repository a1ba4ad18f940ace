"""Statistics over HTTP: what is counted, how it is told apart, and who sees it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from tests.api.client import Client, problem
from tests.api.definitions import GREETING
from tests.api.ledger import Ledger, line, step
from tests.api.world import REASON, World, tenant_id
from tests.conftest import Connect
from weftline.engine.worker import Worker
from weftline.model.ids import DEFAULT_TENANT

DELTA = """
INSERT INTO statistics_deltas (tenant_id, workflow_id, version_number, hour, running, counts)
VALUES ($1, $2, $3, $4, $5, $6)
"""
CHOOSY = {
    "id": "choosy",
    "name": "Choosy",
    "nodes": [
        {"id": "look", "type": "decision", "condition": "data.fine", "true": "done", "false": "broken"},
        {"id": "done", "type": "action", "action": "echo"},
        {"id": "broken", "type": "action", "action": "echo", "input": {"n": "${data.missing}"}},
    ],
}


async def figures(api: Client, path: str = "/statistics", **params: Any) -> dict[str, Any]:
    answer = await api.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
async def worker_role(connect: Connect) -> asyncpg.Connection[asyncpg.Record]:
    return await connect("weft_worker")


async def test_what_has_just_ended_is_counted_at_once(api: Client, worker: Worker) -> None:
    await api.publish(CHOOSY)
    for fine in (True, True, True, False):
        id = await api.start("choosy", {"fine": fine})
        await api.when_status(id, "completed" if fine else "failed")
    told = await figures(api, "/workflows/choosy/statistics")
    assert (told["total"], told["successful"], told["failed"], told["running"]) == (4, 3, 1, 0)
    assert told["successRate"] == 0.75
    assert told["averageExecutionTime"] == told["figures"]["averageMs"] > 0
    assert told["figures"]["minMs"] <= told["figures"]["p50Ms"] <= told["figures"]["p95Ms"] <= told["figures"]["maxMs"]
    steps = {step["stepId"]: step for step in told["steps"]}
    assert (steps["look"]["completed"], steps["done"]["completed"], steps["broken"]["failed"]) == (4, 3, 1)
    assert steps["look"]["started"] is None
    by_version = await figures(api, groupBy=["workflow", "version"])
    [group] = by_version["items"]
    assert (group["workflowId"], group["versionNumber"], group["completed"]) == ("choosy", 1, 3)
    assert by_version["total"]["ended"] == 4


async def test_what_waits_runs_until_it_ends(api: Client, worker: Worker) -> None:
    await api.publish({"id": "wait", "name": "Wait", "nodes": [{"id": "go", "type": "wait", "event": "go"}]})
    ids = [await api.start("wait") for _ in range(2)]
    for id in ids:
        await api.when_status(id, "waiting")
    assert (await figures(api))["running"] == 2
    [group] = (await figures(api, groupBy="workflow"))["items"]
    assert (group["running"], group["started"], group["ended"]) == (2, 2, 0)
    assert group["successRate"] is None
    assert (await api.post(f"/executions/{ids[0]}/cancel")).status_code < 300
    await api.when_status(ids[0], "cancelled")
    told = await figures(api)
    assert (told["running"], told["total"]["cancelled"]) == (1, 1)


async def test_days_begin_where_the_time_zone_says(
    api: Client, worker_role: asyncpg.Connection[asyncpg.Record]
) -> None:
    late = datetime(2026, 3, 1, 23, tzinfo=UTC)
    for hour in (late, late + timedelta(hours=1)):
        counts = '[{"node_id": "", "completed": 1, "duration_sum": 10, "duration_min": 10, "duration_max": 10}]'
        await worker_role.execute(DELTA, DEFAULT_TENANT, "order", 1, hour, 0, counts)
    period = {"from": "2026-03-01T00:00:00Z", "to": "2026-03-03T00:00:00Z", "groupBy": "day"}
    starts = [item["periodStart"] for item in (await figures(api, **period))["items"]]
    assert starts == ["2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z"]
    [one] = (await figures(api, **period, timezone="Europe/Berlin"))["items"]
    assert (one["periodStart"], one["completed"]) == ("2026-03-01T23:00:00Z", 2)
    hours = (await figures(api, **{**period, "groupBy": "hour"}))["items"]
    assert [item["periodStart"] for item in hours] == ["2026-03-01T23:00:00Z", "2026-03-02T00:00:00Z"]
    first = await figures(api, **{**period, "groupBy": "hour"}, limit=1)
    assert (first["items"], first["hasMore"]) == (hours[:1], True)


async def test_a_period_takes_in_whole_hours(api: Client, worker_role: asyncpg.Connection[asyncpg.Record]) -> None:
    hour = datetime(2026, 3, 1, 10, tzinfo=UTC)
    await worker_role.execute(DELTA, DEFAULT_TENANT, "order", 1, hour, 0, '[{"node_id": "", "failed": 2}]')
    told = await figures(api, **{"from": "2026-03-01T10:20:00Z", "to": "2026-03-01T10:40:00Z"})
    assert (told["from"], told["to"]) == ("2026-03-01T10:00:00Z", "2026-03-01T11:00:00Z")
    assert told["total"]["failed"] == 2
    after = await figures(api, **{"from": "2026-03-01T11:00:00Z", "to": "2026-03-01T12:00:00Z"})
    assert after["total"]["failed"] == 0


async def test_what_is_retried_ends_once_more(api: Client, worker: Worker, ledger: Ledger) -> None:
    await api.publish(line("order", step("pack"), step("send")))
    ledger.broken.add("send")
    id = await api.start("order")
    await api.when_status(id, "failed")
    ledger.broken.clear()
    assert (await api.post(f"/executions/{id}/retry")).status_code < 300
    await api.when_status(id, "completed")
    total = (await figures(api))["total"]
    assert {name: total[name] for name in ("started", "failed", "retried", "completed", "ended")} == {
        "started": 1,
        "failed": 1,
        "retried": 1,
        "completed": 1,
        "ended": 2,
    }
    told = await figures(api, groupBy="step")
    steps = {item["stepId"]: (item["completed"], item["failed"]) for item in told["items"]}
    assert (steps["pack"], steps["send"], told["running"]) == ((1, 0), (1, 1), 0)


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"from": "2026-03-02T00:00:00Z", "to": "2026-03-01T00:00:00Z"}, "invalid_period"),
        ({"groupBy": ["hour", "day"]}, "invalid_groups"),
        ({"timezone": "Europe/Atlantis"}, "unknown_time_zone"),
        ({"timezone": "../../etc/passwd"}, "unknown_time_zone"),
        ({"groupBy": "tenant"}, "invalid_request"),
        ({"groupBy": "colour"}, "invalid_request"),
        ({"from": "yesterday"}, "invalid_request"),
        ({"limit": 100_000}, "invalid_request"),
    ],
)
async def test_a_question_that_makes_no_sense_is_refused(api: Client, params: dict[str, Any], code: str) -> None:
    problem(await api.get("/statistics", params=params), 422, code)


async def test_there_are_no_statistics_of_a_workflow_that_is_not_there(api: Client) -> None:
    problem(await api.get("/workflows/nothing/statistics"), 404, "workflow_not_found")


async def test_each_tenant_sees_its_own_and_an_operator_all(
    world: World, worker_role: asyncpg.Connection[asyncpg.Record]
) -> None:
    acme, umbrella = await world.found("acme"), await world.found("umbrella")
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    for number, admin in enumerate((acme, umbrella), 1):
        counts = f'[{{"node_id": "", "completed": {number}}}]'
        await worker_role.execute(DELTA, await tenant_id(admin), f"flow-{number}", 1, hour, number, counts)
    for number, admin in enumerate((acme, umbrella), 1):
        told = await figures(admin, groupBy="workflow")
        assert (told["running"], told["total"]["completed"]) == (number, number)
        assert [item["workflowId"] for item in told["items"]] == [f"flow-{number}"]
    problem(await acme.get("/platform/statistics/executions", headers=REASON), 403, "operators_only")
    problem(await world.operator.get("/platform/statistics/executions"), 422, "reason_required")
    path = "/platform/statistics/executions"
    answer = await world.operator.get(path, headers=REASON, params={"groupBy": "tenant"})
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["running"], told["total"]["completed"]) == (3, 3)
    shown = [(item["tenantSlug"], item["completed"], item["running"]) for item in told["items"]]
    assert shown == [("umbrella", 2, 2), ("acme", 1, 1)]
    one = await world.operator.get(path, headers=REASON, params={"tenantId": await tenant_id(acme)})
    assert one.json()["total"]["completed"] == 1
    assert (await acme.log("platform.execution_statistics_read"))[0]["reason"] == REASON["X-Reason"]


async def test_who_may_see_one_workflow_sees_the_statistics_of_that_one(
    world: World, worker_role: asyncpg.Connection[asyncpg.Record]
) -> None:
    admin = await world.found("acme")
    guest = await world.join("acme", "guest")
    for number in (1, 2):
        await admin.publish({**GREETING, "id": f"flow-{number}"})
        hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        counts = f'[{{"node_id": "", "completed": {number}}}]'
        await worker_role.execute(DELTA, await tenant_id(admin), f"flow-{number}", 1, hour, 0, counts)
    problem(await guest.get("/statistics"), 403, "permission_denied")
    grant = {"subjectType": "user", "subjectId": guest.id, "workflowId": "flow-2", "permissions": ["statistics:read"]}
    await admin.made("/grants", grant)
    told = await figures(guest, groupBy="workflow")
    assert [item["workflowId"] for item in told["items"]] == ["flow-2"]
    assert told["total"]["completed"] == 2
    assert (await guest.get("/workflows/flow-1/statistics")).status_code == 403
    rule = 'forbid (principal, action == Action::"statistics:read", resource == Workflow::"flow-1");'
    await admin.made("/policies", {"name": "Hidden", "source": rule})
    assert world.application.services is not None
    await world.application.services.cache.refresh()
    told = await figures(admin, groupBy="workflow")
    assert [item["workflowId"] for item in told["items"]] == ["flow-2"]
