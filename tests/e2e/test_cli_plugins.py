"""Definitions that use plugins, on the command line: checked, run and tested where they lie."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.gadgets import installed
from tests.e2e.stamps import STAMPS
from tests.e2e.weft import Ended, environment, weft

FORM = {"type": "object", "properties": {"number": {"type": "string", "x-validator": "stamps.number"}}}
STAMPING: dict[str, Any] = {
    "id": "stamping",
    "input": FORM,
    "nodes": [
        {"id": "ask", "type": "action", "action": "stampoffice.ask", "input": {"number": "${ input.number }"}},
        {"id": "press", "type": "stamps.press", "ink": "blue", "dependencies": ["ask"]},
    ],
    "output": {"given": "${ steps.ask.output.given }", "ink": "${ steps.press.output.printed.ink }"},
}
TESTS = """
workflow: stamping.json
realActions: [stamps.print]
mocks:
  stampoffice.ask: {returns: {given: ST-9}}
tests:
  - name: the node of the plugin runs as what it becomes
    input: {number: ST-1}
    expect: {output: {given: ST-9, ink: blue}, calls: {stamps.print: 1}}
  - name: what does not pass the plugin's check is refused
    input: {number: "7"}
    expect: {status: completed}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder with a definition and its tests, where the plugins are installed."""
    (tmp_path / "stamping.json").write_text(json.dumps(STAMPING))
    (tmp_path / "stamping.test.yaml").write_text(TESTS)
    with installed(tmp_path / "installed", STAMPS):
        yield tmp_path


def told(folder: Path, nodes: list[dict[str, Any]], *options: str) -> dict[str, dict[str, Any]]:
    """What ``weft validate`` says of these nodes, by place."""
    (folder / "wrong.json").write_text(json.dumps({**STAMPING, "nodes": nodes, "output": {}}))
    ended = weft("validate", folder / "wrong.json", "--json", *options, env=environment(home=folder / "home"))
    assert ended.code == 2, ended
    return {each["pointer"]: each for each in ended.json["problems"]}


def test_a_definition_with_parts_of_plugins_is_valid_without_a_platform(folder: Path) -> None:
    ended = weft("validate", folder / "stamping.json", env=environment(home=folder / "home"))
    assert (ended.code, "is valid" in ended.out) == (0, True), ended
    assert not (folder / "home").exists(), "no database was needed"


def test_what_is_wrong_with_parts_of_plugins_is_told_where_it_stands(folder: Path) -> None:
    found = told(
        folder,
        [
            {"id": "a", "type": "stamps.press", "ink": "green", "next": "b"},
            {"id": "b", "type": "action", "action": "stampoffice.ask", "input": {"number": "7"}, "next": "c"},
            {"id": "c", "type": "stamps.pres", "next": "d"},
            {"id": "d", "type": "jammed.roll", "next": "e"},
            {"id": "e", "type": "wax.seal", "next": "f"},
            {"id": "f", "type": "action", "action": "wax.melt"},
        ],
    )
    assert found["/nodes/0/ink"]["code"] == "schema_mismatch"
    assert found["/nodes/1/input/number"]["message"] == "is no number of a stamp"
    assert found["/nodes/2/type"]["hint"] == "did you mean `stamps.press`?"
    stopped = "the plugin 'jammed' does not run here: it failed while it was started: RuntimeError: the ink is dry"
    assert found["/nodes/3/type"]["hint"] == stopped
    assert found["/nodes/4/type"]["message"] == "there is no type of node `wax.seal` here"
    assert found["/nodes/4/type"]["hint"] == "install the plugin 'wax' here, or correct the name"
    assert found["/nodes/5/action"]["hint"] == "register it, correct the name, or add the plugin or integration `wax`"


def run(folder: Path, database: str, number: str) -> Ended:
    env = environment(home=folder / "home", database_url=database)
    return weft("run", folder / "stamping.json", "--input", json.dumps({"number": number}), env=env)


def test_a_definition_with_parts_of_plugins_runs(folder: Path, database: str) -> None:
    ran = run(folder, database, "ST-1")
    assert (ran.code, ran.json) == (0, {"given": "ST-1", "ink": "blue"}), ran
    refused = run(folder, database, "7")
    assert refused.code == 2
    assert "/number: is no number of a stamp" in refused.err


def test_a_definition_with_parts_of_plugins_is_tested(folder: Path) -> None:
    ended = weft("test", folder, env=environment(home=folder / "home"))
    assert ended.code == 1
    assert "✓ the node of the plugin runs as what it becomes" in ended.out
    assert "is no number of a stamp" in ended.out
    assert "1 passed, 1 failed" in ended.out


def test_the_server_is_asked_which_plugins_there_are(folder: Path, database: str) -> None:
    env = environment(home=folder / "home", database_url=database)
    ended = weft("validate", folder / "stamping.json", "--server", "--json", env=env)
    assert (ended.code, ended.json) == (0, {"valid": True, "problems": []}), ended
    assert weft("plugin", "disable", "stamps", env=env).code == 0
    refused = weft("validate", folder / "stamping.json", "--server", "--json", env=env)
    assert refused.code == 2
    assert {each["pointer"]: each["hint"] for each in refused.json["problems"]}["/nodes/1/type"] == (
        "the plugin 'stamps' has to run, and to be enabled"
    )
