"""Whether each part of a document has the shape of the model, said in sentences with a place and a hint."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from weftline.language.control_nodes import Alternative, Branch, DecisionCase, EndNode
from weftline.language.fields import Compensation, Element, ErrorRoute, Retry, TimeoutRoute
from weftline.language.hints import nearest
from weftline.language.json_values import pointer
from weftline.language.model import MAX_NODES, FunctionReference, Workflow
from weftline.language.nodes import NODE_TYPES, AnyNode, type_names
from weftline.language.problems import Problems
from weftline.language.settings import Concurrency, ErrorHandling, FailureNotice, Review, Settings
from weftline.language.task_nodes import Approvals, Escalation, Validator
from weftline.language.triggers import Signature, Trigger

_NESTED: dict[str, type[Element]] = {
    "retry": Retry,
    "onError": ErrorRoute,
    "timeout": TimeoutRoute,
    "compensate": Compensation,
    "branches": Branch,
    "cases": DecisionCase,
    "firstOf": Alternative,
    "approvals": Approvals,
    "escalation": Escalation,
    "validate": Validator,
    "settings": Settings,
    "function": FunctionReference,
    "errorHandling": ErrorHandling,
    "notifications": FailureNotice,
    "concurrency": Concurrency,
    "review": Review,
    "triggers": Trigger,
    "signature": Signature,
}
_EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
}
_NO_NODE = "a node is an object with `id` and `type`"


def read_nodes(document: Mapping[str, Any], problems: Problems) -> list[AnyNode | None] | None:
    """The nodes of ``document``, None in place of each whose shape is wrong; None where there are too many."""
    raw = document.get("nodes")
    nodes = cast("list[object]", raw) if isinstance(raw, list) else []
    if len(nodes) > MAX_NODES:
        message = f"a workflow may have {MAX_NODES:,} nodes; this one has {len(nodes):,}"
        problems.add("too_large", "/nodes", message)
        return None
    return [_read_node(node, ("nodes", index), problems) for index, node in enumerate(nodes)]


def read_workflow(document: Mapping[str, Any], nodes: Sequence[AnyNode | None], problems: Problems) -> Workflow | None:
    """The workflow around ``nodes``, or None where the shape of anything but a node is wrong."""
    envelope = dict(document)
    if nodes:
        # broken nodes have been reported; a stand-in keeps them from being reported as missing too
        envelope["nodes"] = [node or _STAND_IN for node in nodes]
    try:
        return Workflow.model_validate(envelope)
    except ValidationError as error:
        report_shape(error, document, (), Workflow, problems)
        return None


_STAND_IN = EndNode(id="end", type="end")


def _read_node(node: object, path: tuple[str | int, ...], problems: Problems) -> AnyNode | None:
    if not isinstance(node, dict):
        problems.add("invalid_type", pointer(path), _NO_NODE)
        return None
    fields = cast("dict[str, Any]", node)
    kind = fields.get("type")
    node_class = NODE_TYPES.get(kind) if isinstance(kind, str) else None
    if node_class is None:
        _report_type(fields, path, problems)
        return None
    try:
        return node_class.model_validate(fields)
    except ValidationError as error:
        report_shape(error, fields, path, node_class, problems)
        return None


def _report_type(fields: Mapping[str, Any], path: tuple[str | int, ...], problems: Problems) -> None:
    if "type" not in fields:
        problems.add("missing_field", pointer(path), "`type` is missing", _one_of(NODE_TYPES))
        return
    kind = fields["type"]
    near = nearest(kind, NODE_TYPES) if isinstance(kind, str) else None
    hint = f"did you mean `{near}`?" if near else _one_of(NODE_TYPES)
    problems.add("unknown_type", pointer((*path, "type")), f"there is no node type {kind!r}", hint)


def report_shape(
    error: ValidationError,
    value: Mapping[str, Any],
    base: tuple[str | int, ...],
    owner: type[BaseModel],
    problems: Problems,
    nested: Mapping[str, type[BaseModel]] = _NESTED,
) -> None:
    """Adds the problems of ``error``, one for each place: a union reports once for each of its members.

    Parameters:
        error: what pydantic found.
        value: what it looked at.
        base: where that stands.
        owner: the class that it should be of.
        problems: where to add.
        nested: the classes of what lies inside, by the field that holds it.
    """
    by_path: dict[tuple[str | int, ...], list[ErrorDetails]] = {}
    for detail in error.errors(include_url=False):
        by_path.setdefault(_real_path(detail["loc"], value), []).append(detail)
    for path, details in by_path.items():
        is_container = any(len(other) > len(path) and other[: len(path)] == path for other in by_path)
        if is_container and all(detail["type"] in _EXPECTED for detail in details):
            # another member of the union fits better and says what is wrong inside
            continue
        _report_place(path, details, base, _owner(path[:-1], owner, nested), problems)


def _report_place(
    path: tuple[str | int, ...],
    details: list[ErrorDetails],
    base: tuple[str | int, ...],
    owner: type[BaseModel],
    problems: Problems,
) -> None:
    place = pointer((*base, *path))
    first = details[0]
    match first["type"]:
        case "extra_forbidden":
            name = str(path[-1])
            problems.add("unknown_field", place, *_unknown_field(name, owner))
        case "missing":
            for detail in details:
                problems.add("missing_field", place, f"`{detail['loc'][-1]}` is missing")
        case "literal_error":
            expected = str(first.get("ctx", {}).get("expected", ""))
            problems.add("invalid_value", place, f"{first['input']!r} is not one of {expected}")
        case "value_error":
            problems.add("invalid_value", place, first["msg"].removeprefix("Value error, "))
        case kind if kind in _EXPECTED:
            names = dict.fromkeys(_EXPECTED.get(detail["type"], detail["msg"]) for detail in details)
            problems.add("invalid_type", place, f"this must be {' or '.join(names)}")
        case _:
            problems.add("invalid_value", place, first["msg"].replace("Input", "this", 1))


def _real_path(location: Iterable[str | int], value: object) -> tuple[str | int, ...]:
    """``location`` without what pydantic adds for unions and shorthands: only what is in the document."""
    path: list[str | int] = []
    for part in location:
        if isinstance(value, dict) and part in value:
            value = cast("dict[object, object]", value)[part]
        elif isinstance(value, list) and isinstance(part, int) and part < len(cast("list[object]", value)):
            value = cast("list[object]", value)[part]
        else:
            continue
        path.append(part)
    return tuple(path)


def _owner(
    path: tuple[str | int, ...], owner: type[BaseModel], nested: Mapping[str, type[BaseModel]]
) -> type[BaseModel]:
    names = [part for part in path if isinstance(part, str)]
    return nested.get(names[-1], owner) if names else owner


def _wire_names(owner: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in owner.model_fields.items()]


def _unknown_field(name: str, owner: type[BaseModel]) -> tuple[str, str | None]:
    near = nearest(name, _wire_names(owner))
    hint = f"did you mean `{near}`?" if near else _one_of(_wire_names(owner))
    if owner not in NODE_TYPES.values():
        return f"there is no field `{name}` here", hint
    kind = type_names(cast("type[AnyNode]", owner))[0]
    elsewhere = [other for other, cls in NODE_TYPES.items() if name in _wire_names(cls)]
    if elsewhere and near is None:
        hint = f"it belongs to nodes of type {', '.join(f'`{other}`' for other in elsewhere)}"
    return f"a node of type `{kind}` has no field `{name}`", hint


def _one_of(names: Iterable[str]) -> str:
    return "one of " + ", ".join(f"`{name}`" for name in names)
