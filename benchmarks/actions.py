"""The actions of the measured workflows: they do nothing, so that what is measured is the engine."""

from typing import Any

from weftline.authoring import Context, action
from weftline.authoring.function import durable
from weftline.authoring.function_context import FunctionContext

STEPS = 10
"""Actions of one execution of ``w10``, and of ``f10``."""


@action("bench.noop")
async def noop(ctx: Context) -> int:
    """Return at once."""
    return 1


@durable("f10")
async def f10(ctx: FunctionContext, input: dict[str, Any]) -> int:
    """Call it ten times."""
    total = 0
    for _ in range(STEPS):
        total += await ctx.step(noop)
    return total
