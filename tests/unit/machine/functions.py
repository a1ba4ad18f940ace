"""Runs durable functions on the machine alone, with as many crashes as one likes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import orjson
import structlog

from weftline.authoring.context import Tenant
from weftline.authoring.function import DurableFunction
from weftline.authoring.function_context import FunctionContext
from weftline.language import load
from weftline.machine.command import Command, CommandKind, outstanding
from weftline.machine.driver import Driver
from weftline.machine.folding import fold
from weftline.machine.interpreter import advance
from weftline.machine.rewinding import Search, Target
from weftline.machine.state import State
from weftline.machine.stimulus import ActionCompleted, ActionFailed, Rewind, Start, Stimulus, TimersDue
from weftline.machine.undoing import work_of
from weftline.model.errors import WorkflowError
from weftline.model.event import Event
from weftline.model.ids import DEFAULT_TENANT

EXECUTION = UUID("00000000-0000-7000-8000-000000000001")
FACTS = {"execution": {"id": str(EXECUTION)}}
Action = Callable[[Any], Any]


class Fails(Exception):
    """An action fails."""

    def __init__(self, code: str = "broken", *, retryable: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.retryable = retryable


class Tale:
    """One execution of a function.

    Args:
        function: what it runs.
        input: with what.
        actions: what each action does.
        crashes: everything but the log is lost after every stimulus.
    """

    def __init__(
        self,
        function: DurableFunction,
        input: Mapping[str, Any] | None = None,
        actions: Mapping[str, Action] | None = None,
        *,
        crashes: bool = False,
    ) -> None:
        self.function = function
        self.actions = actions or {}
        self.crashes = crashes
        self.now = 1_000.0
        _, self.program = load(function.definition(), None)
        self.input: Mapping[str, Any] = input or {}
        self.state = State(self.input)
        self.events: list[Event] = []
        self.commands: list[Command] = []
        self.called: list[tuple[str, Any]] = []
        self.driver = self._driver()

    def _driver(self) -> Driver:
        context = FunctionContext(
            EXECUTION, self.function.id, Tenant(DEFAULT_TENANT, "t"), lambda: structlog.get_logger("test")
        )
        return Driver(self.function, context)

    def change(self, function: DurableFunction) -> None:
        """Another version of the code is at hand from now on."""
        self.function = function
        self.driver.close()
        self.driver = self._driver()

    def feed(self, stimulus: Stimulus) -> None:
        """Let something happen."""
        following: Stimulus | None = stimulus
        while following is not None:
            events, commands = advance(self.program, self.state, following, self.now, FACTS)
            self.events += events
            self.commands += commands
            following = self.driver.next(self.state)
        folded = fold(self.input, self.events)
        assert folded.to_json() == self.state.to_json()
        if self.crashes:
            snapshot = orjson.loads(orjson.dumps(self.state.to_json()))
            self.state = State.from_json(self.input, self.state.seq, snapshot)
            self.driver.close()
            self.driver = self._driver()
            self.commands = [*outstanding(self.state)]

    def run(self) -> Tale:
        """Begin, and do what is to be done until everything rests."""
        if self.state.seq == 0:
            self.feed(Start())
        while runs := [command for command in self.commands if command.kind is CommandKind.RUN]:
            command = runs[0]
            self.commands = [other for other in self.commands if other is not command]
            step = self.state.open.get(command.step.key)
            if step is not None and step.is_at_work:
                self.feed(self._outcome(command))
        return self

    def _outcome(self, command: Command) -> Stimulus:
        step = command.step
        name = work_of(self.program, self.state, step).action
        self.called.append((name, step.input))
        try:
            output = self.actions.get(name, lambda given: given)(step.input)
        except Fails as failure:
            error = WorkflowError(failure.code, failure.code, retryable=failure.retryable)
            return ActionFailed(step.key, step.attempt, error.to_json())
        return ActionCompleted(step.key, step.attempt, output)

    def wait(self, seconds: float) -> Tale:
        """Let time pass."""
        self.now += seconds
        self.feed(TimersDue())
        return self.run()

    def send(self, stimulus: Stimulus) -> Tale:
        """Let something happen, and do what follows."""
        self.feed(stimulus)
        return self.run()

    def go_back(self, target: Target, node: str | None = None, **options: Any) -> Tale:
        """Go back to an earlier point."""
        search = Search(self.program, self.input, target, node)
        search.scan(self.events)
        search.locate()
        search.fold(self.events)
        return self.send(Rewind(**search.point().rewind(**options)))

    @property
    def types(self) -> list[str]:
        """The kinds of events, each with its step where it has one."""
        return [f"{event.type} {event.step or ''}".strip() for event in self.events]

    @property
    def names(self) -> list[str]:
        """The actions that ran, in order."""
        return [name for name, _ in self.called]
