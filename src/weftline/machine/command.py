"""What the machine asks the engine to do once the events are stored."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from weftline.machine.state import State
from weftline.machine.step import Step


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


class Command:
    """One request to the engine."""

    __slots__ = ("kind", "step", "task")

    def __init__(self, kind: CommandKind, step: Step, task: TaskSpec | None = None) -> None:
        self.kind = kind
        self.step = step
        self.task = task

    def __repr__(self) -> str:
        return f"Command({self.kind.name}, {self.step.key})"


def outstanding(state: State) -> list[Command]:
    """The commands that a worker must carry out to go on from a loaded state: actions that were to run."""
    if not state.has_work:
        return []
    return [Command(CommandKind.RUN, step) for step in state.open.values() if step.is_at_work]
