"""An execution's state: the fold of its events.

``folding.apply`` is the whole fold. A snapshot (``to_json``/``from_json``) is a cache of it and nothing more.

Tokens are not stored apart: an *open* step holds its token, and a decision moves tokens only within one turn, whose
events are committed together. Only a pause makes tokens rest between steps; those are *held*.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from weftline.machine.bookkeeping import note_place, open_step, set_timer
from weftline.machine.calls import Calls
from weftline.machine.step import Step
from weftline.machine.undo import UndoEntry, Undoing
from weftline.model.status import TERMINAL, ExecutionStatus, StepStatus, check_transition
from weftline.model.stepkey import (
    ROOT,
    place_of,
    undo_key,
)

SNAPSHOT_FORMAT = 1
"""Version of ``State.to_json``; a sample of every version is read by the tests."""

# members are bound to names once: an attribute of an enumeration is slow to reach
RUNNING, WAITING, RETRYING, COMPLETED = (
    StepStatus.RUNNING,
    StepStatus.WAITING,
    StepStatus.RETRYING,
    StepStatus.COMPLETED,
)


HALTED = frozenset({ExecutionStatus.PAUSED, ExecutionStatus.ROLLED_BACK})
"""Where nothing begins until somebody resumes the execution."""

RESTING = frozenset({ExecutionStatus.DRAFT, ExecutionStatus.AWAITING_VALIDATION, ExecutionStatus.SUBMITTED})
"""Where it has no tokens, and people move it on."""


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
        is_paused: until somebody resumes it, nothing new begins; results are recorded.
        is_resting: a draft, or under review: it has no tokens, and only people move it on.
        has_ended: the status is terminal.
        held: for each scope, the nodes whose activation waits for the execution to be resumed.
        signals: signals that arrived before anything waited for them, by name.
        output, error: the execution's result.
        last_output: the last step's output that was not null.
        report: what actions said of their results, name by name what was said last; None where nothing was.
        last_event: payload of the event that resumed a wait last.
        last_error: the last step's failure.
        started_at, completed_at: Unix seconds.
        deadline: Unix seconds, when the whole execution times out.
        lost_leases: how many lost workers the log already accounts for.
        undo: for each step and branch that has completed and can be undone, how; by key, in order of completion.
        undoing: what is being undone, and what comes after it; None where nothing is.
        submitted_by: who submitted it for approval last, or None.
        version: number of the version that it was migrated to, or None.
        migrated_at: number of the event that says so; 0 where there is none.
        calls: what a durable function has called; None where there is none, or it has called nothing yet.
        rewinds: how often it went back to an earlier point.
        floor: the last number that an activation may have had before that.
        top_visit: the largest number among activations that are forgotten.
        offsets: for each place, what its number of the last activation exceeds the count of its entries by; where
            there is none, by ``floor``.
        places: for each scope but the root, the places that were entered in it.
        inner: for each scope, the scopes in it.
    """

    __slots__ = (
        "at_work",
        "calls",
        "completed_at",
        "data",
        "deadline",
        "done",
        "error",
        "floor",
        "has_ended",
        "held",
        "inner",
        "input",
        "is_paused",
        "is_resting",
        "last_error",
        "last_event",
        "last_output",
        "latest",
        "lost_leases",
        "migrated_at",
        "offsets",
        "open",
        "output",
        "places",
        "report",
        "rewinds",
        "seq",
        "signals",
        "started_at",
        "status",
        "submitted_by",
        "timers",
        "top_visit",
        "undo",
        "undoing",
        "version",
        "visits",
        "working",
    )

    def __init__(self, input: Mapping[str, Any]) -> None:
        self.status = ExecutionStatus.PENDING
        self.is_paused = False
        self.is_resting = False
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
        self.report: dict[str, Any] | None = None
        self.started_at: float | None = None
        self.completed_at: float | None = None
        self.deadline: float | None = None
        self.lost_leases = 0
        self.undo: dict[str, UndoEntry] = {}
        self.undoing: Undoing | None = None
        self.submitted_by: str | None = None
        self.version: int | None = None
        self.migrated_at = 0
        self.calls: Calls | None = None
        self.rewinds = 0
        self.floor = 0
        self.top_visit = 1
        self.offsets: dict[str, int] = {}
        self.places: dict[str, list[str]] = {}
        self.inner: dict[str, dict[str, None]] = {}

    def move(self, target: ExecutionStatus) -> None:
        """Change the status. Only the fold does this, so that no execution takes a way that is not in the table.

        Raises:
            IllegalTransition: the table of transitions has no such move.
        """
        check_transition(self.status, target)
        self.stand(target)

    def stand(self, status: ExecutionStatus) -> None:
        """Take a status, and what follows from it."""
        self.status = status
        self.is_paused = status in HALTED
        self.is_resting = status in RESTING
        self.has_ended = status in TERMINAL

    def entered(self, place: str) -> int:
        """How often tokens came into a place, without what was rewound."""
        floor = self.floor
        return self.visits.get(place, floor) - self.offsets.get(place, floor)

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

    def open_step_known_as(self, key: str) -> Step | None:
        """The open step of a key, or the one that began with it, before a migration; None where neither is."""
        step = self.open.get(key)
        return step or next((step for step in self.open.values() if step.origin == key), None)

    def current_steps(self) -> list[str]:
        """Keys of the steps that hold a token, without the parallel steps around them."""
        steps = [step.key for step in self.open.values() if step.branches is None]
        if self.undoing is not None and self.undoing.stuck is not None:
            steps.append(undo_key(self.undoing.stuck))
        return steps

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
        known = {place_of(step.node, step.scope) for step in self.open.values() if not step.is_undo}
        known.update(self.latest)
        visits = {place: count for place, count in self.visits.items() if count != 1 or place not in known}
        done = {place: count for place, count in self.done.items() if count != 1}
        for name, value in (
            ("open", [[key, step.to_json()] for key, step in self.open.items()]),
            ("visits", visits),
            ("undone", sorted(place for place in self.visits if place not in self.done)),
            ("done", done),
            ("held", [[scope, nodes] for scope, nodes in self.held.items()]),
            ("signals", self.signals),
            ("undo", [[key, entry.to_json()] for key, entry in self.undo.items()]),
            ("offsets", self.offsets),
            ("floor", self.floor),
            ("rewinds", self.rewinds),
            ("migratedAt", self.migrated_at),
            ("lostLeases", self.lost_leases),
        ):
            if value:
                out[name] = value
        for name, value in (
            ("output", self.output),
            ("error", self.error),
            ("lastOutput", self.last_output),
            ("lastEvent", self.last_event),
            ("lastError", self.last_error),
            ("report", self.report),
            ("startedAt", self.started_at),
            ("completedAt", self.completed_at),
            ("deadline", self.deadline),
            ("version", self.version),
            ("submittedBy", self.submitted_by),
        ):
            if value is not None:
                out[name] = value
        if self.top_visit != 1:
            out["topVisit"] = self.top_visit
        if self.calls is not None:
            out["calls"] = self.calls.to_json()
        if self.undoing is not None:
            out["undoing"] = self.undoing.to_json()
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
        state.stand(ExecutionStatus(data["status"]))
        state.data = data["data"]
        for key, raw in data["latest"].items():
            step = Step.from_json(key, raw)
            state.latest[place_of(step.node, step.scope)] = step
        for key, raw in data.get("open", ()):
            step = Step.from_json(key, raw)
            open_step(state, step)
            if step.is_at_work:
                state.at_work += 1
            set_timer(state, step)
            place = place_of(step.node, step.scope)
            if step.lingers and state.latest[place].key == key:
                state.latest[place] = step
        undone = set(data.get("undone", ()))
        places = [place_of(step.node, step.scope) for step in state.open.values() if not step.is_undo]
        state.visits = dict.fromkeys((*state.latest, *places), 1) | data.get("visits", {})
        for place in state.visits:
            scope = place.partition("@")[2]
            if scope:
                note_place(state, place, scope)
        state.done = {place: 1 for place in state.visits if place not in undone} | data.get("done", {})
        state.held = dict(data.get("held", ()))
        state.signals = {name: list(payloads) for name, payloads in data.get("signals", {}).items()}
        state.output = data.get("output")
        state.error = data.get("error")
        state.last_output = data.get("lastOutput")
        state.last_event = data.get("lastEvent")
        state.last_error = data.get("lastError")
        state.report = data.get("report")
        state.started_at = data.get("startedAt")
        state.completed_at = data.get("completedAt")
        state.deadline = data.get("deadline")
        state.lost_leases = data.get("lostLeases", 0)
        state.undo = {key: UndoEntry.from_json(raw) for key, raw in data.get("undo", ())}
        undoing = data.get("undoing")
        state.undoing = None if undoing is None else Undoing.from_json(undoing)
        state.submitted_by = data.get("submittedBy")
        state.version = data.get("version")
        state.migrated_at = data.get("migratedAt", 0)
        calls = data.get("calls")
        state.calls = None if calls is None else Calls.from_json(calls)
        state.rewinds = data.get("rewinds", 0)
        state.floor = data.get("floor", 0)
        state.top_visit = data.get("topVisit", 1)
        state.offsets = data.get("offsets", {})
        return state
