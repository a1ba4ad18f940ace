"""Nodes with dependencies: they wait for all of them."""

from __future__ import annotations

from typing import Any

import pytest

from weftline.model.event import EventType

from .scenario import Scenario, action, workflow


def join(id: str, dependencies: list[str], next: str | list[str] | None = None, **fields: Any) -> dict[str, Any]:
    return action(id, next, dependencies=dependencies, **fields)


DIAMOND = workflow(action("a"), action("b"), join("j", ["a", "b"]))


@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")])
def test_a_join_runs_once_all_its_dependencies_have_completed(order: tuple[str, str]) -> None:
    story = Scenario(DIAMOND).start()
    assert story.complete(order[0]).current == [order[1]]
    assert story.complete(order[1]).current == ["j"]
    assert story.complete("j").status == "completed"


def test_naming_the_join_as_next_as_well_changes_nothing() -> None:
    program = workflow(action("a", "j"), action("b", "j"), join("j", ["a", "b"]))
    story = Scenario(program).start().complete("a").complete("b")
    assert story.current == ["j"]
    assert story.complete("j").status == "completed"


def test_steps_run_in_the_order_of_their_dependencies() -> None:
    program = workflow(
        action("plan"),
        join("dig", ["plan"]),
        join("buy", ["plan"]),
        join("build", ["dig", "buy"]),
        join("paint", ["build"]),
    )
    story = Scenario(program).start().complete("plan")
    assert story.current == ["dig", "buy"]
    story.complete("buy").complete("dig").complete("build").complete("paint")
    assert story.status == "completed"


def test_one_node_can_complete_several_joins() -> None:
    program = workflow(action("a"), action("b"), join("j", ["a", "b"]), join("k", ["a", "b"]))
    assert Scenario(program).start().complete("a").complete("b").current == ["j", "k"]


def test_a_skipped_dependency_counts_as_done() -> None:
    program = workflow(action("a", when="false"), action("b"), join("j", ["a", "b"]))
    assert Scenario(program).start().complete("b").current == ["j"]


def test_a_failed_dependency_that_is_not_critical_counts_as_done() -> None:
    program = workflow(action("a", critical=False), action("b"), join("j", ["a", "b"]))
    assert Scenario(program).start().fail("a").complete("b").current == ["j"]


def test_a_dependency_whose_failure_is_handled_elsewhere_was_not_done() -> None:
    program = workflow(action("a", onError="h"), action("b"), action("h"), join("j", ["a", "b"]))
    story = Scenario(program).start().fail("a").complete("b")
    assert story.current == ["h"]
    story.complete("h")
    assert (story.status, story.error) == ("failed", "join_never_met")
    assert story.state.error is not None
    assert story.state.error["details"] == {"arrived": ["b"], "missing": ["a"]}


def test_a_join_that_no_dependency_reached_is_not_missed() -> None:
    program = workflow(action("a", onError="h"), action("h"), join("j", ["a"]))
    assert Scenario(program).start().fail("a").complete("h").status == "completed"


def test_a_dependency_s_failure_that_leads_straight_to_the_join_counts_as_done() -> None:
    program = workflow(action("a", onError="j"), action("b"), join("j", ["a", "b"]))
    story = Scenario(program).start().fail("a")
    assert story.current == ["b"]
    assert story.complete("b").current == ["j"]


def test_a_dependency_s_timeout_that_leads_straight_to_the_join_counts_as_done() -> None:
    wait = {"id": "w", "type": "wait", "event": "n", "timeout": {"duration": 1, "next": "j"}, "next": "j"}
    story = Scenario(workflow(wait, action("b"), join("j", ["w", "b"]))).start().tick(1)
    assert story.current == ["b"]
    assert story.complete("b").current == ["j"]


def test_a_dependency_on_the_way_not_taken_leaves_the_join_unmet() -> None:
    program = workflow(
        {"id": "d", "type": "decision", "condition": "true", "true": "a", "false": "b"},
        action("a", "j"),
        action("b", "j"),
        join("j", ["a", "b"]),
        startNode="d",
    )
    story = Scenario(program).start().complete("a")
    assert (story.status, story.error) == ("failed", "join_never_met")


def test_a_join_in_a_cycle_takes_one_token_from_each_dependency_every_time() -> None:
    program = workflow(
        {"id": "s", "type": "start", "next": ["a", "b"]},
        action("a"),
        action("b"),
        join("j", ["a", "b"], "d"),
        {"id": "d", "type": "decision", "condition": "n < 2", "true": "w", "false": "e"},
        {"id": "w", "type": "wait", "duration": 1, "next": ["a", "b"]},
        {"id": "e", "type": "end"},
    )
    story = Scenario(program, {"n": 0}).start()
    for visit in ("", "~2"):
        story.complete(f"a{visit}").complete(f"b{visit}")
        assert story.current == [f"j{visit}"]
        story.complete(f"j{visit}", data={"n": len(visit)})
        if not visit:
            assert story.tick(1).current == ["a~2", "b~2"]
    assert story.status == "completed"


def test_a_join_is_entered_once_for_each_time_its_dependencies_are_done_within_a_turn() -> None:
    def pass_on(id: str, next: str | list[str] | None = None) -> dict[str, Any]:
        return {"id": id, "type": "set", "values": {}} | ({} if next is None else {"next": next})

    program = workflow(
        pass_on("s", ["short", "long"]),
        pass_on("long", "longer"),
        pass_on("longer", "longest"),
        pass_on("longest", "short"),
        pass_on("short"),
        join("j", ["short"]),
        startNode="s",
    )
    assert Scenario(program).start().current == ["j", "j~2"]


def test_a_dependency_that_runs_ahead_waits_for_the_other() -> None:
    program = workflow(
        {"id": "s", "type": "start", "next": ["w", "b"]},
        {"id": "w", "type": "wait", "event": "n", "next": "w2"},
        {"id": "w2", "type": "wait", "event": "n", "next": "w"},
        {"id": "b", "type": "wait", "event": "m", "next": "b2"},
        {"id": "b2", "type": "wait", "event": "m"},
        {"id": "j", "type": "wait", "event": "never", "dependencies": ["w", "b"]},
    )
    story = Scenario(program).start()
    for _ in range(4):
        story.signal("n")
    assert story.steps(EventType.STEP_STARTED).count("j") == 0
    story.signal("m")
    assert "j" in story.current
    assert "j~2" not in story.current


def test_a_join_inside_a_branch_waits_for_steps_of_its_own_branch() -> None:
    program = workflow(
        {"id": "p", "type": "parallel", "branches": ["s", {"name": "again", "next": "s"}]},
        {"id": "s", "type": "start", "next": ["a", "b"]},
        action("a"),
        action("b"),
        join("j", ["a", "b"]),
        startNode="p",
    )
    story = Scenario(program).start().complete("a@p:1:0").complete("b@p:1:1")
    assert story.current == ["b@p:1:0", "a@p:1:1"]
    assert story.complete("b@p:1:0").current == ["a@p:1:1", "j@p:1:0"]


def test_a_join_in_a_branch_that_is_never_met_fails_the_branch() -> None:
    program = workflow(
        {"id": "p", "type": "parallel", "branches": ["s", "c"], "join": "any", "next": "z"},
        {"id": "s", "type": "start", "next": ["a", "b"]},
        action("a", onError="h"),
        action("h"),
        action("b"),
        action("c"),
        join("j", ["a", "b"]),
        action("z"),
        startNode="p",
    )
    story = Scenario(program).start().complete("b@p:1:0").fail("a@p:1:0").complete("h@p:1:0")
    assert story.steps(EventType.BRANCH_FAILED) == ["p"]
    assert story.complete("c@p:1:1").current == ["z"]


def test_an_end_can_wait_for_dependencies() -> None:
    program = workflow(
        action("a"), action("b"), action("c"), {"id": "e", "type": "end", "dependencies": ["a", "b"], "terminate": True}
    )
    story = Scenario(program).start().complete("a").complete("b")
    assert story.status == "completed"
    assert story.steps(EventType.STEP_CANCELLED) == ["c"]
