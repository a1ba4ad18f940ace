"""Decisions, guards, and expressions that do not come out."""

from __future__ import annotations

from typing import Any

import pytest

from weftline.language.program import Kind, Node, Program
from weftline.machine.interpreter import advance
from weftline.machine.state import State
from weftline.machine.stimulus import Start
from weftline.model.event import EventType
from weftline.model.status import ExecutionStatus

from .scenario import Scenario, action, workflow

ENDS = (action("yes"), action("no"), action("other"))


def decided(node: dict[str, Any], input: dict[str, Any]) -> Scenario:
    return Scenario(workflow({"id": "s", "type": "start", "next": "d"}, {"id": "d", **node}, *ENDS), input).start()


def two_ways(condition: str, default: str = "other") -> dict[str, Any]:
    return {"type": "decision", "condition": condition, "true": "yes", "false": "no", "default": default}


@pytest.mark.parametrize(("n", "way"), [(1, "no"), (2, "yes")])
def test_a_condition_chooses_between_true_and_false(n: int, way: str) -> None:
    story = decided(two_ways("n > 1"), {"n": n})
    assert story.current == [way]
    assert story.events[2].data == {"case": "true" if way == "yes" else "false", "next": way}


@pytest.mark.parametrize(("n", "way"), [(1, "yes"), (2, "no"), (3, "other")])
def test_the_first_case_that_holds_wins_and_the_default_is_last(n: int, way: str) -> None:
    cases = [{"when": "n < 2", "next": "yes", "label": "low"}, {"when": "n < 3", "next": "no"}]
    story = decided({"type": "decision", "cases": cases, "default": "other"}, {"n": n})
    assert story.current == [way]


def test_a_decision_without_a_case_that_holds_fails() -> None:
    program = workflow(
        {"id": "d", "type": "decision", "cases": [{"when": "false", "next": "yes"}], "onError": "no"}, *ENDS[:2]
    )
    story = Scenario(program).start()
    assert story.current == ["no"]
    assert story.state.last_error is not None
    assert story.state.last_error["code"] == "no_case_matched"


@pytest.mark.parametrize(("value", "code"), [(1, "type_mismatch"), ("yes", "type_mismatch"), (None, "type_mismatch")])
def test_nothing_but_true_counts_as_true(value: object, code: str) -> None:
    program = workflow({"id": "d", "type": "decision", "cases": [{"when": "n", "next": "yes"}]}, ENDS[0])
    story = Scenario(program, {"n": value}).start()
    assert (story.status, story.error) == ("failed", code)


def test_a_condition_over_a_name_that_is_absent_fails_the_decision() -> None:
    program = workflow({"id": "d", "type": "decision", "cases": [{"when": "absent", "next": "yes"}]}, ENDS[0])
    assert Scenario(program).start().error == "unknown_name"


def test_a_step_whose_guard_is_false_is_skipped_and_its_token_goes_on() -> None:
    program = workflow(action("a", "b", when="run"), action("b"))
    story = Scenario(program, {"run": False}).start()
    assert story.steps(EventType.STEP_SKIPPED) == ["a"]
    assert story.current == ["b"]
    assert Scenario(program, {"run": True}).start().current == ["a"]


def test_a_guard_that_is_no_truth_fails_its_step() -> None:
    assert Scenario(workflow(action("a", when="1 + 1"))).start().error == "type_mismatch"


def test_expressions_see_the_latest_activation_of_a_step() -> None:
    program = workflow(
        action("a", "w"),
        {"id": "w", "type": "wait", "duration": 1, "next": "d"},
        {"id": "d", "type": "decision", "cases": [{"when": "steps.a.output < 2", "next": "a"}], "default": "yes"},
        action("yes", input=["${steps.a.attempt}", "${steps.a.status}", "${size(steps)}", "${has(steps.yes)}"]),
        startNode="a",
    )
    story = Scenario(program).start().complete("a", 1).tick(1).complete("a~2", 2).tick(1)
    assert story.state.open["yes"].input == [1, "completed", 3, False]


def test_cycles_that_take_no_time_are_stopped() -> None:
    nodes = {"a": Node("a", Kind.START, "a", next=("b",)), "b": Node("b", Kind.START, "b", next=("a",))}
    state = State({})
    advance(Program("w", "w", nodes, ("a",), {}), state, Start(), 0.0)
    assert state.status is ExecutionStatus.FAILED
    assert state.error is not None
    assert state.error["code"] == "runaway"
