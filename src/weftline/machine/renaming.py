"""Nodes under other names: what a migration to another version changes in a state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

from weftline.model.stepkey import UNDO, key_of, parse_key, place_of, undo_key

if TYPE_CHECKING:
    from weftline.machine.state import State
    from weftline.machine.step import Step

V = TypeVar("V")


def rename_nodes(state: State, nodes: Mapping[str, str]) -> None:
    """Call nodes by their new names wherever the state names them.

    Args:
        state: changed in place.
        nodes: from old to new id; others keep theirs.
    """
    if not nodes:
        return
    names = _Names(nodes)
    steps = {id(step): step for steps in (state.open, state.latest) for step in steps.values()}
    for step in steps.values():
        names.rename_step(step)
    state.open = {step.key: step for step in state.open.values()}
    state.working = {
        names.scope(scope): {step.key: step for step in steps.values()} for scope, steps in state.working.items()
    }
    state.timers = {names.key(key): at for key, at in state.timers.items()}
    state.latest = {place_of(step.node, step.scope): step for step in state.latest.values()}
    state.visits = names.places(state.visits)
    state.done = names.places(state.done)
    state.offsets = names.places(state.offsets)
    state.held = {names.scope(scope): [nodes.get(node, node) for node in held] for scope, held in state.held.items()}
    state.undo = {names.key(key): entry for key, entry in state.undo.items()}
    state.places = {
        names.scope(scope): [names.place(place) for place in places] for scope, places in state.places.items()
    }
    state.inner = {
        names.scope(scope): {names.scope(inner): None for inner in scopes} for scope, scopes in state.inner.items()
    }


class _Names:
    def __init__(self, nodes: Mapping[str, str]) -> None:
        self._nodes = nodes

    def scope(self, scope: str) -> str:
        if not scope:
            return scope
        parts = (part.split(":", 1) for part in scope.split("/"))
        return "/".join(f"{self._nodes.get(node, node)}:{rest}" for node, rest in parts)

    def key(self, key: str) -> str:
        node, scope, visit = parse_key(key)
        renamed = key_of(self._nodes.get(node, node), self.scope(scope), visit)
        return undo_key(renamed) if key.startswith(UNDO) else renamed

    def place(self, place: str) -> str:
        node, _, scope = place.partition("@")
        return place_of(self._nodes.get(node, node), self.scope(scope))

    def places(self, values: Mapping[str, V]) -> dict[str, V]:
        return {self.place(place): value for place, value in values.items()}

    def rename_step(self, step: Step) -> None:
        before, step.key = step.key, self.key(step.key)
        if step.status.is_open and step.origin is None and step.key != before:
            step.origin = before
        step.node = self._nodes.get(step.node, step.node)
        step.scope = self.scope(step.scope)
