"""What events about steps, branches and signals do to a state: one function each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from weftline.language.json_values import merged
from weftline.machine.bookkeeping import (
    can_undo,
    close,
    consume_signal,
    count_done,
    enter,
    forget,
    note_output,
    open_step,
    set_timer,
)
from weftline.machine.calls import note_call, settle_call, withdraw_call
from weftline.machine.step import BRANCH_COMPLETED, BRANCH_FAILED, DONE_AGAIN, RACE_LOST, Branches, Loop, Step
from weftline.model.event import Event, EventType
from weftline.model.status import StepStatus
from weftline.model.stepkey import (
    branch_scope,
    is_within,
    key_of,
    owner_of,
    parse_key,
    place_of,
)

if TYPE_CHECKING:
    from weftline.machine.state import State

# members are bound to names once: an attribute of an enumeration is slow to reach
RUNNING, WAITING, RETRYING, COMPLETED = (
    StepStatus.RUNNING,
    StepStatus.WAITING,
    StepStatus.RETRYING,
    StepStatus.COMPLETED,
)

NO_DATA: Mapping[str, Any] = {}


def _step_started(state: State, event: Event) -> None:
    key = event.step
    assert key is not None
    data = event.data
    step = state.open.get(key)
    if step is None:
        step = enter(state, key, event.at, RUNNING)
        open_step(state, step)
        if data is None:
            state.at_work += 1
            return
    else:
        # another attempt of a step whose timer for it has fired
        step.status = RUNNING
        step.interruptions = 0
        step.due_at = None
        step.waiting = None
        set_timer(state, step)
        data = data or NO_DATA
    if "call" in data:
        note_call(state, step, data)
    step.attempt = data.get("attempt", 1)
    step.input = data.get("input", step.input)
    waiting = data.get("waiting")
    if waiting is not None:
        step.status = WAITING
        step.waiting = waiting
        step.event = data.get("event")
        step.correlation = data.get("correlation")
        step.child = data.get("child")
        step.job = data.get("job")
        step.due_at = data.get("dueAt")
    elif "branches" in data:
        step.branches = Branches()
    elif "loop" in data:
        step.branches = Loop(data["loop"])
    else:
        state.at_work += 1
    if "deadline" in data:
        step.deadline = data["deadline"]
    if step.due_at is not None or step.deadline is not None:
        set_timer(state, step)


def _step_completed(state: State, event: Event) -> None:
    data = event.data
    lingers = data is not None and "lingers" in data
    step = _linger(state, event) if lingers else close(state, event, COMPLETED)
    count_done(state, step)
    if step.call is not None:
        settle_call(state, step, event, None if data is None else data.get("output"), ok=True)
    if data is None:
        return
    if "call" in data:
        note_call(state, step, data)
        settle_call(state, step, event, data.get("output"), ok=True)
    output = data.get("output")
    if output is not None:
        note_output(state, step, output)
    patch = data.get("data")
    if patch is not None:
        state.data = {**state.data, **patch}
    if "signal" in data:
        consume_signal(state, step, data["signal"])
    if "report" in data:
        state.report = merged(state.report or {}, data["report"])
    if "undo" in data:
        can_undo(state, step.key, event)
    if "ends" in data:
        # the iteration that it is in has ended with it
        owner, number = owner_of(step.scope)
        loop = state.open[owner].branches
        assert isinstance(loop, Loop)
        loop.end(number, NO_DATA)
        forget(state, step.scope)


def _linger(state: State, event: Event) -> Step:
    """The join of a parallel step is met, and the branches still at work are left to finish."""
    assert event.step is not None
    step = state.open[event.step]
    step.lingers = True
    step.status = COMPLETED
    step.completed_at = event.at
    event.took = event.at - step.started_at
    step.due_at = step.deadline = None
    state.timers.pop(step.key, None)
    state.latest[place_of(step.node, step.scope)] = step
    return step


def _step_settled(state: State, event: Event) -> None:
    """The last of what a step left to finish has ended; the step itself completed before, and others may have since."""
    assert event.step is not None
    step = state.open[event.step]
    place, completed_at = place_of(step.node, step.scope), step.completed_at
    last = state.latest[place]
    close(state, event, COMPLETED)
    step.completed_at = completed_at
    state.latest[place] = last


def _step_retry_scheduled(state: State, event: Event) -> None:
    assert event.step is not None and event.data is not None
    step = state.open[event.step]
    if step.status is RUNNING:
        state.at_work -= 1
    step.status = RETRYING
    step.held += event.data.get("isHeld", False)
    step.error = event.data["error"]
    step.due_at = event.data["dueAt"]
    set_timer(state, step)


def _step_failed(state: State, event: Event) -> None:
    assert event.data is not None
    step = close(state, event, StepStatus.FAILED)
    step.error = state.last_error = event.data["error"]
    settle_call(state, step, event, step.error, ok=False)
    if event.data.get("continued"):
        count_done(state, step)
    if "signal" in event.data:
        consume_signal(state, step, event.data["signal"])
    if "undo" in event.data:
        can_undo(state, step.key, event)


def _step_timed_out(state: State, event: Event) -> None:
    step = close(state, event, StepStatus.TIMED_OUT)
    data = event.data or NO_DATA
    if data.get("continued"):
        count_done(state, step)
    if "undo" in data:
        can_undo(state, step.key, event)


def _step_skipped(state: State, event: Event) -> None:
    step = close(state, event, StepStatus.SKIPPED)
    count_done(state, step)
    data = event.data or NO_DATA
    if "call" in data:
        note_call(state, step, data)
    settle_call(state, step, event, data.get("output"), ok=True)
    if "output" in data:
        note_output(state, step, data["output"])
    if "undo" in data:
        can_undo(state, step.key, event)


def _step_amended(state: State, event: Event) -> None:
    assert event.step is not None and event.data is not None
    node, scope, _ = parse_key(event.step)
    state.latest[place_of(node, scope)].output = event.data["output"]
    state.data = {**state.data, **event.data.get("data", NO_DATA)}


def amend_again(state: State, event: Event) -> None:
    """Let an earlier state know what was corrected later in a step that had completed by then."""
    assert event.step is not None
    node, scope, _ = parse_key(event.step)
    known = state.latest.get(place_of(node, scope))
    if known is not None and known.key == event.step:
        _step_amended(state, event)


def _step_cancelled(state: State, event: Event) -> None:
    step = close(state, event, StepStatus.CANCELLED)
    data = event.data or NO_DATA
    if data.get("reason") == DONE_AGAIN:
        # its token comes in once more, and is still the same token: a join must not take it for another
        place = place_of(step.node, step.scope)
        state.offsets[place] = state.offsets.get(place, state.floor) + 1
        withdraw_call(state, step, data)
    elif data.get("reason") == RACE_LOST:
        settle_call(state, step, event, {"code": "cancelled", "message": "another call was first"}, ok=False)
    if "undo" in data:
        can_undo(state, step.key, event)


def _step_held(state: State, event: Event) -> None:
    assert event.step is not None
    node, scope, _ = parse_key(event.step)
    state.held.setdefault(scope, []).append(node)


def _branch_ended(result: str) -> Callable[[State, Event], None]:
    def apply(state: State, event: Event) -> None:
        assert event.step is not None and event.data is not None
        step = state.open[event.step]
        number = event.data["branch"]
        scope = branch_scope(step.node, step.scope, step.visit, number)
        if isinstance(step.branches, Loop):
            step.branches.end(number, event.data)
            forget(state, scope)
        else:
            assert step.branches is not None
            step.branches.end(number, result)
        if result == BRANCH_FAILED and state.held:
            state.held = {held: nodes for held, nodes in state.held.items() if not is_within(held, scope)}
        if "undo" in event.data:
            can_undo(state, key_of(step.node, scope, 1), event)

    return apply


def _signal_received(state: State, event: Event) -> None:
    assert event.data is not None
    payload = event.data.get("payload")
    if event.step is None:
        state.signals.setdefault(event.data["name"], []).append(payload)
    else:
        state.open[event.step].received = [payload]


STEP_EVENTS: dict[EventType, Callable[[State, Event], None]] = {
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
    EventType.STEP_AMENDED: _step_amended,
    EventType.STEP_SETTLED: _step_settled,
}
