"""What nodes that lead, repeat, call, send and undo become."""

from __future__ import annotations

from typing import Any

import pytest
from definitions import workflow
from scopes import DictScope

from weftline.language.compile import load
from weftline.language.program import Branch, Compensation, ErrorRoute, Kind, Node, Program
from weftline.model.retry import DEFAULT_RETRY, NO_RETRY, RetryPolicy


def compiled(*nodes: dict[str, Any], **fields: Any) -> Program:
    return load(workflow(*nodes, **fields))[1]


def node(**fields: Any) -> Node:
    others = ({"id": "b"}, {"id": "end", "type": "end"})
    return compiled({"id": "a", "next": ["b", "end"], **fields}, *others, startNode="a").nodes["a"]


def test_a_loop_over_items_is_compiled() -> None:
    each = node(
        type="loop",
        forEach="${lines}",
        do="b",
        concurrency=5,
        maxIterations=9,
        breakWhen="result.done",
        continueWhen="index == 1",
        collect=False,
        onItemError="continue",
        **{"as": "line"},
    )
    scope = DictScope(lines=[1, 2], result={"done": True}, index=1)
    assert (each.kind, each.body, each.alias, each.condition) == (Kind.LOOP, "b", "line", None)
    assert (each.concurrency, each.max_iterations, each.collects, each.tolerates) == (5, 9, False, True)
    assert each.items is not None
    assert each.items.render(scope) == [1, 2]
    assert each.break_when is not None
    assert each.break_when.evaluate(scope) is True
    assert each.continue_when is not None
    assert each.continue_when.evaluate(scope) is True


def test_a_loop_with_a_condition_has_no_items() -> None:
    again = node(type="loop", do="b", maxIterations=3, **{"while": "index < 2"})
    assert (again.items, again.concurrency, again.max_iterations) == (None, 1, 3)
    assert (again.collects, again.tolerates) == (True, False)
    assert again.condition is not None
    assert again.condition.evaluate(DictScope(index=1)) is True


def test_a_subworkflow_is_run_once_unless_its_author_says_otherwise() -> None:
    child = node(type="subworkflow", workflow="kyc", version=3, input={"id": "${id}"}, timeout="1h")
    assert (child.kind, child.workflow, child.version, child.waits) == (Kind.SUBWORKFLOW, "kyc", 3, True)
    assert (child.timeout, child.retry) == (3_600.0, NO_RETRY)
    assert child.input is not None
    assert child.input.render(DictScope(id=5)) == {"id": 5}
    left = node(type="subworkflow", workflow="kyc", wait=False, retry=4)
    assert (left.version, left.waits, left.retry) == (None, False, RetryPolicy(max_attempts=4))


def test_a_race_is_a_parallel_node_over_a_wait_for_each_alternative() -> None:
    alternatives = [
        {"event": "paid", "correlation": "${id}", "next": "b"},
        {"duration": "1m"},
        {"name": "late", "until": "${when}"},
    ]
    program = compiled(
        {"id": "a", "type": "wait", "firstOf": alternatives, "next": "end"}, {"id": "b"}, {"id": "end", "type": "end"}
    )
    race = program.nodes["a"]
    assert (race.kind, race.is_race, race.join, race.next) == (Kind.PARALLEL, True, 1, ("end",))
    assert race.branches == (
        Branch("paid", "a.paid", next="b"),
        Branch("time", "a.time"),
        Branch("late", "a.late"),
    )
    scope = DictScope(id=7, when="2030-01-01T00:00:00Z")
    paid, time, late = (program.nodes[branch.start] for branch in race.branches)
    assert (paid.kind, paid.name) == (Kind.WAIT_EVENT, "paid")
    assert paid.event is not None
    assert paid.event.render(scope) == "paid"
    assert paid.correlation is not None
    assert paid.correlation.render(scope) == 7
    assert (time.kind, time.duration) == (Kind.WAIT_TIME, 60.0)
    assert late.until is not None
    assert late.until.render(scope) == "2030-01-01T00:00:00Z"
    assert program.start == ("a",)


def test_an_emit_carries_templates() -> None:
    sent = node(type="emit", event="order-${kind}", correlation="${id}", payload={"id": "${id}"})
    scope = DictScope(kind="paid", id=5)
    rendered = [part.render(scope) for part in (sent.event, sent.correlation, sent.payload) if part is not None]
    assert (sent.kind, rendered) == (Kind.EMIT, ["order-paid", 5, {"id": 5}])


def test_a_fail_node_carries_its_error() -> None:
    error = {"type": "fail", "code": "too_much", "message": "${x} is too much", "details": {"x": "${x}"}}
    fail = compiled({"id": "s", "next": "a"}, {"id": "a", "dependencies": "s", **error}).nodes["a"]
    assert (fail.kind, fail.error_code, fail.dependencies) == (Kind.FAIL, "too_much", ("s",))
    assert fail.message is not None
    assert fail.message.render(DictScope(x=5)) == "5 is too much"
    assert fail.details is not None
    assert fail.details.render(DictScope(x=5)) == {"x": 5}


def test_a_notification_is_the_notify_action_without_what_is_absent() -> None:
    told = node(type="notification", to="${mail}", template="welcome", data={"name": "${name}"}, timeout="5s")
    assert (told.kind, told.action, told.timeout, told.retry) == (Kind.ACTION, "notify", 5.0, DEFAULT_RETRY)
    assert told.input is not None
    assert told.input.render(DictScope(mail="x@example.org", name="X")) == {
        "channel": "email",
        "to": "x@example.org",
        "template": "welcome",
        "data": {"name": "X"},
    }


def test_a_computed_way_on_knows_every_node_that_it_may_choose() -> None:
    for fields in ({"next": "${x ? 'b' : 'end'}"}, {"next": "${x}", "targets": ["b", "end"]}):
        chooser = node(**fields)
        assert chooser.next == ("b", "end")
        assert chooser.choose_next is not None
    assert chooser.choose_next.render(DictScope(x=["b"])) == ["b"]
    assert node().choose_next is None


def test_compensations_are_retried_as_the_steps_are_unless_they_say_otherwise() -> None:
    assert node(compensate="undo").compensate == Compensation("undo")
    full = {"action": "undo", "input": {"id": "${result.id}"}, "retry": 9, "timeout": "5s"}
    undo = node(compensate=full).compensate
    assert undo is not None
    assert (undo.action, undo.retry.max_attempts, undo.timeout) == ("undo", 9, 5.0)
    assert undo.input is not None
    assert undo.input.render(DictScope(result={"id": 1})) == {"id": 1}
    program = compiled({"id": "a", "compensate": "undo"}, settings={"retry": 4})
    assert program.nodes["a"].compensate == Compensation("undo", retry=RetryPolicy(max_attempts=4))


def test_branches_may_be_undone_and_left_to_finish() -> None:
    parallel = node(type="parallel", branches=[{"next": "b", "compensate": "undo"}], losers="finish")
    assert parallel.branches == (Branch("b", "b", Compensation("undo")),)
    assert parallel.lets_finish is True
    assert node(type="parallel", branches=["b"]).lets_finish is False


def test_error_routes_may_ask_for_types() -> None:
    routes = node(onError=[{"next": "b", "types": ["ValueError"]}, {"next": "b", "codes": ["x"]}]).on_error
    assert routes == (ErrorRoute("b", types=frozenset({"ValueError"})), ErrorRoute("b", frozenset({"x"})))


@pytest.mark.parametrize("fields", [{}, {"type": "wait", "event": "e"}, {"type": "loop", "forEach": [1], "do": "b"}])
def test_deadlines_are_seconds(fields: dict[str, Any]) -> None:
    assert node(deadline="2m", **fields).deadline == 120.0
    assert node(**fields).deadline is None


def test_the_rules_of_a_form_are_compiled() -> None:
    rule = {"condition": "result.total > 0", "message": "nothing to pay", "field": "total"}
    form = node(type="form", form={"type": "object", "required": ["total"]}, validate=[rule])
    (validator,) = form.validators
    assert (validator.message, validator.field) == ("nothing to pay", "total")
    assert validator.condition.evaluate(DictScope(result={"total": 0})) is False
    assert form.schema is not None
    assert form.schema.errors({}) == [("", '"total" is a required property')]
    assert node(type="form", form="by-name").schema is None


def test_what_is_wrong_with_a_form_is_told_without_repeating_what_was_entered() -> None:
    form = node(type="form", form={"type": "object", "properties": {"iban": {"type": "string", "pattern": "^DE"}}})
    assert form.schema is not None
    assert form.schema.errors({"iban": "XX1234"}) == [("/iban", 'the value does not match "^DE"')]
