"""What operators do to a running execution: do a step again, pass over it, change the data."""

from __future__ import annotations

import pytest

from weftline.machine.command import CommandKind
from weftline.machine.stimulus import Begin, ChangeData, RetryStep, Skip, Stimulus
from weftline.model.event import EventType

from .scenario import Scenario, action, workflow


def two(**fields: object) -> Scenario:
    """Action "a" and then "b", which reads its output."""
    program = workflow(action("a", "b", input="${n}", **fields), action("b", input="${steps.a.output}"))
    return Scenario(program, {"n": 1}).start()


def test_a_step_at_work_is_given_up_and_done_again() -> None:
    story = two().feed(RetryStep("a", by="ann"))
    assert (story.current, story.state.open["a~2"].input) == (["a~2"], 1)
    assert (story.commanded(CommandKind.ABORT), story.commanded(CommandKind.RUN)) == (["a"], ["a~2"])
    assert story.turn[0].data == {"reason": "done_again", "by": "ann"}


def test_a_step_that_waits_for_its_next_attempt_is_done_again_at_once_with_another_input() -> None:
    story = two(retry=3).fail("a").feed(RetryStep("a", {"x": 2}))
    step = story.state.open["a~2"]
    assert (step.attempt, step.input) == (1, {"x": 2})
    assert story.commanded(CommandKind.RUN) == ["a~2"]


def test_a_step_that_is_done_again_in_a_pause_begins_when_it_is_resumed() -> None:
    story = two().pause()
    assert story.feed(RetryStep("a", {"x": 2})).refusal == "paused"
    assert story.feed(RetryStep("a")).state.held == {"": ["a"]}
    assert story.resume().current == ["a~2"]


def test_a_join_that_is_done_again_takes_no_second_token() -> None:
    program = workflow(
        action("a", ["b", "c"]), action("b"), action("c"), action("j", "w", dependencies=["b", "c"]),
        {"id": "w", "type": "wait", "event": "x", "next": "a"}, startNode="a",
    )  # fmt: skip
    story = Scenario(program).start().complete("a").complete("b").complete("c").feed(RetryStep("j"))
    story.complete("j~2").signal("x").complete("a~2").complete("b~2")
    assert story.current == ["c~2"]
    assert story.complete("c~2").current == ["j~3"]


def test_a_task_is_taken_back_and_asked_again() -> None:
    story = Scenario(workflow({"id": "t", "type": "form"})).start().feed(RetryStep("t"))
    assert (story.commanded(CommandKind.CLOSE_TASK), story.commanded(CommandKind.OPEN_TASK)) == (["t"], ["t~2"])


def test_a_step_with_branches_is_not_done_again_itself() -> None:
    program = workflow({"id": "p", "type": "parallel", "branches": ["a"]}, action("a"))
    story = Scenario(program).start()
    assert story.feed(RetryStep("p")).refusal == "not_possible"
    assert story.feed(RetryStep("a@p:1:0")).current == ["a~2@p:1:0"]


def test_a_step_is_passed_over_with_an_output_given_by_hand() -> None:
    story = two().feed(Skip("a", {"by": "hand"}, reason="known", by="ann"))
    assert (story.current, story.state.open["b"].input) == (["b"], {"by": "hand"})
    assert story.state.latest["a"].status == "skipped"
    assert story.turn[0].data == {"by": "ann", "reason": "known", "output": {"by": "hand"}}


def test_a_step_with_branches_is_passed_over_with_all_that_is_in_it() -> None:
    program = workflow(
        {"id": "p", "type": "parallel", "branches": ["a", "l"], "next": "z"}, action("a"), action("w"), action("z"),
        {"id": "l", "type": "loop", "forEach": [1, 2], "do": "w", "concurrency": 2}, startNode="p",
    )  # fmt: skip
    story = Scenario(program).start().feed(Skip("p"))
    assert story.current == ["z"]
    assert set(story.commanded(CommandKind.ABORT)) == {"a@p:1:0", "w@p:1:1/l:1:0", "w@p:1:1/l:1:1"}


def test_passing_over_a_step_satisfies_what_depends_on_it() -> None:
    program = workflow(action("a"), action("b"), action("j", dependencies=["a", "b"]))
    assert Scenario(program).start().complete("a").feed(Skip("b")).current == ["j"]


def test_a_step_whose_next_is_chosen_by_its_output_needs_one_to_be_passed_over() -> None:
    program = workflow(
        action("a", "${result.ok ? 'b' : 'c'}"), action("b"), action("c"), startNode="a"
    )  # fmt: skip
    story = Scenario(program).start()
    assert story.feed(Skip("a")).refusal in ("no_such_field", "type_mismatch")
    assert story.current == ["a"]
    assert story.feed(Skip("a", {"ok": False})).current == ["c"]


def test_the_last_iteration_is_passed_over_and_the_loop_goes_on() -> None:
    loop = {"id": "l", "type": "loop", "forEach": [1, 2], "do": "w", "next": "z"}
    story = Scenario(workflow(loop, action("w"), action("z"), startNode="l")).start()
    assert story.feed(Skip("w@l:1:0", "x")).current == ["w@l:1:1"]
    story.complete("w@l:1:1", "y")
    assert story.state.latest["l"].output == ["x", "y"]


def test_data_is_changed_and_removed() -> None:
    story = two().feed(ChangeData({"n": 2, "m": 3}, by="ann", reason="typo")).feed(ChangeData({}, ["n", "absent"]))
    assert (story.data, story.input) == ({"m": 3}, {"n": 1})
    assert story.events[-2].data == {"data": {"n": 2, "m": 3}, "by": "ann", "reason": "typo"}


@pytest.mark.parametrize(
    ("stimulus", "command", "code"),
    [
        (Skip("b", message=9), "skip", "step_not_open"),
        (RetryStep("b", message=9), "retry_step", "step_not_open"),
        (Skip("!a", message=9), "skip", "step_not_open"),
        (Begin(message=9), "begin", "wrong_status"),
    ],
)
def test_what_cannot_be_done_is_refused_in_the_log_and_changes_nothing(
    stimulus: Stimulus, command: str, code: str
) -> None:
    story = two()
    before = story.state.to_json()
    assert story.feed(stimulus).refusal == code
    data = story.turn[0].data
    assert data is not None
    assert (data["message"], data["command"]) == (9, command)
    assert story.state.to_json() == before
    assert story.steps(EventType.STEP_CANCELLED) == []


def test_what_comes_after_the_end_is_too_late() -> None:
    story = two().cancel()
    for stimulus in (Skip("a"), RetryStep("a"), ChangeData({"n": 2}), Begin()):
        assert story.feed(stimulus).turn == []
