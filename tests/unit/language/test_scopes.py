"""What expressions can use at each place of a definition."""

from __future__ import annotations

import time
from typing import Any

import pytest
from scopes import DictScope

from weftline.language.cel_runtime import FUNCTIONS as KNOWN_FUNCTIONS
from weftline.language.errors import SyntaxProblem
from weftline.language.expressions import compile_expression
from weftline.language.scopes import (
    FUNCTIONS,
    Checked,
    Function,
    Known,
    Scope,
    VariableFact,
    check_expression,
    scope_at,
)
from weftline.language.validate import validate

INPUT: dict[str, Any] = {
    "type": "object",
    "required": ["order"],
    "properties": {
        "order": {"$ref": "#/$defs/order"},
        "note": {"type": ["string", "null"], "description": "For the desk."},
    },
    "$defs": {
        "order": {
            "type": "object",
            "additionalProperties": False,
            "required": ["total", "lines"],
            "properties": {
                "total": {"type": "number"},
                "lines": {"type": "array", "items": {"type": "object", "properties": {"sku": {"type": "string"}}}},
            },
        }
    },
}
ORDER: dict[str, Any] = {
    "id": "order",
    "input": INPUT,
    "nodes": [
        {"id": "start", "type": "start", "next": "rate"},
        {"id": "rate", "type": "set", "values": {"rate": 0.2, "sum": "${ order.total }", "who": "desk"}, "next": "big"},
        {"id": "big", "type": "decision", "condition": "order.total > 1000", "true": "ask-boss", "false": "each"},
        {
            "id": "ask-boss",
            "type": "approval",
            "form": {"type": "object", "properties": {"reason": {"type": "string"}}},
            "outcomes": {"rejected": "tell"},
            "next": "each",
        },
        {"id": "each", "type": "loop", "forEach": "${ order.lines }", "as": "line", "do": "reserve", "next": "paid"},
        {
            "id": "reserve",
            "type": "action",
            "action": "reserve",
            "input": {"sku": ""},
            "output": {"last": "${ result }"},
        },
        {"id": "paid", "type": "wait", "event": "paid", "timeout": "1d", "onError": "tell", "next": "ship"},
        {"id": "ship", "type": "action", "action": "ship"},
        {"id": "tell", "type": "notification", "to": "desk@example.com", "message": ""},
    ],
}
KNOWN = Known(
    [VariableFact("API_KEY", "SECRET", "Of the carrier."), VariableFact("LIMIT", "NUMBER")],
    {"ship": {"type": "object", "properties": {"parcel": {"type": "string"}}}},
)


def at(node: str, *field: str | int, document: dict[str, Any] = ORDER, known: Known = KNOWN) -> Scope:
    index = next(number for number, each in enumerate(document["nodes"]) if each["id"] == node)
    return scope_at(document, ("nodes", index, *(field or ("when",))), known)


def checked(text: str, scope: Scope) -> Checked:
    return check_expression(text, scope, scope.syntax or "expression")


# --- names -----------------------------------------------------------------------------------------------------------


def test_the_inputs_schema_tells_the_types_of_the_input_and_of_the_data() -> None:
    names = at("rate").names
    for holder in (names["input"], names["data"]):
        total = holder.at("order", "total")
        assert total is not None and total.type == "double" and total.is_certain
    assert names["order"] == names["data"].members["order"]
    assert (names["note"].type, names["note"].description, names["note"].is_certain) == (
        "string",
        "For the desk.",
        False,
    )
    sku = names["order"].at("lines", 0, "sku")
    assert sku is not None and sku.type == "string"


def test_what_steps_before_have_set_is_among_the_data() -> None:
    assert "rate" not in at("rate").names
    names = at("big").names
    assert {key: names[key].type for key in ("rate", "sum", "who")} == {
        "rate": "double",
        "sum": "double",
        "who": "string",
    }
    assert "last" not in names
    # set within the loop, which may have no iterations
    assert not at("paid").names["last"].is_certain


def test_steps_that_come_before_have_outputs_and_are_certain_where_every_way_leads_through_them() -> None:
    steps = at("each").names["steps"]
    assert set(steps.members) == {"rate", "ask-boss"}
    assert steps.members["rate"].is_certain
    assert not steps.members["ask-boss"].is_certain
    reason = steps.at("ask-boss", "output", "data", "reason")
    assert reason is not None and reason.type == "string"
    assert set(at("big").names["steps"].members) == {"rate"}


def test_a_step_that_failed_has_not_certainly_completed_where_its_error_leads() -> None:
    names = at("tell").names
    assert not names["steps"].members["paid"].is_certain
    assert names["error"].members["code"].type == "string"
    assert "error" not in at("ship").names


def test_the_item_of_a_loop_is_known_within_it_only() -> None:
    names = at("reserve", "input").names
    assert names["index"].type == "int"
    assert names["item"] == names["line"]
    assert names["line"].members["sku"].type == "string"
    assert "each" not in names["steps"].members
    for outside in ("each", "paid", "ship"):
        assert not {"item", "index", "line"} & at(outside, "when").names.keys()
    assert at("each", "breakWhen").names.keys() > {"item", "index", "line", "result"}


def test_of_two_loops_the_innermost_ones_item_counts() -> None:
    inner = {"id": "inner", "type": "loop", "forEach": "${ row.cells }", "as": "cell", "do": "leaf"}
    document: dict[str, Any] = {
        "input": {
            "type": "object",
            "properties": {
                "rows": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"cells": {"type": "array", "items": {"type": "integer"}}},
                    },
                }
            },
        },
        "nodes": [
            {"id": "outer", "type": "loop", "forEach": "${ rows }", "as": "row", "do": "inner"},
            inner,
            {"id": "leaf", "type": "set", "values": {}},
        ],
    }
    names = at("leaf", document=document).names
    assert names["row"].type == "map"
    assert names["item"] == names["cell"]


def test_the_result_is_known_where_a_step_has_one() -> None:
    parcel = at("ship", "output", "x").names["result"].at("parcel")
    assert parcel is not None and parcel.type == "string"
    assert "result" not in at("ship", "input").names
    assert "reason" in at("ask-boss", "validate", 0, "condition").names["result"].members


def test_an_event_is_known_after_a_wait_for_one() -> None:
    assert "event" in at("ship").names
    assert "event" not in at("each").names


def test_variables_are_named_and_secrets_marked() -> None:
    variables = at("ship").names["vars"].members
    assert variables["API_KEY"].is_secret
    assert (variables["LIMIT"].type, variables["LIMIT"].is_secret) == ("double", False)


def test_joined_branches_have_all_completed() -> None:
    document = {
        "nodes": [
            {"id": "start", "type": "start", "next": ["a", "b"]},
            {"id": "a", "type": "action", "action": "x"},
            {"id": "b", "type": "action", "action": "x"},
            {"id": "c", "type": "action", "action": "x", "dependencies": ["a", "b"]},
        ]
    }
    steps = at("c", document=document).names["steps"]
    assert {name: shape.is_certain for name, shape in steps.members.items()} == {"a": True, "b": True}
    assert set(at("b", document=document).names["steps"].members) == set()


def test_a_guarded_step_may_be_skipped() -> None:
    document = {
        "nodes": [
            {"id": "a", "type": "action", "action": "x", "when": "input.a", "next": "b"},
            {"id": "b", "type": "action", "action": "x"},
        ]
    }
    assert not at("b", document=document).names["steps"].members["a"].is_certain


def test_the_output_of_a_workflow_sees_every_step_outside_of_loops() -> None:
    scope = scope_at(ORDER, ("output", "parcel"), KNOWN)
    assert scope.syntax == "template"
    assert {"ship", "paid", "each"} <= scope.names["steps"].members.keys()
    assert "reserve" not in scope.names["steps"].members


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("schedule", {"trigger"}),
        ("event", {"trigger", "event"}),
        ("webhook", {"trigger", "body", "headers", "query", "method"}),
        (None, set[str]()),
    ],
)
def test_a_trigger_sees_what_fired_it_alone(kind: str | None, names: set[str]) -> None:
    scope = scope_at({"triggers": [{"type": kind}]}, ("triggers", 0, "condition"), KNOWN)
    assert (set(scope.names), scope.syntax) == (names, "expression")


@pytest.mark.parametrize(
    ("path", "syntax"),
    [
        (("nodes", 0, "when"), "expression"),
        (("nodes", 0, "cases", 1, "when"), "expression"),
        (("nodes", 0, "validate", 1, "condition"), "expression"),
        (("nodes", 0, "input", "a", "b"), "template"),
        (("triggers", 0, "input", "a"), "template"),
        (("settings", "concurrency", "key"), "template"),
        (("nodes", 0, "id"), None),
        ((), None),
    ],
)
def test_a_place_tells_how_expressions_are_written_there(path: tuple[str | int, ...], syntax: str | None) -> None:
    assert scope_at(ORDER, path, KNOWN).syntax == syntax


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"nodes": None},
        {"nodes": [None, 3, {"id": 4}, {"type": "loop"}, {"id": "a", "next": {"b": 1}, "output": [], "form": 7}]},
        {"nodes": [{"id": "a", "type": "loop", "forEach": 3, "do": "a"}], "input": {"$ref": "#/nowhere"}},
        {"nodes": [{"id": "a"}, {"id": "a"}], "input": {"$ref": "#"}, "triggers": {}},
        {"nodes": [{"id": "a", "branches": [1, {"next": 3}, "a"], "type": "parallel"}], "input": True},
    ],
)
@pytest.mark.parametrize(
    "path", [(), ("nodes", 0, "when"), ("nodes", 9, "output"), ("output",), ("triggers", 0, "input")]
)
def test_whatever_a_document_is_its_places_have_scopes(document: dict[str, Any], path: tuple[str | int, ...]) -> None:
    scope = scope_at(document, path, KNOWN)
    assert path[:1] == ("triggers",) or {"input", "data", "execution", "tenant", "vars"} <= scope.names.keys()


def test_a_hundred_nodes_are_looked_through_in_a_moment() -> None:
    nodes: list[dict[str, Any]] = [{"id": "start", "type": "start", "next": "n0"}]
    for number in range(100):
        nodes.append(
            {
                "id": f"n{number}",
                "type": "action",
                "action": "ship",
                "output": {f"k{number}": "${ result.parcel }"},
                "next": [f"n{number + 1}", f"n{number + 5}"],
            }
        )
    document = {"input": INPUT, "nodes": nodes}
    took: list[float] = []
    for _ in range(5):
        began = time.perf_counter()
        scope = scope_at(document, ("nodes", 100, "when"), KNOWN)
        took.append(time.perf_counter() - began)
    assert len(scope.names["steps"].members) == 99
    # the aim is 20 ms; a busy machine may take longer
    assert min(took) < 0.2


# --- functions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_a_functions_example_is_evaluated(function: Function) -> None:
    compile_expression(function.example).evaluate(DictScope(input={"email": "ann@example.com"}))
    assert function.name in function.example
    assert function.description.endswith(".")


def test_every_function_that_is_proposed_for_a_misspelt_one_is_described() -> None:
    assert set(KNOWN_FUNCTIONS) <= {function.name for function in FUNCTIONS}


# --- checking --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "type"),
    [
        ("order.total > 1000", "bool"),
        ("order.total", "double"),
        ("order.lines[0].sku", "string"),
        ("'a' + 'b'", "string"),
        ("[1, 2]", "list<int>"),
        ("size(order.lines)", "int"),
        ("steps.rate.status", "string"),
        ("note + order.note", "any"),
    ],
)
def test_the_type_of_a_value_is_told(text: str, type: str) -> None:
    assert check_expression(text, at("ship"), "expression").type == type


@pytest.mark.parametrize(
    ("text", "type"),
    [("${ order.total }", "double"), ("${ order.total } EUR", "string"), ("plain", "string"), ("", "string")],
)
def test_a_template_that_is_one_expression_has_its_type_and_any_other_is_text(text: str, type: str) -> None:
    assert checked(text, at("ship", "input", "x")).type == type


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("order.total +", "syntax_error", (1, 14)),
        ("'x' +\n  1", "type_mismatch", (1, 5)),
        ("order.total >\n  foo(1)", "unknown_function", (2, 6)),
        ("steps.nothing.output", "unknown_step", (1, 1)),
        ("steps.ask-boss.output.data == 'a' + 1", "type_mismatch", (1, 35)),
        ("steps.ask-boss.output == steps.ask-boss.output && foo(1)", "unknown_function", (1, 54)),
        ("", "syntax_error", None),
    ],
)
def test_an_error_is_told_with_its_place_in_what_was_written(
    text: str, code: str, place: tuple[int, int] | None
) -> None:
    (problem,) = checked(text, at("ship")).problems
    assert (problem.severity, problem.code) == ("error", code)
    assert (problem.line, problem.column) == (place or (None, None))
    assert checked(text, at("ship")).type is None


def test_an_error_in_a_template_is_told_with_its_place_in_the_text() -> None:
    (problem,) = checked("Dear ${ note },\nit is ${ 'x' + 1 }", at("ship", "input")).problems
    assert (problem.code, problem.line, problem.column) == ("type_mismatch", 2, 14)
    (problem,) = checked("Dear ${ note", at("ship", "input")).problems
    assert (problem.code, problem.line, problem.column) == ("syntax_error", 1, 6)


@pytest.mark.parametrize("text", ["order.total +", "'x' + 1", "foo(1)", "steps.nothing.output", "has(1)", "1 = 2"])
def test_errors_are_those_of_the_validator(text: str) -> None:
    nodes = [{**each, "when": text} if each["id"] == "ship" else each for each in ORDER["nodes"]]
    told = [each for each in validate({**ORDER, "nodes": nodes}).problems if each.pointer.endswith("/when")]
    found = checked(text, at("ship")).problems
    assert [(each.code, each.message, each.hint) for each in found] == [
        (each.code, each.message, each.hint) for each in told
    ]


@pytest.mark.parametrize(
    ("text", "code", "hint"),
    [
        ("oder.total > 1", "unknown_name", "did you mean `order`?"),
        ("order.totl > 1", "unknown_field", "did you mean `total`?"),
        ("execution.startetAt == ''", "unknown_field", "did you mean `startedAt`?"),
        ("vars.API_KEX == ''", "unknown_field", "did you mean `API_KEY`?"),
        ("result == 1", "not_here", None),
        ("steps.tell.output == null", "not_before", None),
    ],
)
def test_what_is_probably_not_there_is_warned_of(text: str, code: str, hint: str | None) -> None:
    result = checked(text, at("ship"))
    (problem,) = result.problems
    assert (problem.severity, problem.code, problem.hint) == ("warning", code, hint)
    assert (problem.line, problem.column) == (1, 1)
    assert result.type == "bool"


@pytest.mark.parametrize("text", ["has(order.discount)", "order.?discount.orValue(0) == 0", "data.order.total > 1"])
def test_what_is_written_for_the_case_that_it_is_not_there_is_not_warned_of(text: str) -> None:
    assert checked(text, at("ship")).problems == []


def test_a_trigger_may_use_no_other_names() -> None:
    scope = scope_at({"triggers": [{"type": "event"}]}, ("triggers", 0, "condition"), KNOWN)
    assert checked("event.payload.total > 3", scope).type == "bool"
    (problem,) = checked("evnt.payload", scope).problems
    assert (problem.severity, problem.code, problem.hint) == ("error", "unknown_name", "did you mean `event`?")


def test_braces_where_expressions_stand_bare_are_hinted_at() -> None:
    (problem,) = checked("${ order.total }", at("ship")).problems
    assert problem.hint == "expressions stand bare here: leave out `${` and `}`"
    with pytest.raises(SyntaxProblem):
        compile_expression("${ order.total }")
