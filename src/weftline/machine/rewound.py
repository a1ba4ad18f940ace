"""Going back: how a state takes on what it was at an earlier point of its log.

Not everything goes back. The log and its numbers go on, and no key of a step is used twice, so that what runs again
is known to be another run, by people and by whoever receives an idempotency key. What was not undone can still be
undone later. Signals that nobody has taken yet are kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from weftline.model.stepkey import place_of

if TYPE_CHECKING:
    from weftline.machine.state import State


def restore(state: State, snapshot: Mapping[str, Any], at: float) -> None:
    """Let ``state`` stand where ``snapshot`` does, but for the steps that were open and the tokens that were
    held then: those nodes are to be entered anew.

    Args:
        state: changed in place; its status is the caller's to change.
        snapshot: of the same execution, earlier (``State.to_json``).
        at: when it goes back, Unix seconds; what it goes back into has all of its time again.
    """
    then = type(state).from_json(state.input, 0, snapshot)
    entered = {place: then.entered(place) for place in then.visits}
    for step in list(then.open.values()):
        if step.branches is None:
            entered[place_of(step.node, step.scope)] -= 1
            _drop(then, step.key)
    if then.calls is not None:
        then.calls.drop_open()
    floor = max(state.floor, state.top_visit, max(state.visits.values(), default=0))
    # numbers go on from the highest that any place had, so that none is used again
    then.visits = dict.fromkeys(then.visits, floor)
    for step in then.open.values():
        if step.deadline is not None:
            step.deadline = then.timers[step.key] = at + (step.deadline - step.started_at)
        # what runs in it is known by its number
        then.visits[place_of(step.node, step.scope)] = max(floor, step.visit)
    state.offsets = {place: number - entered[place] for place, number in then.visits.items()}
    state.visits = then.visits
    state.floor = floor
    state.top_visit = then.top_visit
    for name, payloads in state.signals.items():
        known = then.signals.setdefault(name, [])
        known += [payload for payload in payloads if payload not in known]
    for name in (
        *("data", "open", "working", "at_work", "timers", "latest", "done", "signals", "places", "inner"),
        "calls",
        *("last_output", "last_event", "last_error", "report"),
    ):
        setattr(state, name, getattr(then, name))
    state.held = {}
    state.output = state.error = state.completed_at = state.undoing = None
    state.rewinds += 1


def _drop(state: State, key: str) -> None:
    """Forget an open step."""
    step = state.open.pop(key)
    if step.is_at_work:
        state.at_work -= 1
    state.timers.pop(key, None)
    siblings = state.working.get(step.scope)
    if siblings is not None:
        siblings.pop(key, None)
        if not siblings and step.scope:
            del state.working[step.scope]
