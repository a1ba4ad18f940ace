"""Whether an execution can go on with another version of its definition, without losing any of its state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from weftline.language.program import Node, Program
from weftline.machine.state import State
from weftline.machine.step import Loop, Step
from weftline.model.stepkey import parse_key, place_of


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an execution cannot be migrated.

    Attributes:
        code: stable, in snake_case.
        node: the node's id in the version that it runs now.
        message: one sentence for a person.
    """

    code: str
    node: str
    message: str

    def to_json(self) -> dict[str, Any]:
        """The wire form."""
        return {"code": self.code, "stepId": self.node, "message": self.message}


def check(old: Program, new: Program, state: State, nodes: Mapping[str, str]) -> list[Problem]:
    """Everything that keeps an execution from going on with another version.

    Args:
        old: what it runs now.
        new: what it is to run.
        state: where it stands.
        nodes: from a node's id now to its id then; one that is not named keeps its id.

    Returns:
        The problems; none where it can go on.
    """
    return _Check(old, new, nodes).problems_of(state)


class _Check:
    def __init__(self, old: Program, new: Program, nodes: Mapping[str, str]) -> None:
        self._old = old
        self._new = new
        self._nodes = nodes
        self._problems: dict[tuple[str, str], Problem] = {}

    def problems_of(self, state: State) -> list[Problem]:
        if self._old.id != self._new.id:
            self._add("other_workflow", "", f"'{self._new.id}' is another workflow")
            return list(self._problems.values())
        if self._new.encrypts and not self._old.encrypts:
            # they are sealed from an execution's start or never: what is in its log cannot be changed
            self._add("not_encrypted", "", "the other version encrypts payloads, and those of this execution are not")
        if self._old.function is not None or self._new.function is not None:
            self._check_functions()
            return list(self._problems.values())
        self._check_mapping()
        self._check_reuse(state)
        for step in state.open.values():
            if not step.is_undo:
                self._check_open(step)
        for held in state.held.values():
            for node in held:
                if self._then(node) is None:
                    self._add("live_node_missing", node, f"a token is held at '{node}', which the other version lacks")
        for key, entry in state.undo.items():
            node, _, _ = parse_key(key)
            if entry.action is not None and self._then(node) is None:
                self._add("undo_missing", node, f"'{node}' has completed and can be undone; the other version lacks it")
        self._check_joins(state)
        return list(self._problems.values())

    def _check_functions(self) -> None:
        """Whether a function fits the calls that are made already shows when it makes them again."""
        if self._old.function is None or self._new.function is None:
            self._add("other_kind", "", "one of the versions is a durable function, and the other is not")
        for node in self._nodes:
            self._add("unknown_node", node, "the steps of a durable function cannot be renamed")

    def _check_mapping(self) -> None:
        for node, other in self._nodes.items():
            if node not in self._old.nodes:
                self._add("unknown_node", node, f"there is no node '{node}' in the version that it runs now")
            if other not in self._new.nodes:
                self._add("unknown_node", node, f"there is no node '{other}' in the other version")
        taken = {node for node in self._old.nodes if node not in self._nodes}
        for node, other in self._nodes.items():
            if other in taken and other in self._new.nodes:
                self._add("ambiguous_mapping", node, f"'{other}' would stand for two nodes")
            taken.add(other)

    def _check_reuse(self, state: State) -> None:
        """A node that takes the name of one that has begun would use its keys, and so its tasks, once more."""
        begun = {place.partition("@")[0] for place in state.visits}
        for node, other in self._nodes.items():
            if other != node and node in begun and node in self._new.nodes:
                self._add("name_reused", node, f"'{node}' has begun, and the other version calls another node so")

    def _check_open(self, step: Step) -> None:
        before, then = self._old.nodes[step.node], self._then(step.node)
        if then is None:
            self._add("live_node_missing", step.node, f"it is at '{step.node}', which the other version lacks")
            return
        if then.kind is not before.kind:
            self._add("kind_changed", step.node, f"'{then.id}' is of another type in the other version")
            return
        if isinstance(step.branches, Loop):
            is_same = (then.items is None) == (before.items is None) and then.body == self._name(before.body)
            if not is_same:
                self._add("body_changed", step.node, f"the loop '{then.id}' is at work, and goes round otherwise there")
        elif step.branches is not None:
            ours = [self._name(branch.start) for branch in before.branches]
            if [branch.start for branch in then.branches] != ours:
                self._add("branches_changed", step.node, f"'{then.id}' is at work, and has other branches there")

    def _check_joins(self, state: State) -> None:
        """Tokens that wait before a join would be lost where the other version does not wait for them."""
        scopes = {place.partition("@")[2] for place in state.done}
        for join in self._old.joins:
            dependencies = self._old.nodes[join].dependencies
            for scope in scopes:
                entered = state.entered(place_of(join, scope))
                arrived = [node for node in dependencies if state.done.get(place_of(node, scope), 0) > entered]
                if not arrived or len(arrived) == len(dependencies):
                    continue
                then = self._then(join)
                if then is None or not {self._name(node) for node in arrived} <= set(then.dependencies):
                    self._add("join_changed", join, f"steps have completed that '{join}' waits for, and would be lost")

    def _name(self, node: str) -> str:
        return self._nodes.get(node, node)

    def _then(self, node: str) -> Node | None:
        return self._new.nodes.get(self._name(node))

    def _add(self, code: str, node: str, message: str) -> None:
        self._problems.setdefault((code, node), Problem(code, node, message))
