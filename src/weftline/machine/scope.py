"""The names that a definition's expressions can see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from weftline.machine.state import State
from weftline.machine.step import Step
from weftline.model.stepkey import is_within, key_of, place_of

if TYPE_CHECKING:
    from _collections_abc import dict_items


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
                return StepViews(state, self._scope)
            case "event":
                return state.last_event
            case "error":
                return state.last_error
            case _:
                if name in self._facts:
                    return self._facts[name]
                return state.data[name]


class StepViews(dict[str, dict[str, Any]]):
    """``steps``: what expressions see of each step, by node. Each view is made when it is asked for.

    Of a node that ran several times it shows the last time; of one that also ran further out, the innermost.

    Args:
        state: the execution's state.
        scope: the branch that it is seen from.
    """

    def __init__(self, state: State, scope: str) -> None:
        super().__init__()
        self._state = state
        self._scope = scope

    def __missing__(self, node: str) -> dict[str, Any]:
        step = self._find(node)
        if step is None:
            raise KeyError(node)
        view = self[node] = _view(step)
        return view

    def __contains__(self, node: object) -> bool:
        return isinstance(node, str) and self._find(node) is not None

    def items(self) -> dict_items[str, dict[str, Any]]:
        """All of them, made at once."""
        nodes = {
            step.node
            for steps in (self._state.latest, self._state.open)
            for step in steps.values()
            if is_within(self._scope, step.scope)
        }
        return {node: self[node] for node in nodes}.items()

    def _find(self, node: str) -> Step | None:
        state, scope = self._state, self._scope
        while True:
            place = place_of(node, scope)
            visit = state.visits.get(place)
            if visit is not None:
                return state.open.get(key_of(node, scope, visit)) or state.latest.get(place)
            if not scope:
                return None
            scope = scope.rpartition("/")[0]


def _view(step: Step) -> dict[str, Any]:
    view: dict[str, Any] = {"status": step.status.value, "output": step.output, "attempt": step.attempt}
    if step.error is not None:
        view["error"] = step.error
    return view
