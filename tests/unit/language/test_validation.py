from __future__ import annotations

import socket
from typing import Any

import pytest
from definitions import ONBOARDING_ACTIONS, onboarding, workflow
from hypothesis import given, settings
from hypothesis import strategies as st

from weftline.language.compile import load
from weftline.language.errors import DefinitionError, Problem
from weftline.language.model import MAX_NODES
from weftline.language.nodes import NODE_CLASSES
from weftline.language.validate import validate

END = {"id": "end", "type": "end"}


def problems_of(document: dict[str, Any], actions: frozenset[str] | None = None) -> dict[str, list[str]]:
    """Pointers by code."""
    found: dict[str, list[str]] = {}
    for problem in validate(document, actions).problems:
        found.setdefault(problem.code, []).append(problem.pointer)
    return found


def only_problem(document: dict[str, Any], actions: frozenset[str] | None = None) -> Problem:
    problems = validate(document, actions).problems
    assert len(problems) == 1, problems
    return problems[0]


def test_the_onboarding_example_is_valid_as_it_stands() -> None:
    result = validate(onboarding(), ONBOARDING_ACTIONS)
    assert result.problems == []
    assert result.workflow is not None
    assert result.workflow.start_node == "create-customer"


def test_all_problems_come_at_once() -> None:
    document = {
        "id": "not valid",
        "nme": "typo",
        "nodes": [
            {"id": "a", "type": "action", "actoin": "x", "next": "b"},
            {"id": "b", "type": "decision", "condition": "1 +", "true": "nowhere", "false": "b2"},
            {"id": "b2", "type": "wait", "duration": "soon"},
            {"id": "b2", "type": "acton"},
            {"id": "c", "type": "set", "values": {"x": "${'a' + 1}"}},
        ],
        "settings": {"retry": {"maxAttempts": 0}},
    }
    assert problems_of(document) == {
        "unknown_field": ["/nodes/0/actoin", "/nme"],
        "missing_field": ["/nodes/0"],
        "invalid_value": ["/nodes/2/duration", "/id", "/settings/retry/maxAttempts"],
        "unknown_type": ["/nodes/3/type"],
        "duplicate_id": ["/nodes/3/id"],
        "missing_target": ["/nodes/1/true"],
        "several_starts": [""],
        "syntax_error": ["/nodes/1/condition"],
        "type_mismatch": ["/nodes/4/values/x"],
    }


def test_load_raises_every_problem() -> None:
    with pytest.raises(DefinitionError) as caught:
        load({"id": "x", "nodes": [{"id": "a", "type": "end", "next": "b"}, {"id": "b", "type": "nope"}]})
    assert {problem.code for problem in caught.value.problems} >= {"unknown_field", "unknown_type"}
    assert "/nodes/1/type" in str(caught.value)


# shape


@pytest.mark.parametrize(
    "document", [{}, {"id": "x"}, {"id": "x", "nodes": []}, {"nodes": [END]}, {"id": "x", "nodes": {}}]
)
def test_an_incomplete_document_is_refused(document: dict[str, Any]) -> None:
    result = validate(document)
    assert result.workflow is None
    assert result.problems


@pytest.mark.parametrize(
    ("node", "pointer", "hint"),
    [
        ({"nmae": "x"}, "/nodes/0/nmae", "did you mean `name`?"),
        ({"retry": {"maxAttemps": 3}}, "/nodes/0/retry/maxAttemps", "did you mean `maxAttempts`?"),
        ({"onError": [{"next": "a", "code": ["x"]}]}, "/nodes/0/onError/0/code", "did you mean `codes`?"),
        (
            {"type": "wait", "event": "x", "timeout": {"duration": "1s", "nxt": "a"}},
            "/nodes/0/timeout/nxt",
            "did you mean `next`?",
        ),
        ({"type": "end", "retry": 3}, "/nodes/0/retry", "it belongs to nodes of type `action`, `http`"),
    ],
)
def test_an_unknown_field_gets_the_nearest_name_as_a_hint(node: dict[str, Any], pointer: str, hint: str) -> None:
    problems = validate(workflow({"id": "a", **node})).problems
    found = [problem for problem in problems if problem.code == "unknown_field"]
    assert [problem.pointer for problem in found] == [pointer]
    assert (found[0].hint or "").startswith(hint)


@pytest.mark.parametrize(
    ("fields", "pointer", "message"),
    [
        ({"type": "action", "action": 5}, "/nodes/0/action", "this must be text"),
        ({"type": "action", "action": "x", "next": 5}, "/nodes/0/next", "a node id is text"),
        ({"type": "action", "action": "x", "critical": "yes"}, "/nodes/0/critical", "this must be true or false"),
        ({"type": "human-task", "assignTo": 5}, "/nodes/0/assignTo", "this must be text or a list"),
        ({"type": "action", "action": "x", "retry": "often"}, "/nodes/0/retry", "this must be an object"),
        ({"type": "action", "action": "x", "retry": True}, "/nodes/0/retry", "this must be an object"),
        ({"type": "set", "values": []}, "/nodes/0/values", "this must be an object"),
        ({"type": "parallel", "branches": []}, "/nodes/0/branches", "at least 1 item"),
        ({"type": "wait", "duration": True}, "/nodes/0/duration", "not a duration"),
        ({"type": "wait", "event": "x", "timeout": {"duration": "x"}}, "/nodes/0/timeout/duration", "not a duration"),
        ({"type": "wait", "event": "x", "timeout": []}, "/nodes/0/timeout/duration", "not a duration"),
        ({"type": "action", "action": "x", "when": 5}, "/nodes/0/when", "an expression is text"),
    ],
)
def test_wrong_types_are_told_once_and_in_words(fields: dict[str, Any], pointer: str, message: str) -> None:
    problem = only_problem({"id": "x", "nodes": [{"id": "a", **fields}]})
    assert pointer.startswith(problem.pointer)
    assert message in problem.message


@pytest.mark.parametrize("node_id", ["", "1a", "-a", "a b", "a@b", "a/b", "é", "a\n", "a" * 129, None, 5])
def test_node_ids_have_a_narrow_form(node_id: Any) -> None:
    assert "/nodes/0/id" in problems_of({"id": "x", "nodes": [{"id": node_id, "type": "end"}]})["invalid_value"]


@pytest.mark.parametrize("workflow_id", ["", "-a", ".a", "a b", "a/b", "é", "a\n", "a" * 129, None, 5])
def test_workflow_ids_have_a_narrow_form(workflow_id: Any) -> None:
    assert problems_of({"id": workflow_id, "nodes": [END]}) == {"invalid_value": ["/id"]}


@pytest.mark.parametrize("node", [None, 5, "end", [], True])
def test_what_is_no_node_is_refused(node: Any) -> None:
    assert problems_of({"id": "x", "nodes": [node]})["invalid_type"] == ["/nodes/0"]


@pytest.mark.parametrize("node_class", NODE_CLASSES)
def test_every_example_of_the_reference_has_a_valid_shape(node_class: Any) -> None:
    codes = {problem.code for problem in validate({"id": "x", "nodes": [node_class.example]}).problems}
    assert codes <= {"missing_target"}


# graph


def test_missing_targets_are_found_wherever_a_node_is_named() -> None:
    timeout = {"duration": "1s", "next": "gone"}
    document = workflow(
        {"id": "a", "next": ["b", "gone"], "onError": [{"next": "gone", "codes": ["x"]}, "gone"]},
        {"id": "b", "type": "decision", "cases": [{"when": "true", "next": "gone"}], "default": "gone"},
        {"id": "c", "type": "wait", "event": "e", "timeout": timeout, "dependencies": ["gone"]},
        {"id": "d", "type": "human-task", "outcomes": {"yes/no": "gone"}, "onError": "gone", "dependencies": "a"},
        {"id": "e", "type": "parallel", "branches": ["gone", {"name": "n", "next": "gone"}], "dependencies": ["a"]},
        startNode="gone",
    )
    assert problems_of(document)["missing_target"] == [
        "/nodes/0/next/1",
        "/nodes/0/onError/0/next",
        "/nodes/0/onError/1",
        "/nodes/1/default",
        "/nodes/1/cases/0/next",
        "/nodes/2/timeout/next",
        "/nodes/2/dependencies/0",
        "/nodes/3/onError",
        "/nodes/3/outcomes/yes~1no",
        "/nodes/4/branches/0",
        "/nodes/4/branches/1/next",
        "/startNode",
    ]


def test_a_missing_target_gets_the_nearest_id_as_a_hint() -> None:
    problem = only_problem(workflow({"id": "a", "next": ["shipping", "shiping"]}, {"id": "shipping"}))
    assert problem.hint == "did you mean `shipping`?"


def test_duplicate_ids_are_told_where_they_come_again() -> None:
    assert problems_of(workflow({"id": "a", "next": "b"}, {"id": "b"}, {"id": "b"})) == {
        "duplicate_id": ["/nodes/2/id"]
    }


def test_unreachable_nodes_are_found() -> None:
    document = workflow({"id": "a"}, {"id": "b", "next": "c"}, {"id": "c"}, startNode="a")
    assert problems_of(document) == {"unreachable": ["/nodes/1", "/nodes/2"]}


def test_a_start_node_is_the_only_beginning() -> None:
    document = workflow({"id": "s", "type": "start", "next": "a"}, {"id": "a"}, {"id": "b"})
    assert problems_of(document) == {"unreachable": ["/nodes/2"]}


def test_several_roots_need_dependencies_or_a_start_node() -> None:
    assert problems_of(workflow({"id": "a"}, {"id": "b"})) == {"several_starts": [""]}
    assert problems_of(workflow({"id": "a"}, {"id": "b"}, {"id": "c", "dependencies": ["a", "b"]})) == {}


def test_a_definition_needs_a_beginning() -> None:
    document = workflow({"id": "a", "type": "wait", "duration": "1s", "next": "b"}, {"id": "b", "next": "a"})
    assert problems_of(document) == {"no_start": [""]}


@pytest.mark.parametrize(
    "nodes",
    [
        [{"id": "a", "next": "a"}],
        [{"id": "a", "next": "b"}, {"id": "b", "next": "a"}],
        [{"id": "a", "onError": "a"}],
        [
            {"id": "a", "next": "d"},
            {"id": "d", "type": "decision", "condition": "x", "true": "a", "false": "e"},
            {"id": "e"},
        ],
        [{"id": "a", "type": "wait", "duration": "0s", "next": "b"}, {"id": "b", "next": "a"}],
        [{"id": "a", "next": "b"}, {"id": "b", "dependencies": ["a"], "next": "c"}, {"id": "c", "next": "a"}],
    ],
)
def test_a_cycle_without_a_pause_is_refused(nodes: list[dict[str, Any]]) -> None:
    assert list(problems_of(workflow(*nodes, startNode="a"))) == ["busy_loop"]


@pytest.mark.parametrize(
    "pause",
    [
        {"type": "wait", "duration": "1s"},
        {"type": "delay", "duration": "${input.patience}"},
        {"type": "wait", "event": "go"},
        {"type": "human-task"},
        {"type": "approval"},
    ],
)
def test_a_cycle_with_a_pause_is_allowed(pause: dict[str, Any]) -> None:
    assert problems_of(workflow({"id": "a", "next": "p"}, {"id": "p", "next": "a", **pause}, startNode="a")) == {}


def test_nodes_that_wait_for_each_other_are_found() -> None:
    document = workflow({"id": "s"}, {"id": "a", "dependencies": ["s", "b"]}, {"id": "b", "dependencies": ["a"]})
    assert problems_of(document) == {"dependency_cycle": ["/nodes/1/dependencies"]}


def test_nodes_behind_a_deadlock_are_not_told_as_unreachable() -> None:
    document = workflow(
        {"id": "s"}, {"id": "a", "dependencies": ["b"]}, {"id": "b", "dependencies": ["a"], "next": "c"}, {"id": "c"}
    )
    assert list(problems_of(document)) == ["dependency_cycle"]


def test_a_join_that_only_its_own_successor_completes_is_a_deadlock() -> None:
    document = workflow(
        {"id": "s", "next": "j"},
        {"id": "j", "dependencies": ["s", "w"], "next": "w"},
        {"id": "w", "type": "wait", "duration": "1s"},
    )
    assert problems_of(document) == {"dependency_cycle": ["/nodes/1/dependencies"]}


def test_a_node_cannot_depend_on_itself() -> None:
    document = workflow({"id": "s"}, {"id": "a", "dependencies": ["s", "a"]})
    assert problems_of(document) == {"self_dependency": ["/nodes/1/dependencies/1"]}


def test_a_node_with_dependencies_is_entered_through_them_only() -> None:
    document = workflow({"id": "a", "next": ["b", "c"]}, {"id": "b"}, {"id": "c", "dependencies": ["b"]})
    assert problems_of(document) == {"not_a_dependency": ["/nodes/0/next/1"]}
    document = workflow({"id": "a", "next": ["b", "c"]}, {"id": "b"}, {"id": "c", "dependencies": ["a", "b"]})
    assert problems_of(document) == {}


def test_executions_cannot_begin_at_a_node_that_waits_for_others() -> None:
    document = workflow({"id": "a", "dependencies": ["b"]}, {"id": "b"}, startNode="a")
    assert "start_has_dependencies" in problems_of(document)


def test_a_branch_must_not_lead_back_to_its_parallel_node() -> None:
    document = workflow(
        {"id": "p", "type": "parallel", "branches": ["w", "x"]},
        {"id": "w", "type": "wait", "duration": "1s", "next": "p"},
        {"id": "x"},
        startNode="p",
    )
    assert problems_of(document) == {"branch_cycle": ["/nodes/0/branches/0"]}


def test_a_parallel_node_may_be_part_of_a_loop() -> None:
    document = workflow(
        {"id": "p", "type": "parallel", "branches": ["x"], "next": "w"},
        {"id": "w", "type": "wait", "duration": "1s", "next": "p"},
        {"id": "x"},
        startNode="p",
    )
    assert problems_of(document) == {}


# nodes


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"type": "decision"}, "no_way_out"),
        ({"type": "decision", "condition": "true", "true": "end"}, "no_way_out"),
        ({"type": "condition", "condition": "true", "false": "end"}, "no_way_out"),
        ({"type": "decision", "condition": "true", "cases": [{"when": "true", "next": "end"}]}, "conflicting_fields"),
        ({"type": "decision", "true": "end", "cases": [{"when": "true", "next": "end"}]}, "conflicting_fields"),
        ({"type": "wait"}, "conflicting_fields"),
        ({"type": "wait", "duration": "1s", "event": "x"}, "conflicting_fields"),
        ({"type": "wait", "duration": "1s", "timeout": "2s"}, "conflicting_fields"),
        ({"type": "wait", "duration": "1s", "correlation": "x"}, "conflicting_fields"),
        ({"type": "delay", "event": "x"}, "conflicting_fields"),
        ({"type": "wait", "until": "tomorrow"}, "invalid_value"),
        ({"type": "http", "url": "https://example.org", "timeout": "2h"}, "invalid_value"),
        ({"type": "action", "action": "x", "retry": {"initialInterval": "1h", "maxInterval": "1s"}}, "invalid_value"),
        ({"type": "human-task", "form": {"type": "nonsense"}}, "invalid_schema"),
        ({"type": "human-task", "approvals": 2}, "no_outcomes"),
        ({"type": "approval", "approvals": {"required": 2, "outcomes": ["aproved"]}}, "unknown_outcome"),
        ({"type": "approval", "approvals": 0}, "invalid_value"),
        ({"type": "approval", "approvals": 21}, "invalid_value"),
        ({"type": "approval", "approvals": {"outcomes": ["approved"]}}, "missing_field"),
        ({"type": "human-task", "escalation": {"after": "1h"}}, "missing_field"),
        ({"type": "human-task", "escalation": {"assignTo": "boss"}}, "missing_field"),
        ({"type": "human-task", "escalation": {"after": "2h", "notify": "boss"}, "timeout": "1h"}, "invalid_value"),
        ({"type": "human-task", "dueIn": "2h", "timeout": "1h"}, "invalid_value"),
        ({"type": "human-task", "notify": "email"}, "conflicting_fields"),
        ({"type": "human-task", "notify": "pigeon", "assignTo": "x"}, "invalid_value"),
        ({"type": "human-task", "escalation": {"after": "1h", "asignTo": "boss"}}, "unknown_field"),
    ],
)
def test_nodes_must_make_sense(fields: dict[str, Any], code: str) -> None:
    assert code in problems_of(workflow({"id": "a", **fields}, END, startNode="a"))


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "decision", "condition": "true", "true": "end", "false": "end"},
        {"type": "condition", "condition": "true", "true": "end", "default": "end"},
        {"type": "decision", "cases": [{"when": "input.x > 1", "next": "end", "label": "big"}], "default": "end"},
        {"type": "wait", "until": "2030-01-31T08:00:00Z", "next": "end"},
        {"type": "wait", "until": "${input.when}", "next": "end"},
        {"type": "wait", "event": "x", "timeout": "2s", "next": "end"},
        {"type": "wait", "event": "x", "timeout": {"duration": "${input.d}", "next": "end"}, "next": "end"},
        {"type": "delay", "duration": 5, "next": "end"},
        {"type": "approval", "assignTo": ["a", "${input.who}"], "outcomes": {"rejected": "end"}, "next": "end"},
        {"type": "form", "form": {"type": "object"}, "next": "end"},
        {"type": "approval", "approvals": 2, "fourEyes": True, "assignTo": "x", "notify": "email", "next": "end"},
        {"type": "form", "dueIn": "${input.d}", "escalation": {"notify": "boss"}, "timeout": "1h", "next": "end"},
        {"type": "action", "action": "x", "retry": 5, "onError": "end", "when": True, "next": "end"},
        {
            "type": "http",
            "url": "https://example.org/${input.x}",
            "method": "POST",
            "body": {"a": "${input}"},
            "next": "end",
        },
        {"type": "set", "values": {"a": "${input.x}"}, "output": {"b": "${result}"}, "next": "end", "critical": False},
    ],
)
def test_the_forms_that_the_reference_shows_are_valid(fields: dict[str, Any]) -> None:
    assert problems_of(workflow({"id": "a", **fields}, END, startNode="a")) == {}


@pytest.mark.parametrize("join", [3, 100])
def test_a_join_cannot_ask_for_more_branches_than_there_are(join: int) -> None:
    document = workflow({"id": "p", "type": "parallel", "branches": ["a", "b"], "join": join}, {"id": "a"}, {"id": "b"})
    assert problems_of(document) == {"join_too_large": ["/nodes/0/join"]}


@pytest.mark.parametrize("join", [0, -1, True, "most", 1.5])
def test_a_join_is_all_any_or_a_number(join: Any) -> None:
    document = workflow({"id": "p", "type": "parallel", "branches": ["a", "b"], "join": join}, {"id": "a"}, {"id": "b"})
    assert problems_of(document) == {"invalid_value": ["/nodes/0/join"]}


def test_branches_have_names_of_their_own() -> None:
    document = workflow({"id": "p", "type": "parallel", "branches": ["a", "a"]}, {"id": "a"})
    assert problems_of(document) == {"duplicate_branch": ["/nodes/0/branches/1"]}
    document = workflow({"id": "p", "type": "parallel", "branches": ["a", {"name": "again", "next": "a"}]}, {"id": "a"})
    assert problems_of(document) == {}


def test_unknown_actions_are_found_with_the_nearest_name() -> None:
    document = workflow({"id": "a", "action": "chargeCrad", "type": "action"})
    problem = only_problem(document, frozenset({"chargeCard", "http"}))
    assert (problem.code, problem.pointer) == ("unknown_action", "/nodes/0/action")
    assert problem.hint == "did you mean `chargeCard`?"
    assert problems_of(document, None) == {}


def test_an_http_node_needs_the_http_action() -> None:
    document = workflow({"id": "a", "type": "http", "url": "https://example.org"})
    assert problems_of(document, frozenset()) == {"unknown_action": ["/nodes/0/type"]}
    assert problems_of(document, frozenset({"http"})) == {}


# expressions


def test_expressions_are_checked_wherever_they_stand() -> None:
    bad = "${1 +}"
    wait = {"event": bad, "correlation": bad, "timeout": {"duration": bad}}
    document = workflow(
        {"id": "a", "when": "1 +", "input": {"k": [bad]}, "output": {"k": bad}, "timeout": bad, "next": "b"},
        {"id": "b", "type": "decision", "cases": [{"when": "1 +", "next": "c"}], "default": "c"},
        {"id": "c", "type": "wait", **wait, "next": "d"},
        {"id": "d", "type": "human-task", "assignTo": [bad], "escalation": {"after": bad, "notify": bad}, "next": "e"},
        {"id": "e", "type": "http", "url": bad, "headers": {"h": bad}, "query": {"q": bad}, "body": bad, "next": "f"},
        {"id": "f", "type": "wait", "until": bad, "next": "g"},
        {"id": "g", "type": "set", "values": {"v/w": bad}, "next": bad, "targets": "h"},
        {"id": "h", "type": "loop", "forEach": bad, "do": "i", "breakWhen": "1 +", "continueWhen": "1 +", "next": "j"},
        {"id": "i", "deadline": bad, "compensate": {"action": "act", "input": {"x": bad}, "timeout": bad}},
        {"id": "j", "type": "loop", "while": "1 +", "maxIterations": 2, "do": "k", "next": "l"},
        {"id": "k", "type": "emit", "event": bad, "correlation": bad, "payload": {"x": bad}},
        {"id": "l", "type": "notification", "to": [bad], "subject": bad, "message": bad, "data": bad, "next": "m"},
        {"id": "m", "type": "wait", "firstOf": [{"name": "x", "event": bad}, {"duration": bad}], "next": "n"},
        {"id": "n", "type": "form", "validate": [{"condition": "1 +", "message": "m"}], "next": "o"},
        {"id": "o", "type": "parallel", "branches": [{"next": "p", "compensate": {"action": "act", "input": bad}}]},
        {"id": "p", "type": "subworkflow", "workflow": "w", "input": bad, "timeout": bad, "next": "q"},
        {"id": "q", "type": "fail", "code": "c", "message": bad, "details": {"x": bad}},
        output={"o": bad},
        settings={
            "concurrency": {"key": bad, "limit": 1},
            "searchAttributes": {"x": bad},
            "errorHandling": {"notifications": [{"type": "email", "recipients": bad, "message": bad}]},
        },
    )
    assert problems_of(document) == {
        "syntax_error": [
            "/nodes/0/when",
            "/nodes/0/input/k/0",
            "/nodes/0/output/k",
            "/nodes/0/timeout",
            "/nodes/1/cases/0/when",
            "/nodes/2/correlation",
            "/nodes/2/event",
            "/nodes/2/timeout/duration",
            "/nodes/3/assignTo/0",
            "/nodes/3/escalation/after",
            "/nodes/3/escalation/notify",
            "/nodes/4/body",
            "/nodes/4/headers/h",
            "/nodes/4/query/q",
            "/nodes/4/url",
            "/nodes/5/until",
            "/nodes/6/next",
            "/nodes/6/values/v~1w",
            "/nodes/7/breakWhen",
            "/nodes/7/continueWhen",
            "/nodes/7/forEach",
            "/nodes/8/compensate/input/x",
            "/nodes/8/compensate/timeout",
            "/nodes/8/deadline",
            "/nodes/9/while",
            "/nodes/10/correlation",
            "/nodes/10/event",
            "/nodes/10/payload/x",
            "/nodes/11/data",
            "/nodes/11/message",
            "/nodes/11/subject",
            "/nodes/11/to/0",
            "/nodes/12/firstOf/0/event",
            "/nodes/12/firstOf/1/duration",
            "/nodes/13/validate/0/condition",
            "/nodes/14/branches/0/compensate/input",
            "/nodes/15/input",
            "/nodes/15/timeout",
            "/nodes/16/details/x",
            "/nodes/16/message",
            "/output/o",
            "/settings/concurrency/key",
            "/settings/errorHandling/notifications/0/recipients",
            "/settings/errorHandling/notifications/0/message",
            "/settings/searchAttributes/x",
        ]
    }


def test_a_problem_in_an_expression_names_line_and_column() -> None:
    problem = only_problem(workflow({"id": "a", "type": "action", "action": "x", "when": "input.a &&\n 'x' + 1"}))
    assert problem.code == "type_mismatch"
    assert "line 2, column 6" in problem.message


def test_unknown_steps_in_expressions_are_found() -> None:
    document = workflow({"id": "create-it", "next": "b"}, {"id": "b", "input": {"x": "${steps.creat-it.output}"}})
    problem = only_problem(document)
    assert (problem.code, problem.pointer, problem.hint) == (
        "unknown_step",
        "/nodes/1/input/x",
        "did you mean `create-it`?",
    )


def test_a_template_where_an_expression_belongs_gets_a_hint() -> None:
    problem = only_problem(workflow({"id": "a", "type": "action", "action": "x", "when": "${input.a}"}))
    assert problem.hint == "expressions stand bare here: leave out `${` and `}`"


def test_the_input_schema_must_be_a_schema() -> None:
    assert problems_of(workflow({"id": "a"}, input={"type": "nonsense"})) == {"invalid_schema": ["/input"]}
    assert problems_of(workflow({"id": "a"}, input={"type": "object", "required": ["x"]})) == {}


@pytest.mark.parametrize("key", ["$ref", "$schema", "$dynamicRef"])
def test_schemas_never_make_the_server_fetch_anything(key: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        schema = {key: f"http://127.0.0.1:{listener.getsockname()[1]}/schema"}
        form = {"id": "a", "type": "human-task", "form": schema}
        assert problems_of(workflow(form, input=schema)) == {"invalid_schema": ["/nodes/0/form", "/input"]}
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert problems_of(workflow({"id": "a"}, input={"$ref": "file:///etc/hostname"})) == {"invalid_schema": ["/input"]}


# what this version does not run


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"triggers": [{"type": "manual"}, {"type": "form"}]}, "/triggers/1"),
    ],
)
def test_what_does_not_run_yet_is_refused_clearly(fields: dict[str, Any], pointer: str) -> None:
    problem = only_problem(workflow({"id": "a"}, **fields))
    assert (problem.code, problem.pointer) == ("unsupported", pointer)
    assert "does not run it yet" in problem.message


def test_what_is_encrypted_is_everything_or_names_something() -> None:
    problem = only_problem(workflow({"id": "a"}, settings={"encrypt": []}))
    assert (problem.code, problem.pointer) == ("missing_field", "/settings/encrypt")
    for encrypt in (None, False, True, ["card"]):
        program = load(workflow({"id": "a"}, settings={"encrypt": encrypt}), None)[1]
        assert program.encrypts is bool(encrypt)


# limits


def test_ten_thousand_nodes_are_valid_and_one_more_is_not() -> None:
    nodes: list[dict[str, Any]] = [
        {"id": f"n{n}", "next": f"n{n + 1}", "input": {"n": n, "x": "${data.x}"}} for n in range(MAX_NODES - 1)
    ]
    document = workflow(*nodes, {"id": f"n{MAX_NODES - 1}"})
    assert problems_of(document) == {}
    document["nodes"].append(END)
    problem = only_problem(document)
    assert (problem.code, problem.pointer) == ("too_large", "/nodes")


def test_a_circle_of_ten_thousand_nodes_is_found_without_recursion() -> None:
    nodes = [{"id": f"n{n}", "next": f"n{(n + 1) % MAX_NODES}"} for n in range(MAX_NODES)]
    problem = only_problem(workflow(*nodes, startNode="n0"))
    assert problem.code == "busy_loop"
    assert "9994 more" in problem.message


def test_a_hundred_problems_are_listed_and_the_rest_are_counted() -> None:
    problems = validate(workflow(*({"id": f"n{n}", "next": "gone"} for n in range(5_000)), startNode="n0")).problems
    assert len(problems) == 101
    assert problems[-1].code == "more_problems"
    assert problems[-1].message == "and 9899 more problems"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (float("nan"), "out_of_range"),
        (2**63, "out_of_range"),
        ("\0", "nul_character"),
        ("\ud800", "invalid_text"),
        ((1,), "not_json"),
        ({1: 2}, "not_json"),
    ],
)
def test_values_that_are_not_json_are_refused_with_their_place(value: Any, code: str) -> None:
    document = workflow({"id": "a", "input": {"x": [0, value]}})
    problem = only_problem(document)
    assert problem.code == code
    assert problem.pointer.startswith("/nodes/0/input/x/1")


def test_deep_values_are_refused_however_deep() -> None:
    value: Any = 1
    for _ in range(100_000):
        value = {"a": value}
    assert only_problem({"id": "x", "nodes": [END], "ui": value}).code == "too_deep"


_keys = st.sampled_from(["id", "type", "next", "when", "duration", "codes", "name", "action", "event", "x"])
_words = st.sampled_from(["a", "b", "end", "1s", "${x}", "${", "x +", "", "all"])
_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | _words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys, inner, max_size=3),
    max_leaves=6,
)
_fields = st.sampled_from(
    [
        "name",
        "next",
        "dependencies",
        "when",
        "input",
        "output",
        "retry",
        "timeout",
        "onError",
        "compensate",
        "critical",
        "ui",
        "action",
        "condition",
        "true",
        "false",
        "cases",
        "default",
        "duration",
        "until",
        "event",
        "correlation",
        "assignTo",
        "form",
        "outcomes",
        "branches",
        "join",
        "values",
        "url",
        "do",
        "forEach",
        "while",
        "as",
        "breakWhen",
        "maxIterations",
        "targets",
        "deadline",
        "firstOf",
        "losers",
        "validate",
        "workflow",
        "payload",
        "to",
        "message",
        "code",
        "details",
        "channel",
    ]
)
_types = st.sampled_from(
    [
        "start",
        "end",
        "action",
        "decision",
        "wait",
        "delay",
        "human-task",
        "approval",
        "parallel",
        "set",
        "http",
        "loop",
        "emit",
        "subworkflow",
        "notification",
        "fail",
        "nope",
    ]
)
_nodes = st.builds(
    lambda node_id, kind, fields: {"id": node_id, "type": kind, **fields},
    st.sampled_from(["a", "b", "c", "end"]),
    _types,
    st.dictionaries(_fields, _values, max_size=4),
)


@settings(deadline=None)
@given(
    st.lists(_nodes | _values, max_size=6),
    st.dictionaries(st.sampled_from(["startNode", "settings", "triggers", "output", "input"]), _values),
)
def test_any_document_is_compiled_or_told_what_is_wrong(nodes: list[Any], fields: dict[str, Any]) -> None:
    document = {"id": "x", "nodes": nodes, **fields}
    try:
        _, program = load(document)
    except DefinitionError as error:
        assert error.problems
        assert all(problem.message and problem.code for problem in error.problems)
    else:
        assert program.start
