"""Which step of a definition leads to which, and how to lead it elsewhere.

A definition is taken as it is written (plain dicts and lists); nothing here judges more of it than its edges.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

Step = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Edge:
    """A place in a definition that names a step to go on with.

    Attributes:
        source: the step that leads there; empty for the workflow's ``startNode``.
        way: how, for people: ``next``, ``outcomes/rejected``.
        target: the step that it leads to.
        holder, key: where the target's id is written.
    """

    source: str
    way: str
    target: str
    holder: Any
    key: str | int

    @property
    def is_next(self) -> bool:
        """Whether it is a step's ``next``, which may be left out or be a list."""
        return self.way == "next"

    def lead_to(self, target: str) -> None:
        """Write another target."""
        self.holder[self.key] = target


def steps_of(definition: Mapping[str, Any]) -> list[Step]:
    """The steps of a definition, as they are written in it."""
    nodes = definition.get("nodes")
    return [node for node in cast("list[Any]", nodes) if isinstance(node, dict)] if isinstance(nodes, list) else []


def named(step: Mapping[str, Any], key: str) -> list[str]:
    """The ids under a key that holds one or several, such as ``dependencies``; none where it holds something else."""
    value = step.get(key)
    if isinstance(value, str):
        return [value]
    return [each for each in cast("list[Any]", value) if isinstance(each, str)] if isinstance(value, list) else []


def next_of(step: Mapping[str, Any]) -> list[str]:
    """The ids in a step's ``next``; none where it is left out or computed."""
    return [] if is_computed(step) else named(step, "next")


def is_computed(step: Mapping[str, Any]) -> bool:
    """Whether an expression chooses the step that follows."""
    return "${" in str(step.get("next", ""))


def edges_of(definition: dict[str, Any]) -> Iterator[Edge]:
    """Every edge of a definition, the computed ones by the ``targets`` that they may choose."""
    if isinstance(definition.get("startNode"), str):
        yield Edge("", "startNode", definition["startNode"], definition, "startNode")
    for step in steps_of(definition):
        for way, holder, key in _places(step):
            if isinstance(holder[key], str):
                yield Edge(str(step.get("id")), way, holder[key], holder, key)


def entrances(definition: dict[str, Any]) -> set[str]:
    """The steps that nothing leads to."""
    led_to = {edge.target for edge in edges_of(definition)}
    led_to |= {str(step.get("id")) for step in steps_of(definition) if step.get("dependencies")}
    return {str(step.get("id")) for step in steps_of(definition)} - led_to


def _places(step: Step) -> Iterator[tuple[str, Any, str | int]]:
    """Where a step names others: the way, and what holds the id under which key."""
    if not is_computed(step):
        yield from _one_or_many(step, "next")
    yield from _one_or_many(step, "targets")
    for key in ("true", "false", "default", "do"):
        if key in step:
            yield key, step, key
    outcomes = step.get("outcomes")
    if isinstance(outcomes, dict):
        for outcome in cast("dict[str, Any]", outcomes):
            yield f"outcomes/{outcome}", outcomes, outcome
    if isinstance(step.get("timeout"), dict) and "next" in step["timeout"]:
        yield "timeout", step["timeout"], "next"
    yield from _one_or_many(step, "onError")
    for key in ("cases", "firstOf", "branches"):
        yield from _one_or_many(step, key)


def _one_or_many(step: Step, key: str) -> Iterator[tuple[str, Any, str | int]]:
    """An id, an object with ``next``, or a list of these."""
    value = step.get(key)
    if isinstance(value, list):
        items = cast("list[Any]", value)
        for index, item in enumerate(items):
            if isinstance(item, dict):
                if "next" in item:
                    yield f"{key}/{index}", item, "next"
            else:
                yield "next" if key == "next" else f"{key}/{index}", items, index
    elif isinstance(value, dict):
        if "next" in value:
            yield key, value, "next"
    elif value is not None:
        yield key, step, key
