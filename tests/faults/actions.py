"""What the workflows under fault do. Worker processes and the tests' own workers run the same actions."""

from __future__ import annotations

import os
from typing import Any

import asyncpg

from weftline.authoring import ActionRegistry, Context, FunctionContext, durable

registry = ActionRegistry()

KILLED = 86
"""How a process ends that ``kill`` ran in."""


async def note(ctx: Context) -> str:
    """Ends at once."""
    return ctx.step_id


def ponder(ctx: Context) -> str:
    """Ends at once, in a thread."""
    return ctx.step_id


async def book(ctx: Context) -> str:
    """Writes a line into the ledger, in the step's own transaction."""
    connection = await ctx.transaction()
    await connection.execute("INSERT INTO ledger VALUES ($1, $2)", ctx.execution_id, ctx.step_id)
    return ctx.step_id


async def unbook(ctx: Context) -> str:
    """Writes a line into the ledger in the step's own transaction; the first time it takes its worker down with it.

    Every other time it does so before it has written anything, and every other time after.
    """
    connection = await ctx.transaction()
    is_late = ctx.step_id[-1] in "02468"
    if is_late:
        await _write(connection, ctx)
    await _die_once(ctx)
    if not is_late:
        await _write(connection, ctx)
    return ctx.step_id


async def _write(connection: asyncpg.Connection[asyncpg.Record], ctx: Context) -> None:
    await connection.execute("INSERT INTO ledger VALUES ($1, $2)", ctx.execution_id, ctx.step_id)


async def _die_once(ctx: Context) -> None:
    """Ends the process, unless it was ended here before."""
    own = await asyncpg.connect(os.environ["WEFT_TEST_DATABASE"])
    is_new = "INSERT INTO deaths VALUES ($1) ON CONFLICT DO NOTHING"
    if await own.execute(is_new, ctx.step_id) == "INSERT 0 1":
        os._exit(KILLED)
    await own.close()


async def kill(ctx: Context) -> None:
    """Takes its worker down."""
    os._exit(KILLED)


@durable("killed", into=registry)
async def killed(ctx: FunctionContext, input: dict[str, Any]) -> list[Any]:
    """Everything that a function can be killed in."""
    first = await ctx.step("book", name="reserve")
    both = await ctx.parallel(ctx.step("note", name="left"), ctx.step("ponder", name="right"))
    await ctx.sleep(0.05, name="nap")
    return [first, *both, await ctx.step("book", name="settle"), str(ctx.uuid())]


for function in (note, ponder, book, unbook, kill):
    registry.register(function.__name__, function)
