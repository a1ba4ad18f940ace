"""Undoing what was done: newest first, one after the other, each in the log."""

from __future__ import annotations

from typing import Any

import pytest

from weftline.machine.command import CommandKind
from weftline.machine.rewinding import Target
from weftline.machine.stimulus import RetryCompensation, Skip
from weftline.machine.undoing import work_of
from weftline.model.event import EventType

from .scenario import Scenario, action, workflow

COMPENSATE = {"errorHandling": "compensate"}


def undoable(id: str, next: str | list[str] | None = None, **fields: Any) -> dict[str, Any]:
    """An action that is undone by an action called after it, which is tried once."""
    return action(id, next, **{"compensate": {"action": f"un{id}", "retry": 1}, **fields})


def trip(**settings: Any) -> Scenario:
    """A flight, a hotel and a car are booked; the car fails."""
    program = workflow(undoable("flight", "hotel"), undoable("hotel", "car"), undoable("car"), settings=settings)
    return Scenario(program).start().complete("flight", {"seat": 1}).complete("hotel", {"room": 2})


def undo_all(story: Scenario) -> list[str]:
    """Let every compensation succeed; returns what was undone, in order."""
    undone: list[str] = []
    while story.state.undoing is not None:
        (key,) = story.current
        undone.append(key)
        if story.state.open[key].child is None:
            story.complete(key)
        else:
            story.child_undone(key[1:])
    return undone


def test_a_failure_undoes_what_completed_newest_first_and_then_ends_the_execution() -> None:
    story = trip(**COMPENSATE).fail("car", "sold_out")
    assert (story.status, story.current, story.commanded(CommandKind.RUN)) == ("compensating", ["!hotel"], ["!hotel"])
    hotel = story.state.open["!hotel"]
    assert (hotel.action, hotel.input) == ("unhotel", {"room": 2})
    assert undo_all(story) == ["!hotel", "!flight"]
    assert (story.status, story.error) == ("failed", "sold_out")
    assert {step.node: step.status.value for step in story.state.latest.values()} == {
        "flight": "compensated",
        "hotel": "compensated",
        "car": "failed",
    }


def test_nothing_is_undone_where_the_strategy_is_to_fail() -> None:
    assert trip().fail("car").status == "failed"


def test_an_execution_that_has_done_nothing_fails_at_once() -> None:
    program = workflow(undoable("a"), settings=COMPENSATE)
    assert Scenario(program).start().fail("a").status == "failed"


def test_a_timeout_undoes_as_well_and_has_no_deadline_itself() -> None:
    story = trip(timeout=60, **COMPENSATE).tick(60)
    assert (story.status, story.steps(EventType.STEP_CANCELLED)) == ("compensating", ["car"])
    story.tick(1_000)
    undo_all(story)
    assert (story.status, story.error) == ("timed_out", "timed_out")


@pytest.mark.parametrize(("undo", "status"), [(True, "compensating"), (False, "cancelled")])
def test_a_cancelled_execution_is_undone_where_that_is_asked_for(undo: bool, status: str) -> None:
    story = trip().cancel("no money", undo=undo)
    assert story.status == status
    if undo:
        assert undo_all(story) == ["!hotel", "!flight"]
        assert story.status == "cancelled"
        assert story.events[-1].data == {"reason": "no money", "compensated": True}


def test_the_input_is_made_out_when_the_step_completes() -> None:
    undo = {"action": "undo", "input": {"seat": "${result.seat}", "n": "${n}"}, "retry": 1}
    program = workflow(
        undoable("a", "s", compensate=undo), {"id": "s", "type": "set", "values": {"n": 2}, "next": "b"}, action("b"),
        settings=COMPENSATE,
    )  # fmt: skip
    story = Scenario(program, {"n": 1}).start().complete("a", {"seat": 7}).fail("b")
    assert story.state.open["!a"].input == {"seat": 7, "n": 1}


def test_a_compensation_whose_input_cannot_be_made_out_waits_for_somebody_to_give_it() -> None:
    undo = {"action": "undo", "input": "${result.seat}", "retry": 1}
    story = Scenario(workflow(undoable("a", "b", compensate=undo), action("b"), settings=COMPENSATE)).start()
    story.complete("a").fail("b")
    assert (story.status, story.current, story.error) == ("compensating", ["!a"], "type_mismatch")
    story.feed(RetryCompensation("seat-7"))
    assert (story.commanded(CommandKind.RUN), story.state.open["!a"].input) == (["!a"], "seat-7")
    assert story.complete("!a").status == "failed"


def test_a_compensation_is_tried_again_by_its_own_policy() -> None:
    retry = {"maxAttempts": 2, "initialInterval": "10s", "jitter": 0}
    nodes = [undoable("a", "b", compensate={"action": "undo", "retry": retry}), action("b")]
    story = Scenario(workflow(*nodes, settings=COMPENSATE)).start().complete("a").fail("b").fail("!a")
    assert (story.status, story.state.next_due()) == ("compensating", story.now + 10)
    story.tick(10)
    assert (story.commanded(CommandKind.RUN), story.state.open["!a"].attempt) == (["!a"], 2)
    assert work_of(story.program, story.state, story.state.open["!a"]).retry.max_attempts == 2
    assert story.complete("!a").status == "failed"


def test_a_compensation_that_fails_for_good_stays_visible_and_can_be_tried_again() -> None:
    story = trip(**COMPENSATE).fail("car").fail("!hotel", "hotel_closed")
    assert (story.status, story.current, story.error) == ("compensating", ["!hotel"], "hotel_closed")
    assert story.state.open == {}
    story.feed(RetryCompensation(by="ann"))
    assert (story.state.open["!hotel"].input, story.state.error) == ({"room": 2}, None)
    assert undo_all(story) == ["!hotel", "!flight"]
    assert (story.status, story.error) == ("failed", "broken")


def test_a_compensation_that_fails_for_good_can_be_passed_over() -> None:
    story = trip(**COMPENSATE).fail("car").fail("!hotel").feed(Skip("!hotel", reason="paid anyway", by="ann"))
    assert story.current == ["!flight"]
    assert story.complete("!flight").status == "failed"
    assert story.state.latest["hotel"].status == "completed"


def test_only_a_compensation_that_failed_can_be_passed_over_or_tried_again() -> None:
    story = trip(**COMPENSATE).fail("car")
    assert story.feed(Skip("!hotel", message=1)).refusal == "step_not_open"
    assert story.feed(RetryCompensation(message=2)).refusal == "nothing_to_retry"
    assert story.current == ["!hotel"]


def test_cancelling_gives_up_a_compensation_that_is_under_way() -> None:
    story = trip(**COMPENSATE).fail("car").cancel("enough", undo=True)
    assert (story.status, story.commanded(CommandKind.ABORT)) == ("cancelled", ["!hotel"])
    assert list(story.state.undo) == ["flight", "hotel"]


def test_what_was_given_up_can_still_be_undone_by_a_rollback() -> None:
    story = trip(**COMPENSATE).fail("car").cancel().rewind(Target.START, halts=True)
    assert undo_all(story) == ["!hotel", "!flight"]
    assert story.status == "rolled_back"


def test_a_late_result_of_a_compensation_s_earlier_attempt_is_ignored() -> None:
    story = trip(**COMPENSATE).fail("car").fail("!hotel").feed(Skip("!hotel"))
    assert story.current == ["!flight"]
    assert story.recover().current == ["!flight"]


def test_too_many_lost_workers_stop_a_compensation_as_they_stop_a_step() -> None:
    story = trip(**COMPENSATE).fail("car")
    for _ in range(6):
        story.recover()
    assert (story.status, story.current, story.error) == ("compensating", ["!hotel"], "interrupted")


def test_branches_and_iterations_are_undone_in_the_order_in_which_they_completed() -> None:
    program = workflow(
        {"id": "p", "type": "parallel", "branches": ["a", "l"], "next": "z"}, undoable("a"),
        {"id": "l", "type": "loop", "forEach": [1, 2, 3], "do": "w", "concurrency": 2}, undoable("w", input="${item}"),
        action("z"), startNode="p", settings=COMPENSATE,
    )  # fmt: skip
    story = Scenario(program).start()
    for key in ("w@p:1:1/l:1:1", "a@p:1:0", "w@p:1:1/l:1:0", "w@p:1:1/l:1:2"):
        story.complete(key, key)
    story.fail("z")
    assert undo_all(story) == ["!w@p:1:1/l:1:2", "!w@p:1:1/l:1:0", "!a@p:1:0", "!w@p:1:1/l:1:1"]


def test_a_whole_branch_is_undone_by_its_own_compensation_before_its_steps() -> None:
    branch = {"next": "a", "compensate": {"action": "unbranch", "input": {"got": "${result}"}, "retry": 1}}
    program = workflow(
        {"id": "p", "type": "parallel", "branches": [branch, "b"], "next": "z"}, undoable("a"), undoable("b"),
        action("z"), startNode="p", settings=COMPENSATE,
    )  # fmt: skip
    story = Scenario(program).start().complete("a@p:1:0", 1).complete("b@p:1:1", 2).fail("z")
    assert story.current == ["!b@p:1:1"]
    story.complete("!b@p:1:1")
    step = story.state.open["!p@p:1:0"]
    assert (step.action, step.input, work_of(story.program, story.state, step).retry.max_attempts) == (
        "unbranch",
        {"got": 1},
        1,
    )
    assert undo_all(story) == ["!p@p:1:0", "!a@p:1:0"]


def test_a_branch_that_lost_is_not_undone_as_a_whole_but_its_steps_are() -> None:
    branches = [{"next": "a", "compensate": "unbranch"}, "b"]
    program = workflow(
        {"id": "p", "type": "parallel", "branches": branches, "join": "any", "next": "z"}, undoable("a", "c"),
        action("b"), action("c"), action("z"), startNode="p", settings=COMPENSATE,
    )  # fmt: skip
    story = Scenario(program).start().complete("a@p:1:0").complete("b@p:1:1").fail("z")
    assert undo_all(story) == ["!a@p:1:0"]


def test_a_subworkflow_is_undone_by_rolling_its_execution_back() -> None:
    program = workflow(
        undoable("a", "s"), {"id": "s", "type": "subworkflow", "workflow": "other", "next": "z"}, action("z"),
        settings=COMPENSATE,
    )  # fmt: skip
    story = Scenario(program).start().complete("a")
    child = story.state.open["s"].child
    story.child("s").fail("z")
    assert (story.commanded(CommandKind.ROLL_BACK_CHILD), story.state.open["!s"].child) == (["!s"], child)
    assert story.status == "compensating"
    story.child_undone("s", {"code": "stuck", "message": "stuck", "retryable": False})
    assert (story.current, story.error) == (["!s"], "stuck")
    story.feed(RetryCompensation())
    assert story.commanded(CommandKind.ROLL_BACK_CHILD) == ["!s"]
    assert undo_all(story) == ["!s", "!a"]


def test_each_round_of_a_cycle_is_undone() -> None:
    again = {"id": "again", "type": "decision", "condition": "n > 0", "true": "w", "false": "z"}
    program = workflow(
        undoable("a", "again", output={"n": "${n - 1}"}), again, {"id": "w", "type": "wait", "event": "x", "next": "a"},
        action("z"), startNode="a", settings=COMPENSATE,
    )  # fmt: skip
    story = Scenario(program, {"n": 2}).start().complete("a", 1).signal("x").complete("a~2", 2).fail("z")
    assert undo_all(story) == ["!a~2", "!a"]


def test_steps_that_are_skipped_or_fail_leave_nothing_to_undo() -> None:
    program = workflow(
        undoable("a", "b", when="false"), undoable("b", "c", critical=False), undoable("c", "z"), action("z"),
        settings=COMPENSATE,
    )  # fmt: skip
    story = Scenario(program).start().fail("b").complete("c").fail("z")
    assert undo_all(story) == ["!c"]


def test_a_pause_cannot_come_while_things_are_undone() -> None:
    story = trip(**COMPENSATE).fail("car").pause()
    assert (story.refusal, story.status) == ("wrong_status", "compensating")
