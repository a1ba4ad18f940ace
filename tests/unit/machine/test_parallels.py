"""Parallel nodes: branches in scopes of their own, and how they join."""

from __future__ import annotations

from typing import Any

import pytest

from weftline.language.program import Branch, Kind, Node, Program
from weftline.machine.command import CommandKind
from weftline.machine.entering import MAX_NESTING
from weftline.machine.interpreter import advance
from weftline.machine.state import State
from weftline.machine.stimulus import ActionCompleted, ActionFailed, Start
from weftline.model.event import EventType
from weftline.model.stepkey import branch_scope

from .scenario import Scenario, action, workflow


def parallel(join: object = "all", id: str = "p", branches: Any = ("a", "b", "c"), **fields: Any) -> dict[str, Any]:
    return {"id": id, "type": "parallel", "branches": list(branches), "join": join, **fields}


def three(join: object, **fields: Any) -> Scenario:
    """Three branches of an action each, and "z" after them."""
    nodes = [parallel(join, next="z", **fields), action("a"), action("b"), action("c"), action("z"), action("h")]
    if "onError" not in fields:
        nodes.pop()
    return Scenario(workflow(*nodes, startNode="p")).start()


A, B, C = "a@p:1:0", "b@p:1:1", "c@p:1:2"


def test_branches_run_side_by_side_and_all_must_end() -> None:
    story = three("all")
    assert story.current == [A, B, C]
    story.complete(C, 3).complete(A, 1)
    assert story.current == [B]
    story.complete(B, 2)
    assert story.current == ["z"]
    assert story.state.latest["p"].output == {"a": 1, "b": 2, "c": 3}


def test_the_first_of_any_wins_and_the_others_are_stopped() -> None:
    story = three("any").complete(B, "won")
    assert story.current == ["z"]
    assert story.state.latest["p"].output == {"b": "won"}
    assert story.commanded(CommandKind.ABORT) == [A, C]
    assert story.steps(EventType.STEP_CANCELLED) == [A, C]
    assert story.complete("z").status == "completed"


def test_a_number_of_branches_is_enough_where_it_is_asked_for() -> None:
    story = three(2).complete(C, 3)
    assert story.current == [A, B]
    story.complete(A, 1)
    assert story.current == ["z"]
    assert story.state.latest["p"].output == {"a": 1, "c": 3}


def test_a_late_result_of_a_branch_that_lost_is_ignored() -> None:
    story = three("any").complete(B)
    assert story.feed(ActionCompleted(A, 1, 1)).turn == []


@pytest.mark.parametrize(("join", "failures"), [("all", 1), (2, 2), ("any", 3)])
def test_a_parallel_fails_once_its_join_can_no_longer_be_met(join: object, failures: int) -> None:
    story = three(join, onError="h")
    for key in (A, B, C)[: failures - 1]:
        assert story.fail(key).state.open["p"].status == "running"
    story.fail((A, B, C)[failures - 1])
    assert story.current == ["h"]
    assert story.count(EventType.BRANCH_FAILED) == failures


def test_a_failed_branch_leaves_nothing_open_in_it() -> None:
    program = workflow(
        parallel("any", branches=["s", "c"]), {"id": "s", "type": "start", "next": ["a", "b"]}, action("a"),
        action("b"), action("c"), startNode="p",
    )  # fmt: skip
    story = Scenario(program).start().fail("a@p:1:0")
    assert story.current == ["c@p:1:1"]
    assert story.commanded(CommandKind.ABORT) == ["b@p:1:0"]


def test_a_failure_in_a_branch_is_first_offered_to_the_step_s_own_handler() -> None:
    program = workflow(parallel(branches=["a"]), action("a", onError="h"), action("h"))
    assert Scenario(program).start().fail("a@p:1:0").current == ["h@p:1:0"]


def test_a_parallel_that_is_not_critical_lets_the_workflow_go_on() -> None:
    assert three("all", critical=False).fail(A).current == ["z"]


def test_the_error_of_a_parallel_names_the_step_that_failed() -> None:
    story = three("all").fail(B, "odd")
    assert (story.status, story.error) == ("failed", "odd")
    assert story.state.error is not None
    assert story.state.error["stepId"] == "b"


def test_a_branch_ends_when_the_last_of_its_tokens_does() -> None:
    program = workflow(
        parallel(branches=["a"]), action("a", ["b", "c"]), action("b"), action("c"), startNode="p"
    )  # fmt: skip
    story = Scenario(program).start().complete("a@p:1:0").complete("b@p:1:0")
    assert story.status == "running"
    assert story.complete("c@p:1:0").status == "completed"


def test_a_branch_s_output_is_its_last_that_is_not_null() -> None:
    program = workflow(parallel(branches=["a"]), action("a", "b"), action("b", "e"), {"id": "e", "type": "end"})
    story = Scenario(program).start().complete("a@p:1:0", "first").complete("b@p:1:0")
    assert story.state.latest["p"].output == {"a": "first"}


def test_branches_have_names_and_may_begin_at_the_same_node() -> None:
    branches = [{"name": "one", "next": "a"}, {"name": "two", "next": "a"}]
    story = Scenario(workflow(parallel(branches=branches), action("a"))).start()
    story.complete("a@p:1:0", 1).complete("a@p:1:1", 2)
    assert story.state.output == {"one": 1, "two": 2}


def test_branches_that_take_no_time_join_at_once() -> None:
    program = workflow(
        parallel(branches=["a", "b"], next="z"), {"id": "a", "type": "set", "values": {"x": 1}},
        {"id": "b", "type": "set", "values": {"y": 2}}, action("z"), startNode="p",
    )  # fmt: skip
    story = Scenario(program).start()
    assert story.current == ["z"]
    assert story.data == {"x": 1, "y": 2}


def test_the_first_branch_that_takes_no_time_wins_before_the_others_run() -> None:
    program = workflow(
        parallel("any", branches=["a", "b"], next="z"), action("a"), {"id": "b", "type": "set", "values": {}},
        action("z"), startNode="p",
    )  # fmt: skip
    story = Scenario(program).start()
    assert story.current == ["z"]
    assert story.steps(EventType.STEP_CANCELLED) == ["a@p:1:0"]


def test_tokens_on_their_way_into_branches_die_when_the_parallel_fails() -> None:
    program = workflow(parallel(branches=["a", "b"]), action("a", input="${absent}"), action("b"))
    story = Scenario(program).start()
    assert (story.status, story.error) == ("failed", "unknown_name")
    assert story.steps(EventType.STEP_STARTED) == ["p", "a@p:1:0"]


def test_tokens_on_their_way_into_branches_die_where_the_workflow_goes_on_without_the_parallel() -> None:
    program = workflow(
        parallel(branches=["a", "b"], critical=False, next="z"), action("a", input="${absent}"), action("b"),
        action("z"), startNode="p",
    )  # fmt: skip
    story = Scenario(program).start()
    assert story.current == ["z"]
    assert story.steps(EventType.STEP_STARTED) == ["p", "a@p:1:0", "z"]


def test_a_parallel_in_a_cycle_has_new_scopes_every_time() -> None:
    program = workflow(
        parallel(branches=["a"], next="w"), action("a"), {"id": "w", "type": "wait", "event": "n", "next": "p"},
        startNode="p",
    )  # fmt: skip
    story = Scenario(program).start().complete("a@p:1:0").signal("n")
    assert story.current == ["a@p:2:0"]


def nested(inner: object, outer: object) -> Scenario:
    program = workflow(
        parallel(outer, branches=["q", "c"], next="z"),
        parallel(inner, id="q", branches=["a", "b"], next="y"),
        action("a"), action("b"), action("c"), action("y"), action("z"), startNode="p",
    )  # fmt: skip
    return Scenario(program).start()


INNER_A, INNER_B, OUTER_C = "a@p:1:0/q:1:0", "b@p:1:0/q:1:1", "c@p:1:1"


def test_parallels_nest() -> None:
    story = nested("all", "all")
    assert story.current == [OUTER_C, INNER_A, INNER_B]
    story.complete(INNER_A).complete(INNER_B)
    assert story.current == [OUTER_C, "y@p:1:0"]
    story.complete("y@p:1:0", "inner").complete(OUTER_C, "outer")
    assert story.current == ["z"]
    assert story.state.latest["p"].output == {"q": "inner", "c": "outer"}


def test_a_win_outside_cancels_what_is_nested_the_innermost_first() -> None:
    story = nested("all", "any").complete(OUTER_C)
    assert story.current == ["z"]
    assert story.steps(EventType.STEP_CANCELLED) == [INNER_A, INNER_B, "q@p:1:0"]


def test_a_failure_inside_travels_outwards() -> None:
    story = nested("all", "any").fail(INNER_B)
    assert story.current == [OUTER_C]
    assert story.steps(EventType.BRANCH_FAILED) == ["q@p:1:0", "p"]
    assert nested("all", "all").fail(INNER_A).status == "failed"


def test_a_terminating_end_in_a_branch_ends_the_whole_execution() -> None:
    program = workflow(
        parallel(branches=["a", "b"]), action("a", "e"), {"id": "e", "type": "end", "terminate": True}, action("b"),
        startNode="p",
    )  # fmt: skip
    story = Scenario(program).start().complete("a@p:1:0", "out")
    assert (story.status, story.state.output) == ("completed", "out")


def test_a_step_in_a_branch_sees_the_steps_of_its_branch_and_around_it_only() -> None:
    program = workflow(
        action("o", "p"),
        parallel(branches=["a", "b"]),
        action("a", "x"),
        action("b", "x"),
        action("x", input="${[steps.o.output, has(steps.a), has(steps.b), size(steps)]}"),
    )
    story = Scenario(program).start().complete("o", "outer").complete(A, 1).complete(B, 2)
    assert story.state.open["x@p:1:0"].input == ["outer", True, False, 3]
    assert story.state.open["x@p:1:1"].input == ["outer", False, True, 3]


def test_parallels_nested_without_end_are_refused() -> None:
    depth = MAX_NESTING + 2
    chain = [parallel(id=f"p{n}", branches=[f"p{n + 1}"]) for n in range(depth)]
    story = Scenario(workflow(*chain, action(f"p{depth}"), startNode="p0")).start()
    assert (story.status, story.error) == ("failed", "too_deep")


# --- width: what a turn costs must not grow with the branches it does not concern ----------------------------------


def wide(width: int, join: int) -> tuple[Program, State]:
    nodes = {
        "p": Node("p", Kind.PARALLEL, "p", branches=tuple(Branch(str(n), "a") for n in range(width)), join=join),
        "a": Node("a", Kind.ACTION, "a", action="a"),
    }
    program = Program("wide", "wide", nodes, ("p",), {})
    state = State({})
    advance(program, state, Start(), 0.0)
    return program, state


class CountingDict(dict[Any, Any]):
    """Counts how often somebody walks over all of it."""

    walks = 0

    def values(self) -> Any:
        self.walks += 1
        return super().values()

    def items(self) -> Any:
        self.walks += 1
        return super().items()

    def __iter__(self) -> Any:
        self.walks += 1
        return super().__iter__()


@pytest.mark.parametrize("outcome", ["completed", "failed"])
def test_ten_thousand_branches_end_without_walking_over_all_steps_for_each(outcome: str) -> None:
    width = 10_000
    program, state = wide(width, join=width if outcome == "completed" else 1)
    state.open = CountingDict(state.open)
    state.latest = CountingDict(state.latest)
    state.done = CountingDict(state.done)
    branches = state.open["p"].branches
    assert branches is not None
    branches.results = CountingDict()
    error = {"code": "broken", "message": "broken", "retryable": False}
    for number in range(width):
        key = f"a@{branch_scope('p', '', 1, number)}"
        done = ActionCompleted(key, 1, number)
        turn = advance(program, state, done if outcome == "completed" else ActionFailed(key, 1, error), 0.0)
        assert len(turn.events) <= 5
    assert state.status.value == outcome
    assert state.open.walks + state.latest.walks + state.done.walks + branches.results.walks <= 5


def test_the_first_of_ten_thousand_branches_cancels_the_others_each_once() -> None:
    width = 10_000
    program, state = wide(width, join=1)
    turn = advance(program, state, ActionCompleted("a@p:1:17", 1, None), 0.0)
    assert sum(event.type is EventType.STEP_CANCELLED for event in turn.events) == width - 1
    assert state.has_ended
