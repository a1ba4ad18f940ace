"""What can happen to an execution: the machine's input besides definition, state and time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Start:
    """The execution begins."""


@dataclass(slots=True)
class ActionCompleted:
    """An action returned.

    Attributes:
        key: the step's key.
        attempt: the attempt that returned; a result of an older one is ignored.
        output: what it returned, JSON.
        data: what it wants merged into the shared data, or None.
    """

    key: str
    attempt: int
    output: Any
    data: dict[str, Any] | None = None


@dataclass(slots=True)
class ActionFailed:
    """An action raised, timed out or returned what cannot be stored.

    Attributes:
        key, attempt: as above.
        error: a WorkflowError's JSON.
        chance: a number in [0, 1) for the retry policy's jitter; the machine itself draws none.
        retry_after: seconds the other side asked to wait, or None.
    """

    key: str
    attempt: int
    error: dict[str, Any]
    chance: float = 0.0
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class TimersDue:
    """Some timer's time has come; every one that is due fires."""


@dataclass(frozen=True, slots=True)
class Signal:
    """A named signal for this execution, or an event that matched a subscription of one of its steps.

    Attributes:
        name, payload: as sent.
        step: the subscribed step's key, or None for whichever waits for the name.
    """

    name: str
    payload: Any = None
    step: str | None = None


@dataclass(frozen=True, slots=True)
class TaskCompleted:
    """A person completed a human task, or the last of several whose agreement it took.

    Attributes:
        step: its key.
        outcome, data: what they said.
        by: who, as people know them.
        votes: what each of several said, in order; empty where one person decides.
    """

    step: str
    outcome: str | None = None
    data: dict[str, Any] = field(default_factory=dict[str, Any])
    by: str | None = None
    votes: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Pause:
    """Begin nothing new until resumed."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on after a pause."""


@dataclass(frozen=True, slots=True)
class Cancel:
    """End the execution now."""

    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Recovered:
    """A worker was lost while it held the execution.

    Attributes:
        lost_leases: how many workers were lost in all.
    """

    lost_leases: int


@dataclass(frozen=True, slots=True)
class Fault:
    """The engine cannot go on with the execution: its definition is unreadable, or its facts cannot be stored.

    Attributes:
        error: a WorkflowError's JSON.
    """

    error: dict[str, Any]


Stimulus = (
    Start
    | ActionCompleted
    | ActionFailed
    | TimersDue
    | Signal
    | TaskCompleted
    | Pause
    | Resume
    | Cancel
    | Recovered
    | Fault
)
