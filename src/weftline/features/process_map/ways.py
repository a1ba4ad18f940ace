"""The ways that a definition has: from node to node, each with what it is called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from weftline.language.graph import Edge, EdgeKind, node_type, read_graph


@dataclass(frozen=True, slots=True)
class Way:
    """A way from one node to another.

    Attributes:
        source, target: the nodes' ids.
        kind: how one leads to the other.
        label: what it is called: a case, an outcome, a branch; None for the way straight on.
        is_of_loop: it leads into the iterations of a loop.
    """

    source: str
    target: str
    kind: EdgeKind
    label: str | None = None
    is_of_loop: bool = False


@dataclass(frozen=True, slots=True)
class Ways:
    """A definition's nodes and ways.

    Attributes:
        nodes: their ids, in the definition's order.
        ways: in the definition's order.
        straight: for each node, where its token goes where the log does not say otherwise.
        joined: the nodes that wait for all of their dependencies.
    """

    nodes: Sequence[str]
    ways: Sequence[Way]
    straight: Mapping[str, frozenset[str]]
    joined: frozenset[str]


def ways_of(definition: Mapping[str, Any]) -> Ways:
    """The ways of a valid definition."""
    graph = read_graph(definition)
    loops = {node for node, raw in graph.nodes.items() if node_type(raw) == "loop"}
    found: dict[Way, None] = {}
    straight: dict[str, set[str]] = {node: set() for node in graph.nodes}
    for edge in graph.edges:
        field = _field(edge)
        # whoever waits for a node says so itself
        owner = edge.target if edge.kind is EdgeKind.DEPENDENCY else edge.source
        is_of_loop = edge.kind is EdgeKind.BRANCH and edge.source in loops
        label = _label(graph.nodes[owner], field)
        found[Way(edge.source, edge.target, edge.kind, label, is_of_loop)] = None
        if edge.kind is EdgeKind.NEXT and field[0] == "next":
            straight[edge.source].add(edge.target)
    return Ways(
        tuple(graph.nodes),
        tuple(found),
        {node: frozenset(targets) for node, targets in straight.items()},
        frozenset(graph.dependencies()),
    )


def _field(edge: Edge) -> list[str]:
    """Where in its node an edge stands."""
    return [part.replace("~1", "/").replace("~0", "~") for part in edge.pointer.split("/")[3:]]


def _label(node: Mapping[str, Any], field: Sequence[str]) -> str | None:
    match field:
        case [("true" | "false" | "default" | "timeout") as name, *_]:
            return name
        case ["onError", *_]:
            return "error"
        case ["outcomes", outcome]:
            return outcome
        case ["cases", index, *_]:
            case = node["cases"][int(index)]
            return case.get("label") or str(case["when"])
        case ["branches", index, *_]:
            branch: object = node["branches"][int(index)]
            return cast("dict[str, Any]", branch).get("name") if isinstance(branch, dict) else None
        case ["firstOf", index, *_]:
            alternative = node["firstOf"][int(index)]
            return alternative.get("name") or alternative.get("event") or "time"
        case _:
            return None
