"""What validation says of loops, subworkflows, races, joins, compensation and computed ways on."""

from __future__ import annotations

from typing import Any

import pytest
from definitions import workflow

from weftline.language.validate import validate

END = {"id": "end", "type": "end"}
BODY = {"id": "body"}


def found(document: dict[str, Any], actions: frozenset[str] | None = None) -> list[tuple[str, str]]:
    return [(problem.code, problem.pointer) for problem in validate(document, actions).problems]


def of_node(fields: dict[str, Any], actions: frozenset[str] | None = None) -> list[tuple[str, str]]:
    """The problems of a node between a beginning and an end, with a node that may be its body."""
    node = {"id": "a", "next": "end", **fields}
    others = [BODY] if node.get("do") == "body" or "body" in node.get("branches", ()) else []
    return found(workflow(node, END, *others, startNode="a"), actions)


def loop(**fields: Any) -> dict[str, Any]:
    return {"type": "loop", "do": "body", **fields}


def race(*alternatives: Any, **fields: Any) -> dict[str, Any]:
    return {"type": "wait", "firstOf": list(alternatives), **fields}


@pytest.mark.parametrize(
    ("fields", "code", "pointer"),
    [
        (loop(), "conflicting_fields", ""),
        (loop(forEach=[1], **{"while": "true"}, maxIterations=1), "conflicting_fields", ""),
        (loop(forEach="order.lines"), "invalid_value", "/forEach"),
        (loop(forEach=5), "invalid_value", "/forEach"),
        (loop(**{"while": "true"}), "unbounded_loop", "/while"),
        (loop(**{"while": "true"}, maxIterations=0), "invalid_value", "/maxIterations"),
        (loop(**{"while": "true", "as": "x"}, maxIterations=9), "conflicting_fields", "/as"),
        (loop(**{"while": "true"}, maxIterations=9, concurrency=2), "conflicting_fields", "/concurrency"),
        (loop(**{"while": "true"}, maxIterations=9, onItemError="continue"), "conflicting_fields", "/onItemError"),
        (loop(forEach=[1], maxIterations=1_000_001), "invalid_value", "/maxIterations"),
        (loop(forEach=[1], concurrency=1_001), "invalid_value", "/concurrency"),
        (loop(forEach=[1], **{"as": "item"}), "reserved_name", "/as"),
        (loop(forEach=[1], **{"as": "in"}), "reserved_name", "/as"),
        (loop(forEach=[1], **{"as": "string"}), "reserved_name", "/as"),
        (loop(forEach=[1], **{"as": "a.b"}), "reserved_name", "/as"),
        (loop(forEach=[1], do="a"), "branch_cycle", "/do"),
        ({"type": "subworkflow", "workflow": "test"}, "self_reference", "/workflow"),
        ({"type": "subworkflow", "workflow": "not valid"}, "invalid_value", "/workflow"),
        ({"type": "subworkflow", "workflow": "w", "version": 0}, "invalid_value", "/version"),
        ({"type": "subworkflow", "workflow": "w", "wait": False, "timeout": "1h"}, "conflicting_fields", "/timeout"),
        (race({"event": "e"}), "invalid_value", "/firstOf"),
        (race({"event": "e"}, {"duration": "1s"}, event="e"), "conflicting_fields", ""),
        (race({"event": "e"}, {"duration": "1s"}, timeout="1s"), "conflicting_fields", "/timeout"),
        (race({"event": "e"}, {"duration": "1s"}, type="delay"), "conflicting_fields", "/firstOf"),
        (race({"event": "e"}, {"name": "x"}), "conflicting_fields", "/firstOf/1"),
        (race({"event": "e"}, {"duration": "1s", "until": "${x}"}), "conflicting_fields", "/firstOf/1"),
        (race({"event": "e"}, {"duration": "1s", "correlation": "x"}), "conflicting_fields", "/firstOf/1/correlation"),
        (race({"event": "e"}, {"until": "tomorrow"}), "invalid_value", "/firstOf/1/until"),
        (race({"event": "e"}, {"event": "e", "correlation": "x"}), "duplicate_branch", "/firstOf/1"),
        (race({"event": "e"}, {"event": "${x}"}), "invalid_value", "/firstOf/1"),
        (race({"event": "e"}, {"event": "f", "name": "a b"}), "invalid_value", "/firstOf/1/name"),
        (race({"event": "e"}, {"event": "f", "nme": "x"}), "unknown_field", "/firstOf/1/nme"),
        ({"next": "${x}"}, "no_targets", "/next"),
        ({"targets": ["end"]}, "conflicting_fields", "/targets"),
        ({"type": "set", "values": {}, "deadline": "1s"}, "conflicting_fields", "/deadline"),
        ({"type": "emit", "event": "e", "deadline": "1s"}, "conflicting_fields", "/deadline"),
        ({"type": "emit", "event": ""}, "invalid_value", "/event"),
        ({"type": "notification", "to": "x@example.org"}, "missing_field", ""),
        ({"type": "notification", "message": "m"}, "missing_field", ""),
        ({"type": "notification", "to": [], "message": "m"}, "missing_field", "/to"),
        ({"type": "notification", "to": "x", "message": "m", "template": "t"}, "conflicting_fields", ""),
        ({"type": "notification", "channel": "webhook", "to": "x"}, "missing_field", ""),
        ({"type": "notification", "channel": "pigeon", "to": "x", "message": "m"}, "invalid_value", "/channel"),
        ({"onError": {"next": "end", "types": []}}, "invalid_value", "/onError/types"),
        ({"compensate": {"action": ""}}, "invalid_value", "/compensate/action"),
        ({"compensate": {"input": 1}}, "missing_field", "/compensate"),
        ({"type": "form", "validate": [{"condition": "true"}]}, "missing_field", "/validate/0"),
        ({"type": "parallel", "branches": ["body"], "losers": "forgive"}, "invalid_value", "/losers"),
        ({"type": "fail", "next": "end", "code": "c", "message": "m"}, "unknown_field", "/next"),
    ],
)
def test_what_makes_no_sense_is_told_with_its_place(fields: dict[str, Any], code: str, pointer: str) -> None:
    assert (code, f"/nodes/0{pointer}") in of_node(fields)


@pytest.mark.parametrize(
    "fields",
    [
        loop(forEach="${order.lines}", **{"as": "line"}, concurrency=1_000, onItemError="continue", collect=False),
        loop(forEach=[1, 2], maxIterations=5, breakWhen="result.found", continueWhen="item > index"),
        loop(**{"while": "index < 3"}, maxIterations=10, continueWhen="index == 1", deadline="1h"),
        {"type": "subworkflow", "workflow": "w", "version": 3, "retry": 2, "timeout": "1h", "compensate": "undo"},
        {"type": "subworkflow", "workflow": "w", "wait": False},
        race({"event": "payment.received", "correlation": "${id}"}, {"duration": "${x}", "next": "end"}),
        race({"name": "b", "event": "${x}"}, {"until": "2030-01-01T00:00:00Z"}, deadline="1d"),
        {"type": "notification", "to": ["${x}"], "subject": "s", "template": "t", "data": {"x": 1}},
        {"type": "notification", "channel": "webhook", "to": "https://example.org", "data": {"x": 1}},
        {"onError": [{"next": "end", "types": ["ValueError"], "codes": ["c"]}], "deadline": "${x}"},
        {"compensate": {"action": "undo", "input": {"x": "${result.x}"}, "retry": 9, "timeout": "5s"}},
        {
            "type": "parallel",
            "branches": [{"next": "body", "name": "x", "compensate": "undo"}, "body"],
            "losers": "finish",
        },
        {"type": "form", "validate": [{"condition": "result.x > 1", "message": "m", "field": "x"}]},
        {"next": "${x ? 'end' : ''}"},
        {"next": "${x}", "targets": "end"},
    ],
)
def test_what_makes_sense_is_accepted(fields: dict[str, Any]) -> None:
    assert of_node(fields) == []


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"action": "act", "compensate": "undoo"}, "/compensate"),
        ({"action": "act", "compensate": {"action": "undoo"}}, "/compensate"),
        (
            {"type": "parallel", "branches": ["body", {"next": "body", "name": "x", "compensate": "undoo"}]},
            "/branches/1/compensate",
        ),
        ({"type": "notification", "to": "x", "message": "m"}, "/type"),
    ],
)
def test_a_compensation_and_a_notification_need_actions_that_are_registered(
    fields: dict[str, Any], pointer: str
) -> None:
    assert of_node(fields, frozenset({"act", "undo"})) == [("unknown_action", f"/nodes/0{pointer}")]


def test_a_computed_way_on_leads_to_its_targets_or_to_those_it_names() -> None:
    nodes = [{"id": "b"}, {"id": "c"}]
    computed = {"id": "a", "next": "${x ? 'b' : \"c\"}"}
    assert found(workflow(computed, *nodes)) == []
    assert found(workflow({**computed, "targets": ["b"]}, *nodes, startNode="a")) == [("unreachable", "/nodes/2")]
    missing = workflow({**computed, "targets": ["b", "d"]}, *nodes, startNode="a")
    assert ("missing_target", "/nodes/0/targets/1") in found(missing)
    circle = workflow({"id": "a", "next": "${['a', 'b'][x]}"}, {"id": "b"}, startNode="a")
    assert found(circle) == [("busy_loop", "/nodes/0")]


def test_the_steps_of_a_race_need_ids_of_their_own() -> None:
    waits = race({"name": "b", "event": "e"}, {"duration": "1s"})
    taken = workflow({"id": "a", **waits, "next": "a.b"}, {"id": "a.b"})
    assert found(taken) == [("duplicate_id", "/nodes/0/firstOf/0")]
    twice = workflow(
        {"id": "a", **race({"name": "b.c", "event": "e"}, {"duration": "1s"}), "next": "a.b"},
        {"id": "a.b", **race({"name": "c", "event": "e"}, {"duration": "1s"})},
    )
    assert found(twice) == [("duplicate_id", "/nodes/1/firstOf/0")]
    long = workflow({"id": "a" * 120, **race({"event": "e" * 20}, {"duration": "1s"})})
    assert found(long) == [("invalid_value", "/nodes/0/firstOf/0")]


def test_a_circle_through_a_race_needs_alternatives_that_all_take_time() -> None:
    def circle(duration: str) -> dict[str, Any]:
        waits = race({"event": "e", "next": "b"}, {"duration": duration, "next": "a"})
        return workflow({"id": "a", **waits}, {"id": "b"}, startNode="a")

    assert found(circle("1s")) == []
    assert found(circle("0s")) == [("busy_loop", "/nodes/0")]


@pytest.mark.parametrize(
    ("holder", "place"),
    [
        ({"type": "wait", "event": "e", "timeout": {"duration": "1s", "next": "j"}}, "/timeout/next"),
        ({"type": "action", "onError": {"next": "j", "codes": ["x"]}}, "/onError/next"),
        ({"type": "approval", "outcomes": {"rejected": "j"}}, "/outcomes/rejected"),
        ({"type": "decision", "condition": "x", "true": "j", "false": "b"}, "/true"),
        (race({"event": "e", "next": "j"}, {"duration": "1s"}), "/firstOf/0/next"),
        ({"type": "action", "next": "${'j'}"}, "/next"),
        ({"type": "loop", "forEach": [1], "do": "j"}, "/do"),
    ],
)
def test_no_way_but_a_dependency_leads_into_a_join(holder: dict[str, Any], place: str) -> None:
    node = {"id": "a", **({"action": "act"} if holder["type"] == "action" else {}), **holder}
    document = workflow({"id": "s", "next": ["a", "b"]}, node, {"id": "b"}, {"id": "j", "dependencies": ["b"]})
    assert found(document) == [("not_a_dependency", f"/nodes/1{place}")]


def test_a_join_cannot_wait_for_steps_of_different_branches() -> None:
    body = [{"id": "x", "next": "y"}, {"id": "y"}]
    each = {"id": "each", "type": "loop", "forEach": [1], "do": "x"}
    outside = workflow({"id": "s", "next": "each"}, each, *body, {"id": "j", "dependencies": ["y", "s"]})
    assert found(outside) == [("join_never_met", "/nodes/4/dependencies")]
    both = {"id": "p", "type": "parallel", "branches": ["x", "z"]}
    across = workflow(both, *body, {"id": "z"}, {"id": "j", "dependencies": ["y", "z"]})
    assert found(across) == [("join_never_met", "/nodes/4/dependencies")]
    assert "`y` and `z`" in validate(across).problems[0].message


def test_a_join_may_wait_for_steps_of_its_own_branch() -> None:
    body = [{"id": "x", "next": ["y", "z"]}, {"id": "y"}, {"id": "z"}, {"id": "j", "dependencies": ["y", "z"]}]
    each = {"id": "each", "type": "loop", "forEach": [1], "do": "x"}
    assert found(workflow(each, *body)) == []
    after = {"id": "after", "dependencies": ["each", "s"]}
    assert found(workflow({"id": "s", "next": "each"}, each, *body, after)) == []
    # what runs both outside and inside of a branch may meet its dependencies in either
    shared = {"id": "p", "type": "parallel", "branches": ["y"], "next": ["y", "z"]}
    assert found(workflow(shared, *body[1:])) == []


def test_a_body_may_share_steps_with_what_follows_the_loop() -> None:
    each = {"id": "each", "type": "loop", "forEach": [1], "do": "x", "next": "y"}
    assert found(workflow(each, {"id": "x", "next": "y"}, {"id": "y"})) == []


def test_a_body_must_not_lead_back_to_its_loop() -> None:
    each = {"id": "each", "type": "loop", "forEach": [1], "do": "x"}
    back = {"id": "x", "type": "wait", "duration": "1s", "next": "each"}
    assert found(workflow(each, back, startNode="each")) == [("branch_cycle", "/nodes/0/do")]


def test_joins_of_many_branches_are_checked_in_linear_time() -> None:
    shared = [{"id": f"n{n}", "next": f"n{n + 1}"} for n in range(4_999)]
    branches = [{"name": str(n), "next": f"b{n}"} for n in range(1_000)]
    starts = [{"id": f"b{n}", "next": "n0"} for n in range(1_000)]
    join = {"id": "j", "dependencies": ["n4999", "p"]}
    document = workflow({"id": "p", "type": "parallel", "branches": branches}, *starts, *shared, {"id": "n4999"}, join)
    assert found(document) == []
