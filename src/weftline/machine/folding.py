"""The fold: from an execution's events to its state.

It never evaluates an expression and never looks at the definition: whatever was decided stands in the events, so that a
log can be folded years later, by another version of the program.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from weftline.machine.state import State
from weftline.machine.step_events import STEP_EVENTS
from weftline.machine.undo_events import UNDO_EVENTS
from weftline.machine.workflow_events import WORKFLOW_EVENTS
from weftline.model.event import Event, EventType

_APPLY: dict[EventType, Callable[[State, Event], None]] = {**STEP_EVENTS, **UNDO_EVENTS, **WORKFLOW_EVENTS}


def apply(state: State, event: Event) -> None:
    """Fold one event in.

    Raises:
        ValueError: the event is not the next one of this log, or (``IllegalTransition``) the execution cannot move to
            the status that it leads to.
    """
    if event.seq != state.seq + 1:
        raise ValueError(f"event {event.seq} cannot follow event {state.seq}")
    state.seq = event.seq
    _APPLY[event.type](state, event)


def fold(input: Mapping[str, Any], events: Iterable[Event]) -> State:
    """The state after ``events``, from the beginning of the log."""
    state = State(input)
    for event in events:
        apply(state, event)
    return state
