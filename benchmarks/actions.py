"""The actions of the measured workflows: they do nothing, so that what is measured is the engine."""

from weftline.authoring import Context, action


@action("bench.noop")
async def noop(ctx: Context) -> int:
    """Return at once."""
    return 1
