"""Files of tests: what they say, what is wrong with them, and what they come to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema_rs
import pytest
from tests.unit.testing.workflows import REMINDERS, SAGA

from weftline.authoring import ActionRegistry
from weftline.language.yaml_reader import read_yaml
from weftline.testing import Coverage
from weftline.testing.junit import junit_xml
from weftline.testing.suite import suite_schema
from weftline.testing.suite_reader import ENDINGS, InvalidSuite, read_suite
from weftline.testing.suite_run import CaseResult, run_suite

ROOT = Path(__file__).parents[3]
EXAMPLES = sorted(file for ending in ENDINGS for file in (ROOT / "examples").rglob(f"*{ending}"))
DOCUMENTS = {"saga": SAGA, "reminders": REMINDERS}


def results(source: str, **options: Any) -> dict[str, str | None]:
    """What is wrong with each test of a file; None where nothing is."""
    suite = read_suite(source.encode())
    found = run_suite(suite, DOCUMENTS.__getitem__, ActionRegistry(), Coverage(), **options)
    return {each.name: each.failure for each in found}


def test_a_file_mocks_scripts_and_expects() -> None:
    source = """
        workflow: saga
        mocks:
          reserve: { returns: r, data: { room: 7 } }
          pay: { sequence: [{ raises: { code: busy, retryAfter: 60 } }, { returns: p, takes: 1m }] }
          ship: { raises: no_stock }
          release: {}
          refund: {}
        tests:
          - name: everything is undone
            expect:
              status: failed
              error: no_stock
              path: [reserve, pay, ship]
              undone: [pay, reserve]
              data: { room: 7 }
              calls: { pay: 2, refund: { times: 1, input: p } }
              virtualTime: 2m
          - name: an operator has it shipped again
            mocks: { ship: { sequence: [{ raises: no_stock }, { returns: s }] }, refund: {} }
            script: [{ do: retry }]
            expect: { status: completed, output: s }
          - name: that it is paid once is wrong
            expect: { calls: { pay: 1 } }
    """
    found = results(source, twice=True)
    assert found.pop("everything is undone") is None
    assert found.pop("an operator has it shipped again") is None
    (wrong,) = found.values()
    assert wrong is not None
    assert wrong.startswith("story: 'pay' was called 2 times; expected 1\n\nWhat happened:")


def test_a_test_that_cannot_be_carried_out_says_why() -> None:
    source = """
        workflow: reminders
        tests:
          - { name: unmocked, input: { order: o }, expect: {} }
          - { name: no such step, script: [{ when: confirmed, signal: x }], expect: {} }
          - { name: never, mocks: { remind: {} }, input: { order: o }, until: 1d, script: [{ assignee: t }],
              expect: {} }
          - { name: begins never, startsAt: soon, expect: {} }
    """
    found = results(source)
    assert "mocks: {remind: {returns: …}}" in str(found["unmocked"])
    assert found["no such step"] == "the workflow 'story' has no node 'confirmed'"
    assert "the script came no further than the answer to a task of 't'" in str(found["never"])
    assert "'soon' is not an RFC 3339 time" in str(found["begins never"])


@pytest.mark.parametrize(
    ("source", "mistake"),
    [
        ("workflow: x\ntests: []\n", "2:1: /tests: "),
        ("workflow: x\n", "1:1: /: `tests` is missing"),
        ("- 1\n", "1:1: /: a file of tests is an object"),
        ("workflow: x\ntests:\n  - name: a\n    expct: {}\n", "4:5: /tests/0/expct: there is no field `expct` here"),
        ("workflow: x\ntests:\n  - name: a\n    expect: {statu: a}\n", "4:14: /tests/0/expect/statu: "),
        ("workflow: x\ntests:\n  - name: a\n    expect: {virtualTime: soon}\n", "4:14: /tests/0/expect/virtualTime: "),
        (
            "workflow: x\ntests:\n  - name: a\n    expect: {}\n    script:\n      - at: 1d\n",
            "6:9: /tests/0/script/0: the line lets nothing happen",
        ),
        (
            "workflow: x\ntests:\n  - name: a\n    expect: {}\n    script:\n      - {signal: a, event: b}\n",
            "6:9: /tests/0/script/0: the line lets several things at once: `signal`, `event` happen",
        ),
        ("workflow: x\nmocks: {a: {returns: 1, raises: b}}\ntests:\n  - {name: a, expect: {}}\n", "2:9: /mocks/a: "),
        (
            "workflow: x\ntests:\n  - {name: a, expect: {}}\n  - {name: a, expect: {}}\n",
            "4:6: /tests/1/name: two tests",
        ),
        ("workflow: &a x\n", "1:11: /: anchors are not allowed"),
        ("workflow: [\n", "2:1: /: not YAML"),
        ("\x00", "1:1: /: not YAML"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_with_line_and_column(source: str, mistake: str) -> None:
    with pytest.raises(InvalidSuite) as invalid:
        read_suite(source.encode())
    assert mistake in str(invalid.value)


def test_what_is_not_text_is_refused() -> None:
    with pytest.raises(InvalidSuite, match="not UTF-8"):
        read_suite(b"\xff\xfe\x00")


def test_the_published_schema_is_that_of_the_program_and_accepts_the_examples() -> None:
    schema = suite_schema()
    published = ROOT / "docs" / "reference" / "test-file.schema.json"
    assert json.loads(published.read_text()) == schema, "write it anew: weft schema --tests"
    validator = jsonschema_rs.validator_for(schema)
    assert EXAMPLES
    for file in EXAMPLES:
        validator.validate(read_yaml(file.read_text()))


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.parent.name)
def test_the_tests_of_the_examples_pass_and_go_through_everything(file: Path) -> None:
    suite, coverage = read_suite(file.read_bytes()), Coverage()
    found = run_suite(suite, lambda name: file.parent / name, ActionRegistry(), coverage, twice=True)
    assert [each.failure for each in found if each.failure is not None] == []
    coverage.assert_at_least(100)


def test_results_are_written_as_junit_xml() -> None:
    cases = [CaseResult("a", 0.25), CaseResult('b "<&', 0.5, "wrong:\x0b\nmore"), CaseResult("c", 0.0, "broken", True)]
    (suite,) = ElementTree.fromstring(junit_xml({"x.test.yaml": cases}))
    assert suite.attrib == {"name": "x.test.yaml", "tests": "3", "failures": "1", "errors": "1", "time": "0.750"}
    assert [case.attrib["name"] for case in suite] == ["a", 'b "<&', "c"]
    assert [[outcome.tag for outcome in case] for case in suite] == [[], ["failure"], ["error"]]
    assert suite[1][0].attrib["message"] == "wrong:\N{REPLACEMENT CHARACTER}"
