"""What the machine asks the engine to do once the events are stored."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any
from uuid import UUID

from weftline.machine.state import State
from weftline.machine.step import Step
from weftline.model.status import StepStatus


class CommandKind(IntEnum):
    """The kinds of commands."""

    RUN = 1
    """Run the step's action."""
    ABORT = 2
    """Stop the step's action, if it runs here; its result is no longer wanted."""
    SUBSCRIBE = 3
    """Let events of the step's name (and correlation) find it."""
    UNSUBSCRIBE = 4
    """Undo that."""
    OPEN_TASK = 5
    """Put a human task into the inbox."""
    CLOSE_TASK = 6
    """Take the human task back."""
    START_CHILD = 7
    """Start the execution that a subworkflow step stands for (``child``)."""
    CANCEL_CHILD = 8
    """End it; its result is no longer wanted."""
    ROLL_BACK_CHILD = 9
    """Undo everything that it did, and let the step know."""
    REPORT_UNDONE = 10
    """Let the parent know that everything was undone, as it asked."""
    EMIT = 11
    """Deliver an event (``event``) to whichever step of the tenant waits for it."""
    NOTIFY = 12
    """Tell people that the execution failed (``notice``)."""
    OPEN_JOB = 13
    """Let the remote workers of a task queue carry out the step's attempt."""
    CLOSE_JOB = 14
    """Take that back; its result is no longer wanted."""
    HOLD_JOB = 15
    """Let nobody begin it while the execution is paused."""
    FREE_JOB = 16
    """Undo that."""


@dataclass(frozen=True, slots=True)
class EscalationSpec:
    """What happens to a task that is not done in time.

    Attributes:
        at: when, Unix seconds.
        assign_to: users, groups or roles that it is then assigned to as well.
        notify: who else is told.
    """

    at: float
    assign_to: tuple[str, ...]
    notify: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TaskSpec:
    """What a person is asked.

    Attributes:
        name: the node's.
        form: a form's name or JSON Schema, or None.
        assign_to: users, groups or roles; empty: anybody.
        outcomes: those that the workflow knows; empty: any.
        approvals_required: how many people must give one of the ``approving_outcomes``.
        approving_outcomes: as said.
        four_eyes: whoever started the execution has no say.
        due_at: when it should be done, Unix seconds.
        escalation: what happens where it is not.
        notifies: those who are asked are told by mail.
    """

    name: str
    form: Any
    assign_to: tuple[str, ...]
    outcomes: tuple[str, ...]
    approvals_required: int = 1
    approving_outcomes: tuple[str, ...] = ()
    four_eyes: bool = False
    due_at: float | None = None
    escalation: EscalationSpec | None = None
    notifies: bool = False


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """An execution that another one starts.

    Attributes:
        id: its identity, derived from the parent's, the step and the attempt, so that starting it twice starts one.
        workflow_id, version: what it runs; None: the published version.
        input: JSON, an object.
        waits: the parent's step waits for its end.
    """

    id: UUID
    workflow_id: str
    version: int | None
    input: dict[str, Any]
    waits: bool


@dataclass(frozen=True, slots=True)
class EventSpec:
    """An event to deliver.

    Attributes:
        name, correlation, payload: as the emitting node says.
    """

    name: str
    correlation: str | None
    payload: Any


@dataclass(frozen=True, slots=True)
class NoticeSpec:
    """A message to people about the execution's failure.

    Attributes:
        channel: ``email`` or ``webhook``.
        recipients: addresses or URLs.
        template, subject, message: what to say; None: the built-in words.
        error: a WorkflowError's JSON.
    """

    channel: str
    recipients: tuple[str, ...]
    template: str | None
    subject: str | None
    message: str | None
    error: dict[str, Any]


@dataclass(frozen=True, slots=True)
class JobSpec:
    """What a remote worker is to do.

    Attributes:
        queue: the task queue.
        action: what to do, as its workers know it.
        input: JSON.
        at: when the attempt began, Unix seconds.
    """

    queue: str
    action: str
    input: Any
    at: float


@dataclass(frozen=True, slots=True)
class UndoneSpec:
    """What the parent is told of a rollback that it asked for.

    Attributes:
        error: a WorkflowError's JSON, where not everything can be undone.
    """

    error: dict[str, Any] | None = None


class Command:
    """One request to the engine.

    Attributes:
        kind: what it asks for.
        step: the step that it is about; that of a command about the whole execution is NO_STEP.
        spec: the rest: a TaskSpec, ChildSpec, EventSpec, NoticeSpec, JobSpec or UndoneSpec, as the kind has it.
    """

    __slots__ = ("kind", "spec", "step")

    def __init__(
        self,
        kind: CommandKind,
        step: Step,
        spec: TaskSpec | ChildSpec | EventSpec | NoticeSpec | JobSpec | UndoneSpec | None = None,
    ) -> None:
        self.kind = kind
        self.step = step
        self.spec = spec

    def __repr__(self) -> str:
        return f"Command({self.kind.name}, {self.step.key})"


NO_STEP = Step("", "", "", 1, StepStatus.COMPLETED, 0.0)
"""Stands in commands that are about no step."""


def outstanding(state: State) -> list[Command]:
    """The commands that a worker must carry out to go on from a loaded state: actions that were to run."""
    if not state.has_work:
        return []
    return [Command(CommandKind.RUN, step) for step in state.open.values() if step.is_at_work]
