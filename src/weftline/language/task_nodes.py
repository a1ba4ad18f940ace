"""The node that asks people."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from weftline.language.fields import DurationTemplate, Element, Expression, NodeId, TimeoutField
from weftline.language.node_base import FlowNode
from weftline.language.program import APPROVED, REJECTED

MAX_APPROVALS = 20
"""People who may be asked to agree to one task."""


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


class Validator(Element):
    """A rule for a person's answer."""

    condition: Expression
    """Must be true; `result` in it is the answer's data."""
    message: Annotated[str, Field(min_length=1)]
    """What is told where it is not."""
    field: str | None = None
    """The field of the answer that the message is about."""


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
    validators: list[Validator] = Field(default_factory=list[Validator], alias="validate", max_length=100)
    """Rules that the answer must satisfy besides the form's JSON Schema when a reviewed execution is validated."""


def known_outcomes(node: HumanTaskNode) -> tuple[str, ...]:
    """The outcomes that the workflow knows for a human task; none: any will do."""
    own = tuple(node.outcomes)
    return tuple(dict.fromkeys((APPROVED, REJECTED, *own))) if node.type == "approval" else own
