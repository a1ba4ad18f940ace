"""What definitions are made of, for tools that help to write them: everything is read off the model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, TypeAlias, cast, get_args

from weftline.language.control_nodes import (
    DecisionNode,
    EndNode,
    FailNode,
    LoopNode,
    ParallelNode,
    StartNode,
    SubworkflowNode,
    WaitNode,
)
from weftline.language.model import definition_schema
from weftline.language.nodes import NODE_CLASSES, AnyNode, type_names
from weftline.language.plugin_nodes import COMMON_FIELDS
from weftline.language.task_nodes import HumanTaskNode
from weftline.language.triggers import Trigger
from weftline.language.work_nodes import ActionNode, EmitNode, HttpNode, NotificationNode, SetNode

Category: TypeAlias = Literal["start-end", "flow", "work", "people", "messages", "plugin"]
"""What a kind of node is for; ``plugin``: a plugin says so."""

_HEADINGS: Mapping[type[AnyNode], tuple[Category, str]] = {
    StartNode: ("start-end", "Start"),
    EndNode: ("start-end", "End"),
    FailNode: ("start-end", "Fail"),
    DecisionNode: ("flow", "Decision"),
    ParallelNode: ("flow", "Parallel"),
    LoopNode: ("flow", "Loop"),
    WaitNode: ("flow", "Wait"),
    SubworkflowNode: ("flow", "Subworkflow"),
    ActionNode: ("work", "Action"),
    HttpNode: ("work", "HTTP request"),
    SetNode: ("work", "Set data"),
    HumanTaskNode: ("people", "Human task"),
    NotificationNode: ("messages", "Notification"),
    EmitNode: ("messages", "Emit event"),
}

_TRIGGERS: Mapping[str, tuple[str, str, dict[str, Any]]] = {
    "manual": ("Manual", "Somebody starts it.", {"type": "manual"}),
    "schedule": (
        "Schedule",
        "Starts it at times: a cron expression or an interval.",
        {"type": "schedule", "cron": "0 8 * * MON-FRI", "timezone": "Europe/Berlin"},
    ),
    "event": ("Event", "Starts it whenever an event of a name comes in.", {"type": "event", "event": "orders.created"}),
    "webhook": (
        "Webhook",
        "Starts it whenever another system calls an address.",
        {"type": "webhook", "input": {"order": "${ body.order }"}},
    ),
    "form": ("Form", "Understood and kept; this version does not run it.", {"type": "form"}),
    "integration": (
        "Integration",
        "Starts an execution for each event of another system: a mail, a message of a queue, an issue.",
        {"type": "integration", "integration": "imap", "trigger": "newMail", "connection": "office", "every": "1m"},
    ),
    "polling": ("Polling", "Understood and kept; this version does not run it.", {"type": "polling"}),
    "email": ("E-mail", "Understood and kept; this version does not run it.", {"type": "email"}),
}

_RUNNING = frozenset({"manual", "schedule", "event", "webhook", "integration"})
_DEFINITIONS = "#/$defs/"
_OF_TYPES = re.compile(r"^((?:`\w+`(?:, )?)+):\s")
"""How the description of a trigger's field names the types that it is for."""


@dataclass(frozen=True, slots=True)
class NodeType:
    """A kind of node.

    Attributes:
        type: its name.
        aliases: other names of it.
        category: what it is for.
        title: what people call it.
        description: a sentence about it.
        schema: the JSON Schema of such a node, whole in itself.
        example: such a node.
    """

    type: str
    aliases: tuple[str, ...]
    category: Category
    title: str
    description: str
    schema: dict[str, Any]
    example: dict[str, Any]


@dataclass(frozen=True, slots=True)
class TriggerType:
    """A kind of trigger.

    Attributes:
        type: its name.
        title: what people call it.
        description: a sentence about it.
        is_run: this version fires such triggers; others are only kept.
        schema: the JSON Schema of such a trigger, whole in itself.
        example: such a trigger.
    """

    type: str
    title: str
    description: str
    is_run: bool
    schema: dict[str, Any]
    example: dict[str, Any]


@cache
def node_types() -> tuple[NodeType, ...]:
    """Every kind of node. Not to be changed: everybody shares them."""
    definitions = _definitions()
    return tuple(_node_type(node_class, definitions) for node_class in NODE_CLASSES)


def common_schema(name: str) -> dict[str, Any]:
    """The JSON Schema of what a node of a plugin's type has besides the plugin's own fields.

    Args:
        name: of the type.
    """
    definitions = _definitions()
    schema = definitions[ActionNode.__name__]
    fields = {field: told for field, told in schema["properties"].items() if field in COMMON_FIELDS}
    fields["type"] = {"const": name, "type": "string"}
    own = {"type": "object", "properties": fields, "required": ["id", "type"]}
    return _whole(own, definitions)


@cache
def trigger_types() -> tuple[TriggerType, ...]:
    """Every kind of trigger. Not to be changed: everybody shares them."""
    definitions = _definitions()
    names = get_args(Trigger.model_fields["type"].annotation)
    return tuple(_trigger_type(name, definitions) for name in names)


def _definitions() -> dict[str, dict[str, Any]]:
    return definition_schema()["$defs"]


def _node_type(node_class: type[AnyNode], definitions: Mapping[str, dict[str, Any]]) -> NodeType:
    category, title = _HEADINGS[node_class]
    name, *aliases = type_names(node_class)
    schema = definitions[node_class.__name__]
    return NodeType(
        type=name,
        aliases=tuple(aliases),
        category=category,
        title=title,
        description=_sentence(node_class.__doc__ or ""),
        schema=_whole(schema, definitions),
        example=node_class.example,
    )


def _trigger_type(name: str, definitions: Mapping[str, dict[str, Any]]) -> TriggerType:
    title, description, example = _TRIGGERS[name]
    schema = definitions[Trigger.__name__]
    fields = {field: told for field, told in schema["properties"].items() if _is_of(name, told)}
    fields["type"] = {"const": name, "type": "string"}
    own = {**schema, "title": title, "description": description, "properties": fields}
    return TriggerType(name, title, description, name in _RUNNING, _whole(own, definitions), example)


def _is_of(name: str, field: Mapping[str, Any]) -> bool:
    """Whether a field of triggers is for those of a type: its description begins with the types, unless for all."""
    match = _OF_TYPES.match(field.get("description", ""))
    return match is None or f"`{name}`" in match[1]


def _sentence(doc: str) -> str:
    """The first sentence of a docstring."""
    first = " ".join(doc.split("\n\n")[0].split())
    return re.split(r"(?<=[.!?]) (?=[A-Z`])", first, maxsplit=1)[0]


def _whole(schema: Mapping[str, Any], definitions: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """A part of a JSON Schema with every definition that it refers to, directly or not."""
    needed: dict[str, dict[str, Any]] = {}
    pending = list(_references(schema))
    while pending:
        name = pending.pop()
        if name not in needed:
            needed[name] = definitions[name]
            pending += _references(definitions[name])
    return {**schema, "$defs": dict(sorted(needed.items()))} if needed else dict(schema)


def _references(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        fields = cast("dict[str, object]", part)
        target = fields.get("$ref")
        if isinstance(target, str):
            yield target.removeprefix(_DEFINITIONS)
        for value in fields.values():
            yield from _references(value)
    elif isinstance(part, list):
        for item in cast("list[object]", part):
            yield from _references(item)
