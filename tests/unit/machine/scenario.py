"""Drives the machine through a story, and checks its promises after every step of it.

After each stimulus: the events are numbered without a gap; their fold is the state; the state survives being saved
and loaded, through a database that forgets the order of keys; every status was reached by a legal move; no token is
lost or stands where it should have gone on; nothing is started under a key that was used before; and what is undone
is the newest of what completed, once. The story then goes on with the loaded state, so that whatever a snapshot
forgets shows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from weftline.language import Program, load
from weftline.machine.command import Command, CommandKind
from weftline.machine.folding import fold
from weftline.machine.interpreter import advance
from weftline.machine.rewinding import Point, Search, Target
from weftline.machine.state import State
from weftline.machine.step import Loop, Step
from weftline.machine.stimulus import (
    ActionCompleted,
    ActionFailed,
    Cancel,
    ChildEnded,
    ChildUndone,
    Fault,
    JobCompleted,
    JobFailed,
    Migrate,
    Pause,
    Recovered,
    Resume,
    Rewind,
    Signal,
    Start,
    Stimulus,
    TaskCompleted,
    TimersDue,
)
from weftline.model.event import Event, EventType
from weftline.model.status import ExecutionStatus
from weftline.model.stepkey import ROOT, branch_scope, key_of, parse_key, place_of

NOON = 1_800_000_000.0
"""When every story begins."""


def workflow(*nodes: dict[str, Any], **fields: Any) -> Program:
    """A definition, compiled."""
    _, program = load({"id": "story", "nodes": list(nodes), **fields})
    return program


def action(id: str, next: str | list[str] | None = None, **fields: Any) -> dict[str, Any]:
    """An action node that is not retried, so that its first failure is its last."""
    node = {"id": id, "type": "action", "action": id, "retry": 1, **fields}
    return node if next is None else {**node, "next": next}


def from_database(snapshot: dict[str, Any]) -> Any:
    """A snapshot as it comes back: what it shares with the state is gone, and so is the order of its keys."""
    return json.loads(orjson.dumps(snapshot), object_pairs_hook=lambda pairs: dict(reversed(pairs)))


class Scenario:
    """One execution.

    Args:
        program: what it runs.
        input: what it is started with.
        facts: ``execution``, ``tenant`` and ``vars``.
    """

    def __init__(
        self, program: Program, input: Mapping[str, Any] | None = None, facts: Mapping[str, Any] | None = None
    ) -> None:
        self.program = program
        self.input = dict(input or {})
        self.facts = facts or {}
        self.now = NOON
        self.state = State(self.input)
        self.events: list[Event] = []
        self.turn: list[Event] = []
        self.commands: list[Command] = []
        self.lost_leases = 0
        self._used: set[str] = set()
        """Keys under which something was entered."""
        self._undo: list[str] = []
        """Keys of what has completed and can be undone, in order of completion."""

    # --- what happens ------------------------------------------------------------------------------------------------

    def feed(self, stimulus: Stimulus) -> Scenario:
        """Let it happen, check every promise, and go on from the reloaded state."""
        self.turn, self.commands = advance(self.program, self.state, stimulus, self.now, self.facts)
        self.events += self.turn
        if isinstance(stimulus, Migrate) and any(event.type is EventType.WORKFLOW_MIGRATED for event in self.turn):
            self.program = stimulus.program
        stored = [orjson.dumps(event.data) for event in self.events]
        self._check()
        assert [orjson.dumps(event.data) for event in self.events] == stored, "facts are not changed"
        self.state = State.from_json(self.input, self.state.seq, from_database(self.state.to_json()))
        return self

    def start(self) -> Scenario:
        return self.feed(Start())

    def complete(self, key: str, output: Any = None, data: dict[str, Any] | None = None) -> Scenario:
        """The current attempt of an action returns."""
        return self.feed(ActionCompleted(key, self.state.open[key].attempt, output, data))

    def fail(
        self, key: str, code: str = "broken", *, retryable: bool = True, chance: float = 0.0, after: float | None = None
    ) -> Scenario:
        """The current attempt of an action fails."""
        error = {"code": code, "message": f"{key} is {code}", "retryable": retryable}
        return self.feed(ActionFailed(key, self.state.open[key].attempt, error, chance, after))

    def tick(self, seconds: float = 0.0) -> Scenario:
        """Time passes, and timers fire."""
        self.now += seconds
        return self.feed(TimersDue())

    def signal(self, name: str, payload: Any = None, step: str | None = None) -> Scenario:
        return self.feed(Signal(name, payload, step))

    def task(self, key: str, outcome: str | None = None, data: dict[str, Any] | None = None) -> Scenario:
        """Somebody does a human task."""
        return self.feed(TaskCompleted(key, outcome, data or {}, by="ann"))

    def job(self, key: str, output: Any = None, data: dict[str, Any] | None = None) -> Scenario:
        """A remote worker has carried out a step."""
        return self.feed(JobCompleted(key, self.job_of(key), output, data))

    def fail_job(
        self, key: str, code: str = "broken", *, retryable: bool = True, after: float | None = None
    ) -> Scenario:
        """A remote worker could not carry out a step."""
        error = {"code": code, "message": f"{key} is {code}", "retryable": retryable}
        return self.feed(JobFailed(key, self.job_of(key), error, after))

    def job_of(self, key: str) -> str:
        """The job that an open step waits for."""
        job = self.state.open[key].job
        assert job is not None
        return job

    def child(
        self, key: str, status: str = "completed", output: Any = None, error: dict[str, Any] | None = None
    ) -> Scenario:
        """The execution that a step started has ended."""
        child = self.state.open[key].child
        assert child is not None
        return self.feed(ChildEnded(key, child, status, output, error))

    def child_undone(self, key: str, error: dict[str, Any] | None = None) -> Scenario:
        """The execution that a step started has been rolled back."""
        return self.feed(ChildUndone(key, error))

    def point(self, target: Target, node: str | None = None, *, keeps_amendments: bool = False) -> Point:
        """A point of the log to go back to."""
        search = Search(self.program, self.input, target, node, keeps_amendments=keeps_amendments)
        search.scan(self.events)
        search.locate()
        search.fold(self.events)
        return search.point()

    def rewind(self, target: Target, node: str | None = None, **options: Any) -> Scenario:
        """Go back to a point, by a message that has been through the database."""
        keeps = bool(options.get("is_rejection"))
        return self.feed(Rewind(**from_database(self.point(target, node, keeps_amendments=keeps).rewind(**options))))

    def pause(self) -> Scenario:
        return self.feed(Pause())

    def resume(self) -> Scenario:
        return self.feed(Resume())

    def cancel(self, reason: str | None = None, *, undo: bool = False) -> Scenario:
        return self.feed(Cancel(reason, undo=undo))

    def fault(self) -> Scenario:
        return self.feed(Fault({"code": "unreadable", "message": "no such version", "retryable": False}))

    def recover(self) -> Scenario:
        """The worker is lost, and another takes over."""
        self.lost_leases += 1
        return self.feed(Recovered(self.lost_leases))

    # --- what can be seen --------------------------------------------------------------------------------------------

    @property
    def status(self) -> str:
        return self.state.resting_status().value

    @property
    def current(self) -> list[str]:
        """Where it is."""
        return self.state.current_steps()

    @property
    def data(self) -> dict[str, Any]:
        return self.state.data

    @property
    def error(self) -> str:
        """The code of the error that it ended with."""
        assert self.state.error is not None
        return self.state.error["code"]

    def steps(self, type: EventType) -> list[str | None]:
        """The steps that something happened to, in order."""
        return [event.step for event in self.events if event.type is type]

    @property
    def refusal(self) -> str:
        """The code with which the last turn refused what was asked."""
        (refused,) = self.turn
        assert refused.type is EventType.COMMAND_REFUSED and refused.data is not None
        return refused.data["error"]["code"]

    def count(self, type: EventType) -> int:
        return sum(1 for event in self.events if event.type is type)

    def commanded(self, kind: CommandKind) -> list[str]:
        """The steps that the last turn gave this command for."""
        return [command.step.key for command in self.commands if command.kind is kind]

    # --- promises ----------------------------------------------------------------------------------------------------

    def _check(self) -> None:
        state = self.state
        assert [event.seq for event in self.events] == list(range(1, state.seq + 1))
        snapshot = state.to_json()
        folded = fold(self.input, self.events)
        assert folded.to_json() == snapshot
        loaded = State.from_json(self.input, state.seq, from_database(snapshot))
        assert loaded.to_json() == snapshot
        for other in (folded, loaded):
            assert derived(other) == derived(state)
        assert_accounts_balance(state)
        self._assert_nothing_is_overdue()
        for event in self.turn:
            self._assert_nothing_is_done_twice(event)
        assert list(state.undo) == self._undo
        for command in self.commands:
            assert command.kind is not CommandKind.RUN or command.step.attempt >= 1

    def _assert_nothing_is_done_twice(self, event: Event) -> None:
        """No key is used twice, and compensations go backwards through what completed."""
        data = event.data or {}
        key = event.step
        if key is None:
            if event.type is EventType.WORKFLOW_MIGRATED:
                self._undo = [renamed(undo, data.get("nodes", {})) for undo in self._undo]
                self._used |= {renamed(used, data.get("nodes", {})) for used in self._used}
            return
        match event.type:
            case EventType.STEP_STARTED if data.get("attempt", 1) == 1:
                assert key not in self._used
                self._used.add(key)
            case EventType.STEP_COMPLETED | EventType.STEP_SKIPPED:
                self._used.add(key)
            case EventType.STEP_COMPENSATION_STARTED | EventType.STEP_COMPENSATION_FAILED:
                assert key == self._undo[-1]
            case EventType.STEP_COMPENSATED | EventType.STEP_COMPENSATION_SKIPPED:
                assert key == self._undo.pop()
            case _:
                pass
        if "undo" in data:
            undone = key_of_undo(key, data)
            # what runs on in a step that was gone back into completes that step once more
            self._undo = [*(other for other in self._undo if other != undone), undone]

    def _assert_nothing_is_overdue(self) -> None:
        """No branch that has come to rest is still open, and no join that could be entered was forgotten."""
        state = self.state
        if state.has_ended:
            return
        for step in state.open.values():
            branches = step.branches
            if branches is not None:
                is_loop = isinstance(branches, Loop)
                numbers = branches.active if is_loop else range(len(self.program.nodes[step.node].branches))
                for number in numbers:
                    scope = branch_scope(step.node, step.scope, step.visit, number)
                    assert not branches.is_live(number) or scope in state.working or scope in state.held
        for scope in {ROOT, *state.working, *state.held}:
            for join in self.program.joins:
                entered = state.entered(place_of(join, scope)) + state.held.get(scope, []).count(join)
                left = [state.done.get(place_of(name, scope), 0) for name in self.program.nodes[join].dependencies]
                assert min(left) == entered


def key_of_undo(key: str, data: Mapping[str, Any]) -> str:
    """The key by which what an event says has completed is undone: a step's, or a branch's."""
    if "branch" not in data:
        return key
    node, scope, visit = parse_key(key)
    return key_of(node, branch_scope(node, scope, visit, data["branch"]), 1)


def renamed(text: str, nodes: Mapping[str, str]) -> str:
    """A definition, or a key, with other ids of nodes."""
    return re.sub(r"\$?[A-Za-z0-9_.]+", lambda word: nodes.get(word[0], word[0]), text)


def derived(state: State) -> tuple[object, ...]:
    """What a state keeps beside its snapshot, to be quick, orders included."""
    return (
        list(state.open),
        {scope: list(steps) for scope, steps in state.working.items()},
        list(state.held.items()),
        state.at_work,
        state.timers,
        state.is_paused,
        state.has_ended,
        state.is_resting,
        {scope: sorted(places) for scope, places in state.places.items()},
        {scope: sorted(scopes) for scope, scopes in state.inner.items()},
        {key: _branches(step) for key, step in state.open.items()},
    )


def _branches(step: Step) -> tuple[object, ...] | None:
    branches = step.branches
    if isinstance(branches, Loop):
        return (list(branches.active), branches.begun, branches.is_stopped)
    return None if branches is None else (branches.results, branches.completed)


def assert_accounts_balance(state: State) -> None:
    """Whatever is counted apart agrees with the open steps, and no token is lost."""
    by_scope: dict[str, list[str]] = {"": []}
    for key, step in state.open.items():
        if step.is_undo:
            assert state.undoing is not None
            continue
        by_scope.setdefault(step.scope, []).append(key)
        assert step.status.is_open or step.lingers
        assert step.scope == "" or step.scope.rpartition(":")[0] in _live_parallels(state)
    assert {scope: list(steps) for scope, steps in state.working.items()} == by_scope
    assert state.at_work == sum(step.is_at_work for step in state.open.values())
    assert state.timers == {key: step.alarm_at for key, step in state.open.items() if step.alarm_at is not None}
    for scope in state.held:
        assert scope == "" or scope.rpartition(":")[0] in _live_parallels(state)
    if state.has_ended:
        assert not state.open
        assert not state.held
    elif state.started_at is not None:
        assert state.open or state.held or state.is_paused or state.is_resting or state.undoing
    if state.undoing is not None:
        assert state.undo and state.status is ExecutionStatus.COMPENSATING
        assert (state.undoing.stuck is None) == (len(state.open) == 1)
        assert all(step.is_undo for step in state.open.values())


def _live_parallels(state: State) -> set[str]:
    """What the scopes of the branches of open parallel steps begin with, without the branches' numbers."""
    prefixes: Sequence[str] = [
        f"{step.scope}/{step.node}:{step.visit}" if step.scope else f"{step.node}:{step.visit}"
        for step in state.open.values()
        if step.branches is not None
    ]
    return set(prefixes)
