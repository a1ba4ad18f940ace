"""Triggers over HTTP."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.api.client import PATIENCE, Client, problem
from tests.api.people import People

STEP = {"id": "a", "type": "action", "action": "echo"}
NIGHTLY = {"id": "nightly", "type": "schedule", "cron": "0 2 * * *", "timezone": "Europe/Berlin"}


def workflow(*triggers: dict[str, Any], id: str = "flow", **fields: Any) -> dict[str, Any]:
    return {"id": id, "nodes": [STEP], "triggers": list(triggers), **fields}


async def trigger_of(api: Client, key: str, workflow_id: str = "flow") -> dict[str, Any]:
    answer = await api.get(f"/workflows/{workflow_id}/triggers")
    found = {each["key"]: each for each in answer.json()["items"]}
    return (await api.get(f"/triggers/{found[key]['id']}")).json()


async def publish_again(api: Client, definition: dict[str, Any]) -> None:
    assert (await api.put(f"/workflows/{definition['id']}", definition)).status_code == 200
    assert (await api.post(f"/workflows/{definition['id']}/publish")).status_code == 200


async def test_a_published_schedule_shows_its_next_five_times(api: Client) -> None:
    await api.publish(workflow(NIGHTLY))
    trigger = await trigger_of(api, "nightly")
    assert (trigger["type"], trigger["status"], trigger["versionNumber"]) == ("schedule", "active", 1)
    times = [datetime.fromisoformat(each) for each in trigger["nextTimes"]]
    assert len(times) == 5
    assert times == sorted(times)
    assert times[0] > datetime.now(UTC)
    assert {each.minute for each in times} == {0}


async def test_triggers_come_with_the_published_version_and_go_with_it(api: Client) -> None:
    await api.publish(workflow(NIGHTLY, {"type": "webhook"}))
    draft = workflow({**NIGHTLY, "cron": "0 3 * * *"}, {"type": "event", "event": "orders.*"})
    await api.put("/workflows/flow", draft)
    assert (await trigger_of(api, "nightly"))["declaration"]["cron"] == "0 2 * * *"
    await api.post("/workflows/flow/publish")
    found = (await api.get("/triggers", params={"workflowId": "flow"})).json()["items"]
    assert {each["key"] for each in found} == {"nightly", "event-1"}
    assert {each["versionNumber"] for each in found} == {2}
    assert (await trigger_of(api, "nightly"))["declaration"]["cron"] == "0 3 * * *"


async def test_what_is_known_of_a_trigger_goes_with_its_id(api: Client) -> None:
    await api.publish(workflow(NIGHTLY, {"id": "hook", "type": "webhook"}))
    paused = await trigger_of(api, "nightly")
    address = (await trigger_of(api, "hook"))["url"]
    answer = await api.post(f"/triggers/{paused['id']}/pause", {"reason": "the source is being moved"})
    assert (answer.json()["status"], answer.json()["nextTimes"]) == ("paused", [])
    await publish_again(api, workflow(NIGHTLY, {"id": "hook", "type": "webhook"}, name="Another"))
    again = await trigger_of(api, "nightly")
    assert (again["id"], again["status"]) == (paused["id"], "paused")
    assert again["pausedReason"] == "the source is being moved"
    assert (await trigger_of(api, "hook"))["url"] == address
    assert (await api.post(f"/triggers/{paused['id']}/resume")).json()["status"] == "active"


async def test_an_archived_workflow_s_triggers_rest_until_it_is_back(api: Client) -> None:
    await api.publish(workflow(NIGHTLY))
    await api.post("/workflows/flow/archive")
    trigger = await trigger_of(api, "nightly")
    assert (trigger["status"], trigger["nextTimes"]) == ("stopped", [])
    problem(await api.post(f"/triggers/{trigger['id']}/fire"), 409, "trigger_not_ready")
    await api.post("/workflows/flow/restore")
    assert (await trigger_of(api, "nightly"))["status"] == "active"


async def test_a_disabled_trigger_and_a_schedule_without_times_say_so(api: Client) -> None:
    past = {"id": "past", "type": "schedule", "every": "1h", "endAt": "2020-01-01T00:00:00Z"}
    await api.publish(workflow({**NIGHTLY, "enabled": False}, past))
    assert (await trigger_of(api, "nightly"))["status"] == "disabled"
    assert (await trigger_of(api, "past"))["status"] == "ended"
    listed = await api.get("/triggers", params={"status": "ended", "type": "schedule"})
    assert [each["key"] for each in listed.json()["items"]] == ["past"]


@pytest.mark.usefixtures("worker")
async def test_a_trigger_that_somebody_fires_starts_an_execution_that_names_it(api: Client) -> None:
    mapping = {"order": "${event.payload.id}", "by": "${trigger.id}"}
    created = {"type": "event", "event": "orders.created", "condition": "event.payload.id > 1", "input": mapping}
    await api.publish(workflow(created))
    trigger = await trigger_of(api, "event-1")
    answer = await api.post(f"/triggers/{trigger['id']}/fire", {"payload": {"id": 7}})
    assert answer.status_code == 202
    execution = await api.when_status(answer.json()["executionId"], "completed")
    assert execution["input"] == {"order": 7, "by": "event-1"}
    assert execution["triggeredBy"] == {"type": "event", "triggerId": trigger["id"], "scheduledAt": None}
    assert (await api.post(f"/triggers/{trigger['id']}/fire", {"payload": {"id": 1}})).json()["executionId"] is None
    listed = await api.get("/executions", params={"triggerId": trigger["id"]})
    assert [each["id"] for each in listed.json()["items"]] == [execution["id"]]
    assert (await api.get("/executions", params={"triggerId": str(uuid4())})).json()["items"] == []
    shown = await trigger_of(api, "event-1")
    assert (shown["fired"], shown["lastExecutionId"]) == (1, execution["id"])


@pytest.mark.usefixtures("worker")
async def test_an_event_starts_what_waits_for_its_name_or_its_beginning(api: Client) -> None:
    await api.publish(workflow({"type": "event", "event": "orders.*"}, {"type": "event", "event": "orders.created"}))
    await api.publish(workflow({"type": "event", "event": "orders.cancelled"}, id="other"))
    answer = await api.post("/events", {"name": "orders.created", "payload": {"id": 7}})
    assert answer.json()["delivered"] == 2

    async with asyncio.timeout(PATIENCE):
        while len(found := (await api.get("/executions")).json()["items"]) < 2:
            pass
    assert {each["workflowId"] for each in found} == {"flow"}
    ended = [await api.when_status(each["id"], "completed") for each in found]
    assert [each["input"] for each in ended] == [{"id": 7}, {"id": 7}]


async def test_a_firing_that_can_start_nothing_is_shown(api: Client) -> None:
    schema = {"type": "object", "required": ["order"]}
    await api.publish(workflow({"type": "event", "event": "orders.created"}, input=schema))
    trigger = await trigger_of(api, "event-1")
    document = problem(await api.post(f"/triggers/{trigger['id']}/fire", {"payload": {}}), 422, "cannot_fire")
    assert "order" in document["errors"][0]["message"]
    shown = await trigger_of(api, "event-1")
    assert (shown["failed"], shown["fired"], shown["lastError"]["code"]) == (1, 0, "invalid_input")


@pytest.mark.usefixtures("worker")
async def test_a_span_of_the_past_is_filled_once(api: Client) -> None:
    hourly = {"type": "schedule", "cron": "0 * * * *", "overlap": "skip", "input": {"at": "${trigger.scheduledAt}"}}
    await api.publish(workflow(hourly))
    trigger = await trigger_of(api, "schedule-1")
    span = {"from": "2026-01-01T00:00:00Z", "to": "2026-01-01T02:30:00Z"}
    path = f"/triggers/{trigger['id']}/backfill"
    dry = (await api.post(path, {**span, "dryRun": True})).json()
    assert dry["times"] == dry["toStart"] == [f"2026-01-01T0{hour}:00:00Z" for hour in (0, 1, 2)]
    assert (await api.post(path, span)).json()["toStart"] == dry["times"]

    async def inputs() -> list[str]:
        found = (await api.get("/executions", params={"triggerId": trigger["id"], "status": "completed"})).json()
        ended = [await api.execution(each["id"]) for each in found["items"]]
        return sorted(each["input"]["at"] for each in ended)

    async with asyncio.timeout(PATIENCE):
        while await inputs() != dry["times"]:
            pass
    assert (await api.post(path, span)).json()["toStart"] == []


async def test_a_span_that_cannot_be_filled_is_refused(api: Client) -> None:
    await api.publish(workflow({"type": "schedule", "every": "1s"}, {"type": "webhook"}))
    path = f"/triggers/{(await trigger_of(api, 'schedule-1'))['id']}/backfill"
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    for span, place in (
        ({"from": "2026-01-01T00:00:00Z", "to": soon}, "/to"),
        ({"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, "/to"),
        ({"from": "2026-01-01T00:00:00Z", "to": "2026-01-01T01:00:00Z"}, "/from"),
        ({"from": "0001-01-01T00:00:00+14:00", "to": "2026-01-01T00:00:00Z"}, "/from"),
    ):
        document = problem(await api.post(path, span), 422, "invalid_backfill")
        assert document["errors"][0]["pointer"] == place
    hook = (await trigger_of(api, "webhook-1"))["id"]
    span = {"from": "2026-01-01T00:00:00Z", "to": "2026-01-01T01:00:00Z"}
    problem(await api.post(f"/triggers/{hook}/backfill", span), 409, "wrong_trigger_type")


@pytest.mark.parametrize(
    ("trigger", "place"),
    [
        ({"type": "schedule", "cron": "0 0 30 2 *"}, "/triggers/0/cron"),
        ({"type": "schedule", "cron": "0 0 * *"}, "/triggers/0/cron"),
        ({"type": "schedule", "cron": "@reboot"}, "/triggers/0/cron"),
        ({"type": "SCHEDULED", "cronExpression": "0 8 * * *", "timezone": "Europe/Berlim"}, "/triggers/0/timezone"),
        ({"type": "schedule", "every": "100ms"}, "/triggers/0/every"),
        ({"type": "event", "event": "a", "input": {"x": "${steps.a.output}"}}, "/triggers/0/input/x"),
        ({"type": "webhook", "signature": {"secret": "hunter2"}}, "/triggers/0/signature/secret"),
    ],
)
async def test_a_trigger_that_can_never_work_is_refused(api: Client, trigger: dict[str, Any], place: str) -> None:
    document = problem(await api.post("/workflows", workflow(trigger)), 422, "invalid_definition")
    assert [each["pointer"] for each in document["errors"]] == [place]
    assert "hunter2" not in document["detail"]


async def test_only_those_who_manage_triggers_see_addresses_and_change_them(api: Client, people: People) -> None:
    await api.publish(workflow({"type": "webhook"}))
    trigger = await trigger_of(api, "webhook-1")
    assert "/hooks/" in trigger["url"]
    assert (await api.get("/triggers")).json()["items"][0]["url"] is None
    viewer = await people.join("vera", "viewer")
    assert (await viewer.get(f"/triggers/{trigger['id']}")).json()["url"] is None
    for act in ("pause", "resume", "rotate", "fire"):
        problem(await viewer.post(f"/triggers/{trigger['id']}/{act}"), 403, "permission_denied")
    rotated = await api.post(f"/triggers/{trigger['id']}/rotate", {"reason": "it stood in a log"})
    assert rotated.json()["url"] not in (None, trigger["url"])
    told = (await api.get("/audit", params={"action": "trigger.rotated"})).json()["items"]
    assert [each["reason"] for each in told] == ["it stood in a log"]
    assert trigger["url"].rpartition("/")[2] not in str(told)
