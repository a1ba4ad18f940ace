"""The graph of a definition: which node leads where.

It is read from the raw document and not from the model, so that mistakes in the graph are found in the same pass
as mistakes of shape: whatever has no usable shape is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, cast

from weftline.language.cel_lexer import string_literals
from weftline.language.fields import is_template
from weftline.language.json_values import pointer


def node_type(node: Mapping[str, Any]) -> str | None:
    """The raw ``type`` of a raw node, where it is text."""
    kind = node.get("type")
    return kind if isinstance(kind, str) else None


class EdgeKind(Enum):
    """How one node leads to another."""

    NEXT = "next"
    DEPENDENCY = "dependency"
    BRANCH = "branch"


@dataclass(frozen=True, slots=True)
class Edge:
    """A way from ``source`` to ``target``; ``pointer`` is where the definition says so."""

    source: str
    target: str
    kind: EdgeKind
    pointer: str


@dataclass(slots=True)
class Graph:
    """The nodes that have an id, and every edge that the definition names, also to nodes that are not there.

    Attributes:
        nodes: the raw nodes by id; of several with one id, the first.
        pointers: where each of them stands.
        duplicates: pointers and ids of the others.
        edges: in the definition's order.
    """

    nodes: dict[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    pointers: dict[str, str] = field(default_factory=dict[str, str])
    duplicates: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    edges: list[Edge] = field(default_factory=list[Edge])

    def successors(self, keep: Callable[[Edge], bool] | None = None) -> dict[str, list[str]]:
        """For each node, the nodes that it leads to by the edges to ``keep`` (None: all)."""
        targets: dict[str, list[str]] = {node: [] for node in self.nodes}
        for edge in self.edges:
            if edge.source in targets and edge.target in targets and (keep is None or keep(edge)):
                targets[edge.source].append(edge.target)
        return targets

    def dependencies(self) -> dict[str, set[str]]:
        """For each node that has dependencies, the nodes it waits for."""
        found: dict[str, set[str]] = {}
        for edge in self.edges:
            if edge.kind is EdgeKind.DEPENDENCY:
                found.setdefault(edge.target, set()).add(edge.source)
        return found

    def starts(self, start_node: str | None) -> tuple[str, ...]:
        """Where executions begin: ``start_node``, else the ``start`` node, else all that nothing leads to."""
        if start_node is not None:
            return (start_node,) if start_node in self.nodes else ()
        marked = tuple(node for node, raw in self.nodes.items() if node_type(raw) == "start")
        if marked:
            return marked
        entered = {edge.target for edge in self.edges if edge.source in self.nodes}
        return tuple(node for node in self.nodes if node not in entered)


def read_graph(document: Mapping[str, Any]) -> Graph:
    """The graph of ``document``, as far as its shape allows."""
    graph = Graph()
    for index, raw in enumerate(_list(document.get("nodes"))):
        node = cast("dict[str, Any]", raw) if isinstance(raw, dict) else {}
        node_id = node.get("id")
        if not isinstance(node_id, str):
            continue
        place = pointer(("nodes", index))
        if node_id in graph.nodes:
            graph.duplicates.append((f"{place}/id", node_id))
            continue
        graph.nodes[node_id] = node
        graph.pointers[node_id] = place
    for node_id, node in graph.nodes.items():
        graph.edges.extend(_edges(node_id, node, graph.pointers[node_id], graph.nodes))
    return graph


def chosen_by(template: str, targets: Iterable[str], nodes: Collection[str]) -> list[str]:
    """The nodes that a ``next`` with an expression may choose.

    Parameters:
        template: the ``next``.
        targets: the node's ``targets``; where there are none, the texts in quotes in ``template`` tell.
        nodes: the ids of all nodes.
    """
    return list(targets) or list(dict.fromkeys(text for text in string_literals(template) if text in nodes))


def _edges(source: str, node: Mapping[str, Any], place: str, nodes: Collection[str]) -> Iterator[Edge]:
    for name, where in _nexts(node, nodes):
        yield Edge(source, name, EdgeKind.NEXT, place + where)
    for name, where in _references(node):
        yield Edge(source, name, EdgeKind.NEXT, place + where)
    for name, where in _many("dependencies", node.get("dependencies")):
        yield Edge(name, source, EdgeKind.DEPENDENCY, place + where)
    for name, where in _routes("branches", node.get("branches")):
        yield Edge(source, name, EdgeKind.BRANCH, place + where)
    for name, where in _many("do", node.get("do")):
        yield Edge(source, name, EdgeKind.BRANCH, place + where)


def _nexts(node: Mapping[str, Any], nodes: Collection[str]) -> Iterator[tuple[str, str]]:
    following = node.get("next")
    if not is_template(following):
        yield from _many("next", following)
    elif node.get("targets"):
        yield from _many("targets", node["targets"])
    else:
        for name in chosen_by(following, (), nodes):
            yield name, "/next"


def _references(node: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in ("true", "false", "default"):
        if isinstance(node.get(name), str):
            yield node[name], f"/{name}"
    yield from _routes("cases", node.get("cases"))
    yield from _routes("timeout", node.get("timeout"), shorthand=False)
    yield from _routes("firstOf", node.get("firstOf"), shorthand=False)
    yield from _routes("onError", node.get("onError"))
    outcomes = node.get("outcomes")
    if isinstance(outcomes, dict):
        for outcome, target in cast("dict[str, object]", outcomes).items():
            if isinstance(target, str):
                yield target, pointer(("outcomes", outcome))


def _many(name: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield value, f"/{name}"
    for index, item in enumerate(_list(value)):
        if isinstance(item, str):
            yield item, f"/{name}/{index}"


def _routes(name: str, value: object, *, shorthand: bool = True) -> Iterator[tuple[str, str]]:
    """The targets of an object with ``next``, of a list of them, and of the shorthand: a bare node id."""
    if isinstance(value, list):
        for index, item in enumerate(cast("list[object]", value)):
            yield from _routes(f"{name}/{index}", item, shorthand=shorthand)
    elif isinstance(value, dict):
        target = cast("dict[str, object]", value).get("next")
        if isinstance(target, str):
            yield target, f"/{name}/next"
    elif isinstance(value, str) and shorthand:
        yield value, f"/{name}"


def _list(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []


def reachable(starts: Iterable[str], successors: Mapping[str, list[str]]) -> set[str]:
    """Every node that can be come to from ``starts``, themselves included."""
    seen = set(starts)
    pending = list(seen)
    while pending:
        for target in successors[pending.pop()]:
            if target not in seen:
                seen.add(target)
                pending.append(target)
    return seen


def cycles(successors: Mapping[str, list[str]]) -> list[list[str]]:
    """The strongly connected components that hold a cycle (Tarjan's algorithm, without recursion)."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    found: list[list[str]] = []
    for root in successors:
        if root in order:
            continue
        work: list[tuple[str, Iterator[str]]] = [(root, iter(successors[root]))]
        order[root] = low[root] = len(order)
        stack.append(root)
        on_stack.add(root)
        while work:
            node, targets = work[-1]
            target = next(targets, None)
            if target is not None:
                if target not in order:
                    order[target] = low[target] = len(order)
                    stack.append(target)
                    on_stack.add(target)
                    work.append((target, iter(successors[target])))
                elif target in on_stack:
                    low[node] = min(low[node], order[target])
                continue
            work.pop()
            if work:
                parent = work[-1][0]
                low[parent] = min(low[parent], low[node])
            if low[node] == order[node]:
                component = _pop_component(node, stack, on_stack)
                if len(component) > 1 or node in successors[node]:
                    found.append(component)
    return found


def _pop_component(root: str, stack: list[str], on_stack: set[str]) -> list[str]:
    component: list[str] = []
    while True:
        node = stack.pop()
        on_stack.discard(node)
        component.append(node)
        if node == root:
            return component[::-1]
