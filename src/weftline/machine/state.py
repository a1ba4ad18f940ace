"""An execution's state: the fold of its events.

``State.apply`` is the whole fold. It never evaluates an expression and never looks at the definition: whatever was
decided stands in the events, so that a log can be folded years later, by another version of the program. A
snapshot (``to_json``/``from_json``) is a cache of the fold and nothing more.

Tokens are not stored apart: an *open* step holds its token, and a decision moves tokens only within one turn, whose
events are committed together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from weftline.model.event import Event, EventType
from weftline.model.status import TERMINAL, ExecutionStatus, StepStatus
from weftline.model.stepkey import parse_key, place_of

SNAPSHOT_FORMAT = 1
"""Version of ``State.to_json``; a sample of every version is read by the tests."""

# members are bound to names once: an attribute of an enumeration is slow to reach
RUNNING, WAITING, RETRYING, COMPLETED = (
    StepStatus.RUNNING,
    StepStatus.WAITING,
    StepStatus.RETRYING,
    StepStatus.COMPLETED,
)


class Step:
    """One activation of a node.

    Attributes:
        key, node, scope, visit: see ``weftline.model.stepkey``.
        status: where it stands.
        attempt: number of the current or last attempt, from 1.
        interruptions: how often a worker was lost while this attempt ran.
        output: what it returned, once completed.
        error: what went wrong last (a WorkflowError's JSON).
        input: what the log recorded as its input, where the definition maps one.
        started_at, completed_at: Unix seconds.
        due_at: when its timer fires (a retry, a wait's end, a timeout), Unix seconds.
        event, correlation: what it waits for.
        branches: for a parallel step: branch number to ``completed`` or ``failed``.
    """

    __slots__ = (
        "attempt",
        "branches",
        "completed_at",
        "correlation",
        "due_at",
        "error",
        "event",
        "input",
        "interruptions",
        "key",
        "node",
        "output",
        "scope",
        "started_at",
        "status",
        "visit",
    )

    def __init__(self, key: str, node: str, scope: str, visit: int, status: StepStatus, started_at: float) -> None:
        self.key = key
        self.node = node
        self.scope = scope
        self.visit = visit
        self.status = status
        self.started_at = started_at
        self.attempt = 1
        self.interruptions = 0
        self.output: Any = None
        self.error: dict[str, Any] | None = None
        self.input: Any = None
        self.completed_at: float | None = None
        self.due_at: float | None = None
        self.event: str | None = None
        self.correlation: str | None = None
        self.branches: dict[int, str] | None = None

    def to_json(self) -> dict[str, Any]:
        """The snapshot's form, without what is empty."""
        out: dict[str, Any] = {"status": self.status.value, "startedAt": self.started_at}
        if self.attempt != 1:
            out["attempt"] = self.attempt
        if self.interruptions:
            out["interruptions"] = self.interruptions
        if self.branches is not None:
            out["branches"] = {str(number): result for number, result in self.branches.items()}
        for name, value in (
            ("output", self.output),
            ("error", self.error),
            ("input", self.input),
            ("completedAt", self.completed_at),
            ("dueAt", self.due_at),
            ("event", self.event),
            ("correlation", self.correlation),
        ):
            if value is not None:
                out[name] = value
        return out

    @classmethod
    def from_json(cls, key: str, data: Mapping[str, Any]) -> Step:
        """The inverse of :meth:`to_json`."""
        node, scope, visit = parse_key(key)
        step = cls(key, node, scope, visit, StepStatus(data["status"]), data["startedAt"])
        step.attempt = data.get("attempt", 1)
        step.interruptions = data.get("interruptions", 0)
        step.output = data.get("output")
        step.error = data.get("error")
        step.input = data.get("input")
        step.completed_at = data.get("completedAt")
        step.due_at = data.get("dueAt")
        step.event = data.get("event")
        step.correlation = data.get("correlation")
        branches = data.get("branches")
        if branches is not None:
            step.branches = {int(number): result for number, result in branches.items()}
        return step


class State:
    """Everything the machine knows of one execution.

    Attributes:
        status: where the execution stands.
        seq: number of the last event applied; 0 before the first.
        input: what it was started with.
        data: the shared data; begins as a copy of the input's top level.
        open: steps that hold a token, by key, oldest first.
        latest: for each place, the step that closed last there.
        visits: for each place, how often it was entered.
        done: for each place, how often it was left in a way that satisfies a dependency on it.
        working: for each scope, how many of its steps are open.
        is_paused: between pause and resume: results are recorded, nothing new begins.
        has_ended: the status is terminal.
        held: places whose activation waits for the execution to be resumed.
        signals: signals that arrived before anything waited for them, by name.
        output, error: the execution's result.
        last_output: the last step's output that was not null.
        last_event: payload of the event that resumed a wait last.
        last_error: the last step's failure.
        deadline: Unix seconds, when the whole execution times out.
        lost_leases: how many lost workers the log already accounts for.
    """

    __slots__ = (
        "completed_at",
        "data",
        "deadline",
        "done",
        "error",
        "has_ended",
        "held",
        "input",
        "is_paused",
        "last_error",
        "last_event",
        "last_output",
        "latest",
        "lost_leases",
        "open",
        "output",
        "seq",
        "signals",
        "started_at",
        "status",
        "visits",
        "working",
    )

    def __init__(self, input: Mapping[str, Any]) -> None:
        self.status = ExecutionStatus.PENDING
        self.is_paused = False
        self.has_ended = False
        self.seq = 0
        self.input = input
        self.data: dict[str, Any] = dict(input)
        self.open: dict[str, Step] = {}
        self.latest: dict[str, Step] = {}
        self.visits: dict[str, int] = {}
        self.done: dict[str, int] = {}
        self.working: dict[str, int] = {}
        self.held: list[tuple[str, str]] = []
        self.signals: dict[str, list[Any]] = {}
        self.output: Any = None
        self.error: dict[str, Any] | None = None
        self.last_output: Any = None
        self.last_event: Any = None
        self.last_error: dict[str, Any] | None = None
        self.started_at: float | None = None
        self.completed_at: float | None = None
        self.deadline: float | None = None
        self.lost_leases = 0

    def apply(self, event: Event) -> None:
        """Fold one event in.

        Raises:
            ValueError: the event is not the next one of this log.
        """
        if event.seq != self.seq + 1:
            raise ValueError(f"event {event.seq} cannot follow event {self.seq}")
        self.seq = event.seq
        _APPLY[event.type](self, event)

    def next_due(self) -> float | None:
        """When the next timer fires, Unix seconds, or None."""
        due = self.deadline
        if not self.is_paused:
            for step in self.open.values():
                if step.due_at is not None and (due is None or step.due_at < due):
                    due = step.due_at
        return due

    @property
    def has_timers(self) -> bool:
        """Whether :meth:`next_due` is not None, most probably; cheap."""
        return self.deadline is not None or any(step.due_at is not None for step in self.open.values())

    def current_steps(self) -> list[str]:
        """Keys of the steps that hold a token, without the parallel steps around them."""
        return [step.key for step in self.open.values() if step.branches is None]

    @property
    def has_work(self) -> bool:
        """Whether some action is to run, so that the execution cannot rest."""
        return not self.is_paused and any(
            step.status is RUNNING and step.branches is None for step in self.open.values()
        )

    def resting_status(self) -> ExecutionStatus:
        """The status to show while nothing is being computed: ``waiting`` where every open step only waits."""
        if self.status is not ExecutionStatus.RUNNING or self.has_work:
            return self.status
        return ExecutionStatus.WAITING

    def to_json(self) -> dict[str, Any]:
        """The snapshot. The input is not part of it: it is stored beside."""
        out: dict[str, Any] = {
            "format": SNAPSHOT_FORMAT,
            "status": self.status.value,
            "data": self.data,
            "latest": {key.key: key.to_json() for key in self.latest.values()},
        }
        visits = {place: count for place, count in self.visits.items() if count != 1}
        done = {place: count for place, count in self.done.items() if count != 1}
        for name, value in (
            ("open", {key: step.to_json() for key, step in self.open.items()}),
            ("visits", visits),
            ("undone", [place for place in self.visits if place not in self.done]),
            ("done", done),
            ("held", [list(place) for place in self.held]),
            ("signals", self.signals),
        ):
            if value:
                out[name] = value
        for name, value in (
            ("output", self.output),
            ("error", self.error),
            ("lastOutput", self.last_output),
            ("lastEvent", self.last_event),
            ("lastError", self.last_error),
            ("startedAt", self.started_at),
            ("completedAt", self.completed_at),
            ("deadline", self.deadline),
        ):
            if value is not None:
                out[name] = value
        if self.lost_leases:
            out["lostLeases"] = self.lost_leases
        return out

    @classmethod
    def from_json(cls, input: Mapping[str, Any], seq: int, data: Mapping[str, Any]) -> State:
        """The inverse of :meth:`to_json`.

        Args:
            input: the execution's input.
            seq: number of the last event that the snapshot includes.
            data: the snapshot.

        Raises:
            ValueError: the snapshot was written by a newer version of the program.
        """
        if data["format"] > SNAPSHOT_FORMAT:
            raise ValueError(f"snapshot format {data['format']} is newer than {SNAPSHOT_FORMAT}; upgrade this worker")
        state = cls(input)
        state.seq = seq
        state.status = ExecutionStatus(data["status"])
        state.is_paused = state.status is ExecutionStatus.PAUSED
        state.has_ended = state.status in TERMINAL
        state.data = data["data"]
        for key, raw in data["latest"].items():
            step = Step.from_json(key, raw)
            state.latest[place_of(step.node, step.scope)] = step
        for key, raw in data.get("open", {}).items():
            step = Step.from_json(key, raw)
            state.open[key] = step
            state.working[step.scope] = state.working.get(step.scope, 0) + 1
        undone = set(data.get("undone", ()))
        places = [place_of(step.node, step.scope) for step in (*state.latest.values(), *state.open.values())]
        state.visits = dict.fromkeys(places, 1) | data.get("visits", {})
        state.done = {place: 1 for place in state.visits if place not in undone} | data.get("done", {})
        state.held = [(node, scope) for node, scope in data.get("held", ())]
        state.signals = data.get("signals", {})
        state.output = data.get("output")
        state.error = data.get("error")
        state.last_output = data.get("lastOutput")
        state.last_event = data.get("lastEvent")
        state.last_error = data.get("lastError")
        state.started_at = data.get("startedAt")
        state.completed_at = data.get("completedAt")
        state.deadline = data.get("deadline")
        state.lost_leases = data.get("lostLeases", 0)
        return state


def fold(input: Mapping[str, Any], events: Iterable[Event]) -> State:
    """The state after ``events``, from the beginning of the log."""
    state = State(input)
    for event in events:
        state.apply(event)
    return state


# --- one function an event type -------------------------------------------------------------------------------------

NO_DATA: Mapping[str, Any] = {}


def _enter(state: State, key: str, at: float, status: StepStatus) -> Step:
    node, scope, visit = parse_key(key) if "~" in key or "@" in key else (key, "", 1)
    step = Step(key, node, scope, visit, status, at)
    state.visits[place_of(node, scope)] = visit
    return step


def _close(state: State, event: Event, status: StepStatus) -> Step:
    """The step of ``event``, no longer open. Steps that take no time are closed without having been opened."""
    key = event.step
    assert key is not None
    step = state.open.pop(key, None)
    if step is None:
        step = _enter(state, key, event.at, status)
    else:
        left = state.working[step.scope] - 1
        if left:
            state.working[step.scope] = left
        else:
            del state.working[step.scope]
    step.status = status
    step.completed_at = event.at
    step.due_at = None
    state.latest[place_of(step.node, step.scope)] = step
    return step


def _count_done(state: State, step: Step) -> None:
    place = place_of(step.node, step.scope)
    state.done[place] = state.done.get(place, 0) + 1


def _step_started(state: State, event: Event) -> None:
    key = event.step
    assert key is not None
    data = event.data
    step = state.open.get(key)
    if step is None:
        step = _enter(state, key, event.at, RUNNING)
        state.open[key] = step
        state.working[step.scope] = state.working.get(step.scope, 0) + 1
        if data is None:
            return
    else:
        step.status = RUNNING
        step.interruptions = 0
        step.due_at = None
        data = data or NO_DATA
    step.attempt = data.get("attempt", 1)
    step.input = data.get("input", step.input)
    if "waiting" in data:
        step.status = WAITING
    step.due_at = data.get("dueAt")
    step.event = data.get("event")
    step.correlation = data.get("correlation")
    if "branches" in data:
        step.branches = {}


def _step_completed(state: State, event: Event) -> None:
    step = _close(state, event, COMPLETED)
    _count_done(state, step)
    data = event.data
    if data is None:
        return
    output = data.get("output")
    if output is not None:
        step.output = output
        state.last_output = output
    patch = data.get("data")
    if patch is not None:
        state.data = {**state.data, **patch}
    if "signal" in data:
        state.last_event = output
        name = data["signal"]
        queue = state.signals[name]
        del queue[0]
        if not queue:
            del state.signals[name]


def _step_retry_scheduled(state: State, event: Event) -> None:
    assert event.step is not None and event.data is not None
    step = state.open[event.step]
    step.status = RETRYING
    step.error = event.data["error"]
    step.due_at = event.data["dueAt"]


def _step_failed(state: State, event: Event) -> None:
    assert event.data is not None
    step = _close(state, event, StepStatus.FAILED)
    step.error = state.last_error = event.data["error"]
    if event.data.get("continued"):
        _count_done(state, step)


def _step_timed_out(state: State, event: Event) -> None:
    _close(state, event, StepStatus.TIMED_OUT)


def _step_skipped(state: State, event: Event) -> None:
    _count_done(state, _close(state, event, StepStatus.SKIPPED))


def _step_cancelled(state: State, event: Event) -> None:
    _close(state, event, StepStatus.CANCELLED)


def _step_held(state: State, event: Event) -> None:
    assert event.step is not None
    node, scope, _ = parse_key(event.step)
    state.held.append((node, scope))


def _branch_ended(state: State, event: Event) -> None:
    assert event.step is not None and event.data is not None
    branches = state.open[event.step].branches
    assert branches is not None
    branches[event.data["branch"]] = "completed" if event.type is EventType.BRANCH_COMPLETED else "failed"


def _signal_received(state: State, event: Event) -> None:
    assert event.data is not None
    state.signals.setdefault(event.data["name"], []).append(event.data.get("payload"))


def _workflow_started(state: State, event: Event) -> None:
    state.status = ExecutionStatus.RUNNING
    state.started_at = event.at
    if event.data is not None:
        state.deadline = event.data.get("deadline")


def _workflow_ended(status: ExecutionStatus) -> Callable[[State, Event], None]:
    def apply(state: State, event: Event) -> None:
        data = event.data or NO_DATA
        state.status = status
        state.is_paused = False
        state.has_ended = True
        state.completed_at = event.at
        state.deadline = None
        state.held = []
        state.signals = {}
        state.output = data.get("output")
        state.error = data.get("error")

    return apply


def _workflow_paused(state: State, event: Event) -> None:
    state.status = ExecutionStatus.PAUSED
    state.is_paused = True


def _workflow_resumed(state: State, event: Event) -> None:
    state.status = ExecutionStatus.RUNNING
    state.is_paused = False
    state.held = []


def _workflow_recovered(state: State, event: Event) -> None:
    assert event.data is not None
    state.lost_leases = event.data["lostLeases"]
    for step in state.open.values():
        if step.status is RUNNING and step.branches is None:
            step.interruptions += 1


_APPLY: dict[EventType, Callable[[State, Event], None]] = {
    EventType.STEP_STARTED: _step_started,
    EventType.STEP_COMPLETED: _step_completed,
    EventType.STEP_RETRY_SCHEDULED: _step_retry_scheduled,
    EventType.STEP_FAILED: _step_failed,
    EventType.STEP_TIMED_OUT: _step_timed_out,
    EventType.STEP_SKIPPED: _step_skipped,
    EventType.STEP_CANCELLED: _step_cancelled,
    EventType.STEP_HELD: _step_held,
    EventType.BRANCH_COMPLETED: _branch_ended,
    EventType.BRANCH_FAILED: _branch_ended,
    EventType.SIGNAL_RECEIVED: _signal_received,
    EventType.WORKFLOW_STARTED: _workflow_started,
    EventType.WORKFLOW_COMPLETED: _workflow_ended(ExecutionStatus.COMPLETED),
    EventType.WORKFLOW_FAILED: _workflow_ended(ExecutionStatus.FAILED),
    EventType.WORKFLOW_CANCELLED: _workflow_ended(ExecutionStatus.CANCELLED),
    EventType.WORKFLOW_TIMED_OUT: _workflow_ended(ExecutionStatus.TIMED_OUT),
    EventType.WORKFLOW_PAUSED: _workflow_paused,
    EventType.WORKFLOW_RESUMED: _workflow_resumed,
    EventType.WORKFLOW_RECOVERED: _workflow_recovered,
}

