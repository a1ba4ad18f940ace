"""Executions, their steps and their logs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from weftline.client.models.base import Model
from weftline.model.status import TERMINAL, ExecutionStatus, StepStatus

# a server that is newer than this client may know more of them
AnyExecutionStatus = Annotated[ExecutionStatus | str, Field(union_mode="left_to_right")]
AnyStepStatus = Annotated[StepStatus | str, Field(union_mode="left_to_right")]


class TriggeredBy(Model):
    """What started an execution.

    Attributes:
        type: of the trigger.
        trigger_id: which one.
        scheduled_at: when it was due.
    """

    type: str
    trigger_id: str
    scheduled_at: datetime | None = None


class Execution(Model):
    """An execution. A list shows it without input, output and data; so does a start that was not waited for.

    Attributes:
        id: its id.
        workflow_id: of which workflow.
        version_number: of which version.
        status: where it stands.
        input, output, data: what went in, what came out, and what it carries.
        error: why it failed.
        current_steps: where it is.
        tags, attributes, priority: by what it is found, and how soon it runs: 9 first, 0 last.
        execution_time_ms: how long it took, milliseconds.
        is_queued: it waits for others to end.
    """

    id: str
    workflow_id: str
    version_number: int
    status: AnyExecutionStatus
    input: dict[str, Any] | None = None
    output: Any = None
    data: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    current_steps: list[str] = Field(default_factory=list[str])
    tags: list[str] = Field(default_factory=list[str])
    attributes: dict[str, Any] = Field(default_factory=dict[str, Any])
    priority: int | None = None
    created_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    execution_time_ms: int | None = None
    started_by: str | None = None
    parent_id: str | None = None
    restarted_from: str | None = None
    triggered_by: TriggeredBy | None = None
    is_queued: bool = False

    @property
    def has_ended(self) -> bool:
        """Nothing happens to it any more, unless somebody revives it."""
        return self.status in TERMINAL


class Step(Model):
    """One run of one node.

    Attributes:
        step_id, step_name, step_type: the node.
        step_status: where it stands.
        scope: the branch or iteration that it runs in.
        visit: its how manieth run in that scope.
        attempt: its how manieth attempt.
    """

    step_id: str
    step_name: str
    step_type: str
    step_status: AnyStepStatus
    scope: str | None = None
    visit: int = 1
    attempt: int = 1
    retry_count: int = 0
    input: Any = None
    output: Any = None
    error: dict[str, Any] | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    due_at: datetime | None = None


class FoundStep(Step):
    """A step with the execution that it is of."""

    execution_id: str
    workflow_id: str
    version_number: int


class Event(Model):
    """One fact of an execution's log.

    Attributes:
        seq: its number in the log.
        type: what happened, such as ``STEP_COMPLETED``.
        step_id: the node that it is about.
        occurred_at: when.
        data: the details.
    """

    seq: int
    type: str
    step_id: str | None = None
    occurred_at: datetime
    data: dict[str, Any] | None = None
    scope: str | None = None
    visit: int | None = None


class Restarted(Model):
    """An execution that repeats another one.

    Attributes:
        id: the new one's.
        restarted_from: the other one's.
    """

    id: str
    workflow_id: str
    version_number: int
    restarted_from: str


class Signalled(Model):
    """A signal that is on its way.

    Attributes:
        execution_id: where to.
        name: the signal's.
    """

    execution_id: str
    name: str


class Delivered(Model):
    """An event that was delivered.

    Attributes:
        name: the event's.
        delivered: to how many executions.
    """

    name: str
    delivered: int


class InvalidStep(Model):
    """One thing that is wrong with what people filled in.

    Attributes:
        step_id: where.
        pointer: JSON pointer to the place in it.
        message: what is wrong.
    """

    step_id: str
    pointer: str
    message: str


class ReviewResult(Model):
    """Whether what people filled in is valid.

    Attributes:
        valid: None while no worker has looked.
        errors: what is wrong.
    """

    valid: bool | None
    errors: list[InvalidStep] = Field(default_factory=list[InvalidStep])
