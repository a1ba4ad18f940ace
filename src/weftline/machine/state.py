"""An execution's state: the fold of its events.

``State.apply`` is the whole fold. It never evaluates an expression and never looks at the definition: whatever was
decided stands in the events, so that a log can be folded years later, by another version of the program. A
snapshot (``to_json``/``from_json``) is a cache of the fold and nothing more.

Tokens are not stored apart: an *open* step holds its token, and a decision moves tokens only within one turn, whose
events are committed together. Only a pause makes tokens rest between steps; those are *held*.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from weftline.machine.step import BRANCH_COMPLETED, BRANCH_FAILED, Branches, Step
from weftline.model.event import Event, EventType
from weftline.model.status import TERMINAL, ExecutionStatus, StepStatus, check_transition
from weftline.model.stepkey import ROOT, branch_prefix, branch_scope, is_within, owner_of, parse_key, place_of

SNAPSHOT_FORMAT = 1
"""Version of ``State.to_json``; a sample of every version is read by the tests."""

# members are bound to names once: an attribute of an enumeration is slow to reach
RUNNING, WAITING, RETRYING, COMPLETED = (
    StepStatus.RUNNING,
    StepStatus.WAITING,
    StepStatus.RETRYING,
    StepStatus.COMPLETED,
)


class State:
    """Everything the machine knows of one execution.

    Attributes:
        status: where the execution stands.
        seq: number of the last event applied; 0 before the first.
        input: what it was started with.
        data: the shared data; begins as a copy of the input's top level.
        open: steps that hold a token, by key, oldest first.
        working: the same steps by scope, then by key.
        at_work: how many of them have an action running, or to be run.
        timers: when the timers of those that have one fire, Unix seconds by key.
        latest: for each place, the step that closed last there.
        visits: for each place, how often it was entered.
        done: for each place, how often it was left in a way that satisfies a dependency on it.
        is_paused: between pause and resume: results are recorded, nothing new begins.
        has_ended: the status is terminal.
        held: for each scope, the nodes whose activation waits for the execution to be resumed.
        signals: signals that arrived before anything waited for them, by name.
        output, error: the execution's result.
        last_output: the last step's output that was not null.
        last_event: payload of the event that resumed a wait last.
        last_error: the last step's failure.
        started_at, completed_at: Unix seconds.
        deadline: Unix seconds, when the whole execution times out.
        lost_leases: how many lost workers the log already accounts for.
    """

    __slots__ = (
        "at_work",
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
        "timers",
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
        self.working: dict[str, dict[str, Step]] = {ROOT: {}}
        self.at_work = 0
        self.timers: dict[str, float] = {}
        self.latest: dict[str, Step] = {}
        self.visits: dict[str, int] = {}
        self.done: dict[str, int] = {}
        self.held: dict[str, list[str]] = {}
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
            ValueError: the event is not the next one of this log, or (``IllegalTransition``) the execution cannot
                move to the status that it leads to.
        """
        if event.seq != self.seq + 1:
            raise ValueError(f"event {event.seq} cannot follow event {self.seq}")
        self.seq = event.seq
        _APPLY[event.type](self, event)

    def move(self, target: ExecutionStatus) -> None:
        """Change the status. Only the fold does this, so that no execution takes a way that is not in the table.

        Raises:
            IllegalTransition: the table of transitions has no such move.
        """
        check_transition(self.status, target)
        self.status = target
        self.is_paused = target is ExecutionStatus.PAUSED
        self.has_ended = target in TERMINAL

    def next_due(self) -> float | None:
        """When the next timer fires, Unix seconds, or None."""
        if self.is_paused or not self.timers:
            return self.deadline
        due = min(self.timers.values())
        return due if self.deadline is None else min(due, self.deadline)

    @property
    def has_timers(self) -> bool:
        """Whether any timer is set, though a pause may keep it from firing."""
        return self.deadline is not None or bool(self.timers)

    def current_steps(self) -> list[str]:
        """Keys of the steps that hold a token, without the parallel steps around them."""
        return [step.key for step in self.open.values() if step.branches is None]

    @property
    def has_work(self) -> bool:
        """Whether some action is to run, so that the execution cannot rest."""
        return self.at_work > 0 and not self.is_paused

    def resting_status(self) -> ExecutionStatus:
        """The status to show while nothing is being computed: ``waiting`` where every open step only waits."""
        if self.status is not ExecutionStatus.RUNNING or self.has_work:
            return self.status
        return ExecutionStatus.WAITING

    def to_json(self) -> dict[str, Any]:
        """The snapshot. The input is not part of it: it is stored beside.

        What is in order here stands in lists: objects may come back from the database with their keys in another.
        """
        out: dict[str, Any] = {
            "format": SNAPSHOT_FORMAT,
            "status": self.status.value,
            "data": self.data,
            "latest": {step.key: step.to_json() for step in self.latest.values()},
        }
        visits = {place: count for place, count in self.visits.items() if count != 1}
        done = {place: count for place, count in self.done.items() if count != 1}
        for name, value in (
            ("open", [[key, step.to_json()] for key, step in self.open.items()]),
            ("visits", visits),
            ("undone", sorted(place for place in self.visits if place not in self.done)),
            ("done", done),
            ("held", [[scope, nodes] for scope, nodes in self.held.items()]),
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
        for key, raw in data.get("open", ()):
            step = Step.from_json(key, raw)
            _open(state, step)
            if step.is_at_work:
                state.at_work += 1
            if step.due_at is not None:
                state.timers[key] = step.due_at
        undone = set(data.get("undone", ()))
        places = [place_of(step.node, step.scope) for step in (*state.latest.values(), *state.open.values())]
        state.visits = dict.fromkeys(places, 1) | data.get("visits", {})
        state.done = {place: 1 for place in state.visits if place not in undone} | data.get("done", {})
        state.held = dict(data.get("held", ()))
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


# --- steps coming and going -------------------------------------------------------------------------------------------

NO_DATA: Mapping[str, Any] = {}


def _enter(state: State, key: str, at: float, status: StepStatus) -> Step:
    node, scope, visit = parse_key(key) if "~" in key or "@" in key else (key, ROOT, 1)
    step = Step(key, node, scope, visit, status, at)
    state.visits[place_of(node, scope)] = visit
    return step


def _open(state: State, step: Step) -> None:
    state.open[step.key] = step
    siblings = state.working.get(step.scope)
    if siblings is None:
        state.working[step.scope] = {step.key: step}
    else:
        siblings[step.key] = step


def _close(state: State, event: Event, status: StepStatus) -> Step:
    """The step of ``event``, no longer open. Steps that take no time are closed without having been opened."""
    key = event.step
    assert key is not None
    step = state.open.pop(key, None)
    if step is None:
        step = _enter(state, key, event.at, status)
    else:
        siblings = state.working[step.scope]
        del siblings[key]
        if not siblings and step.scope:
            del state.working[step.scope]
        if step.branches is not None:
            step.branches.outputs = {}
            _drop_held(state, branch_prefix(step.node, step.scope, step.visit))
        elif step.status is RUNNING:
            state.at_work -= 1
        if step.due_at is not None:
            step.due_at = None
            del state.timers[key]
    step.status = status
    step.completed_at = event.at
    state.latest[place_of(step.node, step.scope)] = step
    return step


def _count_done(state: State, step: Step) -> None:
    place = place_of(step.node, step.scope)
    state.done[place] = state.done.get(place, 0) + 1


def _drop_held(state: State, prefix: str) -> None:
    """Forget the tokens held in scopes that no longer exist."""
    if state.held:
        state.held = {scope: nodes for scope, nodes in state.held.items() if not scope.startswith(prefix)}


def _consume_signal(state: State, step: Step, name: str) -> None:
    """A wait ended with a signal: the one that was kept for it, or the oldest of its name."""
    if step.received is not None:
        (state.last_event,) = step.received
        step.received = None
    else:
        queue = state.signals[name]
        state.last_event = queue.pop(0)
        if not queue:
            del state.signals[name]


def _note_output(state: State, step: Step, output: Any) -> None:
    step.output = output
    state.last_output = output
    if step.scope:
        owner, number = owner_of(step.scope)
        branches = state.open[owner].branches
        assert branches is not None
        branches.outputs[number] = output


# --- one function an event type -------------------------------------------------------------------------------------


def _step_started(state: State, event: Event) -> None:
    key = event.step
    assert key is not None
    data = event.data
    step = state.open.get(key)
    if step is None:
        step = _enter(state, key, event.at, RUNNING)
        _open(state, step)
        if data is None:
            state.at_work += 1
            return
    else:
        # another attempt of a step whose timer for it has fired
        step.status = RUNNING
        step.interruptions = 0
        step.due_at = None
        del state.timers[key]
        data = data or NO_DATA
    step.attempt = data.get("attempt", 1)
    step.input = data.get("input", step.input)
    waiting = data.get("waiting")
    if waiting is not None:
        step.status = WAITING
        step.waiting = waiting
        step.event = data.get("event")
        step.correlation = data.get("correlation")
        due_at = data.get("dueAt")
        if due_at is not None:
            step.due_at = state.timers[key] = due_at
    elif "branches" in data:
        step.branches = Branches()
    else:
        state.at_work += 1


def _step_completed(state: State, event: Event) -> None:
    step = _close(state, event, COMPLETED)
    _count_done(state, step)
    data = event.data
    if data is None:
        return
    output = data.get("output")
    if output is not None:
        _note_output(state, step, output)
    patch = data.get("data")
    if patch is not None:
        state.data = {**state.data, **patch}
    if "signal" in data:
        _consume_signal(state, step, data["signal"])


def _step_retry_scheduled(state: State, event: Event) -> None:
    assert event.step is not None and event.data is not None
    step = state.open[event.step]
    step.status = RETRYING
    step.error = event.data["error"]
    step.due_at = state.timers[step.key] = event.data["dueAt"]
    state.at_work -= 1


def _step_failed(state: State, event: Event) -> None:
    assert event.data is not None
    step = _close(state, event, StepStatus.FAILED)
    step.error = state.last_error = event.data["error"]
    if event.data.get("continued"):
        _count_done(state, step)
    if "signal" in event.data:
        _consume_signal(state, step, event.data["signal"])


def _step_timed_out(state: State, event: Event) -> None:
    step = _close(state, event, StepStatus.TIMED_OUT)
    if event.data is not None and event.data.get("continued"):
        _count_done(state, step)


def _step_skipped(state: State, event: Event) -> None:
    _count_done(state, _close(state, event, StepStatus.SKIPPED))


def _step_cancelled(state: State, event: Event) -> None:
    _close(state, event, StepStatus.CANCELLED)


def _step_held(state: State, event: Event) -> None:
    assert event.step is not None
    node, scope, _ = parse_key(event.step)
    state.held.setdefault(scope, []).append(node)


def _branch_ended(result: str) -> Callable[[State, Event], None]:
    def apply(state: State, event: Event) -> None:
        assert event.step is not None and event.data is not None
        step = state.open[event.step]
        number = event.data["branch"]
        assert step.branches is not None
        step.branches.end(number, result)
        if result == BRANCH_FAILED and state.held:
            scope = branch_scope(step.node, step.scope, step.visit, number)
            state.held = {held: nodes for held, nodes in state.held.items() if not is_within(held, scope)}

    return apply


def _signal_received(state: State, event: Event) -> None:
    assert event.data is not None
    payload = event.data.get("payload")
    if event.step is None:
        state.signals.setdefault(event.data["name"], []).append(payload)
    else:
        state.open[event.step].received = [payload]


def _workflow_started(state: State, event: Event) -> None:
    state.started_at = event.at
    if event.data is not None:
        state.deadline = event.data.get("deadline")
    if not state.is_paused:
        state.move(ExecutionStatus.RUNNING)


def _workflow_ended(status: ExecutionStatus) -> Callable[[State, Event], None]:
    def apply(state: State, event: Event) -> None:
        data = event.data or NO_DATA
        state.move(status)
        state.completed_at = event.at
        state.deadline = None
        state.held = {}
        state.signals = {}
        state.output = data.get("output")
        state.error = data.get("error")

    return apply


def _workflow_paused(state: State, event: Event) -> None:
    state.move(ExecutionStatus.PAUSED)


def _workflow_resumed(state: State, event: Event) -> None:
    state.move(ExecutionStatus.PENDING if state.started_at is None else ExecutionStatus.RUNNING)
    state.held = {}


def _workflow_recovered(state: State, event: Event) -> None:
    assert event.data is not None
    state.lost_leases = event.data["lostLeases"]
    for step in state.open.values():
        if step.is_at_work:
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
    EventType.BRANCH_COMPLETED: _branch_ended(BRANCH_COMPLETED),
    EventType.BRANCH_FAILED: _branch_ended(BRANCH_FAILED),
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
