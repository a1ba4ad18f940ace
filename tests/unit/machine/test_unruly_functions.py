"""Durable functions that do what they should not: each ends with an error that says so, and stops nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.machine.functions import Fails, Tale

from weftline.authoring.action import ActionRegistry
from weftline.authoring.errors import ActionError
from weftline.authoring.function import DurableFunction, durable
from weftline.authoring.function_context import FunctionContext, StepFailed
from weftline.language import validate
from weftline.machine.stimulus import Cancel
from weftline.model.status import ExecutionStatus


def made(body: Any) -> DurableFunction:
    return durable("flow", into=ActionRegistry())(body)


def error_of(tale: Tale) -> dict[str, Any]:
    assert tale.state.status is ExecutionStatus.FAILED
    assert tale.state.error is not None
    return tale.state.error


@pytest.mark.parametrize("kind", [asyncio.CancelledError, SystemExit, GeneratorExit, StopIteration])
def test_whatever_a_function_raises_fails_its_execution_alone(kind: type[BaseException]) -> None:
    async def body(ctx: FunctionContext, _: Any) -> None:
        await ctx.step("a")
        raise kind

    assert error_of(Tale(made(body)).run())["code"] == "workflow_failed"


def test_an_exception_that_cannot_say_what_it_is_is_told_by_its_kind() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise ValueError

    async def body(ctx: FunctionContext, _: Any) -> None:
        raise Mute

    assert error_of(Tale(made(body)).run())["message"] == "Mute"


def test_an_error_that_cannot_be_stored_is_told_as_far_as_it_can_be() -> None:
    async def body(ctx: FunctionContext, _: Any) -> None:
        raise ActionError("half \ud800\0", code="odd", details={"a": object()})

    error = error_of(Tale(made(body)).run())
    assert (error["code"], error["message"], error["details"]) == ("odd", "half ?\ufffd", {"unstorable": True})


def test_an_await_that_is_refused_fails_the_function_whatever_it_makes_of_that() -> None:
    async def leg() -> None:
        while True:
            try:
                await asyncio.sleep(0)
            except Exception:
                continue

    async def body(ctx: FunctionContext, _: Any) -> None:
        while True:
            try:
                await ctx.parallel(ctx.step("a"), leg(), ctx.step("b"))
            except Exception:
                continue

    assert error_of(Tale(made(body)).run())["code"] == "not_durable"


def test_an_error_on_the_way_out_does_not_hold_a_function_that_is_cancelled() -> None:
    async def body(ctx: FunctionContext, _: Any) -> None:
        try:
            await ctx.wait_for_event("never")
        finally:
            raise ValueError

    assert Tale(made(body)).run().send(Cancel()).state.status is ExecutionStatus.CANCELLED


def test_what_it_does_to_an_error_that_it_caught_stays_its_own() -> None:
    async def body(ctx: FunctionContext, _: Any) -> str:
        try:
            await ctx.step("a")
        except StepFailed as error:
            error.error["code"] = "other"  # type: ignore[index]
        await ctx.sleep("1h")
        return ""

    def broken(_: Any) -> None:
        raise Fails("broken")

    tale = Tale(made(body), {}, {"a": broken}).run()
    assert tale.state.calls is not None
    assert tale.state.calls.made["0"].value["code"] == "broken"


@pytest.mark.parametrize("make", [lambda: nested(100), lambda: "a\0"], ids=["too deep", "NUL"])
def test_what_no_step_could_return_a_function_cannot_either(make: Callable[[], Any]) -> None:
    async def body(ctx: FunctionContext, _: Any) -> Any:
        with pytest.raises(TypeError):
            await ctx.step("a", make())
        return make()

    assert "no JSON" in error_of(Tale(made(body)).run())["message"]


def nested(levels: int) -> Any:
    value: Any = []
    for _ in range(levels):
        value = [value]
    return value


def test_functions_nest_and_gather_as_often_as_they_like() -> None:
    async def nothing() -> int:
        return 1

    async def nest(ctx: FunctionContext, level: int) -> Any:
        if not level:
            return await ctx.step("a", 1)
        return (await ctx.parallel(nest(ctx, level - 1), nothing()))[0]

    async def body(ctx: FunctionContext, _: Any) -> Any:
        count = 0
        for _ in range(2_000):
            count += sum(await ctx.parallel(nothing(), nothing()))
        return [count, await nest(ctx, 200)]

    assert Tale(made(body)).run().state.output == [4_000, 1]


def test_chance_differs_before_and_after_nothing_was_gathered() -> None:
    async def body(ctx: FunctionContext, _: Any) -> Any:
        before = str(ctx.uuid())
        await ctx.parallel()
        return [before, str(ctx.uuid())]

    output = Tale(made(body)).run().state.output
    assert output[0] != output[1]


@pytest.mark.parametrize("crashes", [False, True])
def test_calls_of_one_name_are_each_what_they_said(crashes: bool) -> None:
    attempts = [0]

    def flaky(_: Any) -> str:
        attempts[0] += 1
        if attempts[0] == 1:
            raise Fails("busy", retryable=True)
        return "a"

    async def body(ctx: FunctionContext, _: Any) -> Any:
        return await ctx.parallel(ctx.step("a", name="x", retry=2), ctx.step("b", name="x", retry=1))

    tale = Tale(made(body), {}, {"a": flaky, "b": lambda _: "b"}, crashes=crashes).run().wait(3_600.0)
    assert tale.state.output == ["a", "b"]


def test_code_behind_a_return_does_not_keep_a_function_from_being_published() -> None:
    async def body(ctx: FunctionContext, input: Any) -> Any:
        text = """
text without indentation
"""
        try:
            if input:
                return await ctx.step("a", text)
        finally:
            await ctx.step("cleanup")
        raise ActionError("nothing to do")
        return await ctx.step("never")  # type: ignore[unreachable]

    definition = made(body).definition()
    assert [node["id"] for node in definition["nodes"]] == ["start", "a", "cleanup"]
    assert definition["nodes"][1]["next"] == ["cleanup"]
    assert validate(definition, None).problems == []


def test_a_task_queue_that_nobody_could_fetch_from_is_an_error_of_the_call() -> None:
    async def body(ctx: FunctionContext, _: Any) -> Any:
        await ctx.step("a", queue=f"no {ctx.workflow_id}")

    assert "cannot be a task queue" in error_of(Tale(made(body)).run())["message"]


async def leg_of(ctx: FunctionContext, name: str) -> Any:
    return await ctx.step("book", name)


def test_helpers_in_a_comprehension_are_drawn() -> None:
    async def body(ctx: FunctionContext, names: list[str]) -> Any:
        return await ctx.parallel(*(leg_of(ctx, name) for name in names))

    assert [node["id"] for node in made(body).definition()["nodes"]] == ["start", "book"]
