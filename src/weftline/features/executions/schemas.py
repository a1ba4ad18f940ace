"""Executions on the wire."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar, cast
from uuid import UUID

from pydantic import Field

from weftline.features.access.fields.masking import FieldMask
from weftline.features.executions.models import Execution
from weftline.features.executions.reader import Snapshot, StepExecutions
from weftline.features.executions.repository import Filter
from weftline.features.executions.versions import StepHeading
from weftline.features.http.paging import MAX_NUMBER, PageQuery
from weftline.features.http.wire import Demand, Wire
from weftline.language.json_values import Json
from weftline.machine.state import Step
from weftline.model.event import Event, EventType
from weftline.model.status import ExecutionStatus, StepStatus
from weftline.model.stepkey import parse_key

Name = Annotated[str, Field(min_length=1, max_length=255)]

T = TypeVar("T")

UNKNOWN_STEP = StepHeading("", "")


class ExecutionSummary(Wire):
    """An execution in a list."""

    id: UUID
    workflow_id: str
    version_number: int
    status: ExecutionStatus
    error: dict[str, Any] | None
    current_steps: Annotated[list[str], Field(description="Ids of the nodes at which it is.")]
    started_at: datetime | None
    completed_at: datetime | None
    execution_time_ms: Annotated[int | None, Field(description="From start to end.")]
    created_at: datetime
    tags: list[str]
    priority: int
    started_by: Annotated[UUID | None, Field(description="Who asked for it.")] = None

    @classmethod
    def of_row(cls, row: Execution, mask: FieldMask | None = None) -> ExecutionSummary:
        """An execution as it last came to rest, without what ``mask`` hides."""
        return cls(
            id=row.id,
            workflow_id=row.workflow_id,
            version_number=row.version_number,
            status=ExecutionStatus(row.status),
            error=masked(row.error, mask),
            current_steps=_nodes(row.current_steps or ()),
            started_at=row.started_at,
            completed_at=row.completed_at,
            execution_time_ms=_milliseconds(row.started_at, row.completed_at),
            created_at=row.created_at,
            tags=row.tags or [],
            priority=row.priority,
            started_by=row.started_by,
        )


class ExecutionDetail(ExecutionSummary):
    """An execution."""

    input: dict[str, Any]
    output: Any
    data: Annotated[dict[str, Any], Field(description="The shared data of its steps.")]

    @classmethod
    def of(cls, snapshot: Snapshot, mask: FieldMask | None = None) -> ExecutionDetail:
        """An execution as it is now, without what ``mask`` hides."""
        row, state = snapshot
        started_at = _time(state.started_at) or row.started_at
        completed_at = _time(state.completed_at)
        return cls(
            id=row.id,
            workflow_id=row.workflow_id,
            version_number=row.version_number,
            status=snapshot.status,
            error=masked(state.error, mask),
            current_steps=_nodes(state.current_steps()),
            started_at=started_at,
            completed_at=completed_at,
            execution_time_ms=_milliseconds(started_at, completed_at),
            created_at=row.created_at,
            tags=row.tags or [],
            priority=row.priority,
            input=masked(row.input, mask),
            output=masked(state.output, mask),
            data=masked(state.data, mask),
            started_by=row.started_by,
        )


class EventOut(Wire):
    """One fact of an execution's log."""

    seq: int
    type: EventType
    step_id: Annotated[str | None, Field(description="Id of the node that it happened to.")]
    occurred_at: datetime
    data: dict[str, Any] | None
    scope: Annotated[str | None, Field(description="The parallel branch, where it is in one.")] = None
    visit: Annotated[int | None, Field(description="Which run of the node, where it is not the first.")] = None

    @classmethod
    def of(cls, event: Event, mask: FieldMask | None = None) -> EventOut:
        """A fact without what ``mask`` hides, with its step's key taken apart.

        What is as usual stays unset, and is left out of the answer.
        """
        node, scope, visit = (None, "", 1) if event.step is None else parse_key(event.step)
        fact = cls(
            seq=event.seq,
            type=event.type,
            step_id=node,
            occurred_at=datetime.fromtimestamp(event.at, UTC),
            data=masked(event.data, mask),
        )
        if scope:
            fact.scope = scope
        if visit != 1:
            fact.visit = visit
        return fact


class EventPage(Wire):
    """A part of an execution's log."""

    items: list[EventOut]
    next_cursor: Annotated[int | None, Field(description="The next page's `after`; null at the end.")]


class StepOut(Wire):
    """One run of one node (system 003's StepExecution)."""

    step_id: str
    step_name: str
    step_type: str
    step_status: StepStatus
    scope: Annotated[str | None, Field(description="The parallel branch, where it is in one.")]
    visit: Annotated[int, Field(description="Which run of the node it is, from 1.")]
    input: Any
    output: Any
    error: dict[str, Any] | None
    attempt: Annotated[int, Field(description="Number of the current or last attempt, from 1.")]
    retry_count: int
    started_at: datetime | None
    completed_at: datetime | None
    due_at: Annotated[datetime | None, Field(description="When its timer fires.")]

    @classmethod
    def of(cls, step: Step, heading: StepHeading, mask: FieldMask | None = None) -> StepOut:
        """A step under its node's heading, without what ``mask`` hides."""
        return cls(
            step_id=step.node,
            step_name=heading.name,
            step_type=heading.type,
            step_status=step.status,
            scope=step.scope or None,
            visit=step.visit,
            input=masked(step.input, mask),
            output=masked(step.output, mask),
            error=masked(step.error, mask),
            attempt=step.attempt,
            retry_count=step.attempt - 1,
            started_at=_time(step.started_at),
            completed_at=_time(step.completed_at),
            due_at=_time(step.due_at),
        )


class StepList(Wire):
    """The steps of an execution that have begun, in the order in which they began."""

    items: list[StepOut]

    @classmethod
    def of(cls, found: StepExecutions, mask: FieldMask | None = None) -> StepList:
        """The steps under their nodes' headings, without what ``mask`` hides."""
        headings = found.version.steps
        return cls(items=[StepOut.of(step, headings.get(step.node, UNKNOWN_STEP), mask) for step in found.steps])


class ExecutionQuery(PageQuery):
    """Which executions to list."""

    status: Annotated[list[ExecutionStatus], Field(description="May be given several times.")] = Field(
        default_factory=list[ExecutionStatus]
    )
    workflow_id: Annotated[str | None, Field(max_length=128)] = None
    tag: Annotated[str | None, Field(max_length=128)] = None
    created_after: Annotated[datetime | None, Field(description="At that time or later (RFC 3339).")] = None
    created_before: Annotated[datetime | None, Field(description="Before that time (RFC 3339).")] = None

    def filter(self, workflow_ids: Collection[str] | None = None) -> Filter:
        """As the repository takes it, limited to some workflows. A time without a zone is in UTC."""
        return Filter(
            self.status,
            self.workflow_id,
            self.tag,
            _aware(self.created_after),
            _aware(self.created_before),
            workflow_ids,
        )


class EventQuery(Demand):
    """Which part of a log."""

    after: Annotated[int, Field(ge=0, le=MAX_NUMBER, description="Only events after this number.")] = 0
    limit: Annotated[int, Field(ge=1, le=1000)] = 200


class CancelBody(Demand):
    """How to cancel."""

    reason: Annotated[str | None, Field(max_length=2000)] = None


class SignalBody(Demand):
    """A signal to one execution."""

    name: Name
    payload: Any = None


class EventBody(Demand):
    """An event for whichever step waits for it."""

    name: Name
    correlation: Annotated[str | None, Field(max_length=1000)] = None
    payload: Any = None


class Signalled(Wire):
    """A signal that is on its way."""

    execution_id: UUID
    name: str


class Delivered(Wire):
    """What became of an event."""

    name: str
    delivered: Annotated[int, Field(description="How many steps it was sent to.")]


def masked(value: T, mask: FieldMask | None) -> T:
    """A value without what ``mask`` hides, of the same shape as before."""
    return value if mask is None or value is None else cast("T", mask.apply(cast("Json", value)))


def _time(at: float | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, UTC)


def _aware(time: datetime | None) -> datetime | None:
    return time if time is None or time.tzinfo is not None else time.replace(tzinfo=UTC)


def _milliseconds(start: datetime | None, end: datetime | None) -> int | None:
    return None if start is None or end is None else round((end - start).total_seconds() * 1000)


def _nodes(keys: list[str] | tuple[()]) -> list[str]:
    # a node that runs in several branches at once is there once
    return list(dict.fromkeys(parse_key(key)[0] for key in keys))
