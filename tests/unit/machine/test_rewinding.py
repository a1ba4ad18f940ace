"""Going back: to after a step, to before it, to the beginning, to before a failure."""

from __future__ import annotations

from typing import Any

import pytest

from weftline.machine.command import CommandKind
from weftline.machine.rewinding import NoSuchPoint, Target
from weftline.machine.stimulus import Rewind
from weftline.model.event import EventType

from .scenario import NOON, Scenario, action, workflow


def line(**fields: Any) -> Scenario:
    """Steps "a" to "d" in a row, of which "a" and "b" can be undone; "d" is open."""
    program = workflow(
        action("a", "b", compensate="una", output={"n": "${result}"}), action("b", "c", compensate="unb"),
        action("c", "d"), action("d"), **fields,
    )  # fmt: skip
    return Scenario(program, {"n": 0}).start().complete("a", 1).complete("b", 2).complete("c", 3)


def fork() -> Scenario:
    """ "a" parts into "b" and "c", which meet in "j"; "z" follows."""
    program = workflow(
        action("a", ["b", "c"]), action("b"), action("c"), action("j", "z", dependencies=["b", "c"]), action("z")
    )
    return Scenario(program).start().complete("a")


def looped(**fields: Any) -> Scenario:
    """A loop over three items around "w" and "x", and "z" after it."""
    loop = {"id": "l", "type": "loop", "forEach": "${xs}", "do": "w", "next": "z", **fields}
    program = workflow(loop, action("w", "x", input="${item}"), action("x"), action("z"), startNode="l")
    return Scenario(program, {"xs": ["a", "b", "c"]}).start()


def test_what_came_after_a_step_is_undone_and_done_again() -> None:
    story = line()
    point = story.point(Target.AFTER, "a")
    assert [effect.key for effect in point.undone] == ["b"]
    assert [effect.key for effect in point.kept] == ["c"]
    assert point.cancelled == ("d",)
    story.rewind(Target.AFTER, "a", reason="wrong", by="ann")
    assert (story.status, story.current, story.steps(EventType.STEP_CANCELLED)) == ("compensating", ["!b"], ["d"])
    story.complete("!b")
    assert (story.status, story.current) == ("running", ["b~2"])
    assert list(story.state.undo) == ["a"]
    assert story.complete("b~2").complete("c~2").complete("d~2").status == "completed"


def test_the_data_is_what_it_was_and_may_be_corrected() -> None:
    story = line().rewind(Target.BEFORE, "a", data={"extra": 1}).complete("!b").complete("!a")
    assert (story.data, story.current) == ({"n": 0, "extra": 1}, ["a~2"])


def test_a_step_can_be_done_again_with_another_input_and_without_undoing() -> None:
    story = line().rewind(Target.BEFORE, "c", undo=False, input={"x": 1})
    assert (story.status, story.current, story.state.open["c~2"].input) == ("running", ["c~2"], {"x": 1})
    assert list(story.state.undo) == ["a", "b"]
    assert story.events[-2].type is EventType.WORKFLOW_RETRIED


def test_the_beginning_can_be_gone_back_to_and_rested_at() -> None:
    story = line().rewind(Target.START, halts=True).complete("!b").complete("!a")
    assert (story.status, story.current, story.state.held) == ("rolled_back", [], {"": ["a"]})
    assert story.resume().current == ["a~2"]


@pytest.mark.parametrize("end", ["complete", "fail", "cancel", "time out"])
def test_an_execution_that_has_ended_can_go_back(end: str) -> None:
    story = line(settings={"timeout": 60})
    match end:
        case "complete":
            story.complete("d")
        case "fail":
            story.fail("d")
        case "cancel":
            story.cancel()
        case _:
            story.tick(60)
    assert story.state.has_ended
    story.rewind(Target.AFTER, "b")
    assert (story.status, story.current, story.state.deadline) == ("running", ["c~2"], story.now + 60)
    assert story.state.completed_at is None


@pytest.mark.parametrize("undo", [True, False])
def test_one_that_completed_without_anything_to_undo_can_be_rolled_back_to_rest(undo: bool) -> None:
    story = Scenario(workflow(action("a"))).start().complete("a").rewind(Target.START, halts=True, undo=undo)
    if undo:
        assert (story.status, story.state.held) == ("rolled_back", {"": ["a"]})
    else:
        assert (story.refusal, story.status) == ("not_possible", "completed")


def test_a_failed_execution_goes_on_from_before_its_failure() -> None:
    story = line().fail("d", "odd")
    assert story.point(Target.FAILURE).failed == "d"
    story.rewind(Target.FAILURE, undo=False)
    assert (story.status, story.current, story.state.error) == ("running", ["d~2"], None)
    assert story.complete("d~2").status == "completed"


def test_the_step_that_failed_can_be_passed_over() -> None:
    story = Scenario(workflow(action("a", "b", retry=1), action("b", input="${steps.a.output}"))).start().fail("a")
    story.rewind(Target.FAILURE, undo=False, skip=["a", ""], input="by hand")
    assert (story.current, story.state.open["b~2"].input) == (["b~2"], "by hand")
    assert story.steps(EventType.STEP_SKIPPED) == ["a~2"]


def test_a_failure_deep_inside_is_gone_back_to_with_all_that_was_open_then() -> None:
    program = workflow(
        {"id": "p", "type": "parallel", "branches": ["l", "s"]}, action("s"), action("w", input="${item}"),
        {"id": "l", "type": "loop", "forEach": [1, 2, 3], "do": "w", "concurrency": 2}, startNode="p",
    )  # fmt: skip
    story = Scenario(program).start().complete("w@p:1:0/l:1:0", "one").fail("w@p:1:0/l:1:1")
    assert story.status == "failed"
    story.rewind(Target.FAILURE, undo=False)
    assert story.current == ["s~2@p:1:1", "w~2@p:1:0/l:1:1", "w~2@p:1:0/l:1:2"]
    story.complete("w~2@p:1:0/l:1:2", "three").complete("w~2@p:1:0/l:1:1", "two").complete("s~2@p:1:1")
    assert story.state.latest["p"].output == {"l": ["one", "two", "three"], "s": None}


def test_an_execution_that_was_compensated_is_retried_from_the_beginning() -> None:
    story = line(settings={"errorHandling": "compensate"}).fail("d").complete("!b").complete("!a")
    assert story.status == "failed"
    assert story.rewind(Target.FAILURE, undo=False).current == ["a~2"]


@pytest.mark.parametrize(
    ("target", "node", "code"),
    [
        (Target.FAILURE, None, "not_failed"),
        (Target.AFTER, "d", "step_not_reached"),
        (Target.BEFORE, "nobody", "unknown_node"),
    ],
)
def test_there_must_be_such_a_point(target: Target, node: str | None, code: str) -> None:
    with pytest.raises(NoSuchPoint) as refused:
        line().point(target, node)
    assert refused.value.code == code


def test_a_step_that_failed_and_nobody_took_care_of_was_never_left() -> None:
    with pytest.raises(NoSuchPoint, match="has not completed"):
        line().fail("d").point(Target.AFTER, "d")


def test_what_was_left_behind_is_no_point_to_go_back_to() -> None:
    story = line().rewind(Target.AFTER, "a", undo=False)
    with pytest.raises(NoSuchPoint, match="'c' has not begun"):
        story.point(Target.BEFORE, "c")


def test_a_token_that_was_on_its_way_elsewhere_goes_on_too() -> None:
    story = fork().complete("b").rewind(Target.AFTER, "a")
    assert story.current == ["b~2", "c~2"]
    assert story.complete("b~2").complete("c~2").current == ["j~2"]


def test_going_back_to_before_one_of_two_steps_keeps_the_other() -> None:
    story = fork().complete("c").rewind(Target.BEFORE, "b")
    assert set(story.current) == {"b~2", "c~2"}
    story = fork().complete("b").rewind(Target.BEFORE, "c")
    assert set(story.current) == {"b~2", "c~2"}


def test_a_join_waits_again_for_what_had_not_arrived() -> None:
    story = fork().complete("b").complete("c").complete("j").rewind(Target.AFTER, "b")
    assert story.current == ["c~2"]
    assert story.complete("c~2").current == ["j~2"]


def test_a_join_that_was_met_is_entered_at_once() -> None:
    story = fork().complete("b").complete("c").rewind(Target.AFTER, "c")
    assert story.current == ["j~2"]
    assert story.complete("j~2").complete("z~2").status == "completed"


def test_a_join_in_a_cycle_counts_right_after_going_back() -> None:
    program = workflow(
        action("a", ["b", "c"]), action("b"), action("c"), action("j", "w", dependencies=["b", "c"]),
        {"id": "w", "type": "wait", "event": "x", "next": "a"}, startNode="a",
    )  # fmt: skip
    story = Scenario(program).start()
    for visit in ("", "~2"):
        story.complete(f"a{visit}").complete(f"b{visit}").complete(f"c{visit}").complete(f"j{visit}").signal("x")
    assert story.rewind(Target.BEFORE, "j").current == ["j~4"]
    assert story.rewind(Target.BEFORE, "c").current == ["b~5", "c~5"]
    assert story.complete("b~5").complete("c~5").current == ["j~5"]
    story.complete("j~5").signal("x").complete("a~5").complete("b~6")
    assert story.current == ["c~6"]
    assert story.complete("c~6").current == ["j~6"]


def test_an_iteration_is_gone_back_into_and_those_before_it_stay() -> None:
    story = looped()
    for number in range(3):
        story.complete(f"w@l:1:{number}").complete(f"x@l:1:{number}", number)
    story.complete("z").rewind(Target.AFTER, "w")
    assert story.current == ["x~2@l:1:2"]
    assert story.complete("x~2@l:1:2", "new").state.latest["l"].output == [0, 1, "new"]


def test_a_loop_that_was_broken_into_begins_the_iterations_that_had_not_begun() -> None:
    story = looped(concurrency=3).rewind(Target.BEFORE, "w")
    assert story.current == ["w~2@l:1:0", "w~2@l:1:1", "w~2@l:1:2"]
    assert [story.state.open[key].input for key in story.current] == ["a", "b", "c"]


def test_a_loop_can_be_done_again_as_a_whole() -> None:
    story = looped().complete("w@l:1:0").complete("x@l:1:0").rewind(Target.BEFORE, "l")
    assert story.current == ["w~2@l:2:0"]


def test_branches_that_had_ended_stay_ended() -> None:
    program = workflow(
        {"id": "p", "type": "parallel", "branches": ["a", "b"], "next": "z"}, action("a", "c"), action("b"),
        action("c"), action("z"), startNode="p",
    )  # fmt: skip
    story = Scenario(program).start().complete("b@p:1:1", 2).complete("a@p:1:0").complete("c@p:1:0", 1)
    story.rewind(Target.AFTER, "a")
    assert story.current == ["c~2@p:1:0"]
    assert story.complete("c~2@p:1:0", 3).state.latest["p"].output == {"a": 3, "b": 2}


def test_a_step_that_was_gone_back_into_is_seen_as_open() -> None:
    program = workflow(
        {"id": "p", "type": "parallel", "branches": ["a"], "next": "z"},
        action("a", "b"), action("b", input="${steps.p.status}"), action("z"), startNode="p",
    )  # fmt: skip
    story = Scenario(program).start().complete("a@p:1:0").complete("b@p:1:0")
    for visit in (2, 3):
        story.rewind(Target.AFTER, "a")
        assert story.state.open[f"b~{visit}@p:1:0"].input == "running"


def test_tokens_that_were_held_are_held_or_go_on_again() -> None:
    story = fork().pause().complete("b").complete("c").resume().complete("j")
    assert story.rewind(Target.AFTER, "b").current == ["c~2"]
    assert story.complete("c~2").current == ["j~2"]
    story = fork().pause().complete("b").rewind(Target.BEFORE, "a")
    assert (story.status, story.state.held) == ("rolled_back", {"": ["a"]})


def test_each_time_it_goes_back_keys_and_idempotency_keys_are_new() -> None:
    story = line()
    for _ in range(3):
        story.rewind(Target.AFTER, "b", undo=False)
    assert story.current == ["c~4"]
    assert len(set(story.steps(EventType.STEP_STARTED))) == story.count(EventType.STEP_STARTED)


def test_a_subworkflow_that_is_done_again_is_another_execution() -> None:
    story = Scenario(workflow({"id": "s", "type": "subworkflow", "workflow": "other"})).start()
    first = story.state.open["s"].child
    story.rewind(Target.BEFORE, "s")
    assert story.commanded(CommandKind.CANCEL_CHILD) == ["s"]
    assert story.state.open["s~2"].child != first


def test_waits_begin_anew_with_all_their_time() -> None:
    program = workflow(action("a", "w"), {"id": "w", "type": "wait", "duration": 60, "next": "z"}, action("z"))
    story = Scenario(program).start().complete("a").tick(50).rewind(Target.AFTER, "a")
    assert story.state.next_due() == NOON + 110


def test_what_it_goes_back_into_has_all_of_its_time_again() -> None:
    parallel = {"id": "p", "type": "parallel", "branches": ["a"], "deadline": 10}
    story = Scenario(workflow(parallel, action("a"), startNode="p")).start().tick(10)
    assert story.error == "deadline_exceeded"
    story.tick(100).rewind(Target.FAILURE, undo=False)
    assert (story.current, story.state.next_due()) == (["a~2@p:1:0"], story.now + 10)


def test_signals_that_nobody_took_are_kept() -> None:
    story = line().signal("x", 1).rewind(Target.AFTER, "b", undo=False)
    assert story.state.signals == {"x": [1]}


def test_two_who_go_back_at_once_do_not_go_back_twice() -> None:
    story = line()
    fields = story.point(Target.AFTER, "b").rewind()
    story.feed(Rewind(**fields))
    assert story.feed(Rewind(**fields, message=7)).refusal == "gone_back_meanwhile"
    assert story.events[-1].data is not None
    assert story.events[-1].data["message"] == 7
    assert story.current == ["c~2"]


def test_nobody_goes_back_while_things_are_undone() -> None:
    story = line()
    fields = story.point(Target.AFTER, "b").rewind()
    assert story.rewind(Target.AFTER, "a").feed(Rewind(**fields)).refusal == "being_undone"


def test_a_parent_is_told_when_everything_is_undone() -> None:
    story = line().complete("d").rewind(Target.START, halts=True, for_parent=True).complete("!b")
    assert story.commanded(CommandKind.RUN) == ["!a"]
    story.complete("!a")
    assert (story.status, [command.kind for command in story.commands]) == ("rolled_back", [CommandKind.REPORT_UNDONE])


def test_what_was_not_undone_when_it_went_back_is_undone_when_it_goes_back_further() -> None:
    story = line().rewind(Target.BEFORE, "b", undo=False).complete("b~2").rewind(Target.AFTER, "a")
    assert story.current == ["!b~2"]
    assert story.complete("!b~2").current == ["!b"]
    assert story.complete("!b").current == ["b~3"]


def test_a_point_around_which_too_much_was_going_on_is_refused() -> None:
    many = [action(f"b{number}") for number in range(70)]
    program = workflow({"id": "s", "type": "start", "next": [node["id"] for node in many]}, *many)
    story = Scenario(program).start()
    with pytest.raises(NoSuchPoint) as refused:
        story.point(Target.BEFORE, "b0")
    assert refused.value.code == "unclear_point"
    assert len(story.rewind(Target.BEFORE, "b60").current) == 70
