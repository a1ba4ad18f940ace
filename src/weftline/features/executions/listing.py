"""How executions are listed: what sorts them, what narrows a list down, and the statement that an index answers.

A tenant may have millions of executions. A list is cheap where the index that sorts it also tells where the page begins
and ends. So a list that is narrowed down by a time is sorted by one of its times, and what follows of one time for
another (nothing ends before it starts) is said in the statement.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Uuid, any_, bindparam, literal_column, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY, INTERVAL, TEXT
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.base import ExecutableOption
from sqlalchemy.types import TypeEngine

from weftline.features.executions.models import Execution, Label
from weftline.features.http.listing import Ordering, SortKey, Window
from weftline.model.status import TERMINAL, ExecutionStatus

TAG = ""
"""The name under which tags are labels."""

SLACK_INTERVAL: ColumnElement[timedelta] = literal_column("interval '5 minutes'", INTERVAL())
"""By how much the clocks that tell an execution's times may differ."""

ID = SortKey("id", Execution.id, UUID)
CREATED = SortKey("createdAt", Execution.created_at, datetime)
STARTED = SortKey("startedAt", Execution.started_at, datetime)
COMPLETED = SortKey("completedAt", Execution.completed_at, datetime)
EXECUTION_TIME = SortKey("executionTimeMs", Execution.execution_time_ms, int)

ORDER = Ordering(
    CREATED,
    STARTED,
    COMPLETED,
    EXECUTION_TIME,
    tie=ID,
    default="-createdAt",
    note="What has not started, or not ended, is left out where that is sorted by.",
)

TIMES = (CREATED, STARTED, COMPLETED)
"""In the order in which they come."""

_ENDINGS = sorted(status.value for status in TERMINAL)

LabelName = tuple[str, str]
"""A label's name and value."""

Span = tuple[datetime | None, datetime | None]
"""From a time on, and until before a time."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which executions to list: those that fit every field that is given.

    Attributes:
        statuses: in one of these.
        workflow_id: of this workflow.
        tag: with this label.
        attributes: with all of these search attributes: a name, and its value as text.
        parent_id: started by this execution.
        trigger_id: started by this trigger.
        ids: one of these; None for any.
        workflow_ids: of one of these workflows; None for any.
        version_number: that run this version.
        created_after, created_before: created at that time or later; before that time.
        started_after, started_before, completed_after, completed_before: likewise.
        started_by: that this person or service account asked for.
    """

    statuses: Sequence[ExecutionStatus] = ()
    workflow_id: str | None = None
    tag: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    attributes: Sequence[LabelName] = ()
    parent_id: UUID | None = None
    trigger_id: UUID | None = None
    ids: Collection[UUID] | None = None
    workflow_ids: Collection[str] | None = None
    version_number: int | None = None
    started_after: datetime | None = None
    started_before: datetime | None = None
    completed_after: datetime | None = None
    completed_before: datetime | None = None
    started_by: UUID | None = None

    @property
    def values(self) -> dict[str, Any]:
        """What it asks for, by the names of the parameters of a statement; labels are told apart."""
        values: dict[str, Any] = {
            "statuses": [status.value for status in self.statuses] or None,
            "workflow_id": self.workflow_id,
            "workflow_ids": self.workflow_ids,
            "ids": self.ids,
            "version_number": self.version_number,
            "parent_id": self.parent_id,
            "trigger_id": self.trigger_id,
            "started_by": self.started_by,
        }
        for key, span in self.spans.items():
            values |= zip(_ends(key), span, strict=True)
        return {name: value for name, value in values.items() if value is not None}

    @property
    def is_everything(self) -> bool:
        """Whether every execution fits."""
        return not self.values and not self.labels

    @property
    def spans(self) -> dict[SortKey, Span]:
        """The times by which the list is narrowed down."""
        spans = {
            CREATED: (self.created_after, self.created_before),
            STARTED: (self.started_after, self.started_before),
            COMPLETED: (self.completed_after, self.completed_before),
        }
        return {key: span for key, span in spans.items() if span != (None, None)}

    @property
    def labels(self) -> list[LabelName]:
        """The labels that an execution must have."""
        return [*self.attributes] if self.tag is None else [(TAG, self.tag), *self.attributes]


def newest(limit: int) -> Window:
    """The newest executions."""
    return ORDER.window(limit=limit)


def page_of(
    wanted: Filter, window: Window, labels: int = 0, *, columns: Sequence[ExecutableOption] = (), is_rare: bool = False
) -> Select[Execution]:
    """The statement that lists a part of the executions that fit; see :func:`values_of`.

    Args:
        wanted: which.
        window: which part.
        labels: how many labels are wanted, the rarest first.
        columns: what of them to read.
        is_rare: at most some thousand executions have the first.
    """
    statement = select(Execution).options(*columns).where(Execution.tenant_id == TENANT, *conditions(wanted))
    keys = [term.key for term in window.terms]
    instead: dict[SortKey, InstrumentedAttribute[Any]] = {}
    others = range(labels)
    if labels and keys[0] is CREATED:
        # in the order of the label's index
        statement = statement.join(Label, (Label.tenant_id == TENANT) & (Label.execution_id == Execution.id))
        statement = statement.where(*_is_label(0))
        instead = {CREATED: Label.created_at, ID: Label.execution_id}
        others = others[1:]
    elif labels and is_rare:
        statement = statement.where(Execution.id.in_(labelled(0)))
        others = others[1:]
    statement = window.of(statement, instead).where(*_lead(wanted, keys))
    return statement.where(*(_has(place) for place in others))


def ids_of(wanted: Filter) -> Select[UUID]:
    """The statement for the ids of all executions that fit, the oldest first; see :func:`values_of`."""
    return (
        select(Execution.id)
        .where(Execution.tenant_id == TENANT, *conditions(wanted))
        .where(*(Execution.id.in_(labelled(place)) for place in range(len(wanted.labels))))
        .order_by(Execution.created_at, Execution.id)
        .limit(bindparam("limit"))
    )


def values_of(tenant_id: UUID, wanted: Filter, labels: Sequence[LabelName]) -> dict[str, Any]:
    """The values of the parameters of a statement, but for its window's.

    Args:
        tenant_id: whose executions.
        wanted: which.
        labels: those that are wanted, in the statement's order.
    """
    values = {"tenant_id": tenant_id, "endings": _ENDINGS, **wanted.values}
    for place, label in enumerate(labels):
        values |= zip(_label(place), label, strict=True)
    return values


def labelled(place: int) -> Select[UUID]:
    """The statement for the ids of the executions that have a label."""
    return select(Label.execution_id).where(Label.tenant_id == TENANT, *_is_label(place))


def older_than(tenant_id: UUID, execution_id: UUID) -> ColumnElement[bool]:
    """Those that stand after an execution where the newest come first."""
    of_it = select(Execution.created_at).where(Execution.tenant_id == tenant_id, Execution.id == execution_id)
    return tuple_(Execution.created_at, Execution.id) < tuple_(of_it.scalar_subquery(), execution_id)


def conditions(wanted: Filter) -> Iterator[ColumnElement[bool]]:
    """What the columns of an execution must be; labels are told apart."""
    given = wanted.values
    for name, condition in _CONDITIONS.items():
        if name in given:
            yield condition
    for key, span in wanted.spans.items():
        yield from _within(key, span)


def _lead(wanted: Filter, keys: Sequence[SortKey]) -> Iterator[ColumnElement[bool]]:
    """What is true of everything listed, and lets an index that begins with the leading key serve."""
    leading = keys[0]
    for key in keys:
        if key not in (CREATED, ID):
            yield key.column.is_not(None)
    if leading is STARTED and wanted.statuses and TERMINAL.isdisjoint(wanted.statuses):
        yield Execution.completed_at.is_(None)
    if leading in (COMPLETED, EXECUTION_TIME) and wanted.statuses:
        # nothing else has ended
        yield _among(Execution.status, "endings", TEXT())
    if leading in TIMES:
        at = TIMES.index(leading)
        for key, (after, before) in wanted.spans.items():
            # nothing starts before it is created, or ends before it starts
            since, until = (bindparam(name, type_=key.column.type) for name in _ends(key))
            if before is not None and TIMES.index(key) > at:
                yield leading.column < until + SLACK_INTERVAL
            if after is not None and TIMES.index(key) < at:
                yield leading.column >= since - SLACK_INTERVAL


def _within(key: SortKey, span: Span) -> Iterator[ColumnElement[bool]]:
    (after, before), (since, until) = span, (bindparam(name, type_=key.column.type) for name in _ends(key))
    if after is not None:
        yield key.column >= since
    if before is not None:
        yield key.column < until


def _has(place: int) -> ColumnElement[bool]:
    """That an execution has a label, looked up for each that fits otherwise (EXISTS would now and then read them all,
    and sort)."""
    of_it = labelled(place).where(Label.created_at == Execution.created_at, Label.execution_id == Execution.id)
    # the list may be joined with a label of its own, which is another
    return of_it.correlate(Execution).scalar_subquery().is_not(None)


def _is_label(place: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    name, value = _label(place)
    return Label.name == bindparam(name, type_=TEXT), Label.value == bindparam(value, type_=TEXT)


def _label(place: int) -> tuple[str, str]:
    """The names of the parameters for a label's name and value."""
    return f"label_{place}", f"label_value_{place}"


def _ends(key: SortKey) -> tuple[str, str]:
    """The names of the parameters for the ends of a span."""
    return f"{key.column.key}_after", f"{key.column.key}_before"


def _among(column: InstrumentedAttribute[Any], name: str, type: TypeEngine[Any]) -> ColumnElement[bool]:
    return column == any_(bindparam(name, type_=ARRAY(type)))


def _equal(column: InstrumentedAttribute[Any], name: str) -> ColumnElement[bool]:
    return column == bindparam(name, type_=column.type)


TENANT = bindparam("tenant_id", type_=Execution.tenant_id.type)

_CONDITIONS = {
    "statuses": _among(Execution.status, "statuses", TEXT()),
    "workflow_id": _equal(Execution.workflow_id, "workflow_id"),
    "workflow_ids": _among(Execution.workflow_id, "workflow_ids", TEXT()),
    "ids": _among(Execution.id, "ids", Uuid()),
    "version_number": _equal(Execution.version_number, "version_number"),
    "parent_id": _equal(Execution.parent_id, "parent_id"),
    "trigger_id": _equal(Execution.trigger_id, "trigger_id"),
    "started_by": _equal(Execution.started_by, "started_by"),
}
"""What an execution must be where something is asked for, by the name of its parameter."""
