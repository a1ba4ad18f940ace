"""Every template that ships with Weftline is valid, needs what it says, and does what it promises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from weftline.authoring import load_actions
from weftline.authoring.integrations import integrations
from weftline.language.validate import validate
from weftline.library import TemplateEntry, connections_of, shipped_entries
from weftline.library.entry import CATEGORIES
from weftline.library.shipped import TEMPLATES
from weftline.testing.coverage import Coverage
from weftline.testing.suite_reader import read_suite
from weftline.testing.suite_run import run_suite

ENTRIES = shipped_entries()
LANGUAGES = ("en", "de")

TOLERATED = (": failure tolerated", ": compensated")
"""Ways that a test need not go: they are the same in every workflow."""

every_entry = pytest.mark.parametrize("id", sorted(ENTRIES))


def texts_of(entry: TemplateEntry) -> list[Mapping[str, str]]:
    wanted = [*(each.purpose for each in entry.connections.values())]
    for variable in entry.variables:
        wanted += [variable.title, *([variable.description] if variable.description else [])]
    return [entry.name, entry.description, *wanted]


@every_entry
def test_a_template_is_valid_and_calls_what_there_is(id: str) -> None:
    entry = ENTRIES[id]
    problems = validate(dict(entry.definition), load_actions().names()).problems
    assert not problems, "\n".join(str(problem) for problem in problems)


@every_entry
def test_its_file_its_id_and_its_definition_have_one_name(id: str) -> None:
    assert (TEMPLATES / f"{id}.yaml").is_file()
    assert ENTRIES[id].definition["id"] == id


@every_entry
def test_it_names_the_connections_that_its_steps_use(id: str) -> None:
    entry = ENTRIES[id]
    used = connections_of(entry.definition)
    assert used.keys() == entry.connections.keys()
    for name, actions in used.items():
        assert {action.partition(".")[0] for action in actions} == {entry.connections[name].integration}
    for node in entry.definition["nodes"]:
        integration = integrations.get(str(node.get("action", "")).partition(".")[0])
        assert integration is None or not integration.needs_connection or "connection" in node, node["id"]


@every_entry
def test_everything_is_told_in_every_language(id: str) -> None:
    for texts in texts_of(ENTRIES[id]):
        assert set(texts) == set(LANGUAGES)


@every_entry
def test_it_does_what_it_promises_and_its_tests_go_through_all_of_it(id: str) -> None:
    entry = ENTRIES[id]
    suite = read_suite((TEMPLATES / f"{id}.test.yaml").read_bytes())
    coverage = Coverage()

    def find(name: str) -> dict[str, Any]:
        assert name == id
        return dict(entry.definition)

    results = list(run_suite(suite, find, load_actions(), coverage))
    assert not [(case.name, case.failure) for case in results if case.failure is not None]
    missing = [way for each in coverage for way in each.missing if not way.endswith(TOLERATED)]
    assert missing == []


@every_entry
def test_its_sample_input_fits(id: str) -> None:
    import jsonschema_rs

    entry = ENTRIES[id]
    jsonschema_rs.validate(entry.definition.get("input", {}), entry.sample_input)


def test_there_are_enough_of_them_for_everybody() -> None:
    assert len(ENTRIES) >= 30
    used = {entry.category for entry in ENTRIES.values()}
    assert len(used) >= 10
    assert used <= set(CATEGORIES)


def test_every_file_of_tests_belongs_to_a_template() -> None:
    tests = {path.name.removesuffix(".test.yaml") for path in TEMPLATES.glob("*.test.yaml")}
    assert tests == set(ENTRIES)
