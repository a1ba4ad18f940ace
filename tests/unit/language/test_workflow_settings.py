"""What validation says of a workflow's settings, and what becomes of them."""

from __future__ import annotations

from typing import Any

import pytest
from definitions import workflow
from scopes import DictScope

from weftline.language.compile import load
from weftline.language.program import FALLBACK_NODE, ConcurrencyRule, ErrorHandling, Kind, Program, Review, Strategy
from weftline.language.validate import validate
from weftline.model.retry import NO_RETRY

TASK = {"id": "ask", "type": "form"}


def found(settings: Any, *nodes: dict[str, Any]) -> list[tuple[str, str]]:
    problems = validate(workflow(*(nodes or ({"id": "a"},)), settings=settings)).problems
    return [(problem.code, problem.pointer) for problem in problems]


def compiled(settings: dict[str, Any], *nodes: dict[str, Any]) -> Program:
    return load(workflow(*(nodes or ({"id": "a"},)), settings=settings))[1]


def handling(**fields: Any) -> dict[str, Any]:
    return {"errorHandling": fields}


def notice(**fields: Any) -> dict[str, Any]:
    return handling(notifications=[{"type": "email", "recipients": "x@example.org", **fields}])


@pytest.mark.parametrize(
    ("settings", "code", "pointer"),
    [
        (handling(strategy="hope"), "invalid_value", "/errorHandling/strategy"),
        (handling(strategy="fallback"), "missing_field", "/errorHandling"),
        (handling(strategy="fallback", fallbackWorkflow="test"), "self_reference", "/errorHandling/fallbackWorkflow"),
        (handling(fallbackWorkflow="other"), "conflicting_fields", "/errorHandling/fallbackWorkflow"),
        (handling(strategy="fail", maxRetries=3), "conflicting_fields", "/errorHandling/maxRetries"),
        (handling(retryDelay="1s"), "conflicting_fields", "/errorHandling/retryDelay"),
        (handling(strategy="retry", maxRetries=0), "invalid_value", "/errorHandling/maxRetries"),
        (handling(strategy="retry", retryDelay="soon"), "invalid_value", "/errorHandling/retryDelay"),
        ({"errorHandling": "compensate"}, "nothing_to_compensate", "/errorHandling"),
        (notice(type="sms"), "invalid_value", "/errorHandling/notifications/0/type"),
        (notice(recipients=[]), "missing_field", "/errorHandling/notifications/0/recipients"),
        (notice(template="t", message="m"), "conflicting_fields", "/errorHandling/notifications/0"),
        (notice(recipient="x"), "unknown_field", "/errorHandling/notifications/0/recipient"),
        ({"review": True}, "nothing_to_review", "/review"),
        ({"review": {"drafts": True}}, "unknown_field", "/review/drafts"),
        ({"concurrency": {"key": "x"}}, "missing_field", "/concurrency"),
        ({"concurrency": {"limit": 0}}, "invalid_value", "/concurrency/limit"),
        ({"concurrency": {"limit": 1, "policy": "wait"}}, "invalid_value", "/concurrency/policy"),
        ({"priority": 10}, "invalid_value", "/priority"),
        ({"priority": "high"}, "invalid_type", "/priority"),
        ({"searchAttributes": {"a b": 1}}, "invalid_value", "/searchAttributes/a b"),
        ({"searchAttributes": {f"a{n}": n for n in range(33)}}, "invalid_value", "/searchAttributes"),
    ],
)
def test_settings_that_make_no_sense_are_told_with_their_place(
    settings: dict[str, Any], code: str, pointer: str
) -> None:
    assert (code, f"/settings{pointer}") in found(settings)


@pytest.mark.parametrize(
    ("settings", "nodes"),
    [
        ({"review": True, "priority": 0}, [TASK]),
        ({"review": {"draft": False, "fourEyes": True}}, [TASK]),
        ({"review": False, "timeout": "7d", "retry": {"maxAttempts": 5}, "errorHandling": "fail"}, []),
        ({"errorHandling": "compensate"}, [{"id": "a", "compensate": "undo"}]),
        ({"errorHandling": "compensate"}, [{"id": "a", "type": "subworkflow", "workflow": "w"}]),
        (
            {"errorHandling": "compensate"},
            [{"id": "p", "type": "parallel", "branches": [{"next": "a", "compensate": "undo"}]}, {"id": "a"}],
        ),
        ({"concurrency": {"limit": 1}, "searchAttributes": {"customer.id": "${input.id}"}}, []),
    ],
)
def test_settings_that_make_sense_are_accepted(settings: dict[str, Any], nodes: list[dict[str, Any]]) -> None:
    assert found(settings, *nodes) == []


def test_the_strategies_of_error_handling_have_one_form() -> None:
    assert compiled({}).on_failure == ErrorHandling()
    assert compiled({"errorHandling": "retry"}).on_failure == ErrorHandling(Strategy.RETRY, 3, 30.0)
    often = compiled(handling(strategy="retry", maxRetries=7, retryDelay="1m")).on_failure
    assert often == ErrorHandling(Strategy.RETRY, 7, 60.0)
    undoing = compiled({"errorHandling": "compensate"}, {"id": "a", "compensate": "undo"})
    assert undoing.on_failure == ErrorHandling(Strategy.COMPENSATE)


def test_a_fallback_is_a_subworkflow_that_nothing_leads_to() -> None:
    program = compiled(handling(strategy="fallback", fallbackWorkflow="plan-b"))
    assert program.on_failure.strategy is Strategy.FALLBACK
    assert program.start == ("a",)
    node = program.nodes[FALLBACK_NODE]
    assert (node.kind, node.workflow, node.waits, node.critical) == (Kind.SUBWORKFLOW, "plan-b", True, True)
    assert node.retry == NO_RETRY
    assert node.input is not None
    scope = DictScope(error={"code": "x"}, input={"a": 1}, data={"b": 2}, execution={"id": "e"})
    assert node.input.render(scope) == {
        "error": {"code": "x"},
        "input": {"a": 1},
        "data": {"b": 2},
        "workflowId": "test",
        "executionId": "e",
    }


def test_notices_of_failure_are_templates() -> None:
    program = compiled(notice(recipients=["ops@example.org", "${owner}"], subject="${error.code}", message="m"))
    (told,) = program.on_failure.notices
    scope = DictScope(owner="x@example.org", error={"code": "boom"})
    assert (told.channel, told.template) == ("email", None)
    assert told.recipients.render(scope) == ["ops@example.org", "x@example.org"]
    assert told.subject is not None
    assert told.subject.render(scope) == "boom"


def test_a_review_is_compiled_and_may_be_switched_off() -> None:
    assert compiled({"review": True}, TASK).review == Review(starts_as_draft=True, four_eyes=False)
    assert compiled({"review": {"draft": False, "fourEyes": True}}, TASK).review == Review(False, True)
    assert compiled({"review": False}).review is None


def test_limits_priority_and_search_attributes_are_compiled() -> None:
    program = compiled(
        {
            "concurrency": {"key": "${input.customer}", "limit": 2, "policy": "reject"},
            "priority": 9,
            "searchAttributes": {"customer": "${input.customer}", "kind": "order"},
        }
    )
    scope = DictScope(input={"customer": "c1"})
    assert program.concurrency is not None
    assert program.concurrency.key is not None
    assert program.concurrency.key.render(scope) == "c1"
    assert (program.concurrency.limit, program.concurrency.policy, program.priority) == (2, "reject", 9)
    assert {name: value.render(scope) for name, value in program.search_attributes.items()} == {
        "customer": "c1",
        "kind": "order",
    }
    assert compiled({"concurrency": {"limit": 1}}).concurrency == ConcurrencyRule(None, 1, "queue")
    assert compiled({}).concurrency is None
    assert compiled({}).priority is None


def test_the_input_schema_is_compiled() -> None:
    _, program = load(workflow({"id": "a"}, input={"type": "object", "required": ["x"]}))
    assert program.input_schema is not None
    assert program.input_schema.errors({"x": 1}) == []
    assert program.input_schema.errors({}) == [("", '"x" is a required property')]
    assert load(workflow({"id": "a"}))[1].input_schema is None
