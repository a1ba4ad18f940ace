"""Whatever a connector declares is what forms, documentation and definitions need."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

import weftline.connectors
from weftline.authoring.describing import summary
from weftline.authoring.integrations import Integration, IntegrationAction, IntegrationTrigger, integrations
from weftline.authoring.schema_check import SchemaCheck

CATEGORIES = {"database", "developer", "directory", "files", "messaging", "observability", "storage"}
ICONS = Path(__file__).parents[2] / "ui/node_modules/@lucide/svelte/dist/icons"
PLACE = re.compile(r"\{(\w+)\}")
SENTENCE = re.compile(r"[A-Z`].{9,219}\.", re.DOTALL)


def declared() -> list[Integration]:
    """The integrations of the package, whatever else was registered in this process."""
    package = weftline.connectors.__name__
    return [
        each
        for each in integrations
        if any(one.body.__module__.startswith(package) for one in (*each.actions.values(), *each.triggers.values()))
    ]


INTEGRATIONS = {each.name: each for each in declared()}
ACTIONS = {action.definition.name: action for each in declared() for action in each.actions.values()}
TRIGGERS = {f"{each.name}.{name}": trigger for each in declared() for name, trigger in each.triggers.items()}


def problems(schema: dict[str, Any], path: str, *, is_titled: bool) -> Iterator[str]:
    """What a form or a reader would miss in the schema of an object."""
    for name, each in schema.get("properties", {}).items():
        if not re.fullmatch(r"[a-z][A-Za-z0-9]*", name):
            yield f"{path}.{name} is not camelCase"
        if "const" not in each and not each.get("description") and not (is_titled and each.get("title")):
            yield f"{path}.{name} says nothing of itself"
        if not each.get("description", ".").endswith((".", "…")):
            yield f"{path}.{name} is described by no sentence"
        if "default" in each and not jsonschema_rs.is_valid(each, each["default"]):
            yield f"{path}.{name} has a default that it does not take"
        yield from problems(each, f"{path}.{name}", is_titled=is_titled)
        if isinstance(each.get("items"), dict):
            yield from problems(each["items"], f"{path}.{name}[]", is_titled=is_titled)
    missing = set(schema.get("required", ())) - schema.get("properties", {}).keys()
    if missing:
        yield f"{path} requires {missing}, which it does not describe"


def is_schema(schema: Any) -> bool:
    """Whether it is one, of an object, and can be checked the way that actions check theirs."""
    jsonschema_rs.meta.validate(schema)
    SchemaCheck(schema).problem({})
    return schema.get("type") == "object"


@pytest.mark.parametrize("name", INTEGRATIONS)
def test_an_integration_says_what_it_is(name: str):
    found = INTEGRATIONS[name]
    assert found.title
    assert SENTENCE.fullmatch(found.description)
    assert found.category in CATEGORIES
    assert found.docs_url is None or found.docs_url.startswith("https://")


@pytest.mark.skipif(not ICONS.is_dir() and "CI" not in os.environ, reason="the web app's packages are not installed")
def test_every_icon_is_one_of_the_web_apps():
    known = {path.stem for path in ICONS.glob("*.svelte")}
    assert {found.icon for found in INTEGRATIONS.values()} <= known


@pytest.mark.parametrize("name", INTEGRATIONS)
def test_what_a_connection_asks_for_makes_a_form(name: str):
    found = INTEGRATIONS[name]
    types = [each.type for each in found.auth]
    assert types
    assert len(set(types)) == len(types), "a connection knows its way of signing in by the type alone"
    assert is_schema(found.config)
    assert list(problems(found.config, "config", is_titled=True)) == []
    for auth in found.auth:
        if auth.credentials:
            assert is_schema(auth.credentials)
            assert list(problems(auth.credentials, auth.type, is_titled=True)) == []
        known = found.config.get("properties", {}).keys() | auth.credentials.get("properties", {}).keys()
        addresses = (auth.base_url, found.base_url, getattr(auth, "token_url", None))
        assert {place for url in addresses if url for place in PLACE.findall(url)} <= known


@pytest.mark.parametrize("name", [name for name, found in INTEGRATIONS.items() if found.needs_connection])
def test_a_connection_can_be_tried(name: str):
    tester = INTEGRATIONS[name].tester
    assert tester is not None
    assert SENTENCE.fullmatch(summary(tester))


@pytest.mark.parametrize("name", ACTIONS)
def test_an_action_describes_what_it_takes_and_gives(name: str):
    action: IntegrationAction = ACTIONS[name]
    facts = action.definition.facts
    assert re.fullmatch(r"[a-z][A-Za-z0-9]*", action.name)
    assert facts.title
    assert SENTENCE.fullmatch(action.definition.description)
    assert facts.input is not None
    assert facts.output is not None
    assert is_schema(facts.input)
    assert list(problems(facts.input, "input", is_titled=True)) == []
    assert is_schema(facts.output)
    assert list(problems(facts.output, "output", is_titled=False)) == []


@pytest.mark.parametrize("name", ACTIONS)
def test_the_example_of_an_action_is_an_input(name: str):
    facts = ACTIONS[name].definition.facts
    assert facts.example is not None
    assert SchemaCheck(facts.input or {}).problem(dict(facts.example)) is None


@pytest.mark.parametrize("name", [name for name, action in ACTIONS.items() if action.definition.facts.compensate])
def test_an_action_is_undone_by_what_it_takes_and_gives(name: str):
    facts = ACTIONS[name].definition.facts
    undo = ACTIONS[facts.compensate or ""].definition.facts
    assert facts.input is not None
    assert facts.output is not None
    assert undo.input is not None
    known = facts.input["properties"].keys() | facts.output["properties"].keys()
    assert set(undo.input.get("required", ())) <= known
    if undo.input.get("description", "").startswith("Takes what"):
        assert set(undo.input["required"]) <= facts.output["properties"].keys()
        assert undo.input.get("additionalProperties", True)


@pytest.mark.parametrize("name", TRIGGERS)
def test_a_trigger_describes_what_it_takes_and_gives(name: str):
    trigger: IntegrationTrigger = TRIGGERS[name]
    assert trigger.title
    assert SENTENCE.fullmatch(trigger.description)
    assert is_schema(trigger.config)
    assert list(problems(dict(trigger.config), "config", is_titled=True)) == []
    jsonschema_rs.meta.validate(trigger.output)
    assert list(problems(dict(trigger.output), "output", is_titled=False)) == []
    assert trigger.example is not None
    assert SchemaCheck(trigger.output).problem(trigger.example) is None
