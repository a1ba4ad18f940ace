"""A durable function as a graph: what its code shows of the steps that it calls.

The graph is for people. It is read from the source without running it, so it shows the calls that stand there: each
once, in the order of the code, side by side where the code runs them so or chooses between them. What a step is and
does when it is called, the call itself says.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from types import FunctionType
from typing import Any, cast

from weftline.authoring.action import action_name

_CALLS = {"step", "sleep", "sleep_until", "wait_for_event", "human_task", "child", "emit"}
_NOT_IN_AN_ID = re.compile(r"[^A-Za-z0-9_.-]")
COMPUTED = "${'computed'}"
"""Stands for a value that only running the function shows."""

MAX_DEPTH = 8
"""Functions that call functions, as far as they are followed."""


def fingerprint(body: Callable[..., Any]) -> str:
    """A hash of what a function, and the helpers that it awaits, do; comments and layout do not count."""
    return hashlib.sha256("\n".join(_dumps(body, set())).encode()).hexdigest()[:16]


def draw(body: Callable[..., Any], workflow_id: str) -> list[dict[str, Any]]:
    """The nodes of a definition that shows a function.

    Args:
        body: the function.
        workflow_id: its own; where it starts itself once more is not shown.
    """
    drawing = _Drawing(workflow_id)
    drawing.function(body, drawing.add({"id": "start", "type": "start"}, []), 0)
    return list(drawing.nodes.values())


class _Drawing:
    """Collects nodes. Wherever a method takes and returns a list of ids, they are the nodes that come just before."""

    def __init__(self, workflow_id: str) -> None:
        self._workflow_id = workflow_id
        self.nodes: dict[str, dict[str, Any]] = {}
        self._names: Mapping[str, Any] = {}
        self._context = ""
        self._returns: list[str] = []
        self._under_way: set[str] = set()

    def add(self, node: dict[str, Any], before: list[str]) -> list[str]:
        known = self.nodes.setdefault(node["id"], node)
        order = list(self.nodes)
        for other in before:
            # what the code comes back to is drawn once, without the way back
            if order.index(other) < order.index(known["id"]):
                following: list[str] = self.nodes[other].setdefault("next", [])
                if known["id"] not in following:
                    following.append(known["id"])
        return [known["id"]]

    def function(
        self, body: Callable[..., Any], before: list[str], depth: int, given: Mapping[str, Any] | None = None
    ) -> list[str]:
        """Draw what a function calls; ``given``: what its parameters are known to be."""
        tree = _tree(body)
        if tree is None or depth > MAX_DEPTH or body.__qualname__ in self._under_way:
            return before
        outer = self._names, self._context, self._returns
        self._returns = []
        # those of its module, too: what stands in a comprehension does not count as named by the function
        module: dict[str, Any] = getattr(inspect.unwrap(body), "__globals__", {})
        self._names = {**module, **_names_of(body), **(given or {})}
        self._context = tree.args.args[0].arg if tree.args.args else ""
        self._under_way.add(body.__qualname__)
        exits = self._block(tree.body, before, depth)
        exits = _either(exits, self._returns)
        self._under_way.discard(body.__qualname__)
        self._names, self._context, self._returns = outer
        return exits

    def _block(self, statements: Iterable[ast.stmt], before: list[str], depth: int) -> list[str]:
        for statement in statements:
            if not before:
                # nothing gets here: the code before has returned or raised
                return []
            before = self._statement(statement, before, depth)
        return before

    def _statement(self, statement: ast.stmt, before: list[str], depth: int) -> list[str]:
        match statement:
            case ast.If(test=test, body=body, orelse=orelse):
                before = self._expression(test, before, depth)
                return _either(self._block(body, before, depth), self._block(orelse, before, depth))
            case ast.For(body=body, orelse=orelse) | ast.AsyncFor(body=body, orelse=orelse):
                before = self._expression(statement.iter, before, depth)
                return self._block(orelse, _either(before, self._block(body, before, depth)), depth)
            case ast.While(test=test, body=body, orelse=orelse):
                before = self._expression(test, before, depth)
                return self._block(orelse, _either(before, self._block(body, before, depth)), depth)
            case ast.Try():
                return self._try(statement, before, depth)
            case ast.With(body=body) | ast.AsyncWith(body=body):
                return self._block(body, before, depth)
            case ast.Match(cases=cases):
                exits: list[str] = [*before]
                for case in cases:
                    exits = _either(exits, self._block(case.body, before, depth))
                return exits
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                return before
            case ast.Return():
                self._returns = _either(self._returns, self._expression(statement, before, depth))
                return []
            case ast.Raise():
                self._expression(statement, before, depth)
                return []
            case _:
                return self._expression(statement, before, depth)

    def _try(self, tree: ast.Try, before: list[str], depth: int) -> list[str]:
        outer, self._returns = self._returns, []
        after = self._block(tree.orelse, self._block(tree.body, before, depth), depth)
        for handler in tree.handlers:
            after = _either(after, self._block(handler.body, after or before, depth))
        returned = self._returns
        if tree.finalbody:
            # what has returned comes by here, too
            exits = self._block(tree.finalbody, _either(after, returned) or before, depth)
            after, returned = (exits if after else []), (exits if returned else [])
        self._returns = _either(_either(outer, self._returns), returned)
        return after

    def _expression(self, tree: ast.AST, before: list[str], depth: int) -> list[str]:
        """The calls in an expression, or a simple statement, in the order in which they are made."""
        if not before:
            return []
        if isinstance(tree, ast.Call):
            method = self._method(tree)
            if method in ("parallel", "race"):
                exits: list[str] = []
                for member in tree.args:
                    inner = member.value if isinstance(member, ast.Starred) else member
                    exits = _either(exits, self._expression(inner, before, depth))
                return exits or before
            for inner in (*tree.args, *(keyword.value for keyword in tree.keywords)):
                before = self._expression(inner, before, depth)
            if method in _CALLS:
                node = self._node(method, tree)
                return before if node is None else self.add(node, before)
            helper = self._names.get(tree.func.id) if isinstance(tree.func, ast.Name) else None
            if isinstance(helper, FunctionType) and inspect.iscoroutinefunction(helper):
                return self.function(helper, before, depth + 1, self._given(helper, tree))
            return before
        for inner in ast.iter_child_nodes(tree):
            before = self._expression(inner, before, depth)
        return before

    def _given(self, helper: FunctionType, call: ast.Call) -> dict[str, Any]:
        """The parameters of a helper that are constants where it is called."""
        names = list(inspect.signature(helper).parameters)
        values = dict(zip(names, map(self._value, call.args), strict=False))
        values |= {keyword.arg: self._value(keyword.value) for keyword in call.keywords if keyword.arg in names}
        return {name: value for name, value in values.items() if value is not None}

    def _method(self, call: ast.Call) -> str:
        """The name of the context's method that is called, or nothing."""
        function = call.func
        if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
            return function.attr if function.value.id == self._context else ""
        return ""

    def _node(self, method: str, call: ast.Call) -> dict[str, Any] | None:
        given = {keyword.arg: self._value(keyword.value) for keyword in call.keywords if keyword.arg is not None}
        first = self._value(call.args[0]) if call.args else None
        name = given.get("name") if method != "human_task" else first
        if not isinstance(name, str):
            name = {"sleep": "sleep", "sleep_until": "sleep"}.get(method) or _text(first)
            if name is not None and method == "emit":
                name = f"emit-{name}"
        if name is None or node_id(name) == "start":
            return None
        node: dict[str, Any] = {"id": node_id(name)}
        if node["id"] != name:
            node["name"] = name
        match method:
            case "step":
                queue = given.get("queue")
                node |= {"type": "action", "action": _text(first) or COMPUTED}
                if isinstance(queue, str):
                    node["queue"] = queue
                connection = given.get("connection")
                if isinstance(connection, str):
                    node["connection"] = connection
                if "compensate" in given:
                    node["compensate"] = _text(given["compensate"]) or COMPUTED
            case "sleep":
                node |= {"type": "wait", "duration": first if isinstance(first, str | int | float) else COMPUTED}
            case "sleep_until":
                node |= {"type": "wait", "until": first if isinstance(first, str) else COMPUTED}
            case "wait_for_event":
                node |= {"type": "wait", "event": _text(first) or COMPUTED}
            case "child":
                node |= {"type": "subworkflow", "workflow": _text(first)}
                if node["workflow"] in (None, self._workflow_id):
                    return None
            case "emit":
                node |= {"type": "emit", "event": _text(first) or COMPUTED}
            case _:
                node |= {"type": "human-task"}
        return node

    def _value(self, tree: ast.AST) -> Any:
        """A constant, or what a global name stands for; None where only running the function shows it."""
        if isinstance(tree, ast.Constant):
            return tree.value
        if isinstance(tree, ast.Name):
            return self._names.get(tree.id)
        if isinstance(tree, ast.Attribute) and isinstance(tree.value, ast.Name):
            return getattr(self._names.get(tree.value.id), tree.attr, None)
        return None


def node_id(name: str) -> str:
    """A step's name as a node's id can be."""
    id = _NOT_IN_AN_ID.sub("_", name)[:128]
    return id if id[:1].isalpha() or id[:1] == "_" else f"_{id}"[:128]


def _text(value: Any) -> str | None:
    """What an action, an event or a workflow is called."""
    if isinstance(value, str):
        return value
    if callable(value):
        try:
            return action_name(value)
        except TypeError:
            return None
    id = getattr(value, "id", None)
    return id if isinstance(id, str) else None


def _either(one: list[str], other: list[str]) -> list[str]:
    return list(dict.fromkeys([*one, *other]))


def _tree(body: Callable[..., Any]) -> ast.AsyncFunctionDef | None:
    try:
        source = inspect.getsource(body)
        # taking the indentation away would not do: lines of a text may have less than the code around it
        tree = ast.parse(f"if True:\n{source}" if source[:1].isspace() else source)
    except (OSError, TypeError, SyntaxError):
        # typed into a prompt, or made by other code
        return None
    return next((node for node in ast.walk(tree) if isinstance(node, ast.AsyncFunctionDef)), None)


def _names_of(body: Callable[..., Any]) -> dict[str, Any]:
    closure = inspect.getclosurevars(body)
    return {**closure.builtins, **closure.globals, **closure.nonlocals}


def _dumps(body: Callable[..., Any], seen: set[str]) -> list[str]:
    where = f"{body.__module__}.{body.__qualname__}"
    tree = _tree(body)
    if where in seen:
        return []
    seen.add(where)
    if tree is None:
        code = cast("FunctionType", body).__code__
        return [code.co_code.hex()]
    if ast.get_docstring(tree) is not None:
        tree.body = tree.body[1:]
    tree.name, tree.decorator_list = "", []
    helpers = [value for _, value in sorted(_names_of(body).items()) if isinstance(value, FunctionType)]
    parts = [ast.dump(tree)]
    for helper in helpers:
        if inspect.iscoroutinefunction(helper) and helper.__module__ == body.__module__:
            parts += _dumps(helper, seen)
    return parts
