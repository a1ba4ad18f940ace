"""What events about compensations do to a state: one function each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from weftline.machine.bookkeeping import (
    open_step,
    set_timer,
)
from weftline.machine.step import CHILD, JOB, Step
from weftline.machine.undo import Undoing
from weftline.model.event import Event, EventType
from weftline.model.status import ExecutionStatus, StepStatus
from weftline.model.stepkey import (
    parse_key,
    place_of,
    undo_key,
)

if TYPE_CHECKING:
    from weftline.machine.state import State

# members are bound to names once: an attribute of an enumeration is slow to reach
RUNNING, WAITING, RETRYING = StepStatus.RUNNING, StepStatus.WAITING, StepStatus.RETRYING

NO_DATA: Mapping[str, Any] = {}


def _compensation_started(state: State, event: Event) -> None:
    assert event.data is not None
    state.move(ExecutionStatus.COMPENSATING)
    state.undoing = Undoing(event.data)
    state.held = {}
    state.deadline = None
    state.completed_at = None
    state.output = None
    state.error = None


def _step_undoing(state: State, event: Event) -> None:
    """A compensation begins, or begins again."""
    key, data = event.step, event.data or NO_DATA
    assert key is not None and state.undoing is not None
    own = undo_key(key)
    step = state.open.get(own)
    if step is None:
        node, scope, visit = parse_key(key)
        step = Step(own, node, scope, visit, RUNNING, event.at)
        open_step(state, step)
    step.status = RUNNING
    step.attempt = data.get("attempt", 1)
    step.interruptions = 0
    step.action = data.get("action")
    step.input = data.get("input", step.input)
    step.child = data.get("child")
    step.job = data.get("job")
    step.due_at = data.get("dueAt")
    set_timer(state, step)
    if step.child is not None:
        step.status = WAITING
        step.waiting = CHILD
    elif step.job is not None:
        step.status = WAITING
        step.waiting = JOB
    else:
        step.waiting = None
        state.at_work += 1
    if state.undoing.stuck is not None:
        state.undoing.stuck = None
        state.error = None


def _undo_retry_scheduled(state: State, event: Event) -> None:
    assert event.step is not None and event.data is not None
    step = state.open[undo_key(event.step)]
    if step.status is RUNNING:
        state.at_work -= 1
    step.status = RETRYING
    step.held += event.data.get("isHeld", False)
    step.error = event.data["error"]
    step.due_at = event.data["dueAt"]
    set_timer(state, step)


def _close_undo(state: State, key: str) -> None:
    step = state.open.pop(undo_key(key), None)
    if step is not None:
        if step.status is RUNNING:
            state.at_work -= 1
        state.timers.pop(step.key, None)


def _step_undone(state: State, event: Event) -> None:
    """A compensation has ended well, or was passed over."""
    key = event.step
    assert key is not None
    _close_undo(state, key)
    del state.undo[key]
    if state.undoing is not None and state.undoing.stuck == key:
        state.undoing.stuck = None
        state.error = None
    node, scope, _ = parse_key(key)
    step = state.latest.get(place_of(node, scope))
    if event.type is EventType.STEP_COMPENSATED and step is not None and step.key == key:
        step.status = StepStatus.COMPENSATED


def _undo_failed(state: State, event: Event) -> None:
    key = event.step
    assert key is not None and event.data is not None and state.undoing is not None
    _close_undo(state, key)
    state.undo[key].error = state.error = event.data["error"]
    state.undoing.stuck = key


UNDO_EVENTS: dict[EventType, Callable[[State, Event], None]] = {
    EventType.WORKFLOW_COMPENSATION_STARTED: _compensation_started,
    EventType.STEP_COMPENSATION_STARTED: _step_undoing,
    EventType.STEP_COMPENSATION_RETRY_SCHEDULED: _undo_retry_scheduled,
    EventType.STEP_COMPENSATION_FAILED: _undo_failed,
    EventType.STEP_COMPENSATION_SKIPPED: _step_undone,
    EventType.STEP_COMPENSATED: _step_undone,
}
