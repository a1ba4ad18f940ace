"""What the workflows under fault do. Worker processes and the tests' own workers run the same actions."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from typing import Any

import asyncpg

from weftline.authoring import ActionRegistry, Context, FunctionContext, durable
from weftline.authoring.integrations import Connection, Integration, Item, Poll

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
    if await _is_first(ctx.step_id):
        os._exit(KILLED)


async def _is_first(place: str) -> bool:
    """Whether no process has come to a place before that it ends at."""
    own = await asyncpg.connect(os.environ["WEFT_TEST_DATABASE"])
    is_new = "INSERT INTO deaths VALUES ($1) ON CONFLICT DO NOTHING"
    try:
        return await own.execute(is_new, place) == "INSERT 0 1"
    finally:
        await own.close()


NUMBERS, WAVES = 60, 20
"""How many events the two triggers below have."""

tide = Integration("tide", title="Tide", description="Comes and goes.", category="developer", needs_connection=False)


@tide.trigger("numbers", title="Numbers", type="POLLING", config={"type": "object"}, output={"type": "integer"})
async def numbers(connection: Connection, config: Mapping[str, Any], cursor: Any) -> Poll:
    """Ten numbers and, again, the two before them. At some the worker dies when they are found and not yet stored."""
    at = cursor or 0
    end = min(at + 10, NUMBERS)
    if at % 30 == 0 and at < NUMBERS and await _is_first(f"numbers {at}"):
        asyncio.get_running_loop().call_soon(os._exit, KILLED)
    return Poll([Item(str(number), number) for number in range(max(at - 2, 0), end)], end, is_more=end < NUMBERS)


@tide.trigger("waves", title="Waves", type="EVENT", config={"type": "object"}, output={"type": "integer"})
async def waves(connection: Connection, config: Mapping[str, Any], cursor: Any) -> AsyncIterator[Poll]:
    """Numbers of a table, which are settled when they are stored. At some the worker dies in between."""
    own = await asyncpg.connect(os.environ["WEFT_TEST_DATABASE"])
    try:
        while rows := await own.fetch("SELECT n FROM waves WHERE NOT settled ORDER BY n LIMIT 5"):
            found = [row["n"] for row in rows]
            yield Poll([Item(str(number), number) for number in found], None)
            if found[0] % 10 == 0 and await _is_first(f"waves {found[0]}"):
                os._exit(KILLED)
            await own.execute("UPDATE waves SET settled = true WHERE n = ANY ($1::int[])", found)
        # no more will come
        await asyncio.Event().wait()
    finally:
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
