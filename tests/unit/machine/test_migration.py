"""Going on with another version of the definition."""

from __future__ import annotations

from typing import Any

import pytest

from weftline.language import Program
from weftline.machine.migration import check
from weftline.machine.rewinding import Target
from weftline.machine.stimulus import Migrate, Rewind

from .scenario import Scenario, action, workflow


def parallel(id: str, *branches: str, **fields: Any) -> dict[str, Any]:
    return {"id": id, "type": "parallel", "branches": list(branches), **fields}


def wait(id: str, event: str, next: str) -> dict[str, Any]:
    return {"id": id, "type": "wait", "event": event, "next": next}


OLD = workflow(
    action("a", "p", compensate="una"), parallel("p", "b", "l", next="z"), action("b"),
    {"id": "l", "type": "loop", "forEach": [1, 2], "do": "w"}, action("w"), action("z"), startNode="a",
)  # fmt: skip
NEW = workflow(
    action("first", "both", compensate="una"), parallel("both", "left", "each", next="y"), action("left"),
    {"id": "each", "type": "loop", "forEach": [1, 2, 3], "do": "one"}, action("one"), action("y", "z"), action("z"),
    startNode="first",
)  # fmt: skip
NAMES = {"a": "first", "p": "both", "b": "left", "l": "each", "w": "one"}


def story() -> Scenario:
    return Scenario(OLD).start().complete("a", 1)


def codes(old: Program, new: Program, at: Scenario, nodes: dict[str, str]) -> set[tuple[str, str]]:
    return {(problem.code, problem.node) for problem in check(old, new, at.state, nodes)}


def test_an_execution_goes_on_under_the_new_names_and_by_the_new_ways() -> None:
    at = story().feed(Migrate(NEW, 2, NAMES, reason="better", by="ann"))
    assert at.turn[0].data == {"version": 2, "nodes": NAMES, "by": "ann", "reason": "better"}
    assert at.state.version == 2
    assert at.current == ["left@both:1:0", "one@both:1:1/each:1:0"]
    assert list(at.state.undo) == ["first"]
    at.complete("left@both:1:0").complete("one@both:1:1/each:1:0").complete("one@both:1:1/each:1:1")
    assert at.current == ["y"]
    assert at.complete("y").complete("z").status == "completed"


def test_what_was_done_before_is_undone_under_its_new_name() -> None:
    at = story().feed(Migrate(NEW, 2, NAMES)).cancel(undo=True)
    assert at.current == ["!first"]
    assert at.complete("!first").status == "cancelled"


def test_a_paused_execution_s_held_tokens_move_too() -> None:
    program = workflow(action("a", "b"), action("b"))
    other = workflow(action("a", "c"), action("c"))
    at = Scenario(program).start().pause().complete("a").feed(Migrate(other, 2, {"b": "c"}))
    assert at.resume().current == ["c"]


def test_a_node_that_somebody_is_at_must_be_there() -> None:
    at = story()
    assert at.feed(Migrate(NEW, 2, {})).refusal == "state_would_be_lost"
    assert at.state.version is None
    assert {code for code, _ in codes(OLD, NEW, at, {})} == {"live_node_missing", "undo_missing"}
    assert codes(OLD, NEW, at, {name: NAMES[name] for name in NAMES if name != "b"}) == {
        ("live_node_missing", "b"),
        ("branches_changed", "p"),
    }


@pytest.mark.parametrize(
    ("nodes", "problem"),
    [
        ({**NAMES, "q": "z"}, ("unknown_node", "q")),
        ({**NAMES, "z": "q"}, ("unknown_node", "z")),
        ({**NAMES, "b": "z"}, ("ambiguous_mapping", "b")),
        ({**NAMES, "b": "one"}, ("ambiguous_mapping", "w")),
    ],
)
def test_the_mapping_must_make_sense(nodes: dict[str, str], problem: tuple[str, str]) -> None:
    assert problem in codes(OLD, NEW, story(), nodes)


@pytest.mark.parametrize(
    ("new", "code"),
    [
        (workflow({"id": "a", "type": "form"}), "kind_changed"),
        (workflow(action("a"), id="other"), "other_workflow"),
    ],
)
def test_a_step_keeps_its_kind_and_an_execution_its_workflow(new: Program, code: str) -> None:
    old = workflow(action("a"))
    assert {found for found, _ in codes(old, new, Scenario(old).start(), {})} == {code}


def test_a_loop_that_is_at_work_keeps_its_body() -> None:
    loop = {"id": "l", "type": "loop", "forEach": [1], "do": "a"}
    old = workflow(loop, action("a"))
    new = workflow({**loop, "do": "b"}, action("b", "a"), action("a"), startNode="l")
    assert ("body_changed", "l") in codes(old, new, Scenario(old).start(), {})


def test_a_token_that_waits_before_a_join_must_not_be_lost() -> None:
    old = workflow(action("a"), action("b"), action("j", dependencies=["a", "b"]))
    new = workflow(action("b"), action("a"), action("k"), action("j", dependencies=["b", "k"]))
    at = Scenario(old).start().complete("a")
    assert codes(old, new, at, {}) == {("join_changed", "j")}
    assert codes(old, old, at, {}) == set()


def test_nobody_goes_back_to_before_a_migration_but_to_the_beginning() -> None:
    at = story()
    before = at.point(Target.AFTER, "a").rewind(undo=False)
    at.feed(Migrate(NEW, 2, NAMES))
    assert at.feed(Rewind(**before)).refusal == "migrated_since"
    assert at.rewind(Target.START, undo=False).current == ["first~2"]


def test_an_execution_that_ended_is_migrated_before_it_is_retried() -> None:
    old = workflow(action("a", "b"), action("b"))
    new = workflow(action("a", "c"), action("c"))
    at = Scenario(old).start().complete("a").fail("b").feed(Migrate(new, 2, {"b": "c"}))
    assert (at.status, at.state.version) == ("failed", 2)
    assert at.rewind(Target.START, undo=False).complete("a~2").current == ["c~2"]


def test_an_execution_that_is_being_undone_is_not_migrated() -> None:
    at = story().cancel(undo=True)
    assert at.feed(Migrate(NEW, 2, NAMES)).refusal == "being_undone"


def test_payloads_that_were_stored_as_they_are_cannot_be_encrypted_afterwards() -> None:
    plain, encrypted = workflow(action("a")), workflow(action("a"), settings={"encrypt": ["card"]})
    at = Scenario(plain).start()
    assert codes(plain, encrypted, at, {}) == {("not_encrypted", "")}
    assert codes(encrypted, plain, at, {}) == set()
