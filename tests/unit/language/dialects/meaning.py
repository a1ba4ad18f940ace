"""Whether two definitions mean the same, though they say it in other ways."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from weftline.language.dialects.writing import normal_form
from weftline.language.durations import parse_duration
from weftline.language.fields import is_template
from weftline.language.graph import Edge, EdgeKind, read_graph

SILENT = ("start", "end")
DURATIONS = frozenset({"duration", "timeout", "deadline", "dueIn", "initialInterval", "maxInterval", "retryDelay"})


def meaning(definition: dict[str, Any]) -> dict[str, Any]:
    """What a definition says, without what only looks different: order, ui, starts and ends, and whether a single
    node that leads to another is said to be waited for."""
    found = _plain(normal_form(definition))
    for named in (found, *found["nodes"]):
        if named.get("name") == named["id"]:
            del named["name"]
    for node in found["nodes"]:
        if "approved" in node.get("outcomes", {}) and "next" not in node:
            node["next"] = [node["outcomes"].pop("approved")]
    graph = read_graph(found)
    silent = {node["id"] for node in found["nodes"] if node["type"] in SILENT}
    starts: set[str] = set()
    for start in graph.starts(found.get("startNode")):
        starts |= set(graph.successors()[start]) if start in silent else {start}
    dependencies = graph.dependencies()
    sources = {node: {edge.source for edge in graph.edges if edge.target == node} for node in graph.nodes}

    def kind(edge: Edge) -> str:
        is_plain = edge.kind is EdgeKind.NEXT and edge.target in _nexts(graph.nodes[edge.source])
        if edge.target in dependencies:
            return "waits" if len(sources[edge.target]) > 1 else "follows"
        return "follows" if is_plain and len(sources[edge.target]) == 1 else edge.kind.value

    edges = {(edge.source, edge.target, kind(edge)) for edge in graph.edges if not {edge.source, edge.target} & silent}
    nodes = {
        node["id"]: {name: value for name, value in node.items() if name not in ("next", "dependencies", "ui")}
        for node in found["nodes"]
        if node["id"] not in silent
    }
    rest = {name: value for name, value in found.items() if name not in ("nodes", "startNode", "ui")}
    return {**rest, "nodes": nodes, "edges": edges, "starts": starts - silent}


def _plain(value: Any) -> Any:
    """``value`` with its durations in seconds."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: _seconds(item) if name in DURATIONS else _plain(item) for name, item in value.items()}


def _seconds(value: Any) -> Any:
    return _plain(value) if isinstance(value, dict) or is_template(value) else parse_duration(value)


def _nexts(node: Any) -> Iterator[str]:
    following = node.get("next", [])
    yield from [following] if isinstance(following, str) else following
