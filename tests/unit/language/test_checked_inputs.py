"""Inputs of actions that have to pass a plugin's check, as far as they stand in the definition."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from weftline.authoring.action import ActionFacts, registry
from weftline.authoring.ownership import owned_by
from weftline.authoring.plugin.registry import step_validators
from weftline.language import validate

NUMBER = {"type": "string", "x-validator": "marks.number"}
TAKES: dict[str, Any] = {
    "type": "object",
    "properties": {
        "number": NUMBER,
        "more": {"type": "array", "items": {"$ref": "#/$defs/more"}},
        "count": {"type": "integer"},
        "kind": {"type": "string"},
    },
    "if": {"properties": {"kind": {"const": "free"}}},
    "else": {"properties": {"reference": NUMBER}},
    "$defs": {"more": NUMBER},
}


def is_mark(value: object) -> str | None:
    return None if str(value).startswith("M-") else "is no mark"


def press(_: object) -> None:
    """Nothing: definitions are only looked at."""


@pytest.fixture(autouse=True)
def marks() -> Iterator[None]:
    with owned_by("marks"):
        registry.register("marks.press", press, ActionFacts(input=TAKES))
        step_validators.put("marks.number", is_mark)
    yield
    for each in (registry, step_validators):
        each.replace("marks")
        each.forget("marks")
        each.give_back("marks")


def told(**input: Any) -> list[tuple[str, str]]:
    node = {"id": "a", "type": "action", "action": "marks.press", "input": input}
    return [(each.pointer, each.message) for each in validate({"id": "w", "nodes": [node]}).problems]


def test_a_literal_that_does_not_pass_is_told_where_it_stands() -> None:
    assert told(number="7", more=["M-1", "8"]) == [
        ("/nodes/0/input/number", "is no mark"),
        ("/nodes/0/input/more/1", "is no mark"),
    ]
    assert told(number="M-7", more=["M-8"]) == []


def test_what_only_running_it_shows_is_checked_when_it_runs() -> None:
    assert told(number="${ input.number }", more=["no. ${ input.number }"]) == []
    assert told(number="7", count="${ input.count }") == [("/nodes/0/input/number", "is no mark")]


def test_what_another_value_decides_is_checked_when_it_runs() -> None:
    assert told(kind="${ input.kind }", reference="7") == []


def test_an_undoing_action_is_checked_likewise() -> None:
    undo = {"action": "marks.press", "input": {"number": "7"}}
    node = {"id": "a", "type": "action", "action": "echo", "compensate": undo}
    problems = validate({"id": "w", "nodes": [node]}).problems
    assert [(each.pointer, each.message) for each in problems] == [("/nodes/0/compensate/input/number", "is no mark")]


def test_a_check_of_a_plugin_that_does_not_run_says_nothing_yet() -> None:
    step_validators.withhold("marks")
    assert told(number="7") == []
