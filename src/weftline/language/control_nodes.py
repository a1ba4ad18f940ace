"""The nodes that lead the way: where an execution begins, waits, branches, repeats and ends."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, cast

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
    WorkflowId,
)
from weftline.language.node_base import FlowNode, NodeBase
from weftline.language.program import MAX_ITERATIONS


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
    """Where the token goes when the step fails: a node id, `{next, codes, types}`, or a list of these."""


class Alternative(Element):
    """One of several waits of which the first to end decides: an `event`, a `duration` or a time (`until`)."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$")] | None = None
    """What the output calls it: letters, digits, `_`, `.` and `-`; absent: the event's name, or `time`."""
    event: Annotated[str, Field(min_length=1)] | None = None
    """The name of the event or signal to wait for; its payload is the alternative's output."""
    correlation: JsonTemplate = None
    """Only an event with this correlation counts; absent: a signal sent to the execution itself."""
    duration: DurationTemplate | None = None
    """How long to wait."""
    until: Annotated[str, Field(min_length=1)] | None = None
    """An RFC 3339 time to wait for."""
    next: NodeId | None = None
    """The node that follows where this one was first; absent: the wait's `next`."""


def alternative_name(alternative: Alternative) -> str:
    """What the alternative is called: by its author, or else by its event, or ``time``."""
    return alternative.name or alternative.event or "time"


def alternative_id(node_id: str, alternative: Alternative) -> str:
    """Id of the step that waits for one alternative of the node ``node_id``."""
    return f"{node_id}.{alternative_name(alternative)}"


class WaitNode(FlowNode):
    """Waits for a time (`duration` or `until`), for an `event`, or for the first of several. Costs nothing meanwhile.

    With `firstOf`, the output is `{name, output}` of the alternative that was first; the others are given up.
    """

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
    first_of: list[Alternative] | None = Field(default=None, min_length=2, max_length=100)
    """Several waits of which the first to end decides; instead of `duration`, `until` and `event`."""


class Branch(Element):
    """One branch of a parallel node."""

    next: NodeId
    """The node that the branch begins with. It ends where its tokens end."""
    name: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    """What people see; the node's id where absent."""
    compensate: CompensationField | None = None
    """What undoes the whole branch once it has ended well; `result` in its input is the branch's output."""


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
    """The branches: a node id, or `{name, next, compensate}`."""
    join: Annotated[
        Literal["all", "any"] | int,
        PlainValidator(_join),
        WithJsonSchema({"anyOf": [{"enum": ["all", "any"]}, {"type": "integer", "minimum": 1}]}),
    ] = "all"
    """How many branches must end well: `all`, `any` or a number."""
    losers: Literal["cancel", "finish"] = "cancel"
    """What becomes of branches still at work by then: they are cancelled, or left to finish."""


class LoopNode(FlowNode):
    """Repeats a part of the workflow for each item of a list, or while a condition holds.

    Each iteration runs in a scope of its own and ends where its tokens end. The output is the list of the iterations'
    outputs in the items' order; those that were passed over give null.
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
    """The list to go through; `item` and `index` (from 0) are in scope."""
    as_: str | None = Field(default=None, alias="as")
    """Another name for `item`."""
    while_: Expression | None = Field(default=None, alias="while")
    """Repeats as long as this holds before an iteration; instead of `forEach`. Needs `maxIterations`."""
    do: NodeId
    """The node that each iteration begins with."""
    concurrency: Annotated[int, Field(ge=1, le=1_000)] = 1
    """How many items run side by side."""
    max_iterations: Annotated[int, Field(ge=1, le=MAX_ITERATIONS)] | None = None
    """More iterations fail the step with `too_many_iterations`; absent: a million."""
    break_when: Expression | None = None
    """Where this is true after an iteration, the loop ends well, and iterations still at work are cancelled; `result`
    is the iteration's output."""
    continue_when: Expression | None = None
    """Where this is true before an iteration, it is passed over."""
    collect: bool = True
    """False: the output is the number of iterations instead of their outputs."""
    on_item_error: Literal["fail", "continue"] = "fail"
    """`continue`: an iteration that fails gives null and does not fail the loop."""


class SubworkflowNode(FlowNode):
    """Runs another workflow. Its output is the step's; where it fails, the step fails; both are cancelled together."""

    example: ClassVar[dict[str, Any]] = {
        "id": "kyc",
        "type": "subworkflow",
        "workflow": "kyc-check",
        "input": {"customer": "${customer}"},
    }

    type: Literal["subworkflow"]
    """What kind of node this is."""
    workflow: WorkflowId
    """The other workflow's id."""
    version: Annotated[int, Field(ge=1)] | None = None
    """The number of its version; absent: the published one."""
    input: JsonTemplate = None
    """Its input; absent: an empty object."""
    wait: bool = True
    """False: it is started and left alone; the output is `{executionId}`."""
    retry: RetryField | None = None
    """How a failed run is retried, each time from the beginning; absent: not at all."""
    timeout: DurationTemplate | None = None
    """The longest a run may take."""


class FailNode(NodeBase):
    """Fails with an error of the author's own, as any step that fails for good."""

    example: ClassVar[dict[str, Any]] = {
        "id": "refuse",
        "type": "fail",
        "code": "limit_exceeded",
        "message": "${customer.name} may order for ${limit} at most",
        "details": {"limit": "${limit}"},
    }

    type: Literal["fail"]
    """What kind of node this is."""
    dependencies: NodeIds = Field(default_factory=list[str])
    """Nodes that must all have completed before this one runs."""
    code: Annotated[str, Field(min_length=1, max_length=128)]
    """The error's code."""
    message: Annotated[str, Field(min_length=1)]
    """What is wrong, for people."""
    details: dict[str, JsonTemplate] | None = None
    """Facts about it, for programs."""
