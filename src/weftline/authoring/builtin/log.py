"""The action ``log``."""

from __future__ import annotations

from typing import Any

from weftline.authoring.action import action
from weftline.authoring.context import Context
from weftline.authoring.errors import ActionError

LEVELS = ("debug", "info", "warning", "error")


_INPUT: dict[str, Any] = {
    "type": "object",
    "required": ["message"],
    "properties": {
        "message": {"type": "string", "description": "What to write."},
        "level": {"enum": list(LEVELS), "default": "info"},
    },
}


@action("log", title="Write to the log", input=_INPUT, output={"type": "null"})
async def log(ctx: Context) -> None:
    """Write ``message`` to the worker's log.

    Input:
        message: a string.
        level: ``debug``, ``info`` (the default), ``warning`` or ``error``.
    """
    message: Any = ctx.input.get("message")
    level: Any = ctx.input.get("level", "info")
    if not isinstance(message, str):
        raise ActionError("log: 'message' must be a string", code="invalid_input", retryable=False)
    if level not in LEVELS:
        raise ActionError(f"log: 'level' must be one of {', '.join(LEVELS)}", code="invalid_input", retryable=False)
    getattr(ctx.logger, level)(message)
