"""What events about the whole execution do to its state: one function each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from weftline.machine.calls import Calls
from weftline.machine.renaming import rename_nodes
from weftline.machine.rewound import restore
from weftline.model.event import Event, EventType
from weftline.model.status import ExecutionStatus

if TYPE_CHECKING:
    from weftline.machine.state import State


NO_DATA: Mapping[str, Any] = {}


def _moved_to(status: ExecutionStatus) -> Callable[[State, Event], None]:
    def apply(state: State, event: Event) -> None:
        state.move(status)

    return apply


def _nothing(state: State, event: Event) -> None:
    """What the event tells is of no consequence to the state."""


def _workflow_started(state: State, event: Event) -> None:
    state.started_at = event.at
    if event.data is not None:
        state.deadline = event.data.get("deadline")
    if not state.is_paused:
        state.move(ExecutionStatus.RUNNING)


def _workflow_ended(status: ExecutionStatus) -> Callable[[State, Event], None]:
    def apply(state: State, event: Event) -> None:
        data = event.data or NO_DATA
        state.move(status)
        state.undoing = None
        state.completed_at = event.at
        if state.started_at is not None:
            event.took = event.at - state.started_at
        state.deadline = None
        state.held = {}
        state.signals = {}
        state.output = data.get("output")
        state.error = data.get("error")

    return apply


def _workflow_paused(state: State, event: Event) -> None:
    state.move(ExecutionStatus.PAUSED)
    if event.data is not None and "error" in event.data:
        # nobody asked for it: the function does not fit its log, and somebody must see to that
        state.error = event.data["error"]


def _workflow_resumed(state: State, event: Event) -> None:
    if state.started_at is not None:
        state.move(ExecutionStatus.RUNNING)
    else:
        draft = event.data is not None and event.data.get("draft")
        state.move(ExecutionStatus.DRAFT if draft else ExecutionStatus.PENDING)
    state.held = {}
    state.error = None
    if event.data is not None and "deadline" in event.data:
        state.deadline = event.data["deadline"]


def _workflow_submitted(state: State, event: Event) -> None:
    state.move(ExecutionStatus.SUBMITTED)
    state.submitted_by = None if event.data is None else event.data.get("by")


def _workflow_rejected(state: State, event: Event) -> None:
    # one that is sent back to a step goes back there by a rewind of its own
    if event.data is None or "stepId" not in event.data:
        state.move(ExecutionStatus.AWAITING_VALIDATION)


def _workflow_rewound(state: State, event: Event) -> None:
    assert event.data is not None
    halts = event.data.get("halts", False)
    snapshot = event.data.get("state")
    if snapshot is None:
        assert state.undoing is not None
        snapshot = state.undoing.state
    status = ExecutionStatus.ROLLED_BACK if halts else ExecutionStatus.RUNNING
    if state.status is not status:
        state.move(status)
    restore(state, snapshot, event.at)
    state.deadline = event.data.get("deadline")
    state.data = {**state.data, **event.data.get("data", NO_DATA)}
    if "wanted" in event.data:
        if state.calls is None:
            state.calls = Calls()
        state.calls.wanted = event.data["wanted"]


def _fallback_started(state: State, event: Event) -> None:
    assert event.data is not None
    state.last_error = event.data["error"]


def _data_changed(state: State, event: Event) -> None:
    assert event.data is not None
    removed = set(event.data.get("removed", ()))
    state.data = {name: value for name, value in state.data.items() if name not in removed} | event.data["data"]


def _workflow_migrated(state: State, event: Event) -> None:
    assert event.data is not None
    state.version = event.data["version"]
    state.migrated_at = event.seq
    rename_nodes(state, event.data.get("nodes", NO_DATA))


def _workflow_recovered(state: State, event: Event) -> None:
    assert event.data is not None
    state.lost_leases = event.data["lostLeases"]
    for step in state.open.values():
        if step.is_at_work:
            step.interruptions += 1


WORKFLOW_EVENTS: dict[EventType, Callable[[State, Event], None]] = {
    EventType.WORKFLOW_STARTED: _workflow_started,
    EventType.WORKFLOW_COMPLETED: _workflow_ended(ExecutionStatus.COMPLETED),
    EventType.WORKFLOW_FAILED: _workflow_ended(ExecutionStatus.FAILED),
    EventType.WORKFLOW_CANCELLED: _workflow_ended(ExecutionStatus.CANCELLED),
    EventType.WORKFLOW_TIMED_OUT: _workflow_ended(ExecutionStatus.TIMED_OUT),
    EventType.WORKFLOW_PAUSED: _workflow_paused,
    EventType.WORKFLOW_RESUMED: _workflow_resumed,
    EventType.WORKFLOW_RECOVERED: _workflow_recovered,
    EventType.WORKFLOW_CREATED: _moved_to(ExecutionStatus.DRAFT),
    EventType.WORKFLOW_AWAITING_VALIDATION: _moved_to(ExecutionStatus.AWAITING_VALIDATION),
    EventType.WORKFLOW_VALIDATED: _nothing,
    EventType.WORKFLOW_SUBMITTED: _workflow_submitted,
    EventType.WORKFLOW_APPROVED: _nothing,
    EventType.WORKFLOW_REJECTED: _workflow_rejected,
    EventType.WORKFLOW_ROLLED_BACK: _workflow_rewound,
    EventType.WORKFLOW_RETRIED: _workflow_rewound,
    EventType.WORKFLOW_FALLBACK_STARTED: _fallback_started,
    EventType.WORKFLOW_MIGRATED: _workflow_migrated,
    EventType.DATA_CHANGED: _data_changed,
    EventType.COMMAND_REFUSED: _nothing,
}
