"""Letting everything happen that happens in a world, moment after moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from weftline.testing.execution import Execution
from weftline.testing.script import Performance
from weftline.testing.world import World

HORIZON = 10 * 365 * 86_400.0
"""Seconds: an execution that still goes round after ten years goes round for ever."""


async def play(
    world: World,
    scripts: Sequence[Performance],
    execution: Execution,
    end: float,
    check: Callable[[], None] | None = None,
) -> bool:
    """Go on until the execution has ended, or nothing can happen to it any more.

    Args:
        world: where.
        scripts: what happens from outside; each is gone through in order.
        execution: that everything is about.
        end: Unix seconds of the world's clock, at which to stop.
        check: called again and again; what it raises ends it.

    Returns:
        Whether something would still have happened after ``end``.
    """
    while True:
        await world.settle()
        if check is not None:
            check()
        if any(script.go_on() for script in scripts) or world.fire_timers():
            continue
        has_ended = execution.state.has_ended and not any(script.left for script in scripts)
        moments = [world.next_moment(), *(script.moment() for script in scripts)]
        known = [moment for moment in moments if moment is not None]
        if has_ended or not known:
            return False
        moment = min(known)
        if moment > end:
            world.now = end
            return True
        world.now = max(world.now, moment)
