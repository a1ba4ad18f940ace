"""What a worker does with workflows."""

from __future__ import annotations

import asyncio
import threading
from datetime import datetime
from typing import Any

import orjson
import pytest

from tests.engine.harness import Harness, action, chain
from weftline.authoring import ActionError, Context, Result, StepCancelled
from weftline.store.inbox import MessageKind

NO_RETRY = {"maxAttempts": 1}
QUICK_RETRY = {"maxAttempts": 3, "initialInterval": "10s", "jitter": 0}


async def test_a_chain_of_actions_runs_in_order_to_the_end(engine: Harness) -> None:
    seen: list[str] = []

    @engine.action("note")
    async def note(ctx: Context) -> dict[str, int]:
        seen.append(ctx.step_id)
        return {"position": len(seen)}

    await engine.publish(*chain(3, "note"))
    async with engine.worker():
        execution = await engine.start_one({"who": "Ada"})
        row = await engine.reach(execution)
    assert seen == ["s1", "s2", "s3"]
    assert row["status"] == "completed"
    assert orjson.loads(row["output"]) == {"position": 3}
    assert await engine.types(execution) == [
        "WORKFLOW_STARTED",
        "STEP_STARTED s1",
        "STEP_COMPLETED s1",
        "STEP_STARTED s2",
        "STEP_COMPLETED s2",
        "STEP_STARTED s3",
        "STEP_COMPLETED s3",
        "WORKFLOW_COMPLETED",
    ]


async def test_many_executions_run_at_once_and_all_end(engine: Harness) -> None:
    await engine.publish(*chain(4))
    async with engine.worker(capacity=100, claim_batch=30, commit_batch=20):
        ids = await engine.start(*({"n": n} for n in range(500)))
        await engine.all_ended()
    assert len(set(ids)) == 500
    assert (await engine.fetch("SELECT count(*) FROM events"))[0][0] == 500 * 10


async def test_an_action_that_waits_does_not_hold_up_others(engine: Harness) -> None:
    gate = asyncio.Event()

    @engine.action("slow")
    async def slow(ctx: Context) -> None:
        await gate.wait()

    await engine.publish(action("only", "slow"), id="slow")
    await engine.publish(action("only"), id="quick")
    async with engine.worker():
        waiting = await engine.start(*({} for _ in range(50)), workflow="slow")
        quick = await engine.start_one(workflow="quick")
        await engine.reach(quick, "completed")
        gate.set()
        for execution in waiting:
            await engine.reach(execution, "completed")


async def test_plain_functions_run_in_threads(engine: Harness) -> None:
    names: set[str] = set()

    @engine.action("plain")
    def plain(ctx: Context) -> str:
        names.add(threading.current_thread().name)
        return "done"

    await engine.publish(action("only", "plain"))
    async with engine.worker():
        row = await engine.reach(await engine.start_one())
    assert orjson.loads(row["output"]) == "done"
    assert names
    assert all(name.startswith("weft-action") for name in names)


async def test_a_result_merges_its_data_into_the_shared_data(engine: Harness) -> None:
    @engine.action("enrich")
    async def enrich(ctx: Context) -> Result:
        return Result(output="ok", data={"customer": {"vip": True}})

    await engine.publish(
        action("enrich", "enrich", "choose"),
        {
            "id": "choose",
            "type": "decision",
            "condition": "customer.vip && amount > 10",
            "true": "gift",
            "false": "end",
        },
        action("gift", "echo", input={"to": "${ customer }"}),
        {"id": "end", "type": "end"},
    )
    async with engine.worker():
        row = await engine.reach(await engine.start_one({"amount": 250}))
    assert orjson.loads(row["output"]) == {"to": {"vip": True}}


async def test_a_failing_action_is_retried_after_a_backoff_until_it_succeeds(engine: Harness) -> None:
    attempts: list[tuple[int, str]] = []

    @engine.action("flaky")
    async def flaky(ctx: Context) -> str:
        attempts.append((ctx.attempt, ctx.idempotency_key))
        if ctx.attempt < 3:
            raise ActionError("not yet", code="busy")
        return "at last"

    await engine.publish(action("only", "flaky", retry=QUICK_RETRY))
    async with engine.worker():
        execution = await engine.start_one()
        for attempt, waited in ((1, 10), (2, 20)):
            await engine.until(lambda attempt=attempt: _failed(engine, execution, attempt))
            row = await engine.reach(execution, "waiting")
            assert abs(row["wake_at"].timestamp() - engine.clock.now() - waited) < 5
            await engine.advance_clock(waited)
        row = await engine.reach(execution, "completed")
    assert [number for number, _ in attempts] == [1, 2, 3]
    assert {key for _, key in attempts} == {f"{execution}/only"}
    assert orjson.loads(row["output"]) == "at last"


async def test_exhausted_retries_fail_the_execution_with_the_action_s_error(engine: Harness) -> None:
    @engine.action("broken")
    async def broken(ctx: Context) -> None:
        raise ActionError("no stock", code="out_of_stock", details={"sku": 7})

    await engine.publish(action("only", "broken", retry=NO_RETRY))
    async with engine.worker():
        row = await engine.reach(await engine.start_one())
    assert row["status"] == "failed"
    error = orjson.loads(row["error"])
    assert datetime.fromisoformat(error.pop("timestamp")).timestamp() == pytest.approx(row["completed_at"].timestamp())
    assert error == {
        "code": "out_of_stock",
        "message": "no stock",
        "retryable": True,
        "details": {"sku": 7},
        "stepId": "only",
    }


async def test_an_unforeseen_exception_is_recorded_without_its_trace(engine: Harness) -> None:
    @engine.action("crash")
    async def crash(ctx: Context) -> None:
        raise ValueError("secret in \0 a trace")

    await engine.publish(action("only", "crash", retry=NO_RETRY))
    async with engine.worker():
        row = await engine.reach(await engine.start_one())
    error = orjson.loads(row["error"])
    assert error["code"] == "action_failed"
    assert error["message"] == "ValueError: secret in \N{REPLACEMENT CHARACTER} a trace"
    assert "Traceback" not in row["error"]


async def test_an_attempt_that_exceeds_its_timeout_is_cancelled_and_fails(engine: Harness) -> None:
    cancelled = asyncio.Event()

    @engine.action("endless")
    async def endless(ctx: Context) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    await engine.publish(action("only", "endless", timeout=0.05, retry=NO_RETRY))
    async with engine.worker():
        row = await engine.reach(await engine.start_one())
    assert cancelled.is_set()
    assert orjson.loads(row["error"])["code"] == "timed_out"


async def test_heartbeats_keep_a_long_action_from_timing_out(engine: Harness) -> None:
    @engine.action("long")
    async def long(ctx: Context) -> str:
        for _ in range(10):
            await asyncio.sleep(0.05)
            ctx.heartbeat()
        return "done"

    await engine.publish(action("only", "long", timeout=0.3, retry=NO_RETRY))
    async with engine.worker():
        row = await engine.reach(await engine.start_one())
    assert row["status"] == "completed"


@pytest.mark.parametrize(
    "value",
    [object(), {1, 2}, "a\0b", {"deep\0": 1}, 2**70, "\ud800", {1: "key"}],
    ids=["object", "set", "nul", "nul in key", "huge integer", "surrogate", "integer key"],
)
async def test_an_output_that_cannot_be_stored_fails_its_step_and_nothing_else(engine: Harness, value: Any) -> None:
    @engine.action("odd")
    async def odd(ctx: Context) -> object:
        return value

    await engine.publish(action("only", "odd"), id="odd")
    await engine.publish(*chain(3), id="fine")
    async with engine.worker():
        bad = await engine.start_one(workflow="odd")
        good = await engine.start(*({} for _ in range(20)), workflow="fine")
        row = await engine.reach(bad, "failed")
        for execution in good:
            await engine.reach(execution, "completed")
    assert orjson.loads(row["error"])["code"] == "invalid_output"


async def test_an_output_nested_too_deeply_fails_its_step(engine: Harness) -> None:
    deep: Any = 1
    for _ in range(70):
        deep = [deep]

    @engine.action("deep")
    async def nest(ctx: Context) -> object:
        return deep

    await engine.publish(action("only", "deep"))
    async with engine.worker():
        row = await engine.reach(await engine.start_one())
    assert orjson.loads(row["error"])["code"] == "invalid_output"


async def test_what_an_action_does_to_its_context_changes_nothing(engine: Harness) -> None:
    @engine.action("vandal")
    async def vandal(ctx: Context) -> dict[str, Any]:
        ctx.data["kept"]["value"] = "changed"
        ctx.input["kept"] = None
        ctx.execution_input.clear()
        shared = {"list": [1]}
        vandal_output.append(shared)
        return shared

    @engine.action("later")
    async def later(ctx: Context) -> dict[str, Any]:
        vandal_output[0]["list"].append(2)
        return {"kept": ctx.data["kept"]}

    vandal_output: list[dict[str, Any]] = []
    await engine.publish(
        action("one", "vandal", "two"),
        action("two", "later", "three"),
        action("three", "echo", input={"kept": "${ kept }", "list": "${ steps.one.output.list }"}),
    )
    async with engine.worker():
        row = await engine.reach(await engine.start_one({"kept": {"value": 1}}))
    assert orjson.loads(row["output"]) == {"kept": {"value": 1}, "list": [1]}


async def test_an_unknown_action_fails_the_step_with_its_name(engine: Harness) -> None:
    await engine.publish(action("only", "nowhere", retry=NO_RETRY))
    async with engine.worker():
        row = await engine.reach(await engine.start_one())
    error = orjson.loads(row["error"])
    assert error["code"] == "unknown_action"
    assert "nowhere" in error["message"]


async def test_an_action_that_only_another_worker_knows_is_left_to_it(engine: Harness) -> None:
    await engine.publish(action("only", "special", retry=NO_RETRY))
    elsewhere = Harness(engine.url, engine.pool)

    @elsewhere.action("special")
    async def special(ctx: Context) -> str:
        return "done elsewhere"

    async with engine.worker(), elsewhere.worker(poll_seconds=0.05):
        ids = await engine.start(*({} for _ in range(20)))
        for execution in ids:
            await engine.reach(execution, "completed")


async def test_a_version_that_does_not_exist_fails_the_execution(engine: Harness) -> None:
    await engine.publish(action("only"))
    async with engine.worker():
        row = await engine.reach(await engine.start_one(workflow="ghost"))
    assert row["status"] == "failed"
    assert orjson.loads(row["error"])["code"] == "unusable_version"


async def test_a_waiting_execution_is_a_row_and_is_woken_by_its_timer(engine: Harness) -> None:
    await engine.publish({"id": "sleep", "type": "wait", "duration": "3h", "next": "done"}, action("done"))
    async with engine.worker() as worker:
        execution = await engine.start_one()
        row = await engine.reach(execution, "waiting")
        assert abs(row["wake_at"].timestamp() - engine.clock.now() - 3 * 3600) < 5
        assert row["current_steps"] == ["sleep"]
        assert not worker.holds_any
        await engine.advance_clock(3 * 3600 + 1)
        await engine.reach(execution, "completed")


async def test_a_signal_resumes_the_step_that_waits_for_its_name(engine: Harness) -> None:
    await engine.publish(
        {"id": "wait", "type": "wait", "event": "paid", "next": "done", "output": {"amount": "${ result.amount }"}},
        action("done", input={"amount": "${ amount }"}),
    )
    async with engine.worker():
        execution = await engine.start_one()
        await engine.reach(execution, "waiting")
        await engine.signal(execution, "unrelated")
        await engine.signal(execution, "paid", {"amount": 12})
        row = await engine.reach(execution, "completed")
    assert orjson.loads(row["output"]) == {"amount": 12}
    assert (await engine.fetch("SELECT count(*) FROM inbox"))[0][0] == 0


async def test_a_signal_that_comes_before_its_wait_is_kept_for_it(engine: Harness) -> None:
    await engine.publish(
        {"id": "first", "type": "wait", "event": "go", "next": "second"},
        {"id": "second", "type": "wait", "event": "paid"},
    )
    async with engine.worker():
        execution = await engine.start_one()
        await engine.signal(execution, "paid", "early")
        await engine.signal(execution, "go")
        row = await engine.reach(execution, "completed")
    assert orjson.loads(row["output"]) == "early"


async def test_an_event_reaches_the_steps_with_its_correlation_only(engine: Harness) -> None:
    await engine.publish({"id": "wait", "type": "wait", "event": "paid", "correlation": "${ order }"})
    async with engine.worker():
        one, other = await engine.start({"order": "A-1"}, {"order": "A-2"})
        await engine.reach(one, "waiting")
        await engine.reach(other, "waiting")
        assert await engine.deliver("paid", "A-3") == 0
        assert await engine.deliver("paid") == 0
        assert await engine.deliver("paid", "A-1", {"by": "card"}) == 1
        row = await engine.reach(one, "completed")
        assert (await engine.row(other))["status"] == "waiting"
        assert await engine.deliver("paid", "A-1") == 0
        assert await engine.deliver("paid", "A-2") == 1
        await engine.reach(other, "completed")
    assert orjson.loads(row["output"]) == {"by": "card"}
    assert (await engine.fetch("SELECT count(*) FROM event_subscriptions"))[0][0] == 0


async def test_an_event_for_two_steps_of_one_execution_reaches_both(engine: Harness) -> None:
    await engine.publish(
        {"id": "split", "type": "parallel", "branches": ["left", "right"]},
        {"id": "left", "type": "wait", "event": "go"},
        {"id": "right", "type": "wait", "event": "go"},
    )
    async with engine.worker():
        execution = await engine.start_one()
        await engine.reach(execution, "waiting")
        assert await engine.deliver("go", None, 1) == 2
        await engine.reach(execution, "completed")


async def test_a_wait_that_times_out_goes_the_other_way(engine: Harness) -> None:
    await engine.publish(
        {
            "id": "wait",
            "type": "wait",
            "event": "paid",
            "timeout": {"duration": "1h", "next": "remind"},
            "next": "thank",
        },
        action("remind", input={"path": "reminded"}),
        action("thank", input={"path": "thanked"}),
    )
    async with engine.worker():
        execution = await engine.start_one()
        await engine.reach(execution, "waiting")
        await engine.advance_clock(3601)
        row = await engine.reach(execution, "completed")
    assert orjson.loads(row["output"]) == {"path": "reminded"}
    assert (await engine.fetch("SELECT count(*) FROM event_subscriptions"))[0][0] == 0


async def test_a_human_task_is_put_into_the_inbox_and_its_completion_goes_on(engine: Harness) -> None:
    await engine.publish(
        {
            "id": "review",
            "type": "approval",
            "name": "Review the order",
            "assignTo": ["${ team }", "boss"],
            "outcomes": {"approved": "ship", "rejected": "stop"},
        },
        action("ship", input={"note": "${ steps.review.output.data.note }"}),
        {"id": "stop", "type": "end"},
    )
    async with engine.worker():
        execution = await engine.start_one({"team": "sales"})
        await engine.reach(execution, "waiting")
        (task,) = await engine.fetch("SELECT * FROM human_tasks")
        assert (task["name"], task["assign_to"], task["status"]) == ("Review the order", ["sales", "boss"], "open")
        assert sorted(task["outcomes"]) == ["approved", "rejected"]
        await engine.send(
            execution, MessageKind.TASK_COMPLETED, step="review", data={"note": "fine"}, outcome="approved", by="eve"
        )
        row = await engine.reach(execution, "completed")
    assert orjson.loads(row["output"]) == {"note": "fine"}


async def test_cancelling_stops_a_running_action_and_closes_what_waits(engine: Harness) -> None:
    started, stopped = asyncio.Event(), asyncio.Event()

    @engine.action("endless")
    async def endless(ctx: Context) -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    await engine.publish(
        {"id": "split", "type": "parallel", "branches": ["work", "ask", "hear"]},
        action("work", "endless"),
        {"id": "ask", "type": "form"},
        {"id": "hear", "type": "wait", "event": "go"},
    )
    async with engine.worker():
        execution = await engine.start_one()
        await started.wait()
        await engine.send(execution, MessageKind.CANCEL, reason="changed my mind")
        row = await engine.reach(execution, "cancelled")
        await stopped.wait()
        assert await engine.signal(execution, "go") is None
    assert row["completed_at"] is not None
    assert [record["status"] for record in await engine.fetch("SELECT status FROM human_tasks")] == ["cancelled"]
    assert await engine.fetch("SELECT * FROM event_subscriptions") == []


async def test_a_thread_learns_from_its_heartbeat_that_it_is_cancelled(engine: Harness) -> None:
    started, outcome = threading.Event(), []
    told = asyncio.Event()
    loop = asyncio.get_running_loop()

    @engine.action("stubborn")
    def stubborn(ctx: Context) -> None:
        started.set()
        try:
            while True:
                ctx.heartbeat()
        except StepCancelled:
            outcome.append("cancelled")
            loop.call_soon_threadsafe(told.set)
            raise

    await engine.publish(action("only", "stubborn"))
    async with engine.worker():
        execution = await engine.start_one()
        await asyncio.to_thread(started.wait)
        await engine.send(execution, MessageKind.CANCEL)
        await engine.reach(execution, "cancelled")
        await told.wait()
    assert outcome == ["cancelled"]


async def test_a_paused_execution_records_what_ends_and_begins_nothing_new(engine: Harness) -> None:
    gate, entered = asyncio.Event(), asyncio.Event()

    @engine.action("gated")
    async def gated(ctx: Context) -> str:
        entered.set()
        await gate.wait()
        return "through"

    await engine.publish(action("one", "gated", "two"), action("two"))
    async with engine.worker():
        execution = await engine.start_one()
        await entered.wait()
        await engine.send(execution, MessageKind.PAUSE)
        await engine.until(lambda: _has(engine, execution, "WORKFLOW_PAUSED"))
        gate.set()
        row = await engine.reach(execution, "paused")
        assert row["wake_at"] is None
        assert "STEP_STARTED two" not in await engine.types(execution)
        await engine.send(execution, MessageKind.RESUME)
        await engine.reach(execution, "completed")
    assert (await engine.types(execution)).count("STEP_STARTED one") == 1


async def _failed(engine: Harness, execution: Any, times: int) -> bool:
    return (await engine.types(execution)).count("STEP_RETRY_SCHEDULED only") == times


async def _has(engine: Harness, execution: Any, kind: str) -> bool:
    return kind in await engine.types(execution)


async def test_parallel_branches_run_at_once_and_join(engine: Harness) -> None:
    together = asyncio.Barrier(3)

    @engine.action("meet")
    async def meet(ctx: Context) -> str:
        await together.wait()
        return ctx.step_id

    await engine.publish(
        {"id": "split", "type": "parallel", "branches": ["a", "b", "c"], "next": "sum"},
        *(action(name, "meet") for name in "abc"),
        action("sum", input={"all": "${ steps.split.output }"}),
    )
    async with engine.worker():
        row = await engine.reach(await engine.start_one())
    assert orjson.loads(row["output"]) == {"all": {"a": "a", "b": "b", "c": "c"}}


async def test_the_first_branch_wins_and_the_others_are_cancelled(engine: Harness) -> None:
    begun, cancelled = asyncio.Event(), asyncio.Event()

    @engine.action("quick")
    async def quick(ctx: Context) -> None:
        await begun.wait()

    @engine.action("never")
    async def never(ctx: Context) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    await engine.publish(
        {"id": "race", "type": "parallel", "branches": ["fast", "slow"], "join": "any"},
        action("fast", "quick"),
        action("slow", "never"),
    )
    async with engine.worker():
        await engine.reach(await engine.start_one(), "completed")
        await cancelled.wait()


async def test_a_whole_execution_has_a_deadline(engine: Harness) -> None:
    await engine.publish({"id": "wait", "type": "wait", "event": "never"}, settings={"timeout": "1d"})
    async with engine.worker():
        execution = await engine.start_one()
        await engine.reach(execution, "waiting")
        await engine.advance_clock(86_401)
        row = await engine.reach(execution)
    assert row["status"] == "timed_out"


async def test_timers_of_a_run_in_hand_fire_while_an_action_of_it_works(engine: Harness) -> None:
    gate = asyncio.Event()

    @engine.action("gated")
    async def gated(ctx: Context) -> None:
        await gate.wait()

    await engine.publish(
        {"id": "split", "type": "parallel", "branches": ["work", "alarm"]},
        action("work", "gated"),
        {"id": "alarm", "type": "wait", "duration": "1h", "next": "ring"},
        action("ring"),
    )
    async with engine.worker(poll_seconds=0.02):
        execution = await engine.start_one()
        await engine.until(lambda: _has(engine, execution, "STEP_STARTED alarm@split:1:1"))
        await engine.advance_clock(3601)
        await engine.until(lambda: _has(engine, execution, "STEP_COMPLETED ring@split:1:1"))
        gate.set()
        await engine.reach(execution, "completed")


async def test_the_more_urgent_executions_come_first(engine: Harness) -> None:
    order: list[int] = []

    @engine.action("note")
    async def note(ctx: Context) -> None:
        order.append(ctx.input["n"])

    await engine.publish(action("only", "note"))
    for urgency in (5, 0, 9, 3):
        await engine.start_one({"n": urgency}, priority=urgency)
    async with engine.worker(claim_batch=1, capacity=1):
        await engine.all_ended()
    assert order == [9, 5, 3, 0]


async def test_an_idempotency_key_starts_one_execution(engine: Harness) -> None:
    await engine.publish(action("only"))
    first = await engine.start_one({"n": 1}, idempotency_key="k")
    again = await engine.start_one({"n": 2}, idempotency_key="k")
    other = await engine.start_one({"n": 3}, idempotency_key="l")
    assert first == again != other
    async with engine.worker():
        await engine.all_ended()


async def test_a_worker_s_record_goes_when_it_stops(engine: Harness) -> None:
    async with engine.worker() as worker:
        assert len(await engine.fetch("SELECT * FROM workers WHERE id = $1", worker.worker_id)) == 1
    assert await engine.fetch("SELECT * FROM workers") == []


async def test_stopping_records_what_ends_in_time_and_hands_the_rest_back(engine: Harness) -> None:
    entered, gate = asyncio.Event(), asyncio.Event()

    @engine.action("ending")
    async def ending(ctx: Context) -> None:
        entered.set()
        await gate.wait()

    await engine.publish(action("one", "ending", "two"), action("two"))
    async with engine.worker() as worker:
        execution = await engine.start_one()
        await entered.wait()
        stopping = asyncio.create_task(worker.stop())
        await asyncio.sleep(0)
        gate.set()
        await stopping
    row = await engine.row(execution)
    assert (row["owner"], row["lost_leases"]) == (None, 0)
    assert "STEP_COMPLETED one" in await engine.types(execution)
    async with engine.worker():
        await engine.reach(execution, "completed")
    assert (await engine.types(execution)).count("STEP_STARTED one") == 1


async def test_an_action_that_does_not_end_by_the_deadline_is_run_again_by_the_next_worker(engine: Harness) -> None:
    keys: list[str] = []
    entered = asyncio.Event()

    @engine.action("once")
    async def once(ctx: Context) -> str:
        keys.append(ctx.idempotency_key)
        if len(keys) == 1:
            entered.set()
            await asyncio.Event().wait()
        return "second time"

    await engine.publish(action("only", "once"))
    async with engine.worker() as worker:
        execution = await engine.start_one()
        await entered.wait()
        await worker.stop(deadline=0.05)
    async with engine.worker():
        row = await engine.reach(execution, "completed")
    assert orjson.loads(row["output"]) == "second time"
    assert len(keys) == 2
    assert len(set(keys)) == 1


async def test_a_joined_transaction_commits_with_the_step_or_not_at_all(engine: Harness, connect: Any) -> None:
    owner = await connect()
    await owner.execute("CREATE TABLE ledger (execution_id uuid, attempt int)")
    await owner.execute("GRANT ALL ON ledger TO weft_worker")

    @engine.action("book")
    async def book(ctx: Context) -> str:
        connection = await ctx.transaction()
        await connection.execute("INSERT INTO ledger VALUES ($1, $2)", ctx.execution_id, ctx.attempt)
        if ctx.attempt == 1:
            raise ActionError("after the write")
        return "booked"

    await engine.publish(
        action("only", "book", "after", retry={"maxAttempts": 2, "initialInterval": "1s"}), action("after")
    )
    async with engine.worker():
        execution = await engine.start_one()
        await engine.reach(execution, "waiting")
        assert await owner.fetch("SELECT * FROM ledger") == []
        await engine.advance_clock(5)
        await engine.reach(execution, "completed")
    assert [tuple(row) for row in await owner.fetch("SELECT * FROM ledger")] == [(execution, 2)]


async def test_a_joined_transaction_that_cannot_commit_is_tried_again_a_bounded_number_of_times(
    engine: Harness, connect: Any
) -> None:
    owner = await connect()
    await owner.execute("CREATE TABLE only_one (n int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
    await owner.execute("INSERT INTO only_one VALUES (1)")
    await owner.execute("GRANT ALL ON only_one TO weft_worker")

    @engine.action("clash")
    async def clash(ctx: Context) -> None:
        connection = await ctx.transaction()
        await connection.execute("INSERT INTO only_one VALUES (1)")

    await engine.publish(action("only", "clash"))
    async with engine.worker():
        row = await engine.reach(await engine.start_one())
    assert row["status"] == "failed"
    assert orjson.loads(row["error"])["code"] == "interrupted"


async def test_a_long_run_is_snapshotted_while_it_goes_on(engine: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = asyncio.Event()

    @engine.action("gated")
    async def gated(ctx: Context) -> None:
        await gate.wait()

    monkeypatch.setattr("weftline.engine.snapshots.EVERY", 10)
    await engine.publish(
        {"id": "split", "type": "parallel", "branches": ["s1", "hold"]}, *chain(20), action("hold", "gated")
    )
    async with engine.worker():
        execution = await engine.start_one()
        await engine.until(lambda: _has(engine, execution, "STEP_COMPLETED s20@split:1:0"))
        row = await engine.row(execution)
        assert row["snapshot_seq"] >= 30
        assert row["owner"] is not None
        gate.set()
        await engine.reach(execution, "completed")
