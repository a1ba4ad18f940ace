"""The node types of a definition: a class a type. Their docstrings become the schema and the reference."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, TypeAlias, cast

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema

from weftline.language.fields import (
    CompensationField,
    DurationTemplate,
    Element,
    ErrorRoute,
    ErrorRoutes,
    Expression,
    JsonTemplate,
    NodeId,
    NodeIds,
    RetryField,
    TimeoutField,
)
from weftline.language.program import APPROVED, REJECTED

MAX_APPROVALS = 20
"""People who may be asked to agree to one task."""


class NodeBase(Element):
    """What every node has."""

    example: ClassVar[dict[str, Any]]

    id: NodeId
    """Unique within the workflow; other nodes and expressions refer to it."""
    name: str | None = None
    """What people see; the id where absent."""
    description: str | None = None
    """For people; not used by the engine."""
    ui: Any = None
    """The designer's own data (position, colour); kept and not interpreted."""


class FlowNode(NodeBase):
    """A node that hands its token on and can fail."""

    next: NodeIds = Field(default_factory=list[str])
    """The node that follows, or several that then run in parallel; absent: the token ends here."""
    dependencies: NodeIds = Field(default_factory=list[str])
    """Nodes that must all have completed before this one runs; it is then entered through them only."""
    when: Expression | None = None
    """A guard: where it is false, the step is skipped and the token goes on."""
    output: dict[str, JsonTemplate] | None = None
    """Keys to set in `data` afterwards; `result` in them is the step's output."""
    on_error: ErrorRoutes = Field(default_factory=list[ErrorRoute])
    """Where the token goes when the step fails for good: a node id, `{next, codes}`, or a list of these."""
    critical: bool = True
    """False: where the step fails for good, the workflow goes on by `next`."""


class StartNode(NodeBase):
    """Where the execution begins. Optional: `startNode`, or a node that nothing leads to, serves as well."""

    example: ClassVar[dict[str, Any]] = {"id": "start", "type": "start", "next": "check"}

    type: Literal["start"]
    """What kind of node this is."""
    next: NodeIds = Field(default_factory=list[str])
    """The node that follows, or several that then run in parallel."""


class EndNode(NodeBase):
    """Ends its token. The execution completes when no token is left."""

    example: ClassVar[dict[str, Any]] = {"id": "end", "type": "end"}

    type: Literal["end"]
    """What kind of node this is."""
    dependencies: NodeIds = Field(default_factory=list[str])
    """Nodes that must all have completed before this one runs."""
    terminate: bool = False
    """True: ends the whole execution at once, whatever else still runs."""


class ActionNode(FlowNode):
    """Calls a registered action. What it returns is the step's output."""

    example: ClassVar[dict[str, Any]] = {
        "id": "charge",
        "type": "action",
        "action": "chargeCard",
        "input": {"amount": "${order.total}"},
        "output": {"receipt": "${result.receiptId}"},
        "retry": {"maxAttempts": 5, "initialInterval": "2s"},
        "timeout": "30s",
        "next": "ship",
    }

    type: Literal["action"]
    """What kind of node this is."""
    action: Annotated[str, Field(min_length=1, max_length=256)]
    """The name under which the action is registered."""
    input: JsonTemplate = None
    """What the action gets; absent: nothing but the shared `data`."""
    retry: RetryField | None = None
    """How failed attempts are retried; absent: the workflow's `settings.retry`."""
    timeout: DurationTemplate | None = None
    """The longest an attempt may take."""
    compensate: CompensationField | None = None
    """What undoes the step. Not run by this version: refused at validation."""


class HttpNode(FlowNode):
    """Sends an HTTP request: shorthand for the built-in action `http`."""

    example: ClassVar[dict[str, Any]] = {
        "id": "notify-crm",
        "type": "http",
        "method": "POST",
        "url": "https://crm.example/customers/${customer.id}",
        "headers": {"Accept": "application/json"},
        "body": {"status": "active"},
        "timeout": "10s",
    }

    type: Literal["http"]
    """What kind of node this is."""
    url: Annotated[str, Field(min_length=1)]
    """The address, with `${ … }` where needed."""
    method: str = "GET"
    """The request method."""
    headers: dict[str, JsonTemplate] | str | None = None
    """Request headers."""
    query: dict[str, JsonTemplate] | str | None = None
    """Parameters to add to the address."""
    body: JsonTemplate = None
    """Sent as JSON; a text is sent as it is."""
    retry: RetryField | None = None
    """How failed attempts are retried; absent: the workflow's `settings.retry`."""
    timeout: DurationTemplate | None = None
    """The longest an attempt may take."""
    compensate: CompensationField | None = None
    """What undoes the step. Not run by this version: refused at validation."""


class DecisionCase(Element):
    """One way out of a decision."""

    when: Expression
    """The case is taken where this is true and no case before it was."""
    next: NodeId
    """The node that follows."""
    label: str | None = None
    """What the log and the designer show; the expression where absent."""


class DecisionNode(NodeBase):
    """Chooses the way: by one `condition` with `true` and `false`, or by the first of several `cases`."""

    example: ClassVar[dict[str, Any]] = {
        "id": "needs-review",
        "type": "decision",
        "condition": "order.total > 1000",
        "true": "review",
        "false": "ship",
    }

    type: Literal["decision", "condition"]
    """What kind of node this is."""
    dependencies: NodeIds = Field(default_factory=list[str])
    """Nodes that must all have completed before this one runs."""
    condition: Expression | None = None
    """A CEL expression that is true or false."""
    on_true: NodeId | None = Field(default=None, alias="true")
    """The node that follows where the condition is true."""
    on_false: NodeId | None = Field(default=None, alias="false")
    """The node that follows where the condition is false."""
    cases: list[DecisionCase] = Field(default_factory=list[DecisionCase], max_length=1_000)
    """The ways out, tried in order; instead of `condition`."""
    default: NodeId | None = None
    """The node that follows where nothing else holds; absent: the step fails with `no_case_matched`."""
    on_error: ErrorRoutes = Field(default_factory=list[ErrorRoute])
    """Where the token goes when the step fails: a node id, `{next, codes}`, or a list of these."""


class WaitNode(FlowNode):
    """Waits for a time (`duration` or `until`) or for an `event`. Costs nothing while it waits."""

    example: ClassVar[dict[str, Any]] = {
        "id": "verify-email",
        "type": "wait",
        "event": "email-verified",
        "correlation": "${customer.id}",
        "timeout": {"duration": "24h", "next": "send-reminder"},
        "next": "create-account",
    }

    type: Literal["wait", "delay"]
    """What kind of node this is."""
    duration: DurationTemplate | None = None
    """How long to wait."""
    until: Annotated[str, Field(min_length=1)] | None = None
    """An RFC 3339 time to wait for; a time in the past does not wait."""
    event: Annotated[str, Field(min_length=1)] | None = None
    """The name of the event or signal that ends the wait; its payload is the step's output."""
    correlation: JsonTemplate = None
    """Only an event with this correlation ends the wait; absent: a signal sent to the execution itself."""
    timeout: TimeoutField | None = None
    """The longest to wait for the event: a duration, or `{duration, next}`."""


class Approvals(Element):
    """How many people must agree before a human task is done."""

    required: Annotated[int, Field(ge=1, le=MAX_APPROVALS)]
    """That many different people must give an approving outcome; the first other outcome ends the task."""
    outcomes: list[Annotated[str, Field(min_length=1, max_length=255)]] | None = Field(default=None, min_length=1)
    """The outcomes that approve; absent: `approved` of an approval, and else the first of the node's `outcomes`."""


class Escalation(Element):
    """Who else is asked where a human task is not done in time."""

    after: DurationTemplate | None = None
    """How long after the task was opened; absent: when it is due."""
    assign_to: str | list[str] | None = None
    """Whom the task is then assigned to as well: users, groups or roles."""
    notify: str | list[str] | None = None
    """Who else is told by mail: users, groups or roles."""


def _full_approvals(value: object) -> object:
    is_count = isinstance(value, int) and not isinstance(value, bool)
    return {"required": value} if is_count else value


class HumanTaskNode(FlowNode):
    """Puts a task into people's inboxes and waits until one completes it. Their answer is the step's output.

    `form` is the same under another name; `approval` expects the outcome `approved` or `rejected`, and fails
    with the code `rejected` where a rejection has no route of its own.
    """

    example: ClassVar[dict[str, Any]] = {
        "id": "approve-invoice",
        "type": "approval",
        "assignTo": "accounting",
        "form": "invoice-approval",
        "outcomes": {"rejected": "tell-requester"},
        "approvals": 2,
        "fourEyes": True,
        "dueIn": "2d",
        "escalation": {"assignTo": "head-of-accounting"},
        "timeout": {"duration": "7d", "next": "tell-requester"},
        "next": "pay",
    }

    type: Literal["human-task", "form", "approval"]
    """What kind of node this is."""
    assign_to: str | list[str] | None = None
    """Whom to ask: a user's e-mail address or id, a group, a role, or a list; absent: anybody who may do tasks."""
    form: str | dict[str, Any] | None = None
    """The form to fill in: its name, or a JSON Schema of the answer."""
    outcomes: dict[str, NodeId] = Field(default_factory=dict[str, NodeId])
    """From an outcome to the node that follows; other outcomes go to `next`."""
    approvals: Annotated[Approvals, BeforeValidator(_full_approvals, json_schema_input_type=Approvals | int)] | None = (
        None
    )
    """How many people must agree: a number, or `{required, outcomes}`; absent: one person decides."""
    four_eyes: bool = False
    """True: whoever started the execution has no say."""
    due_in: DurationTemplate | None = None
    """When the task should be done, counted from its opening; nothing but an `escalation` follows from it."""
    escalation: Escalation | None = None
    """What happens when the task is overdue."""
    notify: Literal["email"] | None = None
    """`email`: those who are asked get a mail with a link on which they can answer at once."""
    timeout: TimeoutField | None = None
    """The longest to wait, after which the task is taken back: a duration, or `{duration, next}`."""


def known_outcomes(node: HumanTaskNode) -> tuple[str, ...]:
    """The outcomes that the workflow knows for a human task; none: any will do."""
    own = tuple(node.outcomes)
    return tuple(dict.fromkeys((APPROVED, REJECTED, *own))) if node.type == "approval" else own


class Branch(Element):
    """One branch of a parallel node."""

    next: NodeId
    """The node that the branch begins with. It ends where its tokens end."""
    name: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    """What people see; the node's id where absent."""


def _full_branches(value: object) -> object:
    if not isinstance(value, list):
        return value
    return [{"next": item} if isinstance(item, str) else item for item in cast("list[object]", value)]


def _join(value: object) -> Literal["all", "any"] | int:
    if value == "all":
        return "all"
    if value == "any":
        return "any"
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    raise ValueError("`join` is `all`, `any` or the number of branches that must end well")


class ParallelNode(FlowNode):
    """Runs branches side by side, each in a scope of its own, and goes on when enough have ended well."""

    example: ClassVar[dict[str, Any]] = {
        "id": "check-all",
        "type": "parallel",
        "branches": ["check-stock", {"name": "credit", "next": "check-credit"}],
        "join": "all",
        "next": "confirm",
    }

    type: Literal["parallel"]
    """What kind of node this is."""
    branches: Annotated[
        list[Branch],
        BeforeValidator(_full_branches, json_schema_input_type=list[NodeId | Branch]),
        Field(min_length=1, max_length=1_000),
    ]
    """The branches: a node id, or `{name, next}`."""
    join: Annotated[
        Literal["all", "any"] | int,
        PlainValidator(_join),
        WithJsonSchema({"anyOf": [{"enum": ["all", "any"]}, {"type": "integer", "minimum": 1}]}),
    ] = "all"
    """How many branches must end well: `all`, `any` or a number. The others are then cancelled."""


class SetNode(FlowNode):
    """Sets keys of the shared `data`."""

    example: ClassVar[dict[str, Any]] = {
        "id": "defaults",
        "type": "set",
        "values": {"currency": "EUR", "total": "${price * quantity}"},
        "next": "charge",
    }

    type: Literal["set"]
    """What kind of node this is."""
    values: dict[str, JsonTemplate]
    """Keys and their new values."""


class LoopNode(FlowNode):
    """Repeats a part of the workflow for each item of a list, or while a condition holds.

    Not run by this version: refused at validation.
    """

    example: ClassVar[dict[str, Any]] = {
        "id": "each-line",
        "type": "loop",
        "forEach": "${order.lines}",
        "as": "line",
        "do": "reserve-line",
        "concurrency": 5,
        "next": "pack",
    }

    type: Literal["loop"]
    """What kind of node this is."""
    for_each: JsonTemplate = None
    """The list to go through; `item` and `index` are in scope."""
    as_: str | None = Field(default=None, alias="as")
    """Another name for `item`."""
    while_: Expression | None = Field(default=None, alias="while")
    """Repeats as long as this holds; instead of `forEach`."""
    do: NodeId
    """The node that the loop's body begins with. It ends where its tokens end."""
    concurrency: Annotated[int, Field(ge=1, le=1_000)] = 1
    """How many items run side by side."""
    max_iterations: Annotated[int, Field(ge=1)] | None = None
    """The bound of a `while` loop."""


class SubworkflowNode(FlowNode):
    """Runs another workflow and waits for its end. Not run by this version: refused at validation."""

    example: ClassVar[dict[str, Any]] = {
        "id": "kyc",
        "type": "subworkflow",
        "workflow": "kyc-check",
        "input": {"customer": "${customer}"},
    }

    type: Literal["subworkflow"]
    """What kind of node this is."""
    workflow: str
    """The other workflow's id."""
    version: str | int | None = None
    """Its version; absent: the published one."""
    input: JsonTemplate = None
    """Its input."""
    retry: RetryField | None = None
    """How a failed run is retried."""
    timeout: DurationTemplate | None = None
    """The longest it may take."""
    compensate: CompensationField | None = None
    """What undoes the step."""


class EmitNode(FlowNode):
    """Sends an event to whatever waits for it. Not run by this version: refused at validation."""

    example: ClassVar[dict[str, Any]] = {
        "id": "announce",
        "type": "emit",
        "event": "order-paid",
        "correlation": "${order.id}",
        "payload": {"total": "${order.total}"},
    }

    type: Literal["emit"]
    """What kind of node this is."""
    event: str
    """The event's name."""
    correlation: JsonTemplate = None
    """Only waits with this correlation get it."""
    payload: JsonTemplate = None
    """What they get."""


class NotificationNode(FlowNode):
    """Tells people something over a channel. Not run by this version: refused at validation."""

    example: ClassVar[dict[str, Any]] = {
        "id": "welcome",
        "type": "notification",
        "channel": "email",
        "to": "${customer.email}",
        "template": "welcome",
    }

    type: Literal["notification"]
    """What kind of node this is."""
    channel: str = "email"
    """How: `email`, `sms`, `webhook` or a channel that a plugin brings."""
    to: str | list[str] | None = None
    """Whom."""
    subject: str | None = None
    """The subject line."""
    message: str | None = None
    """The text."""
    template: str | None = None
    """A message template's name; instead of `message`."""
    data: JsonTemplate = None
    """Values for the template."""
    retry: RetryField | None = None
    """How a failed delivery is retried."""


AnyNode: TypeAlias = (
    StartNode
    | EndNode
    | ActionNode
    | HttpNode
    | DecisionNode
    | WaitNode
    | HumanTaskNode
    | ParallelNode
    | SetNode
    | LoopNode
    | SubworkflowNode
    | EmitNode
    | NotificationNode
)

NODE_CLASSES: tuple[type[AnyNode], ...] = (
    StartNode,
    EndNode,
    ActionNode,
    HttpNode,
    DecisionNode,
    WaitNode,
    HumanTaskNode,
    ParallelNode,
    SetNode,
    LoopNode,
    SubworkflowNode,
    EmitNode,
    NotificationNode,
)


def type_names(node_class: type[AnyNode]) -> tuple[str, ...]:
    """The values of ``type`` that stand for ``node_class``: its name and then its aliases."""
    annotation = node_class.model_fields["type"].annotation
    return cast("tuple[str, ...]", getattr(annotation, "__args__", ()))


NODE_TYPES: dict[str, type[AnyNode]] = {name: cls for cls in NODE_CLASSES for name in type_names(cls)}
"""Every value of ``type``, aliases included, and its class."""
