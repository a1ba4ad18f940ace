"""Drives the machine through a story, and checks its promises after every step of it.

After each stimulus: the events are numbered without a gap; their fold is the state; the state survives being saved
and loaded, through a database that forgets the order of keys; every status was reached by a legal move; no token is
lost or stands where it should have gone on. The story then goes on with the loaded state, so that whatever a snapshot
forgets shows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from weftline.language import Program, load
from weftline.machine.command import Command, CommandKind
from weftline.machine.interpreter import advance
from weftline.machine.state import State, fold
from weftline.machine.step import Step
from weftline.machine.stimulus import (
    ActionCompleted,
    ActionFailed,
    Cancel,
    Fault,
    Pause,
    Recovered,
    Resume,
    Signal,
    Start,
    Stimulus,
    TaskCompleted,
    TimersDue,
)
from weftline.model.event import Event, EventType
from weftline.model.status import ExecutionStatus, can_move
from weftline.model.stepkey import ROOT, branch_scope, place_of

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

    # --- what happens ------------------------------------------------------------------------------------------------

    def feed(self, stimulus: Stimulus) -> Scenario:
        """Let it happen, check every promise, and go on from the reloaded state."""
        before = self.state.resting_status()
        self.turn, self.commands = advance(self.program, self.state, stimulus, self.now, self.facts)
        self.events += self.turn
        self._check(before)
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

    def pause(self) -> Scenario:
        return self.feed(Pause())

    def resume(self) -> Scenario:
        return self.feed(Resume())

    def cancel(self, reason: str | None = None) -> Scenario:
        return self.feed(Cancel(reason))

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

    def count(self, type: EventType) -> int:
        return sum(1 for event in self.events if event.type is type)

    def commanded(self, kind: CommandKind) -> list[str]:
        """The steps that the last turn gave this command for."""
        return [command.step.key for command in self.commands if command.kind is kind]

    # --- promises ----------------------------------------------------------------------------------------------------

    def _check(self, before: ExecutionStatus) -> None:
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
        now = state.resting_status()
        assert now is before or can_move(before, now) or _went_by_running(before, now)
        for command in self.commands:
            assert command.kind is not CommandKind.RUN or command.step.attempt >= 1

    def _assert_nothing_is_overdue(self) -> None:
        """No branch that has come to rest is still open, and no join that could be entered was forgotten."""
        state = self.state
        if state.has_ended:
            return
        for step in state.open.values():
            if step.branches is not None:
                for number in range(len(self.program.nodes[step.node].branches)):
                    scope = branch_scope(step.node, step.scope, step.visit, number)
                    assert number in step.branches.results or scope in state.working or scope in state.held
        for scope in {ROOT, *state.working, *state.held}:
            for join in self.program.joins:
                entered = state.visits.get(place_of(join, scope), 0) + state.held.get(scope, []).count(join)
                dependencies = self.program.nodes[join].dependencies
                assert any(state.done.get(place_of(name, scope), 0) <= entered for name in dependencies)


def _went_by_running(before: ExecutionStatus, now: ExecutionStatus) -> bool:
    """Within one turn an execution may start, or be resumed, and go further at once."""
    running = ExecutionStatus.RUNNING
    return can_move(before, running) and can_move(running, now)


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
        {key: _branches(step) for key, step in state.open.items()},
    )


def _branches(step: Step) -> tuple[object, ...] | None:
    return None if step.branches is None else (step.branches.results, step.branches.completed)


def assert_accounts_balance(state: State) -> None:
    """Whatever is counted apart agrees with the open steps, and no token is lost."""
    by_scope: dict[str, list[str]] = {"": []}
    for key, step in state.open.items():
        by_scope.setdefault(step.scope, []).append(key)
        assert step.status.is_open
        assert step.scope == "" or step.scope.rpartition(":")[0] in _live_parallels(state)
    assert {scope: list(steps) for scope, steps in state.working.items()} == by_scope
    assert state.at_work == sum(step.is_at_work for step in state.open.values())
    assert state.timers == {key: step.due_at for key, step in state.open.items() if step.due_at is not None}
    for scope in state.held:
        assert scope == "" or scope.rpartition(":")[0] in _live_parallels(state)
    if state.has_ended:
        assert not state.open
        assert not state.held
    elif state.started_at is not None:
        assert state.open or state.held or state.is_paused


def _live_parallels(state: State) -> set[str]:
    """What the scopes of the branches of open parallel steps begin with, without the branches' numbers."""
    prefixes: Sequence[str] = [
        f"{step.scope}/{step.node}:{step.visit}" if step.scope else f"{step.node}:{step.visit}"
        for step in state.open.values()
        if step.branches is not None
    ]
    return set(prefixes)
