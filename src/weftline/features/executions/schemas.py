"""Executions on the wire."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Annotated, Any, ClassVar, TypeVar, cast
from uuid import UUID

from pydantic import AfterValidator, Field

from weftline.features.access.fields.masking import FieldMask
from weftline.features.errors import FieldError
from weftline.features.executions.labels import (
    ATTRIBUTE_NAME,
    MAX_ATTRIBUTES,
    MAX_PRIORITY,
    MAX_TAG,
    MAX_TAGS,
    fit_attribute,
)
from weftline.features.executions.listing import ORDER, TIMES, Filter
from weftline.features.executions.models import Execution
from weftline.features.executions.reader import Snapshot
from weftline.features.executions.versions import StepHeading
from weftline.features.http.errors import InvalidRequest
from weftline.features.http.listing import ListQuery, Window
from weftline.features.http.paging import MAX_NUMBER, ShapeQuery
from weftline.features.http.wire import Demand, Wire
from weftline.language.json_values import Json
from weftline.machine.state import Step
from weftline.machine.undo import UndoEntry
from weftline.model.event import Event, EventType
from weftline.model.secrets import labelled
from weftline.model.status import ExecutionStatus, StepStatus
from weftline.model.stepkey import parse_key

Name = Annotated[str, Field(min_length=1, max_length=255)]

Tag = Annotated[str, Field(min_length=1, max_length=MAX_TAG)]
AttributeName = Annotated[str, Field(pattern=f"^{ATTRIBUTE_NAME.pattern}$")]
Attribute = Annotated[str | int | float | bool, AfterValidator(fit_attribute)]
AttributeFilter = Annotated[str, Field(pattern=r"^[^:]+:", max_length=400)]
"""``name:value``"""

From = Annotated[datetime | None, Field(description="At that time or later (RFC 3339).")]
Until = Annotated[datetime | None, Field(description="Before that time (RFC 3339).")]

T = TypeVar("T")

MAX_UNDO = 100
"""How much of what can be undone an execution shows; a dry run of a rollback shows all of it."""

UNKNOWN_STEP = StepHeading("", "")


class TriggeredBy(Wire):
    """The trigger that started an execution."""

    type: str
    trigger_id: UUID
    scheduled_at: Annotated[datetime | None, Field(description="The time that its schedule named.")]

    @classmethod
    def of_row(cls, row: Execution) -> TriggeredBy | None:
        """What started an execution; None where no trigger did."""
        if row.trigger_id is None or row.trigger_type is None:
            return None
        return cls(type=row.trigger_type, trigger_id=row.trigger_id, scheduled_at=row.scheduled_at)


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
    parent_id: Annotated[UUID | None, Field(description="The execution that started it, where one did.")] = None
    triggered_by: Annotated[TriggeredBy | None, Field(description="The trigger that started it, where one did.")] = None
    attributes: Annotated[dict[str, Any], Field(description="What it can be found by.")] = Field(
        default_factory=dict[str, Any]
    )
    is_queued: Annotated[bool, Field(description="It waits until fewer of its concurrency key run.")] = False

    @classmethod
    def of_row(cls, row: Execution, mask: FieldMask | None = None) -> ExecutionSummary:
        """An execution as it last came to rest, without what ``mask`` hides."""
        return cls.model_validate(plain_summary(row, mask))


def plain_summary(row: Execution, mask: FieldMask | None = None) -> dict[str, Any]:
    """An :class:`ExecutionSummary` in its wire form."""
    trigger = TriggeredBy.of_row(row)
    return {
        "id": row.id,
        "workflowId": row.workflow_id,
        "versionNumber": row.version_number,
        "status": row.status,
        "error": masked(row.error, mask),
        "currentSteps": _nodes(row.current_steps or ()),
        "startedAt": row.started_at,
        "completedAt": row.completed_at,
        "executionTimeMs": _milliseconds(row.started_at, row.completed_at),
        "createdAt": row.created_at,
        "tags": row.tags or [],
        "priority": row.priority,
        "startedBy": row.started_by,
        "parentId": row.parent_id,
        "triggeredBy": None if trigger is None else trigger.model_dump(mode="json", by_alias=True),
        "attributes": masked(row.attributes or {}, mask),
        "isQueued": row.is_queued,
    }


class StepRef(Wire):
    """One activation of a node."""

    step_id: Annotated[str, Field(description="Id of the node.")]
    step_key: Annotated[str, Field(description="The activation; names it where the node runs several times.")]

    @classmethod
    def of_key(cls, key: str) -> StepRef:
        """The activation of a key."""
        return cls(step_id=parse_key(key)[0], step_key=key)


class UndoOut(StepRef):
    """Something that has completed and can be undone."""

    action: Annotated[str | None, Field(description="What undoes it, where an action does.")]
    child_id: Annotated[str | None, Field(description="The execution that is rolled back, where one is.")]

    @classmethod
    def of_entry(cls, key: str, entry: UndoEntry) -> UndoOut:
        """What an execution remembers of how to undo something."""
        return cls(step_id=parse_key(key)[0], step_key=key, action=entry.action, child_id=entry.child)


class ExecutionDetail(ExecutionSummary):
    """An execution."""

    input: dict[str, Any]
    output: Any
    data: Annotated[dict[str, Any], Field(description="The shared data of its steps.")]
    parent_step_id: Annotated[str | None, Field(description="The step of its parent that started it.")] = None
    restarted_from: Annotated[UUID | None, Field(description="The execution that it repeats, where it does.")] = None
    context: Annotated[
        dict[str, Any] | None, Field(description="What was said of the request and the user that it runs for.")
    ] = None
    report: Annotated[
        dict[str, Any] | None,
        Field(description="What actions said of their results, the latest by name: `message`, `statusCode`, …"),
    ] = None
    undo: Annotated[
        list[UndoOut],
        Field(description=f"What can be undone, in the order in which it would be; the first {MAX_UNDO}."),
    ] = Field(default_factory=list[UndoOut])

    @classmethod
    def of(cls, snapshot: Snapshot, mask: FieldMask | None = None) -> ExecutionDetail:
        """An execution as it is now, without what ``mask`` hides."""
        row, state = snapshot
        started_at = _time(state.started_at) or row.started_at
        completed_at = _time(state.completed_at)
        return cls(
            id=row.id,
            workflow_id=row.workflow_id,
            version_number=snapshot.version_number,
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
            parent_id=row.parent_id,
            triggered_by=TriggeredBy.of_row(row),
            attributes=masked(row.attributes or {}, mask),
            is_queued=row.is_queued,
            parent_step_id=None if row.parent_step is None else parse_key(row.parent_step)[0],
            restarted_from=row.restarted_from,
            context=masked(row.context, mask),
            report=masked(state.report, mask),
            undo=[UndoOut.of_entry(key, entry) for key, entry in islice(reversed(state.undo.items()), MAX_UNDO)],
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
            # inputs of actions hold markers where secrets go
            data=masked(labelled(event.data), mask),
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
    """One run of one node."""

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
            input=masked(labelled(step.input), mask),
            output=masked(step.output, mask),
            error=masked(step.error, mask),
            attempt=step.attempt,
            retry_count=step.attempt - 1,
            started_at=_time(step.started_at),
            completed_at=_time(step.completed_at),
            due_at=_time(step.due_at),
        )


class ExecutionPageQuery(ListQuery):
    """Which part of a list of executions, in which order."""

    order: ClassVar = ORDER


class ExecutionQuery(ExecutionPageQuery):
    """Which executions to list."""

    status: Annotated[list[ExecutionStatus], Field(description="May be given several times.")] = Field(
        default_factory=list[ExecutionStatus]
    )
    workflow_id: Annotated[str | None, Field(max_length=128)] = None
    version_number: Annotated[int | None, Field(ge=1, le=MAX_NUMBER, description="That run this version.")] = None
    tag: Annotated[str | None, Field(max_length=128)] = None
    attribute: Annotated[
        list[AttributeFilter],
        Field(description="A search attribute, `name:value`. Given several times, all must fit.", max_length=8),
    ] = Field(default_factory=list[str])
    parent_id: Annotated[UUID | None, Field(description="Only what this execution started.")] = None
    trigger_id: Annotated[UUID | None, Field(description="Only what this trigger started.")] = None
    started_by: Annotated[UUID | None, Field(description="Only what this person or service account asked for.")] = None
    created_after: From = None
    created_before: Until = None
    started_after: From = None
    started_before: Until = None
    completed_after: From = None
    completed_before: Until = None

    def window(self) -> Window:
        """The part; where nobody says how it is sorted, by the first of the times that it is narrowed down by.

        Raises:
            InvalidRequest: it is sorted by another time than it is narrowed down by.
            InvalidCursor: the cursor is none of this list, sorted so.
        """
        times = [key for key in self.filter().spans if key in TIMES]
        sort = self.sort if self.sort is not None or not times else f"-{times[0].name}"
        window = self.order.window(sort, cursor=self.cursor, limit=self.limit)
        leading = window.terms[0].key
        if times and leading in TIMES and leading not in times:
            names = " or ".join(key.name for key in times)
            hint = f"Sort by {names}, or by executionTimeMs."
            message = f"a list that is narrowed down by {names} cannot be sorted by {leading.name}"
            raise InvalidRequest([FieldError("/sort", message, "does_not_fit", hint)])
        return window

    def filter(self, workflow_ids: Collection[str] | None = None) -> Filter:
        """As the repository takes it, limited to some workflows. A time without a zone is in UTC."""
        return Filter(
            self.status,
            self.workflow_id,
            self.tag,
            aware(self.created_after),
            aware(self.created_before),
            attribute_pairs(self.attribute),
            self.parent_id,
            self.trigger_id,
            workflow_ids=workflow_ids,
            version_number=self.version_number,
            started_after=aware(self.started_after),
            started_before=aware(self.started_before),
            completed_after=aware(self.completed_after),
            completed_before=aware(self.completed_before),
            started_by=self.started_by,
        )


class EventQuery(ShapeQuery):
    """Which part of a log."""

    after: Annotated[int, Field(ge=0, le=MAX_NUMBER, description="Only events after this number.")] = 0
    limit: Annotated[int, Field(ge=1, le=1000)] = 200


Reason = Annotated[str | None, Field(max_length=2000, description="Why; kept in the log.")]


class CancelBody(Demand):
    """How to cancel."""

    reason: Reason = None
    compensate: Annotated[bool, Field(description="Undo what has completed first.")] = False


class ChangeBody(Demand):
    """What to change of an execution; what is absent or null stays as it is."""

    tags: Annotated[list[Tag] | None, Field(max_length=MAX_TAGS, description="All of them from now on.")] = None
    attributes: Annotated[
        dict[AttributeName, Attribute | None] | None,
        Field(max_length=MAX_ATTRIBUTES, description="Those to set, and, where the value is null, to remove."),
    ] = None
    priority: Annotated[int | None, Field(ge=0, le=MAX_PRIORITY, description="The highest goes first.")] = None


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
    delivered: Annotated[int, Field(description="How many steps and triggers it was sent to.")]


def masked(value: T, mask: FieldMask | None) -> T:
    """A value without what ``mask`` hides, of the same shape as before."""
    return value if mask is None or value is None else cast("T", mask.apply(cast("Json", value)))


def _time(at: float | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, UTC)


def attribute_pairs(filters: Sequence[str]) -> list[tuple[str, str]]:
    """Names and values of search attributes, from ``name:value``."""
    return [(name, value) for name, _, value in (each.partition(":") for each in filters)]


def aware(time: datetime | None) -> datetime | None:
    return time if time is None or time.tzinfo is not None else time.replace(tzinfo=UTC)


def _milliseconds(start: datetime | None, end: datetime | None) -> int | None:
    return None if start is None or end is None else round((end - start).total_seconds() * 1000)


def _nodes(keys: list[str] | tuple[()]) -> list[str]:
    # a node that runs in several branches at once is there once
    return list(dict.fromkeys(parse_key(key)[0] for key in keys))
