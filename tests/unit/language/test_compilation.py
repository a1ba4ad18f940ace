from __future__ import annotations

from typing import Any

import pytest
from definitions import ONBOARDING_ACTIONS, onboarding, workflow
from scopes import DictScope

from weftline.language.compile import load
from weftline.language.program import Branch, ErrorRoute, Kind, Node, Program
from weftline.model.retry import DEFAULT_RETRY, RetryPolicy


def compiled(*nodes: dict[str, Any], **fields: Any) -> Program:
    return load(workflow(*nodes, **fields))[1]


def node(**fields: Any) -> Node:
    return compiled({"id": "a", **fields}, {"id": "b", "type": "end"}, startNode="a").nodes["a"]


def test_the_onboarding_example_compiles() -> None:
    _, program = load(onboarding(), ONBOARDING_ACTIONS)
    assert program.start == ("create-customer",)
    assert {name: found.kind for name, found in program.nodes.items()} == {
        "create-customer": Kind.ACTION,
        "verify-email": Kind.WAIT_EVENT,
        "send-reminder": Kind.ACTION,
        "create-account": Kind.ACTION,
        "decision-kyc": Kind.DECISION,
        "perform-kyc": Kind.HUMAN_TASK,
        "activate-account": Kind.ACTION,
        "end": Kind.END,
    }
    wait = program.nodes["verify-email"]
    assert (wait.timeout, wait.timeout_next, wait.next) == (86_400.0, "send-reminder", ("create-account",))
    assert wait.event is not None
    assert wait.event.render(DictScope()) == "email-verified"
    task = program.nodes["perform-kyc"]
    assert task.form == "kyc-verification-form"
    assert task.assign_to is not None
    assert task.assign_to.render(DictScope()) == "compliance-team"


def test_a_condition_becomes_two_labelled_cases() -> None:
    for holds in (True, False):
        decision = node(type="decision", condition="x", true="b", false="b")
        labels = [case.label for case in decision.cases if case.condition.evaluate(DictScope(x=holds))]
        assert labels[0] == ("true" if holds else "false")


@pytest.mark.parametrize(
    ("fields", "targets"), [({"true": "b", "default": "c"}, ["b", "c"]), ({"false": "b", "default": "c"}, ["c", "b"])]
)
def test_a_default_stands_in_for_a_way_that_is_missing(fields: dict[str, str], targets: list[str]) -> None:
    program = compiled({"id": "a", "type": "condition", "condition": "x", **fields}, {"id": "b"}, {"id": "c"})
    assert [case.target for case in program.nodes["a"].cases] == targets


def test_cases_keep_their_order_and_labels() -> None:
    cases = [{"when": "x > 2", "next": "b", "label": "big"}, {"when": "x > 1", "next": "b"}]
    decision = node(type="decision", cases=cases, default="b")
    assert [case.label for case in decision.cases] == ["big", "x > 1"]
    assert decision.default == "b"


def test_names_default_to_ids() -> None:
    assert node(next="b").name == "a"
    assert node(next="b", name="First").name == "First"
    assert compiled({"id": "a"}).name == "test"


def test_one_and_several_successors_are_tuples() -> None:
    assert node(next="b").next == ("b",)
    assert compiled({"id": "a", "next": ["b", "c"]}, {"id": "b"}, {"id": "c"}).nodes["a"].next == ("b", "c")


def test_dependents_are_the_inverse_of_dependencies() -> None:
    program = compiled(
        {"id": "a"}, {"id": "b"}, {"id": "c", "dependencies": ["a", "b"]}, {"id": "d", "dependencies": "a"}
    )
    assert program.start == ("a", "b")
    assert program.dependents == {"a": ("c", "d"), "b": ("c",)}
    assert program.nodes["c"].dependencies == ("a", "b")


def test_a_start_node_of_that_type_is_where_it_begins() -> None:
    program = compiled({"id": "s", "type": "start", "next": "a"}, {"id": "a"})
    assert program.start == ("s",)
    assert program.nodes["s"].kind is Kind.START


def test_retries_come_from_the_node_then_the_settings_then_the_default() -> None:
    assert node(next="b").retry == DEFAULT_RETRY
    assert node(next="b", retry=7).retry == RetryPolicy(max_attempts=7)
    full = {
        "maxAttempts": 2,
        "initialInterval": "500ms",
        "backoff": 3,
        "maxInterval": "1m",
        "jitter": 0,
        "nonRetryable": ["x"],
    }
    expected = RetryPolicy(2, 0.5, 3.0, 60.0, 0.0, frozenset({"x"}))
    assert node(next="b", retry=full).retry == expected
    program = compiled({"id": "a", "next": "b"}, {"id": "b", "retry": 1}, settings={"retry": full, "timeout": "1d"})
    assert program.nodes["a"].retry == expected
    assert program.nodes["b"].retry.max_attempts == 1
    assert program.timeout == 86_400.0


def test_the_models_retry_defaults_are_the_policys() -> None:
    assert node(next="b", retry={}).retry == RetryPolicy()


def test_error_routes_have_one_form() -> None:
    assert node(onError="b").on_error == (ErrorRoute("b"),)
    assert node(onError={"next": "b", "codes": ["x"]}).on_error == (ErrorRoute("b", frozenset({"x"})),)
    routes = node(onError=[{"next": "b", "codes": ["x", "y"]}, "b"]).on_error
    assert routes == (ErrorRoute("b", frozenset({"x", "y"})), ErrorRoute("b"))


def test_durations_are_seconds_or_templates() -> None:
    assert node(type="delay", duration="1m", next="b").duration == 60.0
    waiting = node(type="wait", duration="${patience}", next="b").duration
    assert not isinstance(waiting, float)
    assert waiting is not None
    assert waiting.render(DictScope(patience="5s")) == "5s"
    assert node(next="b", timeout="30s").timeout == 30.0
    assert node(type="wait", event="e", timeout="30s", next="b").timeout_next is None


def test_a_time_to_wait_for_is_a_template() -> None:
    until = node(type="wait", until="2030-01-01T00:00:00Z", next="b").until
    assert until is not None
    assert until.render(DictScope()) == "2030-01-01T00:00:00Z"


@pytest.mark.parametrize(("join", "count"), [("all", 2), ("any", 1), (2, 2), (1, 1)])
def test_a_join_becomes_a_number(join: Any, count: int) -> None:
    program = compiled(
        {"id": "p", "type": "parallel", "branches": ["a", {"name": "x", "next": "b"}], "join": join},
        {"id": "a"},
        {"id": "b"},
    )
    parallel = program.nodes["p"]
    assert parallel.join == count
    assert parallel.branches == (Branch("a", "a"), Branch("x", "b"))


def test_an_http_node_is_the_http_action() -> None:
    request = node(
        type="http", url="https://example.org/${x}", method="POST", body={"x": "${x}"}, timeout="10s", next="b"
    )
    assert (request.kind, request.action, request.timeout) == (Kind.ACTION, "http", 10.0)
    assert request.input is not None
    assert request.input.render(DictScope(x=1)) == {
        "method": "POST",
        "url": "https://example.org/1",
        "body": {"x": 1},
        "timeout": 10.0,
    }


@pytest.mark.parametrize(("kind", "is_approval"), [("human-task", False), ("form", False), ("approval", True)])
def test_the_kinds_of_human_tasks_differ_in_approval_only(kind: str, is_approval: bool) -> None:
    task = node(type=kind, outcomes={"rejected": "b"}, next="b")
    assert (task.kind, task.is_approval, task.outcomes) == (Kind.HUMAN_TASK, is_approval, {"rejected": "b"})


def test_guards_outputs_and_values_are_compiled() -> None:
    values = {"y": "${x + 1}", "z": 5}
    setting = node(type="set", values=values, output={"w": "${result.y}"}, when="x > 0", critical=False, next="b")
    scope = DictScope(x=1, result={"y": 3})
    assert setting.when is not None
    assert setting.when.evaluate(scope) is True
    assert {key: value.render(scope) for key, value in setting.values.items()} == {"y": 2, "z": 5}
    assert setting.output is not None
    assert setting.output["w"].render(scope) == 3
    assert setting.critical is False


def test_an_end_may_terminate() -> None:
    program = compiled({"id": "a", "next": "b"}, {"id": "b", "type": "end", "terminate": True})
    assert program.nodes["b"].terminate is True


def test_the_output_of_the_workflow_is_a_template() -> None:
    program = compiled({"id": "a"}, output={"total": "${total}"})
    assert program.output is not None
    assert program.output.render(DictScope(total=5)) == {"total": 5}
    assert compiled({"id": "a"}).output is None
