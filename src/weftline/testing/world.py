"""Everything that happens in a test: executions in memory, what they send each other, and one clock for all.

The engine's part is played without a database, and in order: whatever is due at a moment happens before the clock
moves on, and the clock moves straight to the next moment at which anything is due. A year's wait takes no time.

At one moment outcomes and messages come first, in the order in which they were sent; then the script; then timers.
"""

from __future__ import annotations

import heapq
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any
from uuid import UUID, uuid5

from weftline.authoring import ActionRegistry
from weftline.language.program import Program
from weftline.machine.command import (
    ChildSpec,
    Command,
    CommandKind,
    EventSpec,
    JobSpec,
    NoticeSpec,
    TaskSpec,
    UndoneSpec,
)
from weftline.machine.step import EVENT, Step
from weftline.machine.stimulus import (
    ActionCompleted,
    Cancel,
    ChildUndone,
    JobCompleted,
    JobFailed,
    Recovered,
    Signal,
    Start,
    Stimulus,
    TimersDue,
)
from weftline.machine.undoing import work_of
from weftline.model.event import Event
from weftline.testing.behaviour import Mocks
from weftline.testing.children import Children
from weftline.testing.errors import EndlessRun, InvalidScript
from weftline.testing.execution import ENDINGS, Above, Execution, OpenedTask, Origin
from weftline.testing.performing import Performer

NAMESPACE = UUID("6f0c6f6e-6f63-5d0c-8a5e-2b7f3c1d9e40")
"""What the ids of executions are derived from, so that two runs of a test have the same."""

MAX_TURNS = 100_000
"""Things that may happen in one test."""


@dataclass(frozen=True, slots=True)
class Emitted:
    """An event that an execution sent.

    Attributes:
        name, correlation, payload: as it says.
        at: when, Unix seconds.
    """

    name: str
    correlation: str | None
    payload: Any
    at: float


class World:
    """What one run of a test takes place in.

    Args:
        programs: the workflows that there are, by id.
        mocks: what stands in for actions and workflows.
        performer: runs actions.
        registry: finds durable functions.
        origin: whom everything runs for.
        now: where the clock begins, Unix seconds.

    Attributes:
        now: what the clock says.
        executions: all of them, in the order in which they began.
        tasks: every human task that was opened.
        notices: what people were told of failures.
        emitted: every event that an execution sent.
    """

    def __init__(
        self,
        programs: Mapping[str, Program],
        mocks: Mocks,
        performer: Performer,
        registry: ActionRegistry,
        origin: Origin,
        now: float,
    ) -> None:
        self.now = now
        self.executions: list[Execution] = []
        self.tasks: list[OpenedTask] = []
        self.notices: list[NoticeSpec] = []
        self.emitted: list[Emitted] = []
        self._children = Children(self, programs, mocks)
        self._performer = performer
        self._registry = registry
        self._origin = origin
        self._agenda: list[tuple[float, int, Callable[[], Awaitable[None]]]] = []
        self._order = count()
        self._turns = 0

    # --- what happens ------------------------------------------------------------------------------------------------

    def start(self, program: Program, input: dict[str, Any]) -> Execution:
        """Begin an execution.

        Raises:
            InvalidScript: its input does not fit the workflow's schema.
        """
        flaws = [] if program.input_schema is None else program.input_schema.errors(input)
        if flaws:
            told = "; ".join(f"{pointer or '/'}: {message}" for pointer, message in flaws)
            raise InvalidScript(f"the input does not fit the input schema of '{program.id}': {told}")
        id = uuid5(NAMESPACE, f"{program.id}/{len(self.executions)}")
        execution = self.made(id, program, input)
        self.begin(execution)
        return execution

    def feed(self, execution: Execution, stimulus: Stimulus) -> list[Event]:
        """Let something happen to an execution, and see to what it asks for.

        Raises:
            EndlessRun: too much has happened.
        """
        self._turns += 1
        if self._turns > MAX_TURNS:
            raise EndlessRun(
                f"more than {MAX_TURNS:,} things have happened, and '{execution.program.id}' still goes on"
            )
        events, commands = execution.feed(stimulus, self.now)
        for command in commands:
            self._carry_out(execution, command)
        if execution.state.has_ended and any(event.type in ENDINGS for event in events):
            self._children.report_end(execution)
        return events

    def deliver(self, name: str, correlation: str | None, payload: Any) -> int:
        """Bring an event to every step that waits for it; returns how many there are."""
        found = [
            (execution, step)
            for execution in self.executions
            for step in execution.state.open.values()
            if step.waiting == EVENT and step.event == name and step.correlation in (None, correlation)
        ]
        for execution, step in found:
            self.feed(execution, Signal(name, payload, step.known_as))
        return len(found)

    def lose_worker(self, execution: Execution) -> None:
        """The worker that holds an execution is lost, and another takes over: what was at work runs again."""
        execution.reload()
        execution.lost_leases += 1
        self.feed(execution, Recovered(execution.lost_leases))
        for step in list(execution.state.open.values()):
            if step.is_at_work and not execution.state.is_paused:
                self._run(execution, step)

    # --- time --------------------------------------------------------------------------------------------------------

    async def settle(self) -> None:
        """Let everything happen that was sent and is due now, and what follows from it."""
        while self._agenda and self._agenda[0][0] <= self.now:
            await heapq.heappop(self._agenda)[2]()

    def fire_timers(self) -> bool:
        """Fire what is due now; returns whether anything was."""
        due = [execution for execution in self.executions if _is_due(execution, self.now)]
        for execution in due:
            self.feed(execution, TimersDue())
        return bool(due)

    def next_moment(self) -> float | None:
        """When something happens next by itself, Unix seconds; None for never."""
        moments = [execution.state.next_due() for execution in self.executions if not execution.state.has_ended]
        known = [moment for moment in moments if moment is not None]
        if self._agenda:
            known.append(self._agenda[0][0])
        return min(known, default=None)

    def soon(self, happen: Callable[[], Awaitable[None]], after: float = 0.0) -> None:
        """Let something happen once everything before is seen to, or so many seconds later."""
        heapq.heappush(self._agenda, (self.now + after, next(self._order), happen))

    def send(self, execution: Execution, stimulus: Stimulus, after: float = 0.0) -> None:
        """Let something happen to an execution; see :meth:`soon`."""

        async def arrive() -> None:
            self.feed(execution, stimulus)

        self.soon(arrive, after)

    # --- what executions ask for -------------------------------------------------------------------------------------

    def made(self, id: UUID, program: Program, input: dict[str, Any], above: Above | None = None) -> Execution:
        """An execution that has not begun.

        Raises:
            InvalidScript: it runs a durable function that is not registered.
        """
        wanted = program.function
        function = None if wanted is None else self._registry.function(wanted.name, wanted.version)
        if wanted is not None and function is None:
            raise InvalidScript(f"no function '{wanted.name}' of version '{wanted.version}' is registered; import it")
        return Execution(id, program, input, self._origin, above, function)

    def begin(self, execution: Execution) -> None:
        """Let an execution begin."""
        self.executions.append(execution)
        self.feed(execution, Start())

    def _carry_out(self, execution: Execution, command: Command) -> None:
        step, spec = command.step, command.spec
        match command.kind:
            case CommandKind.RUN:
                self._run(execution, step)
            case CommandKind.ABORT | CommandKind.CLOSE_JOB:
                execution.inflight.pop(step.key, None)
            case CommandKind.OPEN_JOB:
                assert isinstance(spec, JobSpec)
                self._run_job(execution, step, spec.action)
            case CommandKind.FREE_JOB:
                work = work_of(execution.program, execution.state, step)
                self._run_job(execution, step, work.action)
            case CommandKind.OPEN_TASK:
                assert isinstance(spec, TaskSpec)
                self.tasks.append(OpenedTask(execution, step.node, step.key, spec, self.now, []))
            case CommandKind.START_CHILD:
                assert isinstance(spec, ChildSpec)
                self._children.start(execution, step, spec)
            case CommandKind.CANCEL_CHILD:
                child = self.find(step.child)
                if child is not None:
                    reason = f"step '{step.node}' of the execution that started it was closed"
                    self.send(child, Cancel(reason))
            case CommandKind.ROLL_BACK_CHILD:
                self._children.roll_back(execution, step)
            case CommandKind.REPORT_UNDONE:
                if execution.above is not None:
                    assert isinstance(spec, UndoneSpec)
                    above = execution.above
                    self.send(above.execution, ChildUndone(above.step, spec.error, str(execution.id)))
            case CommandKind.EMIT:
                assert isinstance(spec, EventSpec)
                self._emit(spec)
            case CommandKind.NOTIFY:
                assert isinstance(spec, NoticeSpec)
                self.notices.append(spec)
            case CommandKind.SUBSCRIBE | CommandKind.UNSUBSCRIBE | CommandKind.CLOSE_TASK | CommandKind.HOLD_JOB:
                # who waits, which tasks are open and what is paused stands in the states
                pass

    def _run(self, execution: Execution, step: Step) -> None:
        """Let a step's action run once everything before is seen to."""
        key = step.key

        async def run() -> None:
            state = execution.state
            is_wanted = state.open.get(key) is step and step.is_at_work and not state.is_paused
            if not is_wanted or key in execution.inflight:
                return
            attempt = execution.inflight[key] = object()
            work = work_of(execution.program, state, step)
            stimulus, takes = await self._performer.perform(execution, step, work.action, self.now, work.timeout)

            async def report() -> None:
                if execution.inflight.get(key) is attempt:
                    del execution.inflight[key]
                    self.feed(execution, stimulus)

            self.soon(report, takes)

        self.soon(run)

    def _run_job(self, execution: Execution, step: Step, action: str) -> None:
        """Let a job be done as if by a remote worker; the machine itself watches its timeout."""
        key, job = step.key, step.job
        assert job is not None

        async def run() -> None:
            is_wanted = step.awaits_job and step.job == job and execution.state.open.get(key) is step
            if not is_wanted or execution.state.is_paused or execution.inflight.get(key) == job:
                return
            execution.inflight[key] = job
            outcome, takes = await self._performer.perform(execution, step, action, self.now)
            name = step.known_as
            if isinstance(outcome, ActionCompleted):
                self.send(execution, JobCompleted(name, job, outcome.output, outcome.data), takes)
            else:
                self.send(execution, JobFailed(name, job, outcome.error, outcome.retry_after), takes)

        self.soon(run)

    def _emit(self, spec: EventSpec) -> None:
        self.emitted.append(Emitted(spec.name, spec.correlation, spec.payload, self.now))

        async def arrive() -> None:
            self.deliver(spec.name, spec.correlation, spec.payload)

        self.soon(arrive)

    def find(self, id: str | None) -> Execution | None:
        """The execution of an id, or None where there is none."""
        return next((execution for execution in self.executions if str(execution.id) == id), None)


def _is_due(execution: Execution, now: float) -> bool:
    due = None if execution.state.has_ended else execution.state.next_due()
    return due is not None and due <= now
