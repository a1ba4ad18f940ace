"""Replaying a recorded execution with another version of its definition.

What came from outside (results of actions, answers, signals, what people asked for) is taken from the log, and given to
the new version wherever it asks for it. Timers are the new version's own. The path is the same where every step of the
log is there, with the same attempts, and left the same way, and no other step is; the order in which steps that ran
side by side happened to end makes no difference.

An answer that took two days in the log takes two days here, from whenever the step is reached. Where the recorded
execution has not ended, the new one stops where that one rests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from weftline.authoring import ActionRegistry, Tenant
from weftline.authoring import registry as known_functions
from weftline.language.program import Program
from weftline.machine.state import State
from weftline.machine.step import CHILD, EVENT, TASK, Step
from weftline.machine.stimulus import Start, Stimulus, TimersDue
from weftline.model.event import Event, EventType
from weftline.model.status import StepStatus
from weftline.model.stepkey import UNDO, parse_key
from weftline.testing.comparing import Difference, changed_inputs, differences
from weftline.testing.errors import InvalidScript
from weftline.testing.execution import Execution, Origin
from weftline.testing.recording import Outcome, Recording, read_recording

MAX_TURNS = 1_000_000
"""Things that may happen in one replay."""

MAX_TIMERS = 10_000
"""Timers that may fire in a row without anything from the log."""

NOBODY = Tenant(UUID(int=0), "replay")


@dataclass(frozen=True, slots=True)
class Replay:
    """What a replay came to.

    Attributes:
        differences: where the paths part, the first one first.
        missing: what the new version needs to know, and the log does not say.
        unused: what the log says, and the new version does not ask for.
        changed_inputs: keys of steps whose actions would get another input than the one that the recorded result is of.
        recorded_status, status: where the recorded execution stands, and the new one.
        events: the new one's log.
        cut: why the end of the log was not replayed; None where all of it was.
    """

    differences: Sequence[Difference]
    missing: Sequence[str]
    unused: Sequence[str]
    changed_inputs: Sequence[str]
    recorded_status: str
    status: str
    events: Sequence[Event] = field(repr=False)
    cut: str | None = None

    @property
    def is_same(self) -> bool:
        """The new version takes the same path."""
        return not self.differences and not self.missing

    @property
    def first(self) -> Difference | None:
        """Where the paths part first."""
        return self.differences[0] if self.differences else None

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "isSame": self.is_same,
            "differences": [
                {"step": each.step, "seq": each.seq, "expected": each.expected, "got": each.got}
                for each in self.differences
            ],
            "missing": list(self.missing),
            "unused": list(self.unused),
            "changedInputs": list(self.changed_inputs),
            "recordedStatus": self.recorded_status,
            "status": self.status,
            "cut": self.cut,
        }


def replay(
    program: Program,
    input: Mapping[str, Any],
    events: Sequence[Event],
    *,
    before: Program | None = None,
    execution_id: UUID = NOBODY.id,
    tenant: Tenant = NOBODY,
    variables: Mapping[str, Any] | None = None,
    registry: ActionRegistry = known_functions,
) -> Replay:
    """Replay a recorded execution with another version of its definition.

    Args:
        program: the other version.
        input: what the execution was started with.
        events: its log, from its beginning.
        before: the version that it ran, by which what actions set in the shared data is told from what was mapped.
        execution_id, tenant, variables: what expressions see.
        registry: where durable functions are found.

    Raises:
        ValueError: the events are no log from its beginning.
        InvalidScript: the other version is a durable function that is not registered.
    """
    recording = read_recording(input, events, (before or program).nodes)
    origin = Origin(tenant, None, {}, {}, dict(variables or {}), {})
    function = None
    if program.function is not None:
        function = registry.function(program.function.name, program.function.version)
        if function is None:
            raise InvalidScript(f"no function '{program.function.name}' of its version is registered; import it")
    execution = Execution(execution_id, program, input, origin, None, function)
    unused, missing = _Replaying(execution, recording).run()
    execution.close()
    return Replay(
        differences=differences(recording, execution),
        missing=missing,
        unused=unused,
        changed_inputs=changed_inputs(recording.events, execution.events),
        recorded_status=recording.state.resting_status().value,
        status=execution.state.resting_status().value,
        events=execution.events,
        cut=recording.cut,
    )


class _Replaying:
    """Gives an execution what another one got."""

    def __init__(self, execution: Execution, recording: Recording) -> None:
        self._execution = execution
        self._recording = recording
        self._timed = [outcome for outcome in recording.outcomes if outcome.key is None]
        self._events = [outcome for outcome in recording.outcomes if outcome.event is not None]
        self._of_step: dict[str, list[Outcome]] = {}
        for outcome in recording.outcomes:
            if outcome.key is not None and outcome.event is None:
                self._of_step.setdefault(outcome.key, []).append(outcome)
        self._began: dict[str, float] = {}
        self._now = recording.events[0].at if recording.events else 0.0

    def run(self) -> tuple[list[str], list[str]]:
        """Returns what of the recording was not asked for, and what is asked for and not in it."""
        self._feed(Start())
        timers = 0
        for _ in range(MAX_TURNS):
            chosen = self._next()
            due = self._execution.state.next_due()
            if due is not None and (chosen is None or due < chosen[0]):
                timers += 1
                if not self._may_fire(due) or timers > MAX_TIMERS:
                    break
                self._now = max(self._now, due)
                self._feed(TimersDue())
            elif chosen is not None:
                timers = 0
                self._use(*chosen)
            else:
                break
        of_steps = (each for some in self._of_step.values() for each in some)
        left = sorted((*self._timed, *self._events, *of_steps), key=_index)
        return [f"{outcome.told} (event {outcome.seq})" for outcome in left], self._missing()

    def _may_fire(self, due: float) -> bool:
        """Whether time goes on so far. Where the recorded execution has not ended, it rests where that one rests."""
        recorded = self._recording.state
        if recorded.has_ended:
            return True
        state = self._execution.state
        firing = [state.open[key] for key, at in state.timers.items() if at <= due]
        return any(not _rests(step, recorded) for step in firing)

    def _next(self) -> tuple[float, Outcome, Step | None] | None:
        """What comes from outside next: when, what, and for which step."""
        state = self._execution.state
        if state.has_ended:
            return None
        found: list[tuple[float, int, Outcome, Step | None]] = []
        for step in state.open.values():
            outcome = self._of(step)
            if outcome is not None:
                due = outcome.at
                if outcome.began is not None:
                    # added to the difference, so that what began at the same moment ends at the same
                    due += self._began.get(step.key, outcome.began) - outcome.began
                found.append((max(due, self._now), outcome.index, outcome, step))
        if self._timed:
            found.append((max(self._timed[0].at, self._now), self._timed[0].index, self._timed[0], None))
        for outcome in self._events:
            step = self._waiting_for(outcome)
            if step is not None:
                found.append((max(outcome.at, self._now), outcome.index, outcome, step))
        if not found:
            return None
        due, _, outcome, step = min(found, key=lambda each: each[:2])
        return due, outcome, step

    def _waiting_for(self, outcome: Outcome) -> Step | None:
        """Who waits for an event now: the step that it was for, or else another that waits for the same."""
        waiting = [
            step
            for step in self._execution.state.open.values()
            if step.waiting == EVENT and step.received is None and (step.event, step.correlation) == outcome.event
        ]
        return next((step for step in waiting if step.key == outcome.key), waiting[0] if waiting else None)

    def _of(self, step: Step) -> Outcome | None:
        """What came of a step, as far as it asks for that now."""
        some = self._of_step.get(step.key)
        if not some:
            return None
        is_asked = (
            step.is_at_work
            or step.awaits_job
            or (step.waiting in (EVENT, TASK, CHILD) and step.status is StepStatus.WAITING)
        )
        return some[0] if is_asked and some[0].attempt in (0, step.attempt) else None

    def _use(self, due: float, outcome: Outcome, step: Step | None) -> None:
        self._now = due
        if outcome.event is not None:
            self._events.remove(outcome)
        elif step is None:
            del self._timed[0]
        else:
            del self._of_step[step.key][0]
        self._feed(outcome.make(step))

    def _feed(self, stimulus: Stimulus) -> None:
        events, _ = self._execution.feed(stimulus, self._now)
        for event in events:
            if event.type is EventType.STEP_STARTED and event.step is not None:
                self._began[event.step] = event.at
            elif event.type is EventType.STEP_COMPENSATION_STARTED and event.step is not None:
                self._began[UNDO + event.step] = event.at

    def _missing(self) -> list[str]:
        """What open steps wait for that the recorded execution did not wait for at its end."""
        recorded = self._recording.state.open
        return [
            _asked_by(step)
            for step in self._execution.state.open.values()
            if step.branches is None and step.key not in recorded
        ]


def _asked_by(step: Step) -> str:
    node = parse_key(step.key)[0]
    if step.is_undo:
        return f"how '{node}' is undone"
    if step.is_at_work or step.awaits_job:
        return f"what '{node}' returns"
    match step.waiting:
        case "event":
            return f"event '{step.event}', which '{node}' waits for"
        case "task":
            return f"the answer to task '{node}'"
        case "child":
            return f"what becomes of the workflow that '{node}' starts"
        case _:
            return f"when '{node}' goes on"


def _rests(step: Step, recorded: State) -> bool:
    """Whether the recorded execution rests at the same point of a step."""
    other = recorded.open.get(step.key)
    return other is not None and (other.status, other.attempt) == (step.status, step.attempt)


def _index(outcome: Outcome) -> int:
    return outcome.index
