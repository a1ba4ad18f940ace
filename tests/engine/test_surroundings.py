"""What actions are told beside their input, and what they leave beside their result."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from tests.engine.harness import Harness, action
from weftline.authoring import Context, RequestInfo, Result, WorkflowError
from weftline.model.ids import DEFAULT_TENANT, uuid7

CONTEXT: dict[str, Any] = {
    "request": {"method": "POST", "path": "/register", "headers": {"user-agent": "test/1"}, "client": "192.0.2.7"},
    "user": {"id": "u-1", "role": "clerk", "permissions": ["users:create"]},
    "metadata": {"campaign": "spring"},
}

AUDIT = "SELECT * FROM audit_log WHERE tenant_id = $1 ORDER BY seq"


async def audit(engine: Harness) -> list[Any]:
    """The tenant's audit log."""
    return await engine.fetch(AUDIT, DEFAULT_TENANT)


async def report(engine: Harness, execution: Any) -> Any:
    """What the steps of an execution said of their results, in order."""
    return [event.data["report"] for event in await engine.events(execution) if event.data and "report" in event.data]


async def test_an_action_sees_the_request_and_the_user_that_it_runs_for_and_so_does_a_child(engine: Harness):
    seen: list[Any] = []

    @engine.action("look")
    async def look(ctx: Context) -> None:
        config = await ctx.tenant_config()
        seen.append((ctx.request, ctx.user_id, ctx.user_role, ctx.user_permissions, ctx.metadata, config["slug"]))
        assert ctx.tenant_id == DEFAULT_TENANT and ctx.tenant_slug == "default"
        assert ctx.is_tenant_isolated and not ctx.cross_tenant_access and not ctx.data_encryption

    await engine.publish(action("look", "look"), id="child")
    await engine.publish(
        action("look", "look", "start"), {"id": "start", "type": "subworkflow", "workflow": "child", "input": {}}
    )
    execution = await engine.start_one(context=orjson.dumps(CONTEXT).decode())
    async with engine.worker():
        assert (await engine.reach(execution))["status"] == "completed"
    request = RequestInfo("POST", "/register", {"user-agent": "test/1"}, "192.0.2.7")
    assert seen == 2 * [(request, "u-1", "clerk", ("users:create",), {"campaign": "spring"}, "default")]


async def test_without_a_context_there_is_nobody_and_nothing(engine: Harness):
    seen: list[Any] = []

    @engine.action("look")
    def look(ctx: Context) -> None:
        seen.append((ctx.request, ctx.user_id, ctx.user_role, ctx.user_permissions, ctx.metadata, ctx.audit_trail))

    await engine.publish(action("look", "look"))
    async with engine.worker():
        assert (await engine.reach(await engine.start_one()))["status"] == "completed"
    assert seen == [(None, None, None, (), {}, ())]


@pytest.mark.parametrize("joins", [False, True], ids=["group commit", "joined transaction"])
async def test_audit_entries_are_written_once_with_the_result_and_not_with_a_failed_attempt(
    engine: Harness, joins: bool
):
    @engine.action("register")
    async def register(ctx: Context) -> None:
        if joins:
            await ctx.transaction()
        ctx.audit("user.registered", "user", {"attempt": ctx.attempt}, resource_id="7")
        assert [note.action for note in ctx.audit_trail] == ["user.registered"]
        if ctx.attempt == 1:
            raise RuntimeError("not yet")

    await engine.publish(action("a", "register", "b", retry={"maxAttempts": 2, "initialInterval": 0}), action("b"))
    starter = uuid7()
    execution = await engine.start_one(context=orjson.dumps(CONTEXT).decode(), started_by=starter)
    async with engine.worker():
        assert (await engine.reach(execution))["status"] == "completed"
    [entry] = await audit(engine)
    assert (entry["actor_type"], entry["actor_name"], entry["action"]) == ("workflow", "flow/a", "user.registered")
    assert entry["actor_id"] == starter
    assert (entry["resource_type"], entry["resource_id"]) == ("user", "7")
    assert (entry["address"], entry["user_agent"]) == ("192.0.2.7", "test/1")
    assert orjson.loads(entry["after"]) == {
        "executionId": str(execution),
        "workflowId": "flow",
        "stepId": "a",
        "userId": "u-1",
        "details": {"attempt": 2},
    }


async def test_many_executions_leave_an_unbroken_chain_of_audit_entries(engine: Harness):
    @engine.action("note")
    async def note(ctx: Context) -> None:
        ctx.audit("noted", "number", resource_id=str(ctx.input["number"]))

    await engine.publish(action("a", "note"))
    await engine.start(*({"number": number} for number in range(200)))
    async with engine.worker(), engine.worker():
        await engine.all_ended()
    entries = await audit(engine)
    assert [entry["seq"] for entry in entries] == list(range(1, 201))
    assert {entry["resource_id"] for entry in entries} == {str(number) for number in range(200)}


async def test_what_is_counted_and_measured_is_kept_with_message_and_status_code(engine: Harness):
    @engine.action("measure")
    async def measure(ctx: Context) -> Result:
        for value in (3.0, 1.0, 2.0):
            ctx.metrics.increment("cache.hits")
            ctx.metrics.observe("response.seconds", value)
        return Result.ok({"user": 7}, message="Measured.", status_code=201, metadata={"source": "test"})

    await engine.publish(action("a", "measure", "b"), action("b"))
    async with engine.worker():
        execution = await engine.start_one()
        row = await engine.reach(execution)
    assert orjson.loads(row["output"]) == {"user": 7}
    assert await report(engine, execution) == [
        {
            "message": "Measured.",
            "statusCode": 201,
            "metadata": {"source": "test"},
            "metrics": {"cache.hits": 3, "response.seconds": {"count": 3, "sum": 6.0, "min": 1.0, "max": 3.0}},
        }
    ]


async def test_a_result_without_success_fails_the_step_with_its_first_error(engine: Harness):
    @engine.action("refuse")
    async def refuse(ctx: Context) -> Result:
        first = WorkflowError("taken", "The address is taken.", {"field": "email"}, retryable=False)
        return Result.failure(first, WorkflowError("weak", "The password is weak."), status_code=409)

    await engine.publish(action("a", "refuse"))
    async with engine.worker():
        row = await engine.reach(await engine.start_one())
    error = orjson.loads(row["error"])
    assert row["status"] == "failed"
    assert (error["code"], error["message"], error["retryable"], error["stepId"]) == (
        "taken",
        "The address is taken.",
        False,
        "a",
    )
    assert error["details"]["field"] == "email" and error["details"]["statusCode"] == 409
    assert [other["code"] for other in error["details"]["errors"]] == ["weak"]


UNFIT: dict[str, Any] = {
    "an act without a name": lambda ctx: ctx.audit("no good"),
    "a metric without a name": lambda ctx: ctx.metrics.increment(""),
    "a measure that is no number": lambda ctx: ctx.metrics.observe("x", float("nan")),
    "too many entries": lambda ctx: [ctx.audit("noted") for _ in range(101)],
    "too many metrics": lambda ctx: [ctx.metrics.increment(f"m{number}") for number in range(101)],
    "details that are no JSON": lambda ctx: ctx.audit("noted", details={"value": object()}),
    "a message that cannot be stored": lambda ctx: Result.ok(message="a\0b"),
}


async def test_what_cannot_be_kept_fails_the_step_and_leaves_nothing(engine: Harness):
    @engine.action("unfit")
    async def unfit(ctx: Context) -> Any:
        return UNFIT[ctx.input["case"]](ctx)

    await engine.publish(action("a", "unfit", retry=1))
    executions = await engine.start(*({"case": case} for case in UNFIT))
    async with engine.worker():
        for execution, case in zip(executions, UNFIT, strict=True):
            assert (await engine.reach(execution))["status"] == "failed", case
    assert await audit(engine) == []
