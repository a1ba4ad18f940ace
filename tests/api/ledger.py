"""Actions that write down what they do, and workflows made of them."""

from __future__ import annotations

from typing import Any

from weftline.authoring import ActionError, ActionRegistry, Context

ONCE: dict[str, Any] = {"maxAttempts": 1}


class Ledger:
    """What was done and undone, in order: ``pay``, ``undo pay``.

    Attributes:
        lines: what happened.
        inputs: with what each was done last.
        broken: what fails for good while it is in here.
        down: what fails, and may be tried again.
        registry: the actions ``do`` and ``undo``.
    """

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.inputs: dict[str, Any] = {}
        self.broken: set[str] = set()
        self.down: set[str] = set()
        self.registry = ActionRegistry()
        self.registry.register("do", self._do)
        self.registry.register("undo", self._undo)

    async def _do(self, ctx: Context) -> Any:
        return self._note(ctx.step_id.partition("@")[0].partition("~")[0], ctx)

    async def _undo(self, ctx: Context) -> Any:
        return self._note(f"undo {ctx.input}", ctx)

    def _note(self, line: str, ctx: Context) -> Any:
        if line in self.broken:
            raise ActionError(f"{line} is broken", code="broken", retryable=False)
        if line in self.down:
            raise ActionError(f"{line} is down", code="down")
        self.lines.append(line)
        self.inputs[line] = ctx.input
        return line


def step(id: str, **fields: Any) -> dict[str, Any]:
    """A step that is done once, and cannot be undone."""
    return {"id": id, "type": "action", "action": "do", "retry": ONCE, **fields}


def undoable(id: str, **fields: Any) -> dict[str, Any]:
    """A step that can be undone."""
    return step(id, compensate={"action": "undo", "input": id, "retry": ONCE}, **fields)


def line(id: str, *nodes: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A workflow of nodes one after the other."""
    following = [{"next": node["id"]} for node in nodes[1:]]
    linked = [{**after, **node} for node, after in zip(nodes, [*following, {}], strict=True)]
    return {"id": id, "nodes": linked, **fields}


TRIP = line(
    "trip",
    undoable("flight"),
    step("mail"),
    undoable("hotel", input={"nights": "${ nights }"}),
    {"id": "ready", "type": "wait", "event": "ready"},
    undoable("car"),
)
"""Undoes all but its mail, and waits before its last step."""
