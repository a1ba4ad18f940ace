"""Which steps come before a node, and which of them have certainly run when it does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from weftline.language.graph import Edge, EdgeKind, Graph, node_type, reachable


@dataclass(frozen=True, slots=True)
class Before:
    """What comes before a node.

    Attributes:
        nodes: ids of those that may have run, in the definition's order.
        certain: those of them that have completed, whatever way the execution took.
        around: ids of the loops and parallel nodes within which the node is, the innermost first. They are not over.
        inside: ids of the nodes within those loops and parallel nodes that come before.
        has_failed: some way to it is one that a failed step takes.
    """

    nodes: Sequence[str] = ()
    certain: frozenset[str] = frozenset()
    around: Sequence[str] = ()
    inside: frozenset[str] = frozenset()
    has_failed: bool = False


def before(graph: Graph, node_id: str, start_node: str | None) -> Before:
    """What comes before a node of a graph, which may be incomplete."""
    entering: dict[str, list[Edge]] = {node: [] for node in graph.nodes}
    for edge in graph.edges:
        if edge.source in entering and edge.target in entering:
            entering[edge.target].append(edge)
    ancestors = _ancestors(entering, (edge.source for edge in entering[node_id]))
    region = ancestors | {node_id}
    around = _around(graph, entering, region)
    order = [node for node in graph.nodes if node in ancestors and node not in around]
    numbers = _numbers(graph)
    certain = _certain(graph, entering, region, graph.starts(start_node))[node_id]
    return Before(
        nodes=order,
        certain=frozenset(node for node in order if certain >> numbers[node] & 1),
        around=around,
        inside=_inside(graph, [node for node in order if node_type(graph.nodes[node]) in _OWNERS]),
        has_failed=any(_field(edge) == "onError" for node in region for edge in entering[node]),
    )


def outside_of_all(graph: Graph) -> list[str]:
    """The nodes that are within no loop and no parallel node, in the definition's order."""
    within = _inside(graph, [node for node, raw in graph.nodes.items() if node_type(raw) in _OWNERS])
    return [node for node in graph.nodes if node not in within]


_OWNERS = frozenset({"loop", "parallel"})


def _numbers(graph: Graph) -> Mapping[str, int]:
    return {node: number for number, node in enumerate(graph.nodes)}


def _ancestors(entering: Mapping[str, Sequence[Edge]], from_: Iterable[str]) -> set[str]:
    return reachable(from_, {node: [edge.source for edge in edges] for node, edges in entering.items()})


def _around(graph: Graph, entering: Mapping[str, Sequence[Edge]], region: set[str]) -> list[str]:
    owners = {edge.source for edge in graph.edges if edge.kind is EdgeKind.BRANCH and edge.target in region}
    found = [node for node in graph.nodes if node in owners]
    # an owner within another one comes after it
    depth = {node: len(owners & _ancestors(entering, (edge.source for edge in entering[node]))) for node in found}
    return sorted(found, key=lambda node: -depth[node])


def _inside(graph: Graph, owners: Iterable[str]) -> frozenset[str]:
    wanted = set(owners)
    heads = {edge.target for edge in graph.edges if edge.kind is EdgeKind.BRANCH and edge.source in wanted}
    return frozenset(reachable(heads & graph.nodes.keys(), graph.successors()))


def _certain(
    graph: Graph, entering: Mapping[str, Sequence[Edge]], region: set[str], starts: Iterable[str]
) -> dict[str, int]:
    """For each node of a region the nodes that have completed on every way to it, as bits."""
    numbers = _numbers(graph)
    everything = (1 << len(numbers)) - 1
    begins = set(starts)
    found = {node: 0 if node in begins else everything for node in region}
    order = [node for node in _in_order(entering, region) if node not in begins]
    is_settled = False
    while not is_settled:
        # once is enough, and once more to see it, where nothing goes round
        is_settled = True
        for node in order:
            bits = _on_entering(graph, entering[node], found, numbers, everything)
            if bits != found[node]:
                found[node] = bits
                is_settled = False
    return found


def _in_order(entering: Mapping[str, Sequence[Edge]], region: set[str]) -> list[str]:
    """The nodes of a region, each after those that lead to it, as far as nothing goes round."""
    order: list[str] = []
    seen: set[str] = set()
    for root in region:
        pending = [(root, iter(entering[root]))] if root not in seen else []
        seen.add(root)
        while pending:
            node, edges = pending[-1]
            source = next((edge.source for edge in edges if edge.source not in seen), None)
            if source is None:
                pending.pop()
                order.append(node)
            else:
                seen.add(source)
                pending.append((source, iter(entering[source])))
    return order


def _on_entering(
    graph: Graph, edges: Sequence[Edge], found: Mapping[str, int], numbers: Mapping[str, int], everything: int
) -> int:
    needed = 0
    common = everything if edges else 0
    is_joined = False
    for edge in edges:
        completes = not _is_failing(edge) and edge.kind is not EdgeKind.BRANCH and _always_completes(graph, edge.source)
        bits = found.get(edge.source, 0) | (1 << numbers[edge.source] if completes else 0)
        if edge.kind is EdgeKind.DEPENDENCY:
            is_joined = True
            needed |= bits
        else:
            common &= bits
    # what has dependencies is entered through them only, and through all of them
    return needed if is_joined else common


def _always_completes(graph: Graph, node: str) -> bool:
    raw = graph.nodes[node]
    return raw.get("when") is None and raw.get("critical") is not False


def _is_failing(edge: Edge) -> bool:
    """Whether it is taken where the step has not completed."""
    return _field(edge) in ("onError", "timeout")


def _field(edge: Edge) -> str:
    """The field of a node that an edge stands in."""
    return "".join(edge.pointer.split("/")[3:4])
