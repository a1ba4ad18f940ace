"""What can happen to an execution: the machine's input besides definition, state and time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from weftline.language.program import Node, Program
from weftline.model.retry import RetryPolicy


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
        report: what it says of its result, or None: message, status code, metadata, metrics.
    """

    key: str
    attempt: int
    output: Any
    data: dict[str, Any] | None = None
    report: dict[str, Any] | None = None


@dataclass(slots=True)
class ActionFailed:
    """An action raised, timed out or returned what cannot be stored.

    Attributes:
        key, attempt: as above.
        error: a WorkflowError's JSON.
        chance: a number in [0, 1) for the retry policy's jitter; the machine itself draws none.
        retry_after: seconds the other side asked to wait, or None.
        held: the action could not do its work, through no fault of the step's: what it works with has to be mended, or
            given time. The step waits for that, and no attempt is spent.
        policy: how it is tried again where the definition says nothing; None: as usual.
    """

    key: str
    attempt: int
    error: dict[str, Any]
    chance: float = 0.0
    retry_after: float | None = None
    held: bool = False
    policy: RetryPolicy | None = None


@dataclass(frozen=True, slots=True)
class JobCompleted:
    """A remote worker has carried out a step.

    Attributes:
        step: the step's key.
        job: the job's id; a result of an earlier attempt's is ignored.
        output: what it came to, JSON.
        data: what is to be merged into the shared data, or None.
    """

    step: str
    job: str
    output: Any = None
    data: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class JobFailed:
    """A remote worker could not carry out a step, or too many were lost while they tried.

    Attributes:
        step, job: as above.
        error: a WorkflowError's JSON.
        retry_after: seconds the worker asked to wait, or None.
    """

    step: str
    job: str
    error: dict[str, Any]
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
class ConnectionRenewed:
    """A connection can be used again: what was held back because of it need wait no longer.

    Attributes:
        connection: its id.
    """

    connection: str


@dataclass(frozen=True, slots=True)
class Pause:
    """Begin nothing new until resumed."""

    by: str | None = None
    message: int = 0


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on after a pause."""

    by: str | None = None
    message: int = 0


@dataclass(frozen=True, slots=True)
class Cancel:
    """End the execution now.

    Attributes:
        reason: as told.
        undo: what has completed is compensated first.
    """

    reason: str | None = None
    undo: bool = False
    by: str | None = None
    message: int = 0


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


@dataclass(slots=True)
class CallRequest:
    """What a durable function asks for.

    Attributes:
        id: of the call; see ``weftline.machine.calls``.
        node: the step that it becomes.
        spec: what the log keeps of the node.
        input: of an action or another workflow, JSON; None where there is none.
    """

    id: str
    node: Node
    spec: dict[str, Any]
    input: Any = None


@dataclass(frozen=True, slots=True)
class Called:
    """A durable function has made calls that are not in the log.

    Attributes:
        calls: what it asks for.
        given_up: ids of calls whose results it does not wait for any more.
    """

    calls: Sequence[CallRequest]
    given_up: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Returned:
    """A durable function has come to its end.

    Attributes:
        output: what it returned, JSON.
    """

    output: Any


@dataclass(frozen=True, slots=True)
class Raised:
    """A durable function has raised what nobody caught.

    Attributes:
        error: a WorkflowError's JSON.
        cause: number of the event that it goes back to, where it is a step's failure.
    """

    error: dict[str, Any]
    cause: int | None = None


@dataclass(frozen=True, slots=True)
class Diverged:
    """A durable function does not fit the execution's log.

    Attributes:
        error: a WorkflowError's JSON, which says where.
    """

    error: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ChildEnded:
    """An execution that a subworkflow step started has ended, or could not be started.

    Attributes:
        step: the step's key.
        child: the execution's id; a report of an earlier attempt's is ignored.
        status: an ended ``ExecutionStatus``' value.
        output: where it completed.
        error: a WorkflowError's JSON, where it did not.
        chance: a number in [0, 1) for the retry policy's jitter.
    """

    step: str
    child: str
    status: str
    output: Any = None
    error: dict[str, Any] | None = None
    chance: float = 0.0


@dataclass(frozen=True, slots=True)
class ChildUndone:
    """Everything that a subworkflow step's execution did was undone, as this execution's rollback asked.

    Attributes:
        step: the key of the step that is being undone.
        error: a WorkflowError's JSON, where it cannot be undone.
        child: the execution's id, by which its step is found where a migration has renamed it.
    """

    step: str
    error: dict[str, Any] | None = None
    child: str | None = None


# --- what people ask for: each is refused, by a COMMAND_REFUSED event, where it cannot be done now -------------------
#
# ``message`` is the number of the inbox message that asks, by which its sender finds the refusal; 0: nobody looks.


@dataclass(frozen=True, slots=True)
class Begin:
    """Start an execution that is a draft."""

    by: str | None = None
    message: int = 0


@dataclass(frozen=True, slots=True)
class Rewind:
    """Go back to a point of the log, undoing what came after it or not, and go on from there.

    ``weftline.machine.rewinding`` finds the point and builds this.

    Attributes:
        to_seq: number of the last event that stays; 0: none.
        state: the snapshot of the state after that event (``State.to_json``).
        tokens: tokens that were on their way then, as node and scope, and those that the point itself gives.
        left: a step that is left anew, as node and scope: the joins that wait for it are looked at.
        undo: what completed after the point is compensated first.
        expected_rewinds: how often the log that the point was found in had gone back; refused where it has since.
        halts: the execution rests as rolled back until it is resumed.
        to_step: the node that people asked for, or None for the beginning.
        input: for the step that is done again, instead of what its definition maps; None: as mapped.
        data: keys to set in the shared data.
        skip: the step (node and scope) to pass over instead of entering it.
        reason, by: as told.
        for_parent: the parent execution asked, and wants to know when it is done.
        is_rejection: a reviewer sent it back.
    """

    to_seq: int
    state: dict[str, Any]
    tokens: Sequence[tuple[str, str]] = ()
    left: tuple[str, str] | None = None
    undo: bool = True
    expected_rewinds: int = 0
    halts: bool = False
    to_step: str | None = None
    input: Any = None
    data: dict[str, Any] | None = None
    skip: tuple[str, str] | None = None
    reason: str | None = None
    by: str | None = None
    for_parent: bool = False
    is_rejection: bool = False
    message: int = 0


@dataclass(frozen=True, slots=True)
class RetryCompensation:
    """Try the compensation that failed again.

    Attributes:
        input: instead of its own; None: the same.
    """

    input: Any = None
    by: str | None = None
    message: int = 0


@dataclass(frozen=True, slots=True)
class RetryStep:
    """Give up an open step, and do it again from its first attempt.

    Attributes:
        step: its key.
        input: instead of what its definition maps; None: as mapped.
        data: keys to set in the shared data before.
    """

    step: str
    input: Any = None
    data: dict[str, Any] | None = None
    by: str | None = None
    message: int = 0


@dataclass(frozen=True, slots=True)
class Skip:
    """Pass over a step that is open, or over the compensation that failed.

    Attributes:
        step: its key; that of a compensation begins with ``!``.
        output: taken as its output; None: none.
    """

    step: str
    output: Any = None
    reason: str | None = None
    by: str | None = None
    message: int = 0


@dataclass(frozen=True, slots=True)
class ChangeData:
    """Set keys of the shared data, and remove others.

    Attributes:
        data: keys and their new values.
        remove: keys to remove.
    """

    data: dict[str, Any]
    remove: Sequence[str] = ()
    reason: str | None = None
    by: str | None = None
    message: int = 0


@dataclass(frozen=True, slots=True)
class Amend:
    """Correct what a person entered in a step that is completed, while the execution is under review.

    Attributes:
        step: its key.
        data: the corrected answer.
    """

    step: str
    data: dict[str, Any]
    by: str | None = None
    message: int = 0


@dataclass(frozen=True, slots=True)
class Validate:
    """Record whether everything that people entered is valid."""

    by: str | None = None
    message: int = 0


@dataclass(frozen=True, slots=True)
class Submit:
    """Submit a reviewed execution for approval; refused, with every error, where it is not valid."""

    by: str | None = None
    message: int = 0


@dataclass(frozen=True, slots=True)
class Approve:
    """Approve what was submitted: the execution completes."""

    by: str | None = None
    comment: str | None = None
    message: int = 0


@dataclass(frozen=True, slots=True)
class Reject:
    """Send what was submitted back to validation. (Back to a step: ``Rewind`` with ``is_rejection``.)"""

    reason: str | None = None
    by: str | None = None
    message: int = 0


@dataclass(frozen=True, slots=True)
class Migrate:
    """Go on with another version of the definition.

    Attributes:
        program: the other version, compiled.
        version: its number.
        nodes: from a node's id here to its id there; one that is not named keeps its id.
    """

    program: Program
    version: int
    nodes: Mapping[str, str] = field(default_factory=dict[str, str])
    reason: str | None = None
    by: str | None = None
    message: int = 0


Stimulus = (
    Start
    | ActionCompleted
    | ActionFailed
    | JobCompleted
    | JobFailed
    | TimersDue
    | Signal
    | TaskCompleted
    | Pause
    | Resume
    | Cancel
    | Recovered
    | Fault
    | ChildEnded
    | ChildUndone
    | ConnectionRenewed
    | Begin
    | Rewind
    | RetryCompensation
    | RetryStep
    | Skip
    | ChangeData
    | Amend
    | Validate
    | Submit
    | Approve
    | Reject
    | Migrate
    | Called
    | Returned
    | Raised
    | Diverged
)
