"""Which workflows a definition starts, and whether one would start itself that way without end."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, cast

from weftline.language import Problem
from weftline.language.json_values import pointer

FALLBACK = ("settings", "errorHandling", "fallbackWorkflow")


class Target(NamedTuple):
    """What is started.

    Attributes:
        workflow_id: which workflow.
        version: which of its versions; None for the published one.
    """

    workflow_id: str
    version: int | None = None


class Call(NamedTuple):
    """A place in a definition that starts another workflow.

    Attributes:
        pointer: JSON pointer to it.
        target: what is started.
    """

    pointer: str
    target: Target


def calls_of(document: Mapping[str, Any]) -> list[Call]:
    """Where a valid definition starts other workflows: its subworkflow nodes, and its fallback."""
    return list(_calls(document))


def find_cycles(
    itself: Collection[Target], calls: Sequence[Call], known: Mapping[Target, Sequence[Call]]
) -> list[Problem]:
    """A problem for each place from which a workflow would come to start itself.

    Args:
        itself: the workflow, in every way in which others may start it.
        calls: the places.
        known: where the workflows start others that can be reached from there.
    """
    return [
        Problem(
            call.pointer,
            f"the workflow would start itself without end: {' → '.join((way[-1], *way))}",
            "Repeat steps with a loop.",
            "subworkflow_cycle",
        )
        for call in calls
        if (way := _way(call.target, itself, known)) is not None
    ]


def unknown_targets(calls: Sequence[Call], known: Mapping[Target, Sequence[Call]]) -> list[Problem]:
    """A remark for each place that starts what is not there. It may come later, so that nothing is wrong yet."""
    return [
        Problem(
            call.pointer,
            f"workflow '{call.target.workflow_id}' has no published version"
            + (f" {call.target.version}" if call.target.version is not None else ""),
            "Until it has, the step fails.",
            "unknown_workflow",
        )
        for call in calls
        if call.target not in known
    ]


def _calls(document: Mapping[str, Any]) -> Iterator[Call]:
    for index, node in enumerate(document["nodes"]):
        if node["type"] == "subworkflow":
            yield Call(pointer(("nodes", index, "workflow")), Target(node["workflow"], node.get("version")))
    value: object = document
    for name in FALLBACK:
        value = cast("dict[str, object]", value).get(name) if isinstance(value, dict) else None
    if isinstance(value, str):
        yield Call(pointer(FALLBACK), Target(value))


def _way(start: Target, goals: Collection[Target], known: Mapping[Target, Sequence[Call]]) -> list[str] | None:
    """The workflows on the shortest way from ``start`` to one of ``goals``, or None."""
    ways = {start: [start.workflow_id]}
    pending = deque([start])
    while pending:
        target = pending.popleft()
        if target in goals:
            return ways[target]
        for call in known.get(target, ()):
            if call.target not in ways:
                ways[call.target] = [*ways[target], call.target.workflow_id]
                pending.append(call.target)
    return None
