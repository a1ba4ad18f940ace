"""Durable functions: what they call, what they hear of it, and that a replay of them changes nothing."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.machine.functions import Fails, Tale

from weftline.authoring.action import ActionRegistry
from weftline.authoring.errors import ActionError, DuplicateAction
from weftline.authoring.function import DurableFunction, InvalidFunction, durable
from weftline.authoring.function_context import FunctionContext, StepFailed, WaitTimedOut
from weftline.language import load
from weftline.machine.migration import check
from weftline.machine.rewinding import Target
from weftline.machine.stimulus import Cancel, ChildEnded, Pause, Resume, RetryStep, Signal, Skip, TaskCompleted
from weftline.model.retry import RetryPolicy
from weftline.model.status import ExecutionStatus

S = ExecutionStatus


def made(body: Any, **options: Any) -> DurableFunction:
    return durable("flow", into=ActionRegistry(), **options)(body)


@pytest.fixture(params=[False, True], ids=["in one go", "with a crash after everything"])
def crashes(request: pytest.FixtureRequest) -> bool:
    return request.param


async def line(ctx: FunctionContext, input: dict[str, Any]) -> Any:
    n = input["n"]
    for _ in range(3):
        n = await ctx.step("double", {"n": n})
    return {"n": n}


def test_a_function_calls_its_steps_in_order_and_returns(crashes: bool) -> None:
    tale = Tale(made(line), {"n": 1}, {"double": lambda given: given["n"] * 2}, crashes=crashes).run()
    assert (tale.state.status, tale.state.output) == (S.COMPLETED, {"n": 8})
    assert tale.called == [("double", {"n": 1}), ("double", {"n": 2}), ("double", {"n": 4})]
    assert tale.types[1:3] == ["STEP_STARTED double", "STEP_COMPLETED double"]


def test_it_sleeps_and_waits_for_events(crashes: bool) -> None:
    async def body(ctx: FunctionContext, _: Any) -> Any:
        began = ctx.now()
        await ctx.sleep("1h")
        slept = (ctx.now() - began).total_seconds()
        paid = await ctx.wait_for_event("paid", timeout="1d")
        try:
            await ctx.wait_for_event("shipped", timeout="2d", name="shipping")
        except WaitTimedOut as error:
            return {"slept": slept, "paid": paid, "code": error.code, "step": error.step}

    tale = Tale(made(body), crashes=crashes).run()
    assert tale.state.current_steps() == ["sleep"]
    tale.wait(3_600.0).send(Signal("paid", {"amount": 3}))
    tale.wait(2 * 86_400.0)
    assert tale.state.output == {"slept": 3_600.0, "paid": {"amount": 3}, "code": "timed_out", "step": "shipping"}


def test_calls_and_coroutines_run_side_by_side(crashes: bool) -> None:
    async def leg(ctx: FunctionContext, name: str) -> str:
        first = await ctx.step(f"book-{name}", name)
        return await ctx.step("confirm", first)

    async def body(ctx: FunctionContext, _: Any) -> Any:
        return await ctx.parallel(leg(ctx, "hotel"), ctx.step("note", "x"), leg(ctx, "flight"), ctx.parallel())

    tale = Tale(made(body), crashes=crashes).run()
    assert tale.state.output == ["hotel", "x", "flight", []]
    assert sorted(tale.names) == ["book-flight", "book-hotel", "confirm", "confirm", "note"]


def test_of_several_failures_the_first_in_order_is_raised_once_all_have_ended(crashes: bool) -> None:
    def fail(code: str) -> Any:
        def action(_: Any) -> None:
            raise Fails(code)

        return action

    async def body(ctx: FunctionContext, _: Any) -> Any:
        try:
            await ctx.parallel(ctx.step("a"), ctx.step("b"), ctx.step("c"))
        except StepFailed as error:
            return error.code

    tale = Tale(made(body), {}, {"b": fail("second"), "c": fail("third")}, crashes=crashes).run()
    assert tale.state.output == "second"
    assert sorted(tale.names) == ["a", "b", "c"]


def test_a_failure_that_it_does_not_catch_fails_the_execution_which_is_retried_from_there(crashes: bool) -> None:
    is_broken = [True]

    def charge(given: Any) -> Any:
        if is_broken[0]:
            raise Fails("declined")
        return given

    async def body(ctx: FunctionContext, _: Any) -> Any:
        await ctx.step("reserve")
        return await ctx.step("charge", 10)

    tale = Tale(made(body), {}, {"charge": charge}, crashes=crashes).run()
    assert tale.state.status is S.FAILED
    assert tale.state.error is not None
    assert (tale.state.error["code"], tale.state.error["stepId"]) == ("declined", "charge")
    is_broken[0] = False
    tale.go_back(Target.FAILURE, undo=False)
    assert (tale.state.status, tale.state.output) == (S.COMPLETED, 10)
    assert tale.names == ["reserve", "charge", "charge"]


def test_the_failed_step_can_be_retried_with_another_input_or_skipped(crashes: bool) -> None:
    def charge(given: Any) -> Any:
        if given < 0:
            raise Fails("negative")
        return given

    async def body(ctx: FunctionContext, input: Any) -> Any:
        return {"charged": await ctx.step("charge", input["amount"])}

    function = made(body)
    tale = Tale(function, {"amount": -1}, {"charge": charge}, crashes=crashes).run()
    tale.go_back(Target.FAILURE, undo=False, input=7)
    assert tale.state.output == {"charged": 7}
    tale = Tale(function, {"amount": -1}, {"charge": charge}, crashes=crashes).run()
    tale.go_back(Target.BEFORE, "charge", undo=False, skip=("charge", ""), input={"by": "hand"})
    assert tale.state.output == {"charged": {"by": "hand"}}
    assert tale.names == ["charge"]


def test_what_it_did_is_undone_in_reverse_order(crashes: bool) -> None:
    async def body(ctx: FunctionContext, _: Any) -> Any:
        await ctx.step("reserve", 1, compensate="release")
        await ctx.step("charge", 2, compensate="refund", compensate_retry=RetryPolicy(5))
        raise ActionError("no stock", code="sold_out")

    strategy = {"errorHandling": {"strategy": "compensate"}}
    tale = Tale(made(body, settings=strategy), crashes=crashes).run()
    assert tale.names == ["reserve", "charge", "refund", "release"]
    assert tale.called[2:] == [("refund", 2), ("release", 1)]
    assert tale.state.status is S.FAILED
    assert tale.state.error is not None
    assert tale.state.error["code"] == "sold_out"


def test_it_is_rolled_back_to_a_step_and_goes_on_from_there(crashes: bool) -> None:
    async def body(ctx: FunctionContext, _: Any) -> Any:
        a = await ctx.step("a", 1, compensate="undo-a")
        b = await ctx.step("b", 2, compensate="undo-b")
        c = await ctx.step("c", 3, compensate="undo-c")
        return [a, b, c]

    tale = Tale(made(body), crashes=crashes).run()
    tale.go_back(Target.AFTER, "a")
    assert tale.names == ["a", "b", "c", "undo-c", "undo-b", "b", "c"]
    assert (tale.state.status, tale.state.output) == (S.COMPLETED, [1, 2, 3])


def test_an_open_step_is_done_again_or_skipped_on_demand(crashes: bool) -> None:
    async def body(ctx: FunctionContext, _: Any) -> Any:
        first = await ctx.wait_for_event("go")
        return [first, await ctx.wait_for_event("on")]

    tale = Tale(made(body), crashes=crashes).run()
    tale.send(RetryStep("go"))
    assert tale.state.current_steps() == ["go~2"]
    tale.send(Skip("go~2", output="by hand")).send(Signal("on", "signal"))
    assert tale.state.output == ["by hand", "signal"]


def test_a_pause_holds_the_next_call_back(crashes: bool) -> None:
    async def body(ctx: FunctionContext, _: Any) -> Any:
        await ctx.wait_for_event("go")
        return await ctx.step("last", 1)

    tale = Tale(made(body), crashes=crashes).run()
    tale.send(Pause()).send(Signal("go")).send(Resume())
    assert (tale.state.status, tale.names) == (S.COMPLETED, ["last"])


def test_it_asks_people_starts_children_and_emits_events(crashes: bool) -> None:
    async def body(ctx: FunctionContext, input: Any) -> Any:
        answer = await ctx.human_task("Approve?", assign_to="boss", outcomes=["yes", "no"])
        await ctx.emit("approved", {"n": 1})
        child = await ctx.child("other", {"answer": answer["outcome"]})
        return [answer["outcome"], child]

    tale = Tale(made(body), crashes=crashes).run()
    tale.send(TaskCompleted("Approve_", outcome="yes"))
    step = tale.state.open["other"]
    assert (step.child is not None, step.input) == (True, {"answer": "yes"})
    tale.send(ChildEnded("other", step.child or "", "completed", output={"done": True}))
    assert tale.state.output == ["yes", {"done": True}]
    assert "STEP_COMPLETED emit-approved" in tale.types


def test_retries_are_the_steps_own(crashes: bool) -> None:
    tries: list[Any] = []

    def flaky(given: Any) -> Any:
        tries.append(given)
        if len(tries) < 3:
            raise Fails("busy", retryable=True)
        return "ok"

    async def body(ctx: FunctionContext, _: Any) -> Any:
        return await ctx.step("flaky", 1, retry=RetryPolicy(5, initial_interval=10.0, jitter=0.0))

    tale = Tale(made(body), {}, {"flaky": flaky}, crashes=crashes).run()
    tale.wait(10.0).wait(20.0)
    assert (tale.state.output, tale.state.latest["flaky"].attempt) == ("ok", 3)


def test_of_several_calls_the_first_to_end_counts(crashes: bool) -> None:
    async def body(ctx: FunctionContext, _: Any) -> Any:
        first = await ctx.race(ctx.wait_for_event("paid"), ctx.wait_for_event("cancelled"), ctx.sleep("1d"))
        second = await ctx.race(ctx.wait_for_event("never"), ctx.sleep("1h", name="enough"))
        try:
            await ctx.race(ctx.step("bad"), ctx.wait_for_event("never", name="never-2"))
        except StepFailed as error:
            return [first, second, error.code]

    def bad(_: Any) -> None:
        raise Fails

    tale = Tale(made(body), {}, {"bad": bad}, crashes=crashes).run()
    assert tale.state.current_steps() == ["paid", "cancelled", "sleep"]
    tale.send(Signal("cancelled", {"by": "ada"})).wait(3_600.0)
    assert tale.state.output == [[1, {"by": "ada"}], [1, None], "broken"]
    assert [type for type in tale.types if "CANCELLED" in type] == [
        *("STEP_CANCELLED paid", "STEP_CANCELLED sleep", "STEP_CANCELLED never", "STEP_CANCELLED never-2"),
    ]


def test_a_race_is_one_of_calls() -> None:
    async def body(ctx: FunctionContext, _: Any) -> Any:
        await ctx.race()

    tale = Tale(made(body)).run()
    assert tale.state.error is not None
    assert "ctx.race takes calls" in tale.state.error["message"]


def test_changed_code_is_found_out_named_and_loses_nothing() -> None:
    async def before(ctx: FunctionContext, _: Any) -> Any:
        await ctx.step("reserve")
        await ctx.wait_for_event("go")
        return "old"

    async def after(ctx: FunctionContext, _: Any) -> Any:
        await ctx.step("check")
        await ctx.wait_for_event("go")
        return "new"

    tale = Tale(made(before)).run()
    tale.change(made(after))
    tale.send(Signal("go"))
    assert tale.state.status is S.PAUSED
    assert tale.state.error is not None
    assert tale.state.error["code"] == "workflow_changed"
    assert "'check'" in tale.state.error["message"] and "'reserve'" in tale.state.error["message"]
    tale.change(made(before))
    tale.send(Resume())
    assert (tale.state.status, tale.state.output, tale.state.error) == (S.COMPLETED, "old", None)


def test_code_that_ends_before_its_log_does_is_found_out() -> None:
    async def before(ctx: FunctionContext, _: Any) -> Any:
        await ctx.step("one")
        await ctx.wait_for_event("go")

    async def after(ctx: FunctionContext, _: Any) -> Any:
        return "early"

    tale = Tale(made(before)).run()
    tale.change(made(after))
    tale.send(Signal("go"))
    assert tale.state.error is not None
    assert "ends without call 0, 'one'" in tale.state.error["message"]


def test_awaiting_anything_else_is_refused_with_advice() -> None:
    async def body(ctx: FunctionContext, _: Any) -> Any:
        await asyncio.sleep(0)

    tale = Tale(made(body)).run()
    assert tale.state.error is not None
    assert tale.state.error["code"] == "not_durable"
    assert "ctx.sleep" in tale.state.error["message"]


@pytest.mark.parametrize("value", [{1, 2}, object(), {"a": {3}}])
def test_what_is_no_json_is_refused_where_it_stands(value: Any) -> None:
    async def given(ctx: FunctionContext, _: Any) -> Any:
        await ctx.step("a", value)

    async def returned(ctx: FunctionContext, _: Any) -> Any:
        return value

    for body in (given, returned):
        tale = Tale(made(body)).run()
        assert tale.state.error is not None
        assert tale.state.error["details"]["type"] == "TypeError"
        assert tale.names == []


def test_a_wrong_duration_is_an_error_of_the_call() -> None:
    async def body(ctx: FunctionContext, _: Any) -> Any:
        await ctx.sleep(" ".join(["soon"]))

    tale = Tale(made(body)).run()
    assert tale.state.error is not None
    assert "'sleep'" in tale.state.error["message"]


def test_expressions_in_what_it_says_are_left_alone() -> None:
    async def body(ctx: FunctionContext, _: Any) -> Any:
        return await ctx.step("a", "${input.secret}")

    assert Tale(made(body), {"secret": 1}).run().state.output == "${input.secret}"


def test_chance_and_time_are_the_same_in_every_replay() -> None:
    async def leg(ctx: FunctionContext, name: str) -> list[Any]:
        before = [str(ctx.uuid()), ctx.random(), ctx.random()]
        await ctx.wait_for_event(name)
        return [*before, ctx.now().isoformat(), str(ctx.uuid())]

    async def body(ctx: FunctionContext, _: Any) -> Any:
        legs = await ctx.parallel(leg(ctx, "first"), leg(ctx, "second"))
        return [*legs, ctx.now().isoformat(), ctx.random()]

    def told(*, crashes: bool) -> Any:
        tale = Tale(made(body), crashes=crashes).run()
        tale.now += 60.0
        tale.send(Signal("second"))
        tale.now += 60.0
        return tale.send(Signal("first")).state.output

    one, other = told(crashes=False), told(crashes=True)
    assert one == other
    first, second, now, chance = one
    assert (second[3], first[3], now) == tuple(f"1970-01-01T00:{minute}:40+00:00" for minute in ("17", "18", "18"))
    drawn = [*first[:3], first[4], *second[:3], second[4], chance]
    assert len(set(drawn)) == len(drawn)


def test_its_input_is_its_own() -> None:
    async def body(ctx: FunctionContext, input: Any) -> Any:
        input["list"].append(1)
        await ctx.step("a")
        return input["list"]

    assert Tale(made(body), {"list": []}, crashes=True).run().state.output == [1]


def test_cancelling_it_ends_it() -> None:
    async def body(ctx: FunctionContext, _: Any) -> Any:
        try:
            await ctx.wait_for_event("never")
        finally:
            await ctx.step("cleanup")

    tale = Tale(made(body)).run().send(Cancel())
    assert (tale.state.status, tale.names) == (S.CANCELLED, [])


def test_the_fallback_workflow_takes_over_from_it() -> None:
    async def body(ctx: FunctionContext, _: Any) -> Any:
        raise ValueError("no")

    handling = {"errorHandling": {"strategy": "fallback", "fallbackWorkflow": "rescue"}}
    tale = Tale(made(body, settings=handling), crashes=True).run()
    step = tale.state.open["$fallback"]
    tale.send(ChildEnded("$fallback", step.child or "", "completed", output="saved"))
    assert (tale.state.status, tale.types[-1]) == (S.COMPLETED, "WORKFLOW_COMPLETED")


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_function_comes_to_the_same_whenever_it_crashes(data: st.DataObject) -> None:
    """Random trees of sequential and parallel calls, some of which fail, in random order of completion."""
    shape = data.draw(
        st.recursive(
            st.sampled_from(["a", "b", "bad"]),
            lambda inner: st.tuples(st.sampled_from(["seq", "par"]), st.lists(inner, max_size=3)),
            max_leaves=8,
        )
    )

    async def walk(ctx: FunctionContext, part: Any) -> Any:
        if isinstance(part, str):
            try:
                return await ctx.step(part, part)
            except StepFailed as error:
                return error.code
        kind, parts = part
        if kind == "seq":
            return [await walk(ctx, inner) for inner in parts]
        return await ctx.parallel(*(walk(ctx, inner) for inner in parts))

    async def body(ctx: FunctionContext, _: Any) -> Any:
        return await walk(ctx, shape)

    def bad(_: Any) -> None:
        raise Fails

    def expected(part: Any) -> Any:
        if isinstance(part, str):
            return "broken" if part == "bad" else part
        return [expected(inner) for inner in part[1]]

    for crashes in (False, True):
        tale = Tale(made(body), {}, {"bad": bad}, crashes=crashes)
        tale.run()
        assert tale.state.status is S.COMPLETED, tale.state.error
        assert tale.state.output == expected(shape)


def test_what_cannot_be_a_durable_function_is_refused_when_it_is_made() -> None:
    into = ActionRegistry()

    async def one(ctx: FunctionContext) -> None: ...

    async def two(ctx: FunctionContext, input: Any) -> None: ...

    def plain(ctx: FunctionContext, input: Any) -> None: ...

    for body, id, words in ((one, "a", "two arguments"), (plain, "a", "async def"), (two, "no good", "workflow's id")):
        with pytest.raises(InvalidFunction, match=words):
            durable(id, into=into)(body)  # type: ignore[arg-type]
    durable("a", into=into)(two)
    with pytest.raises(DuplicateAction, match="version '1' of 'a'"):
        durable("a", into=into)(line)
    durable("a", version="2", into=into)(line)


def test_a_function_is_migrated_to_a_function_only() -> None:
    tale = Tale(made(line), {"n": 1}).run()
    _, graph = load({"id": "flow", "nodes": [{"id": "double", "type": "action", "action": "double"}]}, None)
    assert [problem.code for problem in check(tale.program, graph, tale.state, {})] == ["other_kind"]
    assert [problem.code for problem in check(tale.program, tale.program, tale.state, {"a": "b"})] == ["unknown_node"]
    assert check(tale.program, tale.program, tale.state, {}) == []


def test_its_code_is_drawn() -> None:
    async def helper(ctx: FunctionContext, name: str) -> Any:
        await ctx.step("check")
        return await ctx.wait_for_event(name)

    async def body(ctx: FunctionContext, input: Any) -> Any:
        """Sells things.

        At length.
        """
        if input["big"]:
            await ctx.human_task("Approve the order")
        await ctx.parallel(helper(ctx, "paid"), ctx.sleep("2d"), ctx.step("pack", compensate="unpack"))
        for item in input["items"]:
            await ctx.step("ship", item, queue="warehouse")
        try:
            await ctx.child("invoice")
        except StepFailed:
            await ctx.emit("unpaid")
        return await ctx.step(input["last"])

    definition = made(body).definition()
    nodes = {node["id"]: node for node in definition["nodes"]}
    assert definition["description"] == "Sells things."
    assert {id: node.get("next") for id, node in nodes.items()} == {
        "start": ["Approve_the_order", "check", "sleep", "pack"],
        "Approve_the_order": ["check", "sleep", "pack"],
        "check": ["paid"],
        "paid": ["ship", "invoice"],
        "sleep": ["ship", "invoice"],
        "pack": ["ship", "invoice"],
        "ship": ["invoice"],
        "invoice": ["emit-unpaid"],
        "emit-unpaid": None,
    }
    assert (nodes["paid"]["event"], nodes["pack"]["compensate"]) == ("paid", "unpack")


def test_only_what_its_code_does_counts_for_its_fingerprint() -> None:
    async def one(ctx: FunctionContext, input: Any) -> Any:
        """Says this."""
        return await ctx.step("a")  # like this

    async def two(ctx: FunctionContext, input: Any) -> Any:
        return await ctx.step(
            "a",
        )

    async def three(ctx: FunctionContext, input: Any) -> Any:
        return await ctx.step("b")

    prints = [made(body).definition()["function"]["fingerprint"] for body in (one, two, three)]
    assert prints[0] == prints[1] != prints[2]
