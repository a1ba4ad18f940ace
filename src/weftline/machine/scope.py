"""The names that a definition's expressions can see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from weftline.machine.state import State
from weftline.model.stepkey import is_within


class ExecutionScope:
    """Looks names up in a state: the reserved ones first, then the shared data's top-level keys.

    Args:
        state: the execution's state.
        facts: ``execution``, ``tenant`` and ``vars``: what does not change while it runs.
        scope: the branch that the expression is evaluated in; it sees its own steps and those around it.
        extra: names of the moment, such as ``result``.
    """

    __slots__ = ("_extra", "_facts", "_scope", "_state")

    def __init__(
        self, state: State, facts: Mapping[str, Any], scope: str = "", extra: Mapping[str, Any] | None = None
    ) -> None:
        self._state = state
        self._facts = facts
        self._scope = scope
        self._extra = extra

    def lookup(self, name: str) -> Any:
        """The value of ``name``; raises KeyError where there is none."""
        if self._extra is not None and name in self._extra:
            return self._extra[name]
        state = self._state
        match name:
            case "input":
                return state.input
            case "data":
                return state.data
            case "steps":
                return self._steps()
            case "event":
                return state.last_event
            case "error":
                return state.last_error
            case _:
                if name in self._facts:
                    return self._facts[name]
                return state.data[name]

    def _steps(self) -> dict[str, dict[str, Any]]:
        steps: dict[str, dict[str, Any]] = {}
        depths: dict[str, int] = {}
        for step in (*self._state.latest.values(), *self._state.open.values()):
            # the innermost branch's own step hides one of the same node further out
            if is_within(self._scope, step.scope) and len(step.scope) >= depths.get(step.node, 0):
                depths[step.node] = len(step.scope)
                view: dict[str, Any] = {
                    "status": step.status.value,
                    "output": step.output,
                    "attempt": step.attempt,
                }
                if step.error is not None:
                    view["error"] = step.error
                steps[step.node] = view
        return steps
