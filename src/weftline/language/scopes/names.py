"""The names that an expression can use at a place of a definition. The definition may be incomplete, or invalid."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from weftline.language.cel_runtime import NAMESPACES, TYPE_NAMES
from weftline.language.expression_checks import Path, Syntax, syntax_at
from weftline.language.expressions import RESERVED_NAMES
from weftline.language.graph import Graph, node_type, read_graph
from weftline.language.scopes.before import Before, before, outside_of_all
from weftline.language.scopes.shapes import MAX_MEMBERS, UNKNOWN, Shape, of_map, of_schema, of_value
from weftline.language.trigger_rules import NAMES

_PATH = re.compile(r"\$\{\s*([A-Za-z_]\w*(?:\.[A-Za-z_][\w-]*)*)\s*\}", re.ASCII)
"""A template that is one path and nothing else."""

_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_WITH_RESULT = frozenset({"output", "next", "compensate", "breakWhen"})
_PER_ITERATION = frozenset({"breakWhen", "continueWhen"})
_WITHOUT_STEP = frozenset({"start", "end", "fail", "decision", "condition"})
"""Nodes whose steps have nothing that expressions would read."""

_EXECUTION = of_map(
    {
        "id": Shape("string", description="Its id."),
        "workflowId": Shape("string", description="The workflow's id."),
        "versionNumber": Shape("int", description="The version that it runs."),
        "startedAt": Shape("string", description="When it began, RFC 3339."),
    },
    "The execution.",
    is_closed=True,
)
_TENANT = of_map(
    {"id": Shape("string", description="Its id."), "slug": Shape("string", description="Its short name.")},
    "The tenant.",
    is_closed=True,
)
_ERROR = of_map(
    {
        "code": Shape("string", description="Stable, in snake_case."),
        "message": Shape("string", description="What went wrong."),
        "retryable": Shape("bool"),
        "details": Shape("map", is_certain=False),
        "stepId": Shape("string", is_certain=False, description="The node that failed."),
    },
    "The error that was last routed by `onError`.",
)
_TRIGGER: Mapping[str, Shape] = {
    "trigger": of_map(
        {
            "id": Shape("string", description="The trigger's id."),
            "scheduledAt": Shape("string", description="When it was due, RFC 3339; of schedules.", is_certain=False),
            "firedAt": Shape("string", description="When it fired, RFC 3339."),
        },
        "The trigger.",
    ),
    "event": of_map(
        {
            "name": Shape("string"),
            "id": Shape("string", is_certain=False, description="The other system's, of an integration's event."),
            "correlation": Shape("string", is_certain=False),
            "payload": UNKNOWN,
        },
        "The event that fired it.",
    ),
    "body": Shape(description="The call's body."),
    "headers": Shape("map", description="The call's headers, by name in lower case."),
    "query": Shape("map", description="The parameters in the call's address."),
    "method": Shape("string", description="The call's method."),
}
_VARIABLE_TYPES = {"STRING": "string", "NUMBER": "double", "BOOLEAN": "bool", "SECRET": "string"}


@dataclass(frozen=True, slots=True)
class VariableFact:
    """A variable that a workflow sees.

    Attributes:
        key: its name.
        type: ``STRING``, ``NUMBER``, ``BOOLEAN``, ``JSON`` or ``SECRET``.
        description: for people.
    """

    key: str
    type: str
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What is known besides the definition.

    Attributes:
        variables: that the workflow sees; None where that is not known.
        outputs: JSON Schemas of what actions give, by name.
    """

    variables: Sequence[VariableFact] | None = None
    outputs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])


@dataclass(frozen=True, slots=True)
class Scope:
    """What an expression can use at a place.

    Attributes:
        names: each with what is known of it.
        syntax: how expressions are written there; None: there are none.
        is_execution: it is evaluated in an execution, where any name may be a key of the data.
        steps: the ids of all nodes.
    """

    names: Mapping[str, Shape]
    syntax: Syntax | None
    is_execution: bool
    steps: frozenset[str] = frozenset()


def scope_at(document: Mapping[str, Any], path: Path, known: Known) -> Scope:
    """What an expression can use at a place.

    Args:
        document: a definition, or what is to become one.
        path: keys and indexes to the place.
        known: what is known besides.
    """
    graph = read_graph(document)
    steps, syntax = frozenset(graph.nodes), syntax_at(path)
    if path[:1] == ("triggers",):
        return Scope(_of_trigger(document, path), syntax, is_execution=False, steps=steps)
    names = _Names(document, graph, known)
    return Scope(dict(names.at(path)), syntax, is_execution=True, steps=steps)


def _of_trigger(document: Mapping[str, Any], path: Path) -> dict[str, Shape]:
    trigger = _member(_member(document, "triggers"), path[1] if len(path) > 1 else None)
    kind = _object(trigger).get("type")
    names = NAMES.get(kind.lower(), ()) if isinstance(kind, str) else ()
    return {name: _TRIGGER[name] for name in names}


class _Names:
    """Finds the names in executions of a definition."""

    def __init__(self, document: Mapping[str, Any], graph: Graph, known: Known) -> None:
        self._document = document
        self._graph = graph
        self._known = known

    def at(self, path: Path) -> Iterator[tuple[str, Shape]]:
        """The names at a place, the most particular ones first."""
        place = self._before(path)
        node = self._node(path)
        field = path[2] if len(path) > 2 else None
        input = of_schema(self._document.get("input"), "The execution's input.")
        data = self._data(input, place)
        steps = of_map({id: self._step(id, id in place.certain) for id in self._with_steps(place)})
        plain: dict[str, Shape] = {"input": _as_map(input), "data": data, "steps": steps}
        yield from self._of_moment(node, field, plain)
        yield from self._of_loops(node, field, place, plain)
        if place.has_failed or path[:2] == ("settings", "errorHandling"):
            yield "error", _ERROR
        if any(_awaits_event(self._graph.nodes[id]) for id in place.nodes):
            yield "event", Shape(description="The event that was last received.")
        yield from data.members.items()
        yield "input", plain["input"]
        yield "data", data
        yield "steps", Shape("map", steps.members, description="The steps that come before.")
        yield "execution", _EXECUTION
        yield "tenant", _TENANT
        yield "vars", self._variables()

    def _before(self, path: Path) -> Before:
        start = self._document.get("startNode")
        if path[:1] == ("nodes",):
            id = _object(self._node(path)).get("id")
            if isinstance(id, str) and id in self._graph.nodes:
                return before(self._graph, id, start if isinstance(start, str) else None)
            return Before()
        if path[:1] == ("output",) or path[:2] == ("settings", "errorHandling"):
            everything = outside_of_all(self._graph)
            return Before(everything, inside=frozenset(self._graph.nodes) - frozenset(everything))
        return Before()

    def _node(self, path: Path) -> Mapping[str, Any]:
        if path[:1] != ("nodes",) or len(path) < 2:
            return {}
        return _object(_member(self._document.get("nodes"), path[1]))

    # --- what is there -----------------------------------------------------------------------------------------------

    def _data(self, input: Shape, place: Before) -> Shape:
        """The shared data: the input, and what the steps before have set."""
        members = dict(input.members)
        plain: dict[str, Shape] = {"input": input}
        for id in (*place.nodes, *(each for each in self._graph.nodes if each in place.inside)):
            node = self._graph.nodes[id]
            for key, value in _assigned(node):
                shape = self._of_template(value, members, plain)
                is_certain = id in place.certain or (key in members and members[key].is_certain)
                members[key] = shape if is_certain else shape.uncertain()
        known = {key: shape for key, shape in list(members.items())[:MAX_MEMBERS] if _NAME.fullmatch(key)}
        free = {key: shape for key, shape in known.items() if key not in RESERVED_NAMES | TYPE_NAMES | NAMESPACES}
        return of_map(free, "The execution's shared data, which begins as the input.")

    def _of_template(self, value: object, *scopes: Mapping[str, Shape]) -> Shape:
        """What is known of a template's value; names are looked up in one scope after the other."""
        match = _PATH.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            return of_value(value)
        root, *keys = match[1].split(".")
        found = next((names[root] for names in scopes if root in names), None)
        return (None if found is None else found.at(*keys)) or UNKNOWN

    def _with_steps(self, place: Before) -> Iterator[str]:
        return (id for id in place.nodes if node_type(self._graph.nodes[id]) not in _WITHOUT_STEP)

    def _step(self, id: str, is_certain: bool) -> Shape:
        node = self._graph.nodes[id]
        name = node.get("name")
        members = {
            "output": self._output(node),
            "status": Shape("string", description="Where it stands."),
            "attempt": Shape("int", description="The number of its last attempt."),
            "error": Shape("map", is_certain=False, description="Why it failed."),
        }
        shape = of_map(members, name if isinstance(name, str) else "", is_closed=True)
        return shape if is_certain else shape.uncertain()

    def _output(self, node: Mapping[str, Any]) -> Shape:
        """What a node's step gives."""
        match node_type(node):
            case "action":
                return self._of_action(node.get("action"))
            case "http":
                return self._of_action("http")
            case "notification":
                return self._of_action("notify")
            case "human-task" | "form" | "approval":
                return _answer(node)
            case "loop":
                return Shape("int") if node.get("collect") is False else Shape("list")
            case "parallel":
                names = [
                    _object(each).get("name") or _object(each).get("next") or each for each in _list(node, "branches")
                ]
                return of_map({each: UNKNOWN for each in names if isinstance(each, str)})
            case "wait" if node.get("firstOf") is not None:
                return of_map({"name": Shape("string"), "output": UNKNOWN}, is_closed=True)
            case "subworkflow" if node.get("wait") is False:
                return of_map({"executionId": Shape("string")}, is_closed=True)
            case "set" | "emit" | "delay":
                return Shape("null")
            case _:
                return UNKNOWN

    def _of_action(self, name: object) -> Shape:
        schema = self._known.outputs.get(name) if isinstance(name, str) else None
        return UNKNOWN if schema is None else of_schema(schema)

    def _variables(self) -> Shape:
        known = self._known.variables or ()
        members = {
            each.key: Shape(
                _VARIABLE_TYPES.get(each.type, "any"),
                description=each.description or "",
                is_secret=each.type == "SECRET",
            )
            for each in known
        }
        is_closed = self._known.variables is not None
        return of_map(members, "The tenant's variables, and the workflow's own.", is_closed=is_closed)

    # --- what is there for a moment ----------------------------------------------------------------------------------

    def _of_moment(
        self, node: Mapping[str, Any], field: object, names: Mapping[str, Shape]
    ) -> Iterator[tuple[str, Shape]]:
        if field == "validate":
            yield "result", _described(_answer(node).members["data"], "The answer's data.")
        elif field == "branches":
            yield "result", Shape(description="The branch's output.")
        elif field == "breakWhen":
            yield "result", Shape(description="The iteration's output.")
        elif field in _WITH_RESULT:
            yield "result", _described(self._output(node), "The step's own output.")
        if node_type(node) == "loop" and field == "output":
            yield "errors", Shape("list", description="The errors of the iterations that failed.")
        if node_type(node) == "loop" and field == "while":
            yield "index", Shape("int", description="How many iterations there have been.")

    def _of_loops(
        self, node: Mapping[str, Any], field: object, place: Before, names: Mapping[str, Shape]
    ) -> Iterator[tuple[str, Shape]]:
        """What the loops around give each iteration; of ``item`` and ``index``, that of the innermost counts."""
        loops = [self._graph.nodes[id] for id in place.around if node_type(self._graph.nodes[id]) == "loop"]
        if node_type(node) == "loop" and field in _PER_ITERATION:
            loops.insert(0, node)
        given: dict[str, Shape] = {}
        for loop in loops:
            given.setdefault("index", Shape("int", description="The number of the iteration, from 0."))
            if loop.get("forEach") is None:
                continue
            items = self._of_template(loop["forEach"], names, names["data"].members).items
            item = _described(items or UNKNOWN, "The item of the list that the loop goes through.")
            given.setdefault("item", item)
            alias = loop.get("as")
            if isinstance(alias, str) and _NAME.fullmatch(alias):
                given.setdefault(alias, item)
        yield from given.items()


def _awaits_event(node: Mapping[str, Any]) -> bool:
    alternatives = (node, *map(_object, _list(node, "firstOf")))
    return node_type(node) == "wait" and any(each.get("event") is not None for each in alternatives)


def _assigned(node: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """The keys of the data that a node sets, and the templates of their values."""
    for name in ("values", "output"):
        if name == "output" or node_type(node) == "set":
            yield from _object(node.get(name)).items()


def _answer(node: Mapping[str, Any]) -> Shape:
    """What people give to a human task."""
    is_decided = node_type(node) == "approval" or bool(node.get("outcomes"))
    return of_map(
        {
            "data": _as_map(of_schema(node["form"])) if isinstance(node.get("form"), dict) else Shape("map"),
            "outcome": Shape("string", is_certain=is_decided, description="How it was decided."),
            "completedBy": Shape("any", is_certain=False, description="Who did it."),
            "votes": Shape("list", is_certain=False, description="Who agreed, where several had to."),
        }
    )


def _as_map(shape: Shape) -> Shape:
    return shape if shape.type == "map" else Shape("map", description=shape.description)


def _described(shape: Shape, description: str) -> Shape:
    return Shape(shape.type, shape.members, shape.items, description, True, shape.is_closed)


def _object(value: object) -> Mapping[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _list(holder: Mapping[str, Any], name: str) -> list[object]:
    value: object = holder.get(name)
    return cast("list[object]", value) if isinstance(value, list) else []


def _member(value: object, key: object) -> object:
    if isinstance(key, str):
        return _object(value).get(key)
    items = cast("list[object]", value) if isinstance(value, list) else []
    return items[key] if isinstance(key, int) and 0 <= key < len(items) else None
