"""What can be wrong with a workflow's graph before it runs. Every check is linear in nodes and edges."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from weftline.language.durations import parse_duration
from weftline.language.errors import DurationError
from weftline.language.graph import Edge, EdgeKind, Graph, cycles, node_type, reachable
from weftline.language.hints import nearest
from weftline.language.problems import Problems

_PAUSING_TYPES = frozenset({"human-task", "form", "approval"})
_WAIT_TYPES = frozenset({"wait", "delay"})
_SHOWN = 6


def check_graph(graph: Graph, start_node: object, problems: Problems) -> None:
    """Adds every problem of ``graph`` to ``problems``; ``start_node`` is the document's ``startNode``."""
    _check_references(graph, start_node, problems)
    starts = graph.starts(start_node if isinstance(start_node, str) else None)
    _check_starts(graph, starts, start_node, problems)
    _check_entries(graph, starts, problems)
    stuck = _check_dependency_cycles(graph, starts, problems)
    if starts:
        _check_reachability(graph, starts, stuck, problems)
    _check_busy_loops(graph, stuck, problems)
    _check_branches(graph, problems)
    _check_joins(graph, starts, problems)


def _check_references(graph: Graph, start_node: object, problems: Problems) -> None:
    for place, node_id in graph.duplicates:
        problems.add("duplicate_id", place, f"another node has the id `{node_id}` already")
    for edge in graph.edges:
        name = edge.source if edge.kind is EdgeKind.DEPENDENCY else edge.target
        if name not in graph.nodes:
            _add_missing(graph, name, edge.pointer, problems)
        elif edge.kind is EdgeKind.DEPENDENCY and edge.source == edge.target:
            problems.add("self_dependency", edge.pointer, f"`{name}` cannot wait for itself")
    if isinstance(start_node, str) and start_node not in graph.nodes:
        _add_missing(graph, start_node, "/startNode", problems)


def _add_missing(graph: Graph, name: str, place: str, problems: Problems) -> None:
    def hint() -> str | None:
        near = nearest(name, graph.nodes)
        return f"did you mean `{near}`?" if near else None

    problems.add("missing_target", place, f"there is no node `{name}`", hint)


def _check_starts(graph: Graph, starts: tuple[str, ...], start_node: object, problems: Problems) -> None:
    if not graph.nodes or start_node is not None:
        return
    if not starts:
        message = "every node is led to by another: nothing says where executions begin"
        problems.add("no_start", "", message, "name the first node in `startNode`")
    elif len(starts) > 1 and not graph.dependencies():
        names = _listed(starts)
        message = f"executions could begin at {names}"
        problems.add("several_starts", "", message, "name the first node in `startNode`")


def _check_entries(graph: Graph, starts: tuple[str, ...], problems: Problems) -> None:
    """A node with dependencies runs when all of them have completed, so nothing else may send it a token."""
    dependencies = graph.dependencies()
    for edge in graph.edges:
        awaited = dependencies.get(edge.target)
        if awaited is None or edge.kind is EdgeKind.DEPENDENCY or edge.target not in graph.nodes:
            continue
        if edge.source not in awaited or edge.kind is EdgeKind.BRANCH:
            message = f"`{edge.target}` is entered through its dependencies only, and `{edge.source}` is none"
            hint = f"add `{edge.source}` to its `dependencies`, or remove them"
            problems.add("not_a_dependency", edge.pointer, message, hint)
    for start in starts:
        if start in dependencies:
            message = f"executions cannot begin at `{start}`: it waits for its dependencies"
            problems.add("start_has_dependencies", graph.pointers[start], message)


def _check_dependency_cycles(graph: Graph, starts: tuple[str, ...], problems: Problems) -> set[str]:
    """Reports nodes that wait for themselves by way of others; returns all nodes that never run because of it.

    A node can run once something that leads to it can; one with dependencies, once all of them can.
    """
    dependencies = graph.dependencies()
    missing = {node: len(awaited & graph.nodes.keys()) for node, awaited in dependencies.items()}
    successors = graph.successors()
    can_run = set(starts)
    pending = list(can_run)
    while pending:
        node = pending.pop()
        for target in set(successors[node]):
            if target in can_run:
                continue
            if node in dependencies.get(target, ()):
                missing[target] -= 1
            if missing.get(target, 0) <= 0:
                can_run.add(target)
                pending.append(target)
    blocked = {node: targets for node, targets in successors.items() if node not in can_run}
    among_blocked = {node: [target for target in targets if target in blocked] for node, targets in blocked.items()}
    stuck: set[str] = set()
    for component in cycles(among_blocked):
        members = set(component)
        waits = [node for node in component if members & dependencies.get(node, set())]
        if not waits:
            continue
        stuck |= members
        if len(component) == 1:
            # said already where its references were checked
            continue
        problems.add(
            "dependency_cycle",
            graph.pointers[waits[0]] + "/dependencies",
            f"{_listed(component)} wait for each other, so none of them can ever run",
        )
    return reachable(stuck, among_blocked)


def _check_reachability(graph: Graph, starts: tuple[str, ...], stuck: set[str], problems: Problems) -> None:
    reached = reachable(starts, graph.successors())
    for node, place in graph.pointers.items():
        if node not in reached and node not in stuck:
            message = f"nothing leads to `{node}` from {_listed(starts)}"
            problems.add("unreachable", place, message)


def _check_busy_loops(graph: Graph, stuck: set[str], problems: Problems) -> None:
    """A cycle must hold a wait or a human task, or it would run as fast as it can for ever."""

    def is_immediate(edge: Edge) -> bool:
        if edge.source in stuck:
            return False
        return not _pauses(graph.nodes[edge.target]) and not _pauses(graph.nodes[edge.source])

    for component in cycles(graph.successors(is_immediate)):
        names = _listed(component)
        leads = f"{names} leads back to itself" if len(component) == 1 else f"{names} lead in a circle"
        problems.add(
            "busy_loop",
            graph.pointers[component[0]],
            f"{leads} without a wait or a human task",
            "put a `wait` into it",
        )


def _pauses(node: Mapping[str, Any]) -> bool:
    kind = node_type(node)
    if kind in _PAUSING_TYPES:
        return True
    if kind not in _WAIT_TYPES:
        return False
    alternatives = node.get("firstOf")
    if not isinstance(alternatives, list):
        return _takes_time(node)
    return all(_takes_time(alternative) for alternative in cast("list[object]", alternatives))


def _takes_time(wait: object) -> bool:
    duration = cast("dict[str, object]", wait).get("duration") if isinstance(wait, Mapping) else None
    if duration is None:
        return True
    try:
        return parse_duration(duration) > 0
    except DurationError:
        # a template; only running it shows how long it is
        return True


def _check_branches(graph: Graph, problems: Problems) -> None:
    """A branch or body that leads back to its own parallel node or loop would open scope within scope for ever."""
    component_of = {
        node: position for position, component in enumerate(cycles(graph.successors())) for node in component
    }
    for edge in graph.edges:
        if edge.kind is not EdgeKind.BRANCH or edge.target not in component_of:
            continue
        if component_of[edge.target] == component_of.get(edge.source):
            message = f"the branch at `{edge.target}` leads back to `{edge.source}`, which it is a part of"
            problems.add("branch_cycle", edge.pointer, message, "let it end: the branch is over where its tokens end")


def _check_joins(graph: Graph, starts: tuple[str, ...], problems: Problems) -> None:
    """A join looks for its dependencies among the steps of its own branch, so all of them must run in one."""
    homes = _homes(graph, starts)
    for node, awaited in graph.dependencies().items():
        known = {name: homes.get(name) for name in awaited}
        if len({home for home in known.values() if home is not None}) > 1:
            one, other = _apart(known)
            message = f"`{node}` waits for `{one}` and `{other}`, which never run in the same branch"
            hint = "let both run inside one branch or loop body, or wait for the node that holds the branch"
            problems.add("join_never_met", graph.pointers[node] + "/dependencies", message, hint)


def _apart(homes: Mapping[str, str | None]) -> tuple[str, str]:
    first, *others = sorted((name, home) for name, home in homes.items() if home is not None)
    return first[0], next(name for name, home in others if home != first[1])


_OUTERMOST = ""


def _homes(graph: Graph, starts: tuple[str, ...]) -> dict[str, str | None]:
    """For each node the first node of the branch or body that it runs in; None where there are several.

    Linear, since a node's answer changes twice at most: from unknown to one, and from one to several.
    """
    following = graph.successors(lambda edge: edge.kind is not EdgeKind.BRANCH)
    begins = [edge.target for edge in graph.edges if edge.kind is EdgeKind.BRANCH and edge.target in graph.nodes]
    homes: dict[str, str | None] = {}
    pending: list[tuple[str, str | None]] = [(start, _OUTERMOST) for start in starts]
    pending += [(begin, begin) for begin in begins]
    while pending:
        node, home = pending.pop()
        if node in homes:
            if homes[node] in (home, None):
                continue
            home = None
        homes[node] = home
        pending += [(target, home) for target in following[node]]
    return homes


def _listed(nodes: tuple[str, ...] | list[str]) -> str:
    names = [f"`{node}`" for node in nodes[:_SHOWN]]
    if len(nodes) > _SHOWN:
        names.append(f"{len(nodes) - _SHOWN} more")
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
