"""Statuses of an execution and of a step, and the moves between them.

``TRANSITIONS`` is the one table of legal moves of an execution; the machine consults it through
:func:`check_transition` and the documentation's diagram is generated from it.
"""

from __future__ import annotations

from enum import StrEnum


class ExecutionStatus(StrEnum):
    """Where an execution stands. The value is what the database and the API carry."""

    __hash__ = str.__hash__  # the inherited one is a Python function, and these are looked up all the time

    DRAFT = "draft"
    PENDING = "pending"
    RUNNING = "running"
    WAITING = "waiting"
    PAUSED = "paused"
    AWAITING_VALIDATION = "awaiting_validation"
    SUBMITTED = "submitted"
    COMPENSATING = "compensating"
    ROLLED_BACK = "rolled_back"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"

    @property
    def is_terminal(self) -> bool:
        """True where the execution has ended: nothing happens to it any more unless somebody revives it."""
        return self in TERMINAL


TERMINAL: frozenset[ExecutionStatus] = frozenset(
    {
        ExecutionStatus.COMPLETED,
        ExecutionStatus.FAILED,
        ExecutionStatus.CANCELLED,
        ExecutionStatus.TIMED_OUT,
    }
)

_S = ExecutionStatus
_ENDINGS = {_S.COMPLETED, _S.FAILED, _S.CANCELLED, _S.TIMED_OUT}

TRANSITIONS: dict[ExecutionStatus, frozenset[ExecutionStatus]] = {
    _S.DRAFT: frozenset({_S.PENDING, _S.RUNNING, _S.PAUSED, _S.FAILED, _S.CANCELLED}),
    # a definition that cannot be read fails an execution before it began
    _S.PENDING: frozenset({_S.DRAFT, _S.RUNNING, _S.PAUSED, _S.FAILED, _S.CANCELLED}),
    _S.RUNNING: frozenset({_S.WAITING, _S.PAUSED, _S.AWAITING_VALIDATION, _S.COMPENSATING, _S.ROLLED_BACK} | _ENDINGS),
    _S.WAITING: frozenset({_S.RUNNING, _S.PAUSED, _S.AWAITING_VALIDATION, _S.COMPENSATING, _S.ROLLED_BACK} | _ENDINGS),
    # what was at work when the pause began may still fail; nothing completes before it is resumed
    _S.PAUSED: frozenset(
        {
            *(_S.DRAFT, _S.PENDING, _S.RUNNING, _S.WAITING, _S.ROLLED_BACK, _S.COMPENSATING),
            *(_S.FAILED, _S.CANCELLED, _S.TIMED_OUT),
        }
    ),
    _S.AWAITING_VALIDATION: frozenset(
        {_S.RUNNING, _S.SUBMITTED, _S.COMPENSATING, _S.FAILED, _S.CANCELLED, _S.TIMED_OUT}
    ),
    _S.SUBMITTED: frozenset(
        {
            *(_S.COMPLETED, _S.RUNNING, _S.AWAITING_VALIDATION, _S.COMPENSATING),
            *(_S.FAILED, _S.CANCELLED, _S.TIMED_OUT),
        }
    ),
    _S.COMPENSATING: frozenset({_S.ROLLED_BACK, _S.RUNNING, _S.FAILED, _S.CANCELLED, _S.TIMED_OUT}),
    _S.ROLLED_BACK: frozenset({_S.RUNNING, _S.COMPENSATING, _S.FAILED, _S.CANCELLED, _S.TIMED_OUT}),
    # one that has ended can be rolled back, all of it or to one of its steps, and goes on from there; one that did not
    # end well can also be retried
    _S.FAILED: frozenset({_S.RUNNING, _S.COMPENSATING}),
    _S.TIMED_OUT: frozenset({_S.RUNNING, _S.COMPENSATING}),
    _S.COMPLETED: frozenset({_S.RUNNING, _S.COMPENSATING}),
    _S.CANCELLED: frozenset({_S.RUNNING, _S.COMPENSATING}),
}


def can_move(current: ExecutionStatus, target: ExecutionStatus) -> bool:
    """Whether an execution may go from ``current`` to ``target``. Staying where it is is no move."""
    return target in TRANSITIONS[current]


class IllegalTransition(ValueError):
    """A log or a program asks for a move that ``TRANSITIONS`` does not have.

    Attributes:
        current, target: the move.
    """

    def __init__(self, current: ExecutionStatus, target: ExecutionStatus) -> None:
        super().__init__(f"an execution that is {current.value} cannot become {target.value}")
        self.current = current
        self.target = target


def check_transition(current: ExecutionStatus, target: ExecutionStatus) -> None:
    """See that an event may take an execution from ``current`` to ``target``.

    Raises:
        IllegalTransition: it may not.
    """
    if not can_move(current, target):
        raise IllegalTransition(current, target)


class StepStatus(StrEnum):
    """Where one step of an execution stands."""

    __hash__ = str.__hash__  # the inherited one is a Python function, and these are looked up all the time

    RUNNING = "running"
    WAITING = "waiting"
    RETRYING = "retrying"
    COMPLETED = "completed"
    FAILED = "failed"
    SKIPPED = "skipped"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    COMPENSATED = "compensated"

    @property
    def is_open(self) -> bool:
        """True while the step holds a token: it is working, waiting or due for another attempt."""
        return self in OPEN_STEPS


OPEN_STEPS: frozenset[StepStatus] = frozenset({StepStatus.RUNNING, StepStatus.WAITING, StepStatus.RETRYING})


class TemplateStatus(StrEnum):
    """Where a workflow template stands."""

    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"
    ARCHIVED = "ARCHIVED"
    DEPRECATED = "DEPRECATED"


_T = TemplateStatus

TEMPLATE_TRANSITIONS: dict[TemplateStatus, frozenset[TemplateStatus]] = {
    _T.DRAFT: frozenset({_T.PUBLISHED, _T.ARCHIVED}),
    _T.PUBLISHED: frozenset({_T.DEPRECATED, _T.ARCHIVED}),
    _T.DEPRECATED: frozenset({_T.PUBLISHED, _T.ARCHIVED}),
    # back to what it was before, as far as its versions tell
    _T.ARCHIVED: frozenset({_T.DRAFT, _T.PUBLISHED}),
}


class TaskStatus(StrEnum):
    """Where a human task stands."""

    OPEN = "open"
    CLAIMED = "claimed"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
