"""Tasks on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import AfterValidator, Field, field_validator

from weftline.features.access.fields.masking import FieldMask
from weftline.features.executions.schemas import masked
from weftline.features.http.listing import ListQuery
from weftline.features.http.wire import Demand, Wire
from weftline.features.tasks.deciding import Decision
from weftline.features.tasks.models import HumanTask
from weftline.features.tasks.repository import COMMENTS, DELEGATIONS, ORDER, VOTES, Filter
from weftline.model.status import TaskStatus
from weftline.model.stepkey import parse_key


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("the NUL character cannot be stored")
    return text


Storable = AfterValidator(_without_nul)

Assignee = Annotated[
    str,
    Field(min_length=1, max_length=255, description="A user's id or e-mail address, a group, or a role."),
    Storable,
]
Person = Annotated[str, Field(min_length=1, max_length=255, description="A member's id or e-mail address."), Storable]
Reason = Annotated[str | None, Field(max_length=1_000, description="For the audit log.")]
Outcome = Annotated[str | None, Field(max_length=255, description="One of the task's, where it has any.")]
Comment = Annotated[str, Field(min_length=1, max_length=10_000), Storable]


class TaskOut(Wire):
    """A human task."""

    id: UUID
    execution_id: UUID
    workflow_id: str
    step_id: Annotated[str, Field(description="Id of the node that asks.")]
    name: str
    form: Annotated[Any, Field(description="The form to fill in: its name, or a JSON Schema.")]
    assign_to: Annotated[list[str], Field(description="Users, groups and roles; empty: anybody who may do tasks.")]
    outcomes: Annotated[list[str] | None, Field(description="Empty: any will do.")]
    approvals_required: Annotated[int, Field(description="How many people must give an approving outcome.")]
    approvals_given: int
    approving_outcomes: list[str]
    four_eyes: Annotated[bool, Field(description="Whoever started the execution has no say.")]
    status: TaskStatus
    claimed_by: Annotated[str | None, Field(description="Their e-mail address.")]
    claimed_by_id: UUID | None
    data: dict[str, Any] | None
    outcome: str | None
    created_at: datetime
    due_at: datetime | None
    escalate_at: Annotated[datetime | None, Field(description="When more people are asked, if it is not done before.")]
    escalated_at: datetime | None
    claimed_at: datetime | None
    completed_at: datetime | None
    completed_by: Annotated[str | None, Field(description="Their e-mail address.")]
    completed_by_id: UUID | None

    @field_validator("step_id")
    @classmethod
    def _node(cls, key: str) -> str:
        return parse_key(key)[0]


_NAMES = [(name, field.alias or name) for name, field in TaskOut.model_fields.items()]


def plain_task(task: HumanTask, mask: FieldMask | None = None) -> dict[str, Any]:
    """A :class:`TaskOut` in its wire form, without what ``mask`` hides."""
    stored = vars(task)
    shown = {alias: stored[name] for name, alias in _NAMES}
    shown["stepId"] = parse_key(task.step_id)[0]
    shown["data"] = masked(task.data, mask)
    return shown


class TaskQuery(ListQuery):
    """Which tasks to list."""

    order: ClassVar = ORDER

    status: Annotated[list[TaskStatus], Field(description="May be given several times.")] = Field(
        default_factory=list[TaskStatus]
    )
    mine: Annotated[bool, Field(description="Only those that wait for the caller.")] = False
    assignee: Annotated[Assignee | None, Field(description="Assigned to this user, group or role by name.")] = None
    execution_id: UUID | None = None
    workflow_id: Annotated[str | None, Field(max_length=128), Storable] = None

    def filter(self) -> Filter:
        """As the repository takes it."""
        return Filter(self.status, self.assignee, self.execution_id, self.workflow_id, self.mine)


class CompleteBody(Demand):
    """What the caller decides."""

    data: Annotated[dict[str, Any] | None, Field(description="The form, filled in.")] = None
    outcome: Outcome = None
    comment: Annotated[Comment | None, Field(description="Why.")] = None

    def decision(self) -> Decision:
        """As the service takes it."""
        return Decision(self.outcome, self.data, self.comment)


class DelegateBody(Demand):
    """To whom a task is handed."""

    to: Person
    reason: Reason = None


class ReassignBody(Demand):
    """Whom a task is assigned to from now on."""

    assign_to: Annotated[list[Assignee], Field(max_length=100, description="Empty: anybody who may do tasks.")]
    reason: Reason = None


class CommentBody(Demand):
    """What somebody says about a task."""

    text: Comment


class VoteOut(Wire):
    """What one person decided."""

    voter_id: UUID
    voter: str
    outcome: str | None
    is_approving: bool
    data: dict[str, Any]
    comment: str | None
    voted_at: datetime


class VoteQuery(ListQuery):
    """Which part of a task's votes."""

    order: ClassVar = VOTES


class DelegationOut(Wire):
    """That somebody handed a task, or their say in one, to another."""

    id: UUID
    from_id: UUID | None
    from_name: str
    to_id: UUID
    to_name: str
    reason: str | None
    created_at: datetime


class DelegationQuery(ListQuery):
    """Which part of a task's delegations."""

    order: ClassVar = DELEGATIONS


class CommentOut(Wire):
    """What somebody said about a task."""

    id: UUID
    author_id: UUID | None
    author: str
    text: str
    created_at: datetime


class CommentQuery(ListQuery):
    """Which part of a task's comments."""

    order: ClassVar = COMMENTS


class LinkBody(Demand):
    """Who is to get a link."""

    user: Person
    outcome: Annotated[Outcome, Field(description="The only outcome that the link can give; absent: any.")] = None


class LinkOut(Wire):
    """A link that was sent. Its token is known to whoever got it, and to nobody else."""

    id: UUID
    task_id: UUID
    user_id: UUID
    email: Annotated[str, Field(description="Where it was sent.")]
    outcome: str | None
    created_at: datetime
    expires_at: datetime


class OfferOut(Wire):
    """What a link lets its person decide."""

    task_id: UUID
    workflow_id: str
    name: str
    user: Annotated[str, Field(description="Whose decision is asked for.")]
    form: Any
    outcomes: list[str]
    due_at: datetime | None
    expires_at: datetime


class DecidedOut(Wire):
    """What became of a task by a link."""

    task_id: UUID
    status: Annotated[TaskStatus, Field(description="`open` where more people must agree.")]
    outcome: str | None
