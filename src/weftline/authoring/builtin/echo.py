"""The action ``echo``."""

from __future__ import annotations

from typing import Any

from weftline.authoring.action import action
from weftline.authoring.context import Context


@action("echo", input={"type": "object"}, output={"type": "object"})
async def echo(ctx: Context) -> dict[str, Any]:
    """Return the step's input as its output."""
    return ctx.input
