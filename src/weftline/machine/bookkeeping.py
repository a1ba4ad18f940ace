"""What changes in a state when steps come and go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from weftline.machine.step import Loop, Step
from weftline.machine.undo import UndoEntry
from weftline.model.event import Event
from weftline.model.status import StepStatus
from weftline.model.stepkey import (
    ROOT,
    branch_prefix,
    branch_scope,
    owner_of,
    parse_key,
    place_of,
)

if TYPE_CHECKING:
    from weftline.machine.state import State

# members are bound to names once: an attribute of an enumeration is slow to reach
RUNNING = StepStatus.RUNNING


def enter(state: State, key: str, at: float, status: StepStatus) -> Step:
    """A new activation, counted where it is."""
    node, scope, visit = parse_key(key) if "~" in key or "@" in key else (key, ROOT, 1)
    step = Step(key, node, scope, visit, status, at)
    place = place_of(node, scope)
    if scope and place not in state.visits:
        note_place(state, place, scope)
    state.visits[place] = visit
    return step


def note_place(state: State, place: str, scope: str) -> None:
    """Remember what was entered in a scope, so that it can be forgotten with it."""
    places = state.places.get(scope)
    if places is None:
        state.places[scope] = [place]
        outer = scope.rpartition("/")[0]
        if outer:
            state.inner.setdefault(outer, {})[scope] = None
    else:
        places.append(place)


def forget(state: State, scope: str) -> None:
    """An iteration has ended: nothing outside can see its steps, and there may be very many."""
    for place in state.places.pop(scope, ()):
        visit = state.visits.pop(place)
        if visit > state.top_visit:
            state.top_visit = visit
        state.latest.pop(place, None)
        state.done.pop(place, None)
        if state.offsets:
            state.offsets.pop(place, None)
    if not state.inner:
        return
    for inner in state.inner.pop(scope, ()):
        forget(state, inner)
    outer = scope.rpartition("/")[0]
    siblings = state.inner.get(outer)
    if siblings is not None:
        siblings.pop(scope, None)
        if not siblings:
            del state.inner[outer]


def set_timer(state: State, step: Step) -> None:
    """Keep the timers in step with the step's own times."""
    alarm = step.alarm_at
    if alarm is not None:
        state.timers[step.key] = alarm
    else:
        state.timers.pop(step.key, None)


def open_step(state: State, step: Step) -> None:
    """A step holds a token, or undoes another."""
    state.open[step.key] = step
    if step.is_undo:
        # it holds no token, and is in nobody's way
        return
    siblings = state.working.get(step.scope)
    if siblings is None:
        state.working[step.scope] = {step.key: step}
    else:
        siblings[step.key] = step


def close(state: State, event: Event, status: StepStatus) -> Step:
    """The step of ``event``, no longer open. Steps that take no time are closed without having been opened."""
    key = event.step
    assert key is not None
    step = state.open.pop(key, None)
    if step is None:
        step = enter(state, key, event.at, status)
    else:
        siblings = state.working[step.scope]
        del siblings[key]
        if not siblings and step.scope:
            del state.working[step.scope]
        if step.branches is not None:
            _close_branches(state, step)
        elif step.status is RUNNING:
            state.at_work -= 1
        if step.due_at is not None or step.deadline is not None:
            step.due_at = step.deadline = None
            del state.timers[key]
    step.status = status
    step.completed_at = event.at
    event.took = event.at - step.started_at
    state.latest[place_of(step.node, step.scope)] = step
    return step


def _close_branches(state: State, step: Step) -> None:
    prefix = branch_prefix(step.node, step.scope, step.visit)
    assert step.branches is not None
    if isinstance(step.branches, Loop):
        for number in step.branches.active:
            forget(state, branch_scope(step.node, step.scope, step.visit, number))
    step.branches.forget()
    _drop_held(state, prefix)


def count_done(state: State, step: Step) -> None:
    """A step was left in a way that satisfies a dependency on it."""
    place = place_of(step.node, step.scope)
    state.done[place] = state.done.get(place, 0) + 1


def _drop_held(state: State, prefix: str) -> None:
    """Forget the tokens held in scopes that no longer exist."""
    if state.held:
        state.held = {scope: nodes for scope, nodes in state.held.items() if not scope.startswith(prefix)}


def consume_signal(state: State, step: Step, name: str) -> None:
    """A wait ended with a signal: the one that was kept for it, or the oldest of its name."""
    if step.received is not None:
        (state.last_event,) = step.received
        step.received = None
    else:
        queue = state.signals[name]
        state.last_event = queue.pop(0)
        if not queue:
            del state.signals[name]


def can_undo(state: State, key: str, event: Event) -> None:
    """Remember how to undo what has completed; what completes once more since its inside was done again, counts as
    completed last."""
    assert event.data is not None
    state.undo.pop(key, None)
    state.undo[key] = UndoEntry(event.seq, event.data["undo"])


def note_output(state: State, step: Step, output: Any) -> None:
    """A step returned something, for itself and for the branch that it is in."""
    step.output = output
    state.last_output = output
    if step.scope:
        owner, number = owner_of(step.scope)
        branches = state.open[owner].branches
        assert branches is not None
        branches.note(number, output)
