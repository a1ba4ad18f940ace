"""Documents of other systems, good and bad."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from tests.unit.language.dialects.meaning import meaning

from weftline.language import DefinitionError, parse_definition
from weftline.language.dialects import Fate, NotConvertible, UnknownDialect, convert, dialects, read_document
from weftline.language.dialects.writing import normal_form
from weftline.language.validate import validate

ROOT = Path(__file__).parents[4]
GUIDE = (ROOT / "docs/guides/dialects.md").read_text()
EXAMPLES = {
    name: json.loads(block) for name, block in re.findall(r"^## `(\w+)`.*?```json\n(.*?)```", GUIDE, re.DOTALL | re.M)
}
"""The guide's example of each dialect: everything that the dialect knows is in it."""


def changed(name: str, *path: str | int, value: Any = None) -> dict[str, Any]:
    """The guide's example of a dialect with another value at a place; None: without what is there."""
    document = deepcopy(EXAMPLES[name])
    place: Any = document
    for part in path[:-1]:
        place = place[part]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return document


def test_every_dialect_has_an_example_in_the_guide():
    assert EXAMPLES.keys() == dialects().keys() - {"native"}


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_an_example_is_recognised_read_whole_and_written_back(name: str):
    document = EXAMPLES[name]
    assert [each.name for each in dialects().values() if each.recognises(document)] == [name]
    reading = read_document(document)
    assert {note.fate for note in reading.notes} <= {Fate.CHANGED, Fate.KEPT}
    written = convert(document, name, name)
    assert normal_form(read_document(written.document, name).definition) == normal_form(reading.definition)
    assert [note for note in written.notes if note.fate is Fate.UNSUPPORTED] == []


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_a_definition_is_the_same_by_way_of_any_dialect_that_can_say_it(name: str):
    by_itself = convert(EXAMPLES[name], name, "native").document
    assert convert(by_itself, "native", "native").document == by_itself


BROKEN: list[tuple[str, tuple[str | int, ...], Any, str, str]] = [
    ("nodes", ("nodes", 0, "id"), None, "/nodes/0", "missing_field"),
    ("nodes", ("nodes", 1, "id"), 1, "/nodes/1/id", "duplicate_id"),
    ("nodes", ("nodes", 0, "nextNodeId"), 99, "/nodes/0/nextNodeId", "missing_target"),
    ("nodes", ("nodes", 0, "type"), "end", "/nodes", "no_start"),
    ("nodes", ("nodes", 1, "config", "delay"), "soon", "/nodes/1/config/delay", "invalid_type"),
    ("nodes", ("nodes", 1, "config", "delay"), -5, "/nodes/1", "invalid_value"),
    ("nodes", ("nodes", 2, "config", "condition"), "amount >", "/nodes/2", "syntax_error"),
    ("nodes", ("nodes", 2, "config", "falseNodeId"), None, "/nodes/2", "no_way_out"),
    ("nodes", ("nodes",), [], "/nodes", "invalid_value"),
    ("nodes", ("name",), 7, "/name", "invalid_type"),
    ("designer", ("steps", 0, "nextSteps", 0), "gone", "/steps/0/nextSteps/0", "missing_target"),
    ("designer", ("steps", 0, "integrationActionId"), None, "/steps/0", "missing_field"),
    ("designer", ("steps", 1, "nextSteps"), [], "/steps/1/nextSteps", "invalid_value"),
    ("designer", ("steps", 1, "id"), "find", "/steps/1/id", "duplicate_id"),
    ("designer", ("steps", 2, "config", "bodySteps"), [], "/steps/2/config", "missing_field"),
    ("designer", ("steps", 0, "config", "retryCount"), 100_000, "/steps/0/config/retryCount", "invalid_value"),
    ("designer", ("triggers", 1, "cronExpression"), "99 * * * *", "/triggers/1", "invalid_schedule"),
    ("steps", ("steps", 1, "dependencies"), ["gone"], "/steps/1/dependencies/0", "missing_target"),
    ("steps", ("steps", 0, "dependencies"), ["create"], "", "no_start"),
    ("steps", ("steps", 0, "timeout"), True, "/steps/0/timeout", "invalid_type"),
    ("steps", ("errorHandling", "maxRetries"), "three", "/errorHandling/maxRetries", "invalid_type"),
    ("market", ("steps", 0, "validators", 0, "rule"), "requird", "/steps/0/validators/0/rule", "invalid_value"),
    ("market", ("steps", 0, "validators", 1, "value"), 5, "/steps/0/validators/1/value", "invalid_type"),
    ("market", ("steps", 0, "validators", 0, "field"), "a b", "/steps/0/validators/0", "invalid_value"),
    ("market", ("steps", 2, "config", "onReject"), "gone", "/steps/2/config/onReject", "missing_target"),
    ("market", ("steps", 3, "config", "url"), None, "/steps/3", "missing_field"),
]


@pytest.mark.parametrize(("name", "path", "value", "pointer", "code"), BROKEN)
def test_what_is_wrong_is_told_with_its_place_in_the_source(
    name: str, path: tuple[str | int, ...], value: Any, pointer: str, code: str
):
    with pytest.raises(DefinitionError) as raised:
        read_document(changed(name, *path, value=value), name)
    assert (pointer, code) in [(problem.pointer, problem.code) for problem in raised.value.problems]


UNSUPPORTED: list[tuple[str, tuple[str | int, ...], Any, str]] = [
    ("nodes", ("nodes", 1, "type"), "email", "/nodes/1/type"),
    ("nodes", ("nodes", 1, "config", "colour"), "red", "/nodes/1/config/colour"),
    ("nodes", ("nodes", 1, "config", "condition"), "true", "/nodes/1/config/condition"),
    ("nodes", ("schedule",), "daily", "/schedule"),
    ("designer", ("steps", 0, "type"), "SCRIPT", "/steps/0/type"),
    ("designer", ("steps", 3, "config", "items"), [1], "/steps/3/config/items"),
    ("designer", ("triggers", 0, "type"), "POLLING", "/triggers/0/type"),
    ("designer", ("triggers", 0, "config", "ipFilter"), "10.0.0.0/8", "/triggers/0/config/ipFilter"),
    ("steps", ("conditions",), ["x > 1"], "/conditions/0"),
    ("steps", ("errorHandling", "strategy"), "ignore", "/errorHandling/strategy"),
    ("steps", ("steps", 0, "cache"), True, "/steps/0/cache"),
    ("market", ("steps", 0, "type"), "signature", "/steps/0/type"),
    ("market", ("steps", 3, "config", "approvers"), "ops", "/steps/3/config/approvers"),
    ("market", ("customizations",), {"BRP": {}}, "/customizations"),
]


@pytest.mark.parametrize(("name", "path", "value", "pointer"), UNSUPPORTED)
def test_what_cannot_be_converted_is_named_and_never_dropped(
    name: str, path: tuple[str | int, ...], value: Any, pointer: str
):
    document = changed(name, *path, value=value)
    with pytest.raises(NotConvertible) as raised:
        read_document(document, name)
    assert [note.pointer for note in raised.value.notes] == [pointer]
    try:
        definition = read_document(document, name, partial=True).definition
    except DefinitionError as error:
        # the rest makes no sense without it
        assert error.problems[0].pointer.startswith("/") or not error.problems[0].pointer
        return
    assert json.dumps(value) in json.dumps(definition) or f"unsupported.{value}" in json.dumps(definition)


def test_a_placeholder_is_no_action_that_could_run_by_mistake():
    document = changed("nodes", "nodes", 1, "type", value="email")
    definition = read_document(document, "nodes", partial=True).definition
    assert definition["nodes"][1]["action"] == "unsupported.email"
    assert definition["nodes"][1]["next"] == "n-3"
    [problem] = validate(definition, {"echo"}).problems
    assert (problem.pointer, problem.code) == ("/nodes/1/action", "unknown_action")


def test_a_secret_does_not_survive_a_conversion():
    document = deepcopy(EXAMPLES["designer"])
    secret = {"key": "TOKEN", "value": "s3cr3t-v4lue", "isEncrypted": True}
    document["variables"] = [secret, {"key": "OTHER", "value": "s3cr3t-v4lue", "type": "secret"}]
    reading = read_document(document, "designer")
    assert "s3cr3t" not in json.dumps(reading.definition) + str(reading.notes)


def test_a_template_is_found_in_the_record_around_it():
    inner = EXAMPLES["designer"]
    plain = read_document(inner).definition
    for around in (
        {"id": "v3", "versionNumber": 3, "workflowData": inner},
        {"name": "Entry", "category": "sales", "templateData": inner},
    ):
        reading = read_document(around)
        assert meaning(reading.definition) == meaning(plain)
        written = convert(reading.definition, "native", "designer").document
        assert written.keys() == around.keys()
        assert {key: value for key, value in written.items() if not isinstance(value, dict)}.items() <= around.items()
    market = EXAMPLES["market"]
    record = {"id": market["id"], "name": market["name"], "owner": "ops", "definition": {"steps": market["steps"]}}
    definition = read_document(record).definition
    assert definition["nodes"] == read_document(market).definition["nodes"]
    assert convert(definition, "native", "market").document["owner"] == "ops"


def test_problems_of_a_template_in_a_record_have_their_place_in_the_record():
    broken = changed("designer", "steps", 0, "integrationActionId")
    with pytest.raises(DefinitionError) as raised:
        read_document({"workflowData": broken}, "designer")
    assert raised.value.problems[0].pointer == "/workflowData/steps/0"


def test_ids_that_cannot_stay_get_others_that_nobody_has():
    nodes = [
        {"id": "2", "type": "start", "nextNodeId": "n-2"},
        {"id": "n-2", "type": "wait", "config": {"delay": 1}, "nextNodeId": "ü"},
        {"id": "ü", "type": "end"},
    ]
    reading = read_document({"name": "日本", "nodes": nodes}, "nodes")
    assert [node["id"] for node in reading.definition["nodes"]] == ["n-2-2", "n-2", "n--"]
    assert reading.definition["id"] == "workflow"
    written = convert(reading.definition, "native", "nodes").document
    assert [node["id"] for node in written["nodes"]] == ["2", "n-2", "ü"]


def test_a_circle_without_a_wait_is_refused():
    ways = {"a": ["b"], "b": ["c"], "c": ["b"]}
    steps = [
        {"id": id_, "type": "ACTION", "integrationActionId": "echo", "nextSteps": ids} for id_, ids in ways.items()
    ]
    with pytest.raises(DefinitionError) as raised:
        read_document({"id": "circle", "steps": steps}, "designer")
    assert [(problem.pointer, problem.code) for problem in raised.value.problems] == [("/steps/1", "busy_loop")]


def test_depth_is_bounded_whoever_made_the_document():
    deep: Any = "x"
    for _ in range(100):
        deep = [deep]
    with pytest.raises(DefinitionError) as raised:
        read_document(changed("designer", "steps", 0, "inputMappings", value={"k": deep}))
    assert raised.value.problems[0].code == "too_deep"


def test_thousands_of_steps_are_read_and_hundreds_of_mistakes_are_counted():
    steps = [{"id": f"s{n}", "dependencies": [f"s{n - 1}"] if n else []} for n in range(2_000)]
    assert len(read_document({"id": "long", "steps": steps}).definition["nodes"]) == 2_000
    for step in steps[1:]:
        step["dependencies"] = ["nobody"]
    with pytest.raises(DefinitionError) as raised:
        read_document({"id": "long", "steps": steps})
    assert len(raised.value.problems) == 101
    assert "and 1899 more problems" in raised.value.problems[-1].message


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({}, "it looks like none of"),
        ({"steps": "none"}, "it looks like none of"),
        ({"steps": [{"id": "a", "type": "form"}, {"id": "b", "type": "ACTION"}]}, "it could be `designer`, `market`"),
    ],
)
def test_a_document_that_does_not_show_its_dialect_is_refused(document: dict[str, Any], told: str):
    with pytest.raises(UnknownDialect, match=told):
        read_document(document)


def test_yaml_is_as_good_as_json():
    source = "id: flow\nsteps:\n  - {id: a, dependencies: []}\n  - {id: b, dependencies: [a], timeout: 500}\n"
    definition = read_document(parse_definition(source)).definition
    assert definition["nodes"][1]["timeout"] == "500ms"
