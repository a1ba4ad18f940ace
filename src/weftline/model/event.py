"""Facts: what an execution's log is made of.

Events are named in the past tense, and are never changed or removed. An execution's
state is the fold of its events (``weftline.machine.state``).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

EVENT_FORMAT = 1
"""Version of the events' data; stored with each row. A sample of every version is replayed by the tests."""


class EventType(StrEnum):
    """Every kind of fact."""

    __hash__ = str.__hash__  # the inherited one is a Python function, and these are looked up for every event

    WORKFLOW_CREATED = "WORKFLOW_CREATED"
    WORKFLOW_STARTED = "WORKFLOW_STARTED"
    WORKFLOW_COMPLETED = "WORKFLOW_COMPLETED"
    WORKFLOW_FAILED = "WORKFLOW_FAILED"
    WORKFLOW_CANCELLED = "WORKFLOW_CANCELLED"
    WORKFLOW_TIMED_OUT = "WORKFLOW_TIMED_OUT"
    WORKFLOW_PAUSED = "WORKFLOW_PAUSED"
    WORKFLOW_RESUMED = "WORKFLOW_RESUMED"
    WORKFLOW_RECOVERED = "WORKFLOW_RECOVERED"
    WORKFLOW_AWAITING_VALIDATION = "WORKFLOW_AWAITING_VALIDATION"
    WORKFLOW_VALIDATED = "WORKFLOW_VALIDATED"
    WORKFLOW_SUBMITTED = "WORKFLOW_SUBMITTED"
    WORKFLOW_APPROVED = "WORKFLOW_APPROVED"
    WORKFLOW_REJECTED = "WORKFLOW_REJECTED"
    WORKFLOW_COMPENSATION_STARTED = "WORKFLOW_COMPENSATION_STARTED"
    WORKFLOW_ROLLED_BACK = "WORKFLOW_ROLLED_BACK"
    WORKFLOW_RETRIED = "WORKFLOW_RETRIED"
    WORKFLOW_FALLBACK_STARTED = "WORKFLOW_FALLBACK_STARTED"
    WORKFLOW_MIGRATED = "WORKFLOW_MIGRATED"
    DATA_CHANGED = "DATA_CHANGED"
    COMMAND_REFUSED = "COMMAND_REFUSED"
    SIGNAL_RECEIVED = "SIGNAL_RECEIVED"
    STEP_STARTED = "STEP_STARTED"
    STEP_COMPLETED = "STEP_COMPLETED"
    STEP_RETRY_SCHEDULED = "STEP_RETRY_SCHEDULED"
    STEP_FAILED = "STEP_FAILED"
    STEP_TIMED_OUT = "STEP_TIMED_OUT"
    STEP_SKIPPED = "STEP_SKIPPED"
    STEP_CANCELLED = "STEP_CANCELLED"
    STEP_HELD = "STEP_HELD"
    STEP_AMENDED = "STEP_AMENDED"
    STEP_SETTLED = "STEP_SETTLED"
    STEP_COMPENSATION_STARTED = "STEP_COMPENSATION_STARTED"
    STEP_COMPENSATION_RETRY_SCHEDULED = "STEP_COMPENSATION_RETRY_SCHEDULED"
    STEP_COMPENSATION_FAILED = "STEP_COMPENSATION_FAILED"
    STEP_COMPENSATION_SKIPPED = "STEP_COMPENSATION_SKIPPED"
    STEP_COMPENSATED = "STEP_COMPENSATED"
    BRANCH_COMPLETED = "BRANCH_COMPLETED"
    BRANCH_FAILED = "BRANCH_FAILED"


class Event:
    """One fact of one execution.

    Attributes:
        seq: position in the execution's log, from 1.
        type: what happened.
        step: the step it happened to, by its key (see ``weftline.model.stepkey``), or None.
        data: the rest, JSON, or None.
        at: when, in seconds since the Unix epoch.
        took: where it ends a step or the execution, the seconds since that began. It follows from the log, and is no
            part of it: only an event that was folded has it.
    """

    __slots__ = ("at", "data", "seq", "step", "took", "type")

    def __init__(self, seq: int, type: EventType, step: str | None, data: dict[str, Any] | None, at: float) -> None:
        self.seq = seq
        self.type = type
        self.step = step
        self.data = data
        self.at = at
        self.took = 0.0

    def __repr__(self) -> str:
        return f"Event({self.seq}, {self.type}, {self.step!r}, {self.data!r}, {self.at})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Event):
            return NotImplemented
        return (self.seq, self.type, self.step, self.data, self.at) == (
            other.seq,
            other.type,
            other.step,
            other.data,
            other.at,
        )

    __hash__ = None  # type: ignore[assignment]  # data is mutable JSON
