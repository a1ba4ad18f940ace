"""What the workflows under fault do. Worker processes and the tests' own workers run the same actions."""

from __future__ import annotations

import os

from weftline.authoring import ActionRegistry, Context

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


async def kill(ctx: Context) -> None:
    """Takes its worker down."""
    os._exit(KILLED)


for function in (note, ponder, book, kill):
    registry.register(function.__name__, function)
