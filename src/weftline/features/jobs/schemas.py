"""Jobs on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from weftline.features.access.fields.masking import FieldMask
from weftline.features.executions.schemas import masked
from weftline.features.http.listing import ListQuery
from weftline.features.http.wire import Demand, Wire
from weftline.features.jobs.models import Job as JobRow
from weftline.features.jobs.models import JobStatus
from weftline.features.jobs.repository import ORDER
from weftline.model.secrets import labelled

MAX_JOBS = 200
"""Jobs fetched or answered by one request."""

MAX_WAIT = 60.0
MIN_LOCK, MAX_LOCK = 5.0, 3_600.0
"""Seconds."""

_Seconds = Annotated[
    float,
    Field(ge=MIN_LOCK, le=MAX_LOCK, description="For how many seconds, from now, the job is the worker's alone."),
]
_Token = Annotated[UUID, Field(description="Proves that the job is the worker's, from when it was fetched.")]


class FetchBody(Demand):
    """What a worker asks for."""

    worker_id: Annotated[str, Field(min_length=1, max_length=128, description="What the worker calls itself.")]
    max_jobs: Annotated[int, Field(ge=1, le=MAX_JOBS, description="Jobs at most.")] = 1
    wait_seconds: Annotated[
        float, Field(ge=0, le=MAX_WAIT, description="How long to wait for a job where there is none.")
    ] = 30.0
    lock_seconds: _Seconds = 60.0


class JobError(Demand):
    """How a job failed."""

    code: Annotated[str, Field(min_length=1, max_length=128, description="Stable, for `onError` and `nonRetryable`.")]
    message: Annotated[str, Field(max_length=4_096, description="A sentence for a person.")] = ""
    retryable: Annotated[bool, Field(description="False: no further attempt would help.")] = True
    retry_after: Annotated[
        float | None, Field(ge=0, description="Seconds until the next attempt, at least; a day at most.")
    ] = None
    details: Annotated[dict[str, Any], Field(description="Anything that helps.")] = Field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """A WorkflowError's JSON."""
        error: dict[str, Any] = {
            "code": self.code,
            "message": self.message or self.code,
            "retryable": self.retryable,
        }
        return {**error, "details": self.details} if self.details else error


class CompleteBody(Demand):
    """What a job came to."""

    token: _Token
    output: Annotated[Any, Field(description="The step's output.")] = None
    data: Annotated[dict[str, Any] | None, Field(description="Merged into the execution's shared data.")] = None


class FailBody(Demand):
    """How a job failed."""

    token: _Token
    error: JobError


class ExtendBody(Demand):
    """That a worker is still at it."""

    token: _Token
    lock_seconds: _Seconds = 60.0
    progress: Annotated[Any, Field(description="What to tell people of it; absent: what was told before stands.")] = (
        None
    )


class BatchItem(Demand):
    """What came of one of several jobs: `output` and `data`, or `error`."""

    id: UUID
    token: _Token
    output: Any = None
    data: dict[str, Any] | None = None
    error: JobError | None = None


class BatchBody(Demand):
    """What came of several jobs."""

    items: Annotated[list[BatchItem], Field(min_length=1, max_length=MAX_JOBS)]


class AnsweredOut(Wire):
    """That an answer was taken."""

    id: UUID
    status: Annotated[Literal["completed", "failed"], Field(description="What the worker said.")]


class BatchItemOut(Wire):
    """What became of one answer of a batch."""

    id: UUID
    status: Annotated[
        Literal["completed", "failed", "refused"], Field(description="What the worker said, or that it is refused.")
    ]
    code: Annotated[str | None, Field(description="Why it is refused: the problem's code.")] = None
    detail: Annotated[str | None, Field(description="The same for a person.")] = None


class BatchOut(Wire):
    """What became of the answers, in their order."""

    items: list[BatchItemOut]


class ExtendedOut(Wire):
    """Whether the worker should go on."""

    id: UUID
    cancelled: Annotated[bool, Field(description="True: the step is no longer wanted, and no answer will be taken.")]
    locked_until: Annotated[datetime | None, Field(description="Until when nobody else gets the job.")]


class JobOut(Wire):
    """A job that waits in its task queue, or that a worker has."""

    id: UUID
    execution_id: UUID
    workflow_id: str
    step_id: Annotated[str, Field(description="The step's key.")]
    attempt: Annotated[int, Field(description="Of the step, from 1.")]
    queue: str
    action: str
    input: Any
    priority: int
    status: JobStatus
    held: Annotated[bool, Field(description="Nobody can fetch it while its execution is paused.")]
    locked_by: Annotated[str | None, Field(description="The worker that has it, or had it last.")]
    locked_until: datetime | None
    losses: Annotated[int, Field(description="How often a worker had it and was not heard of again.")]
    progress: Annotated[Any, Field(description="What its worker told last.")]
    created_at: datetime

    @classmethod
    def of(cls, row: JobRow, input: Any, progress: Any, mask: FieldMask | None) -> JobOut:
        """A job as somebody may see it.

        Args:
            row: it.
            input, progress: its payloads, opened.
            mask: what they must not see of the workflow's data.
        """
        return cls(
            id=row.id,
            execution_id=row.execution_id,
            workflow_id=row.workflow_id,
            step_id=row.step_id,
            attempt=row.attempt,
            queue=row.queue,
            action=row.action,
            input=masked(labelled(input), mask),
            priority=row.priority,
            status=row.status,
            held=row.is_held,
            locked_by=row.locked_by,
            locked_until=row.locked_until,
            losses=row.losses,
            progress=masked(progress, mask),
            created_at=row.created_at,
        )


class TaskQueueOut(Wire):
    """A task queue in which there are jobs."""

    name: str
    available: Annotated[int, Field(description="Jobs that can be fetched.")]
    held: Annotated[int, Field(description="Jobs of paused executions.")]
    locked: Annotated[int, Field(description="Jobs that workers have.")]
    oldest: Annotated[datetime | None, Field(description="Since when the oldest that can be fetched waits.")]
    workers: Annotated[list[str], Field(description="The workers that have jobs.")]


class TaskQueueQuery(ListQuery):
    """Which part of the list."""

    order: ClassVar = ORDER
