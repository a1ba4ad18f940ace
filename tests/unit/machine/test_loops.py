"""Loops: over the items of a list, and while a condition holds."""

from __future__ import annotations

from typing import Any

import pytest

from weftline.machine.command import CommandKind
from weftline.model.event import EventType

from .scenario import Scenario, action, workflow


def loop(id: str = "l", do: str = "w", **fields: Any) -> dict[str, Any]:
    return {"id": id, "type": "loop", "do": do, **({} if "while" in fields else {"forEach": "${xs}"}), **fields}


def started(xs: Any, *nodes: dict[str, Any], input: Any = "${item}", **fields: Any) -> Scenario:
    """A loop over ``xs`` around an action, and "z" after it."""
    program = workflow(loop(next="z", **fields), action("w", input=input), action("z"), *nodes, startNode="l")
    return Scenario(program, {"xs": xs}).start()


def w(number: int, visit: int = 1) -> str:
    return f"w@l:{visit}:{number}"


def inputs(story: Scenario) -> list[Any]:
    return [story.state.open[key].input for key in story.current]


def output(story: Scenario) -> Any:
    return story.state.latest["l"].output


def test_items_are_gone_through_one_by_one() -> None:
    story = started(["a", "b"])
    assert (story.current, inputs(story)) == ([w(0)], ["a"])
    story.complete(w(0), 1)
    assert (story.current, inputs(story)) == ([w(1)], ["b"])
    assert story.complete(w(1), 2).current == ["z"]
    assert output(story) == [1, 2]


def test_no_more_iterations_run_at_once_than_may_and_outputs_keep_the_items_order() -> None:
    story = started([0, 1, 2, 3], concurrency=2)
    assert story.current == [w(0), w(1)]
    assert story.complete(w(1), "b").current == [w(0), w(2)]
    assert story.complete(w(2), "c").current == [w(0), w(3)]
    story.complete(w(3), "d").complete(w(0), "a")
    assert (story.current, output(story)) == (["z"], ["a", "b", "c", "d"])


def test_nothing_is_gone_through_where_there_are_no_items() -> None:
    story = started([])
    assert (story.current, output(story)) == (["z"], [])


@pytest.mark.parametrize("xs", ["abc", {"a": 1}, None, 3])
def test_only_a_list_can_be_gone_through(xs: Any) -> None:
    assert started(xs).error == "type_mismatch"


def test_more_items_than_allowed_fail_the_step_before_anything_is_done() -> None:
    story = started([1, 2, 3], maxIterations=2)
    assert (story.error, story.steps(EventType.STEP_STARTED)) == ("too_many_iterations", ["l"])


def test_only_the_number_of_iterations_is_kept_where_outputs_are_not_collected() -> None:
    story = started([5, 6], collect=False).complete(w(0), "big").complete(w(1), "bigger")
    assert output(story) == 2


def counting(condition: str, **fields: Any) -> Scenario:
    """A loop that counts the shared "n" up while a condition holds."""
    up = action("w", output={"n": "${n + 1}"})
    program = workflow(loop(next="z", **{"while": condition}, **fields), up, action("z"), startNode="l")
    return Scenario(program, {"n": 0}).start()


def test_a_condition_is_looked_at_before_each_iteration() -> None:
    story = counting("n < 2", maxIterations=9).complete(w(0), "a").complete(w(1), "b")
    assert (story.current, output(story), story.data["n"]) == (["z"], ["a", "b"], 2)


def test_a_condition_that_never_holds_makes_an_empty_loop() -> None:
    assert output(counting("n > 0", maxIterations=9)) == []


def test_a_condition_that_holds_too_long_fails_the_step() -> None:
    story = counting("true", maxIterations=2).complete(w(0)).complete(w(1))
    assert (story.status, story.error) == ("failed", "too_many_iterations")


def test_a_condition_that_becomes_unreadable_fails_the_step() -> None:
    assert counting("index == 0 || absent", maxIterations=5).complete(w(0)).error == "unknown_name"


def test_a_loop_is_broken_off_by_a_result_and_what_still_runs_is_stopped() -> None:
    story = started([0, 1, 2, 3], concurrency=3, breakWhen="result == 'found' && item == 1")
    story.complete(w(1), "found")
    assert (story.current, story.commanded(CommandKind.ABORT)) == (["z"], [w(0), w(2)])
    assert output(story) == [None, "found", None]


def test_a_result_breaks_a_loop_off_that_does_not_collect_them() -> None:
    story = started([1, 2, 3], collect=False, breakWhen="result == 'found'").complete(w(0)).complete(w(1), "found")
    assert (story.current, output(story)) == (["z"], 2)


def test_an_iteration_is_passed_over_by_a_condition() -> None:
    story = started([1, 2, 3, 4], continueWhen="item == 1 || index == 2")
    assert story.current == [w(1)]
    assert story.complete(w(1), "b").current == [w(3)]
    assert output(story.complete(w(3), "d")) == [None, "b", None, "d"]


def test_all_of_a_loop_s_iterations_may_be_passed_over_at_once() -> None:
    story = started(list(range(500)), continueWhen="true", concurrency=7)
    assert (story.current, output(story)) == (["z"], [None] * 500)


def test_an_iteration_that_fails_fails_the_loop_and_stops_the_others() -> None:
    story = started([1, 2, 3], concurrency=2).fail(w(1), "odd")
    assert (story.status, story.error, story.steps(EventType.STEP_CANCELLED)) == ("failed", "odd", [w(0)])


def test_a_tolerant_loop_goes_on_and_tells_which_iterations_failed() -> None:
    story = started([1, 2, 3], onItemError="continue", output={"missed": "${errors}"})
    story.complete(w(0), "a").fail(w(1), "odd").complete(w(2), "c")
    assert (story.current, output(story)) == (["z"], ["a", None, "c"])
    (missed,) = story.data["missed"]
    assert (missed["index"], missed["error"]["code"]) == (1, "odd")


def test_what_an_iteration_had_returned_before_it_failed_does_not_count() -> None:
    program = workflow(loop(onItemError="continue"), action("w", "x"), action("x"), startNode="l")
    story = Scenario(program, {"xs": [1]}).start().complete(w(0), "half").fail("x@l:1:0")
    assert (story.status, output(story)) == ("completed", [None])


def test_loops_within_loops_see_their_own_items_and_those_around_by_name() -> None:
    program = workflow(
        loop("l", "m", forEach="${rows}", **{"as": "row"}), loop("m", "p", forEach="${row}"),
        {"id": "p", "type": "parallel", "branches": ["w"]},
        action("w", input=["${row}", "${item}", "${index}"]), startNode="l",
    )  # fmt: skip
    story = Scenario(program, {"rows": [["a"], ["b", "c"]]}).start()
    seen: list[Any] = []
    while not story.state.has_ended:
        seen += inputs(story)
        story.complete(story.current[0], "done")
    assert seen == [[["a"], "a", 0], [["b", "c"], "b", 0], [["b", "c"], "c", 1]]
    assert output(story) == [[{"w": "done"}], [{"w": "done"}, {"w": "done"}]]


def test_a_name_of_the_data_is_seen_where_no_loop_gives_it() -> None:
    program = workflow(action("a", "l", input="${line}"), loop(**{"as": "line"}), action("w", input="${line}"))
    story = Scenario(program, {"line": "outside", "xs": ["inside"]}).start()
    assert inputs(story) == ["outside"]
    assert inputs(story.complete("a")) == ["inside"]


def test_a_paused_loop_goes_on_with_the_next_item_when_it_is_resumed() -> None:
    story = started([1, 2, 3], concurrency=2).pause().complete(w(0), "a")
    assert story.current == [w(1)]
    assert story.resume().current == [w(1), w(2)]
    assert output(story.complete(w(1), "b").complete(w(2), "c")) == ["a", "b", "c"]


def test_nothing_of_an_iteration_is_remembered_once_it_has_ended() -> None:
    program = workflow(
        loop("o", "l", forEach=[1, 2]), loop("l", "s"), {"id": "s", "type": "set", "values": {}, "next": "p"},
        {"id": "p", "type": "parallel", "branches": ["w"]}, action("w"), startNode="o",
    )  # fmt: skip
    story = Scenario(program, {"xs": list(range(20))}).start()
    sizes = set()
    while not story.state.has_ended:
        state = story.state
        sizes.add(tuple(map(len, (state.latest, state.visits, state.done, state.places, state.inner))))
        story.complete(story.current[0])
    assert len(sizes) <= 4
    assert story.state.places == story.state.inner == {}
    assert set(story.state.latest) == {"o"}


def test_an_iteration_ends_with_the_last_of_its_tokens() -> None:
    program = workflow(loop(), action("w", ["x", "y"]), action("x"), action("y"), startNode="l")
    story = Scenario(program, {"xs": [1, 2]}).start().complete(w(0))
    assert story.complete("x@l:1:0").current == ["y@l:1:0"]
    assert story.complete("y@l:1:0").current == [w(1)]


def test_a_join_in_an_iteration_counts_anew_in_each() -> None:
    body = [action("x"), action("y"), action("j", dependencies=["x", "y"])]
    program = workflow(loop(), action("w", ["x", "y"]), *body, startNode="l")
    story = Scenario(program, {"xs": [1, 2]}).start()
    for number in range(2):
        story.complete(w(number)).complete(f"x@l:1:{number}").complete(f"y@l:1:{number}")
        assert story.current == [f"j@l:1:{number}"]
        story.complete(f"j@l:1:{number}")
    assert story.status == "completed"


def test_an_end_that_terminates_ends_the_execution_from_within_a_loop() -> None:
    end = {"id": "w", "type": "end", "terminate": True}
    story = Scenario(workflow(loop(concurrency=2), end, startNode="l"), {"xs": [1, 2]}).start()
    assert story.status == "completed"
