from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from definitions import onboarding

from weftline import language
from weftline.language.model import definition_schema
from weftline.language.nodes import NODE_CLASSES
from weftline.language.reference import definition_reference

REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "definition.md"


def test_the_schema_is_a_schema_and_accepts_the_example() -> None:
    schema = definition_schema()
    jsonschema_rs.meta.validate(schema)
    jsonschema_rs.validator_for(schema).validate(onboarding())


@pytest.mark.parametrize("node_class", NODE_CLASSES)
def test_the_schema_accepts_every_example_of_the_reference(node_class: Any) -> None:
    jsonschema_rs.validator_for(definition_schema()).validate({"id": "x", "nodes": [node_class.example]})


@pytest.mark.parametrize(
    "fields",
    [
        {"retry": 3, "onError": "b", "next": ["b", "c"], "timeout": 90},
        {"retry": {"maxAttempts": 3}, "onError": {"next": "b", "codes": ["x"]}, "next": "b", "timeout": "90s"},
        {"onError": ["b", {"next": "c"}], "compensate": "undo", "when": True},
        {"next": "${x}", "targets": ["b", "c"], "onError": {"next": "b", "types": ["ValueError"]}, "deadline": "${x}"},
    ],
)
def test_the_schema_accepts_the_short_forms(fields: dict[str, Any]) -> None:
    document = {"id": "x", "nodes": [{"id": "a", "type": "action", "action": "act", **fields}]}
    jsonschema_rs.validator_for(definition_schema()).validate(document)


@pytest.mark.parametrize("review", [True, False, None, {"draft": False}])
def test_the_schema_accepts_the_short_forms_of_settings(review: Any) -> None:
    settings = {"review": review, "errorHandling": "retry", "searchAttributes": {"x": "${input.x}"}, "priority": 9}
    document = {"id": "x", "nodes": [{"id": "a", "type": "end"}], "settings": settings}
    jsonschema_rs.validator_for(definition_schema()).validate(document)


@pytest.mark.parametrize(
    "node",
    [{"id": "a", "type": "nope"}, {"id": "a", "type": "end", "x": 1}, {"type": "end"}, {"id": "a b", "type": "end"}],
)
def test_the_schema_refuses_what_validation_refuses(node: dict[str, Any]) -> None:
    assert not jsonschema_rs.validator_for(definition_schema()).is_valid({"id": "x", "nodes": [node]})


def test_every_field_of_the_schema_is_described() -> None:
    schema = definition_schema()
    owners = {"Workflow": schema, **schema["$defs"]}
    bare = [
        f"{owner}.{name}"
        for owner, definition in owners.items()
        for name, field in definition.get("properties", {}).items()
        if not field.get("description")
    ]
    assert bare == []


def test_the_committed_reference_is_the_models() -> None:
    assert REFERENCE.read_text() == definition_reference(), (
        "the model has changed; write the reference anew: "
        ".venv/bin/weft schema --reference > docs/reference/definition.md"
    )


def test_the_public_names_are_these() -> None:
    assert sorted(language.__all__) == [
        "DefinitionError",
        "DurationError",
        "ExpressionError",
        "ParseError",
        "Problem",
        "Program",
        "SyntaxProblem",
        "Validation",
        "Workflow",
        "compile_expression",
        "compile_template",
        "compile_workflow",
        "definition_schema",
        "load",
        "parse_definition",
        "parse_duration",
        "validate",
    ]
