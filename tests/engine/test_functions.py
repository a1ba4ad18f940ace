"""Durable functions on workers and a real database."""

from __future__ import annotations

from typing import Any

import orjson

from tests.engine.harness import Harness
from weftline.authoring import ActionRegistry, Context
from weftline.authoring.errors import ActionError
from weftline.authoring.function import DurableFunction, durable
from weftline.authoring.function_context import FunctionContext
from weftline.store.inbox import MessageKind


async def publish(harness: Harness, function: DurableFunction, *, again: bool = False) -> None:
    definition = function.definition()
    nodes = definition.pop("nodes")
    await (harness.publish_again if again else harness.publish)(*nodes, **definition)


async def test_a_function_that_waited_is_run_on_by_another_worker_where_it_had_stood(engine: Harness) -> None:
    calls: list[str] = []

    @engine.action("book")
    async def book(ctx: Context) -> str:
        calls.append(ctx.input)
        return f"booked {ctx.input}"

    @durable("flow", into=engine.registry)
    async def flow(ctx: FunctionContext, input: dict[str, Any]) -> Any:
        booked = await ctx.parallel(*(ctx.step("book", name) for name in input["names"]))
        approval = await ctx.wait_for_event("approved")
        await ctx.sleep("7d")
        return {"booked": booked, "by": approval["by"], "last": await ctx.step("book", "taxi")}

    await publish(engine, flow)
    execution = await engine.start_one({"names": ["hotel", "flight"]})
    async with engine.worker(name="first"):
        await engine.reach(execution, "waiting")
    await engine.signal(execution, "approved", {"by": "ada"})
    async with engine.worker(name="second"):
        await engine.until(lambda: sleeping(engine, execution))
        await engine.advance_clock(7 * 86_400)
        row = await engine.reach(execution)
    assert orjson.loads(row["output"]) == {
        "booked": ["booked hotel", "booked flight"],
        "by": "ada",
        "last": "booked taxi",
    }
    assert sorted(calls) == ["flight", "hotel", "taxi"]


async def sleeping(engine: Harness, execution: Any) -> bool:
    row = await engine.row(execution)
    return (
        row["current_steps"] == ["sleep"] if isinstance(row["current_steps"], list) else row["current_steps"] == "sleep"
    )


async def test_executions_wait_for_a_worker_that_has_their_function(
    engine: Harness, logs: list[dict[str, Any]]
) -> None:
    elsewhere = ActionRegistry()

    @durable("flow", into=elsewhere)
    async def flow(ctx: FunctionContext, input: Any) -> str:
        return "done"

    await publish(engine, flow)
    execution = await engine.start_one()
    async with engine.worker():
        await engine.until(
            lambda: heard(logs, "a durable function is unknown here; its executions are left to other workers")
        )
    assert (await engine.row(execution))["completed_at"] is None
    engine.registry = elsewhere
    async with engine.worker():
        assert (await engine.reach(execution))["status"] == "completed"


async def heard(logs: list[dict[str, Any]], event: str) -> bool:
    return any(entry["event"] == event for entry in logs)


async def test_executions_stay_with_the_version_that_they_began_with(engine: Harness) -> None:
    @durable("flow", version="1", into=engine.registry)
    async def first(ctx: FunctionContext, input: Any) -> str:
        await ctx.wait_for_event("go")
        return "first"

    @durable("flow", version="2", into=engine.registry)
    async def second(ctx: FunctionContext, input: Any) -> str:
        await ctx.step("echo")
        return "second"

    await publish(engine, first)
    old = await engine.start_one()
    async with engine.worker():
        await engine.reach(old, "waiting")
        await publish(engine, second, again=True)
        await engine.signal(old, "go")
        assert orjson.loads((await engine.reach(old))["output"]) == "first"


async def test_a_function_that_lost_its_way_is_paused_and_goes_on_once_it_is_migrated(engine: Harness) -> None:
    @durable("flow", version="1", into=engine.registry)
    async def first(ctx: FunctionContext, input: Any) -> str:
        await ctx.wait_for_event("go")
        raise ActionError("a mistake in the code", code="mistake")

    @durable("flow", version="2", into=engine.registry)
    async def second(ctx: FunctionContext, input: Any) -> str:
        await ctx.wait_for_event("go")
        return "mended"

    await publish(engine, first)
    execution = await engine.start_one()
    async with engine.worker():
        await engine.reach(execution, "waiting")
        await publish(engine, second, again=True)
        await engine.send(execution, MessageKind.MIGRATE, version=2, nodes={})
        await engine.signal(execution, "go")
        row = await engine.reach(execution)
    assert (row["status"], orjson.loads(row["output"])) == ("completed", "mended")


async def test_children_of_functions_are_functions_too(engine: Harness) -> None:
    @durable("flow", into=engine.registry)
    async def flow(ctx: FunctionContext, input: dict[str, Any]) -> Any:
        if input["depth"] == 0:
            return 1
        parts = await ctx.parallel(*(ctx.child("flow", {"depth": input["depth"] - 1}) for _ in range(2)))
        return sum(parts)

    await publish(engine, flow)
    async with engine.worker():
        row = await engine.reach(await engine.start_one({"depth": 3}))
    assert orjson.loads(row["output"]) == 8
