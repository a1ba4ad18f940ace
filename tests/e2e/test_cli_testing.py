"""``weft test`` and ``weft replay``."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.e2e.conftest import Command

ROOT = Path(__file__).parents[2]

DEFINITION = """
id: shop
nodes:
  - {id: price, type: action, action: echo, input: {total: "${ input.total }"}, next: big}
  - {id: big, type: decision, condition: "steps.price.output.total > LIMIT", "true": ask, "false": sell}
  - {id: ask, type: action, action: echo, input: {ask: true}}
  - {id: sell, type: action, action: echo, input: {sold: true}}
"""

TESTS = """
workflow: shop.yaml
tests:
  - name: small ones are sold
    input: {total: 5}
    expect: {output: {sold: true}}
  - name: large ones are sold too
    input: {total: 500}
    expect: {path: [price, big, sell]}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A folder with a workflow, its next version, and tests, one of which fails."""
    (tmp_path / "shop.yaml").write_text(DEFINITION.replace("LIMIT", "100"))
    (tmp_path / "next.yaml").write_text(DEFINITION.replace("LIMIT", "1000"))
    (tmp_path / "shop.test.yaml").write_text(TESTS)
    return tmp_path


def test_tests_are_found_run_and_reported(command: Command, shop: Path) -> None:
    report = shop / "report.xml"
    ended = command("test", shop, "--cover", "--junit", report)
    assert ended.code == 1
    assert "✓ small ones are sold" in ended.out
    assert "shop: the path is price, big, ask; expected price, big, sell" in ended.out
    assert "1 passed, 1 failed" in ended.out
    (suite,) = ElementTree.parse(report).getroot()
    assert (suite.attrib["tests"], suite.attrib["failures"]) == ("2", "1")
    few = command("test", shop / "shop.test.yaml", "-k", "SMALL", "--fail-under", "90")
    assert (few.code, "66.7 % is covered; 90 % is asked for" in few.err) == (1, True)
    assert command("test", shop, "-k", "small", "--fail-under", "60").code == 0
    told = command("test", shop, "--json").json
    assert [each["passed"] for each in told["tests"]] == [True, False]
    assert told["coverage"]["workflows"][0]["missing"] == []


def test_what_is_no_test_is_told_with_its_place(command: Command, shop: Path, tmp_path: Path) -> None:
    (shop / "shop.test.yaml").write_text("workflow: shop.yaml\ntests:\n  - name: a\n    expected: {}\n")
    ended = command("test", shop)
    assert ended.code == 2
    assert "shop.test.yaml:4:5: /tests/0/expected: there is no field `expected` here" in ended.err
    assert command("test", shop / "none.test.yaml").code == 2
    (shop / "shop.test.yaml").unlink()
    nothing = command("test", shop)
    assert (nothing.code, "no file is called *.test.yaml" in nothing.err) == (2, True)


def test_a_recorded_run_is_replayed_with_the_next_version_before_that_is_published(
    command: Command, database: str, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEFT_DATABASE_URL", database)
    monkeypatch.setenv("WEFT_HOME", str(shop))
    for total in (5, 500):
        assert command("run", shop / "shop.yaml", "--input", json.dumps({"total": total})).code == 0
    replayed = command("replay", "--workflow", "shop", "--with", shop / "next.yaml", "--json")
    large, small = replayed.json
    assert (replayed.code, small["isSame"], large["isSame"]) == (1, True, False)
    assert large["differences"][0]["got"] == "completed by case 'false', going on to sell"
    record = shop / "record.json"
    assert command("replay", small["executionId"], "--save", record).code == 0
    assert "1 of 1 take the same path" in command("replay", record, "--with", shop / "next.yaml").out
    refused = command("publish", shop / "next.yaml", "--replay", "10")
    assert (refused.code, "executions take another path with it" in refused.err) == (1, True)


def test_what_cannot_be_replayed_is_refused(command: Command, shop: Path) -> None:
    file = shop / "no-record.json"
    file.write_text('{"events": []}')
    for source in (file, shop / "shop.yaml"):
        refused = command("replay", source, "--with", shop / "next.yaml")
        assert refused.code == 2
    file.write_text(
        json.dumps(
            {
                "executionId": "01a1fdcf-db54-719f-9baa-5aaf18fdcfb6",
                "workflowId": "shop",
                "versionNumber": 1,
                "status": "completed",
                "input": {},
                "definition": {},
                "events": [{"seq": 7, "type": "WORKFLOW_STARTED", "stepId": None, "occurredAt": "soon", "data": None}],
            }
        )
    )
    refused = command("replay", file, "--with", shop / "next.yaml")
    assert (refused.code, "holds something else than events" in refused.err) == (2, True)
    assert command("replay", file).code == 2
    assert command("replay", "--with", shop / "next.yaml").code == 2
