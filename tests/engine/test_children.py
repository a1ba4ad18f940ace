"""What executions do with each other: start, wait for, cancel and undo children, and send events."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest

from tests.conftest import Connect
from tests.engine.harness import Harness, action
from weftline.authoring import ActionError, Context
from weftline.machine.state import State
from weftline.model.ids import DEFAULT_TENANT, uuid7
from weftline.store.inbox import MessageKind

QUICK: dict[str, Any] = {"poll_seconds": 0.02}
NO_RETRY = {"maxAttempts": 1}
WAIT = {"id": "pause", "type": "wait", "event": "go", "correlation": "${who}"}


def child(id: str = "call", workflow: str = "child", **fields: Any) -> dict[str, Any]:
    """A node that runs another workflow."""
    return {"id": id, "type": "subworkflow", "workflow": workflow, "retry": NO_RETRY, **fields}


async def children(engine: Harness, parent: UUID) -> list[asyncpg.Record]:
    """The rows of an execution's children, the oldest first."""
    return await engine.fetch("SELECT * FROM executions WHERE parent_id = $1 ORDER BY created_at, id", parent)


async def only_child(engine: Harness, parent: UUID, *statuses: str) -> asyncpg.Record:
    """Wait until an execution has a child that rests, in one of these statuses, and return its row."""

    async def look() -> UUID | None:
        rows = await children(engine, parent)
        return rows[0]["id"] if rows else None

    return await engine.reach(await engine.until(look), *statuses)


def error_of(row: asyncpg.Record) -> dict[str, Any]:
    """An execution's error."""
    return orjson.loads(row["error"])


async def test_a_step_goes_on_with_the_output_of_the_execution_that_it_started(engine: Harness) -> None:
    await engine.publish(action("say", input={"greeting": "Hello ${who}"}), id="child")
    await engine.publish(child(input={"who": "${name}"}, next="after"), action("after", input="${steps.call.output}"))
    asker = uuid7()
    async with engine.worker():
        parent = await engine.start_one({"name": "Ada"}, priority=7, tags=["a"], started_by=asker)
        row = await engine.reach(parent, "completed")
    assert orjson.loads(row["output"]) == {"greeting": "Hello Ada"}
    (made,) = await children(engine, parent)
    assert (made["status"], made["parent_step"], made["parent_waits"], made["depth"]) == ("completed", "call", True, 1)
    assert (made["priority"], made["tags"], made["started_by"]) == (7, ["a"], asker)
    assert await engine.fetch("SELECT * FROM dispatches") == []


async def test_a_child_s_failure_is_its_step_s(engine: Harness) -> None:
    @engine.action("broken")
    async def broken(ctx: Context) -> None:
        raise ActionError("no stock", code="out_of_stock", details={"sku": 7})

    await engine.publish(action("only", "broken", retry=NO_RETRY), id="child")
    await engine.publish(child())
    async with engine.worker():
        parent = await engine.start_one()
        row = await engine.reach(parent, "failed")
    (made,) = await children(engine, parent)
    error = error_of(row)
    assert (error["code"], error["stepId"]) == ("out_of_stock", "call")
    assert error["details"] == {"sku": 7, "executionId": str(made["id"]), "stepId": "only"}


async def test_a_failed_child_is_tried_again_as_another_execution(engine: Harness) -> None:
    tries = Counter[str]()

    @engine.action("flaky")
    async def flaky(ctx: Context) -> str:
        tries["runs"] += 1
        if tries["runs"] == 1:
            raise ActionError("not yet")
        return "at last"

    await engine.publish(action("only", "flaky", retry=NO_RETRY), id="child")
    await engine.publish(child(retry={"maxAttempts": 2, "initialInterval": "10s", "jitter": 0}))
    async with engine.worker():
        parent = await engine.start_one()
        await only_child(engine, parent, "failed")
        await engine.reach(parent, "waiting")
        await engine.advance_clock(10)
        row = await engine.reach(parent, "completed")
    assert orjson.loads(row["output"]) == "at last"
    assert [made["status"] for made in await children(engine, parent)] == ["failed", "completed"]


async def test_a_child_that_somebody_cancels_fails_its_step(engine: Harness) -> None:
    await engine.publish(WAIT, id="child")
    await engine.publish(child(input={"who": "x"}))
    async with engine.worker():
        parent = await engine.start_one()
        made = await only_child(engine, parent, "waiting")
        await engine.send(made["id"], MessageKind.CANCEL, reason="not needed")
        row = await engine.reach(parent, "failed")
    assert error_of(row)["code"] == "cancelled"


async def test_a_child_that_times_out_fails_its_step(engine: Harness) -> None:
    await engine.publish(WAIT, id="child", settings={"timeout": "1m"})
    await engine.publish(child(input={"who": "x"}))
    async with engine.worker():
        parent = await engine.start_one()
        await only_child(engine, parent, "waiting")
        await engine.advance_clock(61)
        row = await engine.reach(parent, "failed")
    assert error_of(row)["code"] == "timed_out"


async def test_a_step_that_times_out_cancels_its_child(engine: Harness) -> None:
    await engine.publish(WAIT, id="child")
    await engine.publish(child(input={"who": "x"}, timeout="1m"))
    async with engine.worker():
        parent = await engine.start_one()
        await only_child(engine, parent, "waiting")
        await engine.advance_clock(61)
        await engine.reach(parent, "failed")
        await only_child(engine, parent, "cancelled")


async def test_cancelling_an_execution_cancels_its_children_and_theirs(engine: Harness) -> None:
    await engine.publish(WAIT, id="grandchild")
    await engine.publish(child("down", "grandchild", input={"who": "x"}), id="child")
    await engine.publish(child())
    async with engine.worker():
        top = await engine.start_one()
        middle = await only_child(engine, top, "waiting")
        bottom = await only_child(engine, middle["id"], "waiting")
        assert bottom["depth"] == 2
        await engine.send(top, MessageKind.CANCEL)
        for execution in (top, middle["id"], bottom["id"]):
            await engine.reach(execution, "cancelled")


async def test_a_child_that_is_started_and_given_up_in_the_same_moment_is_cancelled(engine: Harness) -> None:
    await engine.publish(WAIT, id="child")
    await engine.publish(
        {"id": "race", "type": "parallel", "branches": ["call", "quick"], "join": "any"},
        child(input={"who": "x"}),
        {"id": "quick", "type": "set", "values": {"a": 1}},
    )
    async with engine.worker():
        parent = await engine.start_one()
        await engine.reach(parent, "completed")
        await only_child(engine, parent, "cancelled")


@pytest.mark.parametrize(
    ("node", "code"),
    [
        ({"workflow": "nowhere"}, "unknown_workflow"),
        ({"workflow": "draft"}, "not_published"),
        ({"workflow": "old"}, "archived"),
        ({"workflow": "strict", "version": 2}, "not_published"),
        ({"workflow": "strict", "input": {"n": "one"}}, "invalid_input"),
    ],
)
async def test_a_child_that_cannot_be_started_fails_its_step_and_leaves_no_execution(
    engine: Harness, node: dict[str, Any], code: str
) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}}
    await engine.publish(action("only"), id="strict", input=schema)
    for workflow, status in (("draft", "DRAFT"), ("old", "ARCHIVED")):
        await engine.publish(action("only"), id=workflow)
        change = "UPDATE workflow_templates SET status = $2, published_version = $3 WHERE id = $1 RETURNING id"
        await engine.fetch(change, workflow, status, None if status == "DRAFT" else 1)
    await engine.publish(child(**node))
    async with engine.worker():
        parent = await engine.start_one()
        row = await engine.reach(parent, "failed")
    error = error_of(row)
    assert (error["code"], error["stepId"]) == (code, "call")
    if code == "invalid_input":
        assert [each["pointer"] for each in error["details"]["errors"]] == ["/n"]
    assert await children(engine, parent) == []


async def test_workflows_that_start_each_other_in_a_circle_come_to_an_end(engine: Harness) -> None:
    await engine.publish(child(workflow="back"))
    await engine.publish(child(workflow="flow"), id="back")
    async with engine.worker():
        row = await engine.reach(await engine.start_one(), "failed")
    assert error_of(row)["code"] == "too_deep"
    depths = await engine.fetch("SELECT depth, status FROM executions ORDER BY depth")
    assert [(each["depth"], each["status"]) for each in depths] == [(depth, "failed") for depth in range(33)]


async def test_an_execution_that_does_not_wait_goes_on_at_once_and_hears_nothing_of_its_child(engine: Harness) -> None:
    await engine.publish(WAIT, id="child")
    await engine.publish(child(input={"who": "x"}, wait=False))
    async with engine.worker():
        parent = await engine.start_one()
        row = await engine.reach(parent, "completed")
        made = await only_child(engine, parent, "waiting")
        assert orjson.loads(row["output"]) == {"executionId": str(made["id"])}
        await engine.deliver("go", "x")
        await engine.reach(made["id"], "completed")
    assert (await engine.row(parent))["inbox_seq"] == 0


async def test_an_emitted_event_resumes_those_that_wait_for_it_once(engine: Harness) -> None:
    await engine.publish(WAIT, id="waiter")
    await engine.publish({"id": "tell", "type": "emit", "event": "go", "correlation": "${who}", "payload": {"n": 1}})
    async with engine.worker():
        ada, bob = await engine.start({"who": "ada"}, {"who": "bob"}, workflow="waiter")
        for execution in (ada, bob):
            await engine.reach(execution, "waiting")
        await engine.reach(await engine.start_one({"who": "ada"}), "completed")
        row = await engine.reach(ada, "completed")
    assert orjson.loads(row["output"]) == {"n": 1}
    assert (row["inbox_seq"], (await engine.row(bob))["inbox_seq"]) == (1, 0)


async def test_two_workers_start_every_child_of_many_loops_once(engine: Harness) -> None:
    await engine.publish(action("say", input="${n}"), id="child")
    loop = {"id": "each", "type": "loop", "forEach": "${items}", "do": "call", "concurrency": 4}
    await engine.publish(loop, child(input={"n": "${item}"}))
    async with engine.worker(), engine.worker():
        parents = await engine.start(*({"items": list(range(10))} for _ in range(20)))
        for parent in parents:
            row = await engine.reach(parent, "completed")
            assert orjson.loads(row["output"]) == list(range(10))
    made = Counter(row["parent_id"] for row in await engine.fetch("SELECT parent_id FROM executions"))
    assert {made[parent] for parent in parents} == {10}
    assert await engine.fetch("SELECT * FROM inbox") == []


async def test_undoing_an_execution_undoes_its_children_before_what_came_earlier(engine: Harness) -> None:
    undone: list[str] = []

    @engine.action("undo")
    async def undo(ctx: Context) -> None:
        undone.append(ctx.input["what"])

    def booking(what: str, **fields: Any) -> dict[str, Any]:
        return action(what, compensate={"action": "undo", "input": {"what": what}}, **fields)

    await engine.publish(booking("room", next="breakfast"), booking("breakfast"), id="child")
    await engine.publish(
        booking("flight", next="call"),
        child(next="break"),
        {"id": "break", "type": "fail", "code": "sold_out", "message": "no car"},
        settings={"errorHandling": {"strategy": "compensate"}},
    )
    async with engine.worker():
        parent = await engine.start_one()
        row = await engine.reach(parent, "failed")
        await only_child(engine, parent, "rolled_back")
    assert undone == ["breakfast", "room", "flight"]
    assert error_of(row)["code"] == "sold_out"


async def test_undoing_an_execution_undoes_what_its_running_children_have_done(engine: Harness) -> None:
    undone: list[str] = []

    @engine.action("undo")
    async def undo(ctx: Context) -> None:
        undone.append(ctx.input["who"])

    compensation = {"action": "undo", "input": {"who": "${who}"}}
    await engine.publish(action("book", compensate=compensation, next="pause"), WAIT, id="child")
    await engine.publish(
        {"id": "each", "type": "loop", "forEach": "${names}", "do": "call", "concurrency": 3},
        child(input={"who": "${item}"}),
    )
    async with engine.worker(**QUICK):
        parent = await engine.start_one({"names": ["a", "b", "c"]})

        async def all_wait() -> bool:
            return [row["status"] for row in await children(engine, parent)] == ["waiting"] * 3

        await engine.until(all_wait)
        rewind = {"to_seq": 0, "state": State({"names": ["a", "b", "c"]}).to_json(), "halts": True}
        await engine.send(parent, MessageKind.REWIND, **rewind)
        await engine.reach(parent, "rolled_back")
    assert sorted(undone) == ["a", "b", "c"]
    assert {row["status"] for row in await children(engine, parent)} == {"rolled_back"}


async def test_a_child_that_somebody_has_undone_already_is_not_undone_again(engine: Harness) -> None:
    undone: list[str] = []

    @engine.action("undo")
    async def undo(ctx: Context) -> None:
        undone.append(ctx.step_id)

    everything: dict[str, Any] = {"to_seq": 0, "state": State({}).to_json(), "halts": True}
    await engine.publish(action("room", compensate="undo"), id="child")
    await engine.publish(action("flight", next="call", compensate="undo"), child())
    async with engine.worker():
        parent = await engine.start_one()
        await engine.reach(parent, "completed")
        made = await only_child(engine, parent, "completed")
        for execution in (made["id"], parent):
            await engine.send(execution, MessageKind.REWIND, **everything)
            await engine.reach(execution, "rolled_back")
    assert undone == ["room", "flight"]


# --- dispatches -------------------------------------------------------------------------------------------------------


async def test_what_cannot_be_carried_out_is_set_aside_and_keeps_nothing_back(
    engine: Harness, connect: Connect
) -> None:
    api = await connect("weft_api", DEFAULT_TENANT)
    add = "INSERT INTO dispatches (tenant_id, kind, execution_id, payload) VALUES ($1, $2, $3, $4)"
    await engine.publish(WAIT, id="waiter")
    async with engine.worker(**QUICK):
        execution = await engine.start_one({"who": "ada"}, workflow="waiter")
        await engine.reach(execution, "waiting")
        await api.execute(add, DEFAULT_TENANT, "event", None, "{}")
        await api.execute(add, DEFAULT_TENANT, "of_tomorrow", None, "{}")
        event = {"name": "go", "correlation": "ada", "payload": None}
        await api.execute(add, DEFAULT_TENANT, "event", None, orjson.dumps(event).decode())
        await engine.reach(execution, "completed")
    left = await engine.fetch("SELECT kind, refusal FROM dispatches ORDER BY id")
    assert [tuple(row) for row in left] == [("event", "KeyError: 'payload'"), ("of_tomorrow", None)]


async def test_a_parent_learns_of_a_child_whose_start_cannot_be_carried_out(engine: Harness, connect: Connect) -> None:
    # a rule of the database that no child meets
    owner = await connect()
    await owner.execute("ALTER TABLE executions ADD CHECK (depth = 0)")
    await engine.publish(action("only"), id="child")
    await engine.publish(child())
    async with engine.worker():
        row = await engine.reach(await engine.start_one(), "failed")
    assert error_of(row)["code"] == "not_started"
    (left,) = await engine.fetch("SELECT kind, refusal FROM dispatches WHERE refusal IS NOT NULL")
    assert (left["kind"], left["refusal"].partition(":")[0]) == ("start_child", "CheckViolationError")


# --- messages ---------------------------------------------------------------------------------------------------------


async def test_an_ended_execution_takes_only_messages_that_revive_it(engine: Harness) -> None:
    runs: list[str] = []

    @engine.action("note")
    async def note(ctx: Context) -> int:
        runs.append(ctx.idempotency_key)
        return len(runs)

    await engine.publish(action("only", "note"))
    async with engine.worker():
        execution = await engine.start_one({"n": 1})
        row = await engine.reach(execution, "completed")
        assert row["snapshot"] is None
        assert await engine.send(execution, MessageKind.PAUSE) is None
        beginning = State({"n": 1}).to_json()
        seq = await engine.send(execution, MessageKind.REWIND, to_seq=0, state=beginning)
        assert seq == 1

        async def ran_again() -> bool:
            row = await engine.row(execution)
            return row["inbox_seen"] == 1 and row["status"] == "completed" and row["owner"] is None

        await engine.until(ran_again)
        row = await engine.row(execution)
    assert orjson.loads(row["output"]) == 2
    assert len(set(runs)) == 2


async def test_a_message_that_cannot_be_read_is_passed_over(engine: Harness) -> None:
    gate, entered = asyncio.Event(), asyncio.Event()

    @engine.action("gated")
    async def gated(ctx: Context) -> None:
        entered.set()
        await gate.wait()

    await engine.publish(action("first", "gated", "pause"), WAIT)
    async with engine.worker():
        execution = await engine.start_one({"who": "x"})
        await entered.wait()
        for payload in ({}, {"step": 1}, {"step": "first", "sudo": True}):
            await engine.send(execution, MessageKind.SKIP, **payload)
        await engine.until(lambda: _inbox_is_empty(engine))
        gate.set()
        await engine.reach(execution, "waiting")
        await engine.send(execution, MessageKind.CHANGE_DATA, data="none")
        await engine.until(lambda: _inbox_is_empty(engine))
        await engine.deliver("go", "x")
        await engine.reach(execution, "completed")


async def _inbox_is_empty(engine: Harness) -> bool:
    return not await engine.fetch("SELECT * FROM inbox")


async def test_a_run_in_hand_is_migrated_when_its_action_has_ended_and_goes_on_by_the_new_version(
    engine: Harness,
) -> None:
    gate, entered = asyncio.Event(), asyncio.Event()
    ran: list[tuple[str, str]] = []

    @engine.action("gated")
    async def gated(ctx: Context) -> None:
        entered.set()
        await gate.wait()

    @engine.action("note")
    async def note(ctx: Context) -> None:
        ran.append((ctx.step_id, ctx.input))

    await engine.publish(action("first", "gated", "second"), action("second", "note", input="old"))
    await engine.publish_again(
        action("first", "gated", "next"),
        action("next", "note", "last"),
        action("last", "note", input="v${execution.versionNumber}"),
    )
    async with engine.worker() as worker:
        execution = await engine.start_one()
        await entered.wait()
        await engine.send(execution, MessageKind.MIGRATE, version=2, nodes={"second": "next"})

        async def is_halted() -> bool:
            return worker.held(execution) is None

        await engine.until(is_halted)
        gate.set()
        row = await engine.reach(execution, "completed")
    # the step after the action had been entered, by the old version
    assert ran == [("next", "old"), ("last", "v2")]
    assert row["version_number"] == 2


@pytest.mark.parametrize("version", [9, 0, "two"])
async def test_an_execution_stays_with_its_version_where_it_cannot_be_migrated(engine: Harness, version: Any) -> None:
    await engine.publish(WAIT)
    async with engine.worker():
        execution = await engine.start_one({"who": "x"})
        await engine.reach(execution, "waiting")
        await engine.send(execution, MessageKind.MIGRATE, version=version, nodes={})
        await engine.until(lambda: _inbox_is_empty(engine))
        await engine.deliver("go", "x")
        row = await engine.reach(execution, "completed")
    assert row["version_number"] == 1
