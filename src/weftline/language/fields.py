"""The types of the definition's fields that more than one kind of node uses.

Shorthands (a number for ``retry``, a node id for ``onError``) become the full form while they are validated,
so that the rest of the code sees one shape; the published schema shows both.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, TypeAlias, TypeGuard, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, StringConstraints, WithJsonSchema
from pydantic.alias_generators import to_camel

from weftline.language.durations import parse_duration

NODE_ID_PATTERN = r"^[A-Za-z_][A-Za-z0-9_.-]{0,127}$"
WORKFLOW_ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$"
TASK_QUEUE_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$"
CONNECTION_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$"

# "$" also matches before a final newline, hence fullmatch on the pattern without anchors
_NODE_ID = re.compile(NODE_ID_PATTERN[1:-1])
_WORKFLOW_ID = re.compile(WORKFLOW_ID_PATTERN[1:-1])


class Element(BaseModel):
    """Base of everything in a definition: camelCase on the wire, nothing unknown, nothing converted."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        strict=True,
        frozen=True,
        use_attribute_docstrings=True,
        serialize_by_alias=True,
    )


def is_template(value: object) -> TypeGuard[str]:
    """Whether ``value`` is text with an expression in it, so that only running it shows what it is."""
    return isinstance(value, str) and "${" in value


def is_node_id(value: object) -> TypeGuard[str]:
    """Whether ``value`` may be the id of a node."""
    return isinstance(value, str) and _NODE_ID.fullmatch(value) is not None


def _node_id(value: object) -> str:
    if is_node_id(value):
        return value
    raise ValueError(
        "a node id is text that begins with a letter or underscore and goes on with letters, digits, "
        "underscores, dots or hyphens, 128 characters at most"
    )


def _workflow_id(value: object) -> str:
    if isinstance(value, str) and _WORKFLOW_ID.fullmatch(value):
        return value
    raise ValueError(
        "a workflow id is text that begins with a letter or digit and goes on with letters, digits, "
        "underscores, dots or hyphens, 128 characters at most"
    )


def _node_ids(value: object) -> list[str]:
    if isinstance(value, list):
        ids = [_node_id(item) for item in cast("list[object]", value)]
        if len(set(ids)) < len(ids):
            raise ValueError("a node id appears twice")
        return ids
    return [_node_id(value)]


def _next_nodes(value: object) -> list[str] | str:
    return value if is_template(value) else _node_ids(value)


def _expression(value: object) -> str:
    # YAML and JSON authors write `when: true` without quotes
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value.strip():
        return value
    raise ValueError("an expression is text in CEL, like `customer.age >= 18`")


def _duration(value: object) -> str | int | float:
    parse_duration(value)
    return cast("str | int | float", value)


def _duration_or_template(value: object) -> str | int | float:
    return value if is_template(value) else _duration(value)


def _version(value: object) -> str:
    # an unquoted 1.0 in YAML is a number
    if isinstance(value, str) or (isinstance(value, int | float) and not isinstance(value, bool)):
        return str(value)
    raise ValueError("a version is a text like `1.0.0`")


_NODE_ID_SCHEMA: dict[str, Any] = {"type": "string", "format": "node-id", "pattern": NODE_ID_PATTERN}
_NODE_IDS_SCHEMAS: list[dict[str, Any]] = [
    _NODE_ID_SCHEMA,
    {"type": "array", "items": _NODE_ID_SCHEMA, "uniqueItems": True},
]
_DURATION_SCHEMA: dict[str, Any] = {
    "type": ["string", "number"],
    "format": "weftline-duration",
    "examples": ["24h", "1h30m", "PT24H", 90],
}

TaskQueue: TypeAlias = Annotated[str, StringConstraints(pattern=TASK_QUEUE_PATTERN)]
ConnectionName: TypeAlias = Annotated[str, StringConstraints(pattern=CONNECTION_PATTERN)]
NodeId: TypeAlias = Annotated[str, PlainValidator(_node_id), WithJsonSchema(_NODE_ID_SCHEMA)]
WorkflowId: TypeAlias = Annotated[
    str,
    PlainValidator(_workflow_id),
    WithJsonSchema({"type": "string", "format": "workflow-id", "pattern": WORKFLOW_ID_PATTERN}),
]
NodeIds: TypeAlias = Annotated[list[str], PlainValidator(_node_ids), WithJsonSchema({"anyOf": _NODE_IDS_SCHEMAS})]
NextNodes: TypeAlias = Annotated[
    list[str] | str,
    PlainValidator(_next_nodes),
    WithJsonSchema({"anyOf": [*_NODE_IDS_SCHEMAS, {"type": "string", "format": "template", "pattern": r"\$\{"}]}),
]
"""Node ids, or a template that renders to them."""
Expression: TypeAlias = Annotated[
    str, PlainValidator(_expression), WithJsonSchema({"type": ["string", "boolean"], "format": "cel"})
]
Duration: TypeAlias = Annotated[str | int | float, PlainValidator(_duration), WithJsonSchema(_DURATION_SCHEMA)]
DurationTemplate: TypeAlias = Annotated[
    str | int | float,
    PlainValidator(_duration_or_template),
    WithJsonSchema({**_DURATION_SCHEMA, "examples": [*_DURATION_SCHEMA["examples"], "${input.patience}"]}),
]
VersionLabel: TypeAlias = Annotated[
    str, PlainValidator(_version), WithJsonSchema({"type": ["string", "number"], "examples": ["1.0.0"]})
]
JsonTemplate: TypeAlias = Any
"""Any JSON value; every string in it may hold ``${ … }``."""
JsonSchema: TypeAlias = dict[str, Any] | bool


class Retry(Element):
    """When a failed attempt is tried again: exponential backoff with jitter."""

    max_attempts: Annotated[int, Field(ge=1, le=1_000)] = 3
    """Attempts in all, the first included; 1 means no retry."""
    initial_interval: Duration = "1s"
    """Time before the second attempt."""
    backoff: Annotated[float, Field(ge=1, le=100)] = 2.0
    """Factor from one interval to the next."""
    max_interval: Duration = "5m"
    """The longest interval."""
    jitter: Annotated[float, Field(ge=0, le=1)] = 0.2
    """Part of the interval that chance may take away."""
    non_retryable: tuple[str, ...] = Field(default=(), strict=False)
    """Error codes that end the step at once."""


class ErrorRoute(Element):
    """Where the token of a failed step goes. Of several routes, the first that takes the error."""

    next: NodeId
    """The node that goes on."""
    codes: tuple[str, ...] | None = Field(default=None, strict=False, min_length=1)
    """Error codes that take this route; absent: any."""
    types: tuple[str, ...] | None = Field(default=None, strict=False, min_length=1)
    """Error types (the names of exceptions) that take this route; absent: any."""


class TimeoutRoute(Element):
    """How long a wait lasts, and where it goes on when it has lasted that long."""

    duration: DurationTemplate
    """How long."""
    next: NodeId | None = None
    """Where the token goes on timeout; absent: the step fails with `timed_out`."""


class Compensation(Element):
    """What undoes a completed step or branch when the execution is compensated or rolled back."""

    action: Annotated[str, Field(min_length=1, max_length=256)]
    """The action that undoes the step."""
    input: JsonTemplate = None
    """Its input, computed when the step completes; `result` in it is the step's output; absent: that output itself."""
    retry: RetryField | None = None
    """How it is retried; absent: the workflow's `settings.retry`."""
    timeout: DurationTemplate | None = None
    """The longest an attempt may take."""
    queue: TaskQueue | None = None
    """The task queue whose remote workers carry it out; absent: a worker that has the action calls it."""
    connection: ConnectionName | None = None
    """The connection that the action of an integration works with, by name; absent: the integration's usual one."""


def _full_retry(value: object) -> object:
    is_count = isinstance(value, int) and not isinstance(value, bool)
    return {"maxAttempts": value} if is_count else value


def _full_timeout(value: object) -> object:
    is_full = isinstance(value, dict | TimeoutRoute)
    return cast("object", value) if is_full else {"duration": value}


def _full_routes(value: object) -> object:
    routes = cast("list[object]", value) if isinstance(value, list) else [value]
    return [{"next": route} if isinstance(route, str) else route for route in routes]


def _full_compensation(value: object) -> object:
    return {"action": value} if isinstance(value, str) else value


RetryField: TypeAlias = Annotated[Retry, BeforeValidator(_full_retry, json_schema_input_type=Retry | int)]
TimeoutField: TypeAlias = Annotated[
    TimeoutRoute, BeforeValidator(_full_timeout, json_schema_input_type=DurationTemplate | TimeoutRoute)
]
ErrorRoutes: TypeAlias = Annotated[
    list[ErrorRoute],
    BeforeValidator(_full_routes, json_schema_input_type=NodeId | ErrorRoute | list[NodeId | ErrorRoute]),
]
CompensationField: TypeAlias = Annotated[
    Compensation, BeforeValidator(_full_compensation, json_schema_input_type=Compensation | str)
]
