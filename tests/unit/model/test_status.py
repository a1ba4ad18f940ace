"""The table of an execution's statuses, and its reference page."""

from __future__ import annotations

from pathlib import Path

import pytest

from weftline.machine.folding import apply
from weftline.machine.state import State
from weftline.model.event import Event, EventType
from weftline.model.status import (
    TERMINAL,
    TRANSITIONS,
    ExecutionStatus,
    IllegalTransition,
    StepStatus,
    can_move,
    check_transition,
)
from weftline.model.status_reference import status_reference, transitions_diagram

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "statuses.md"

STARTED, PAUSED, RESUMED, COMPLETED, FAILED, CANCELLED = (
    EventType.WORKFLOW_STARTED,
    EventType.WORKFLOW_PAUSED,
    EventType.WORKFLOW_RESUMED,
    EventType.WORKFLOW_COMPLETED,
    EventType.WORKFLOW_FAILED,
    EventType.WORKFLOW_CANCELLED,
)


def after(*types: EventType) -> State:
    state = State({})
    for seq, type in enumerate(types, 1):
        apply(state, Event(seq, type, None, {}, 0.0))
    return state


def test_every_status_has_its_moves() -> None:
    assert set(TRANSITIONS) == set(ExecutionStatus)


def test_every_status_can_be_reached() -> None:
    reached = {ExecutionStatus.DRAFT}.union(*TRANSITIONS.values())
    assert reached == set(ExecutionStatus)


def test_what_has_ended_goes_on_only_to_be_done_again_or_undone() -> None:
    for status in TERMINAL:
        assert TRANSITIONS[status] == {ExecutionStatus.RUNNING, ExecutionStatus.COMPENSATING}


def test_every_status_that_is_no_end_can_be_cancelled() -> None:
    assert all(can_move(status, ExecutionStatus.CANCELLED) for status in ExecutionStatus if not status.is_terminal)


def test_a_move_that_the_table_lacks_is_refused_by_name() -> None:
    with pytest.raises(IllegalTransition, match="an execution that is completed cannot become waiting") as refused:
        check_transition(ExecutionStatus.COMPLETED, ExecutionStatus.WAITING)
    assert (refused.value.current, refused.value.target) == (ExecutionStatus.COMPLETED, ExecutionStatus.WAITING)


@pytest.mark.parametrize(
    "types",
    [
        (STARTED, STARTED),
        (RESUMED,),
        (STARTED, RESUMED),
        (STARTED, PAUSED, PAUSED),
        (STARTED, PAUSED, COMPLETED),
        (COMPLETED,),
        (STARTED, COMPLETED, COMPLETED),
        (STARTED, COMPLETED, FAILED),
        (STARTED, CANCELLED, PAUSED),
    ],
)
def test_a_log_that_takes_an_illegal_way_cannot_be_folded(types: tuple[EventType, ...]) -> None:
    state = after(*types[:-1])
    with pytest.raises(IllegalTransition):
        apply(state, Event(len(types), types[-1], None, {}, 0.0))


@pytest.mark.parametrize("seq", [0, 1, 3])
def test_an_event_out_of_its_order_cannot_be_folded(seq: int) -> None:
    with pytest.raises(ValueError, match="cannot follow"):
        apply(after(STARTED), Event(seq, PAUSED, None, None, 0.0))


def test_a_step_is_open_while_it_works_or_waits() -> None:
    assert [status.value for status in StepStatus if status.is_open] == ["running", "waiting", "retrying"]


def test_the_diagram_shows_every_move_and_nothing_else() -> None:
    arrows = {tuple(line.split(" --> ")) for line in transitions_diagram().replace("    ", "").splitlines()[1:]}
    moves = {(source.value, target.value) for source, targets in TRANSITIONS.items() for target in targets}
    assert {arrow for arrow in arrows if "[*]" not in arrow} == moves


def test_the_reference_page_is_up_to_date() -> None:
    command = "python -m weftline.model.status_reference > docs/reference/statuses.md"
    assert PAGE.read_text() == status_reference(), f"write it anew: {command}"
