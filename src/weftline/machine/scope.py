"""The names that a definition's expressions can see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from weftline.machine.state import State
from weftline.machine.step import Loop, Step
from weftline.model.stepkey import is_within, key_of, owner_of, place_of

if TYPE_CHECKING:
    from _collections_abc import dict_items


REVEALING = "$vars"
"""A fact that no expression can name: ``vars`` as an action's input sees it, with markers in the place of secrets."""


def revealing(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The names of the moment with which an action's input is rendered that reads variables."""
    return {"vars": facts[REVEALING]} if REVEALING in facts else {}


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

    def with_names(self, extra: Mapping[str, Any]) -> ExecutionScope:
        """The same with other names of the moment."""
        return ExecutionScope(self._state, self._facts, self._scope, extra)

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
            case "item" | "index" if self._scope:
                return self._of_loop(name)
            case _:
                if name in self._facts:
                    return self._facts[name]
                for loop, number in self._loops():
                    if loop.alias == name and loop.items is not None:
                        return loop.items[number]
                return state.data[name]

    def _of_loop(self, name: str) -> Any:
        """``item`` or ``index`` of the innermost loop around."""
        for loop, number in self._loops():
            if name == "index":
                return number
            if loop.items is not None:
                return loop.items[number]
        raise KeyError(name)

    def _loops(self) -> Iterator[tuple[Loop, int]]:
        """The loops around, the innermost first, and the numbers of the iterations."""
        scope = self._scope
        while scope:
            key, number = owner_of(scope)
            step = self._state.open.get(key)
            if step is not None and isinstance(step.branches, Loop):
                yield step.branches, number
            scope = scope.rpartition("/")[0]


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
                return (
                    state.open.get(key_of(node, scope, visit))
                    or self._gone_back_into(node, scope)
                    or state.latest.get(place)
                )
            if not scope:
                return None
            scope = scope.rpartition("/")[0]

    def _gone_back_into(self, node: str, scope: str) -> Step | None:
        """A step that is open again since the execution went back into it; it keeps the number that it had."""
        if not self._state.rewinds:
            return None
        steps = self._state.working.get(scope, {})
        return next((step for step in steps.values() if step.node == node), None)


def _view(step: Step) -> dict[str, Any]:
    view: dict[str, Any] = {"status": step.status.value, "output": step.output, "attempt": step.attempt}
    if step.error is not None:
        view["error"] = step.error
    return view
