"""Comparing the paths of two executions: which steps there are, and what happened to each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from weftline.machine.state import State
from weftline.model.event import Event, EventType
from weftline.testing.execution import Execution
from weftline.testing.recording import Recording


@dataclass(frozen=True, slots=True)
class Difference:
    """Where the paths part.

    Attributes:
        step: the step's key, or None where it is about the whole execution.
        seq: number of the event of the log; None where the log has no such step.
        expected: what the log says.
        got: what the new version does.
    """

    step: str | None
    seq: int | None
    expected: str
    got: str

    def __str__(self) -> str:
        where = "" if self.seq is None else f" (event {self.seq})"
        return f"{self.step or 'the execution'}{where}: expected {self.expected}; got {self.got}"


def _marks(events: Sequence[Event]) -> dict[str, list[tuple[str, int]]]:
    """For each step what happened to it, and the number of the event that says so."""
    marks: dict[str, list[tuple[str, int]]] = {}
    for event in events:
        if event.step is not None:
            mark = _mark(event)
            if mark is not None:
                marks.setdefault(event.step, []).append((mark, event.seq))
    return marks


def _mark(event: Event) -> str | None:
    data: Mapping[str, Any] = event.data or {}
    match event.type:
        case EventType.STEP_STARTED:
            attempt = data.get("attempt", 1)
            waits = f", waiting for {data['waiting']}" if "waiting" in data else ""
            return (f"attempt {attempt}" if attempt > 1 else "begun") + waits
        case EventType.STEP_COMPLETED:
            return "completed" + (f" by case '{data['case']}'" if "case" in data else "") + _way(data)
        case EventType.STEP_FAILED:
            return f"failed with '{data['error']['code']}'" + _way(data)
        case EventType.STEP_RETRY_SCHEDULED:
            return f"failed with '{data['error']['code']}', to be tried again"
        case EventType.STEP_TIMED_OUT:
            return "timed out" + _way(data)
        case EventType.STEP_SKIPPED:
            return "skipped"
        case EventType.STEP_CANCELLED:
            return "cancelled"
        case EventType.STEP_COMPENSATION_STARTED:
            return "being undone"
        case EventType.STEP_COMPENSATED:
            return "undone"
        case EventType.STEP_COMPENSATION_FAILED:
            return "not undone"
        case _:
            return None


def _way(data: Mapping[str, Any]) -> str:
    targets = data.get("next", ())
    listed = targets if isinstance(targets, str) else ", ".join(targets)
    return f", going on to {listed}" if listed else ""


def differences(recording: Recording, execution: Execution) -> list[Difference]:
    """Where an execution's path is another than the recorded one, the first place first."""
    recorded, new = _marks(recording.events), _marks(execution.events)
    has_ended = recording.state.has_ended
    found: list[Difference] = []
    for step, marks in recorded.items():
        others = new.get(step, [])
        for number, (mark, seq) in enumerate(marks):
            if number >= len(others):
                got = "nothing more" if others else "a path that does not come here"
                found.append(Difference(step, seq, mark, got))
                break
            if others[number][0] != mark:
                found.append(Difference(step, seq, mark, others[number][0]))
                break
        else:
            if len(others) > len(marks):
                found.append(Difference(step, marks[-1][1], "nothing more", others[len(marks)][0]))
    found.sort(key=lambda difference: difference.seq or 0)
    for step, marks in new.items():
        if step not in recorded:
            found.append(Difference(step, None, "a path that does not come here", marks[0][0]))
    ending, other = _ending(recording.state), _ending(execution.state)
    if has_ended and ending != other:
        found.append(Difference(None, None, ending, other))
    return found


def _ending(state: State) -> str:
    status = state.resting_status().value
    return status if state.error is None else f"{status} with '{state.error['code']}'"


def changed_inputs(recorded: Sequence[Event], new: Sequence[Event]) -> list[str]:
    """Keys of the steps that got another input."""
    inputs = _inputs(new)
    return [key for key, input in _inputs(recorded).items() if key in inputs and inputs[key] != input]


def _inputs(events: Sequence[Event]) -> dict[str, Any]:
    return {
        event.step: (event.data or {}).get("input")
        for event in events
        if event.type is EventType.STEP_STARTED and event.step is not None and "attempt" not in (event.data or {})
    }
