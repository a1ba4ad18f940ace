"""``weft convert``, and definitions of other dialects wherever a command takes one."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Command
from tests.e2e.weft import ROOT
from weftline.language import parse_definition
from weftline.language.dialects.registry import dialects

GUIDE = (ROOT / "docs/guides/dialects.md").read_text()
TEMPLATE = ROOT / "examples/designer_template/template.json"
FLOW = ROOT / "examples/simple_flow/flow.json"


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def test_the_guides_commands_work_one_after_the_other(command: Command, tmp_path: Path):
    [block, *_] = re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL)
    lines = [shlex.split(line.replace("/tmp/", f"{tmp_path}/")) for line in block.splitlines()]
    first, second, third = [command(*line[1:]) for line in lines]
    assert (first.code, second.code, third.code) == (0, 0, 0)
    assert parse_definition((tmp_path / "lead-welcome.yaml").read_text()) == first.json
    assert "/steps/1/condition: changed: it is written in CEL" in first.err
    template, source = third.json, json.loads(TEMPLATE.read_text())
    assert template["templateId"] == source["templateId"]
    assert [step["id"] for step in template["steps"]] == [step["id"] for step in source["steps"]]
    assert [each["type"] for each in template["triggers"]] == [each["type"] for each in source["triggers"]]


def test_what_is_unsupported_ends_with_one_and_writes_nothing_unless_partial(command: Command, tmp_path: Path):
    file, out = tmp_path / "flow.json", tmp_path / "out.json"
    flow = json.loads(FLOW.read_text())
    flow["nodes"][1]["type"] = "email"
    file.write_text(json.dumps(flow))
    ended = command("convert", file, "-o", out)
    assert (ended.code, ended.out, out.exists()) == (1, "", False)
    assert "/nodes/1/type: unsupported: email: there is no such step here" in ended.err
    ended = command("convert", file, "-o", out, "--partial")
    assert (ended.code, json.loads(out.read_text())["nodes"][1]["action"]) == (0, "unsupported.email")


def test_what_cannot_be_written_is_named_by_its_place_in_the_source(command: Command):
    ended = command("convert", TEMPLATE, "--to", "nodes")
    assert ended.code == 1
    assert "/steps/2: unsupported: loop: cannot be said there" in ended.err


def test_what_is_not_valid_ends_with_two(command: Command, tmp_path: Path):
    file = tmp_path / "flow.json"
    file.write_text(FLOW.read_text().replace('"nextNodeId": 3', '"nextNodeId": 33'))
    ended = command("convert", file)
    assert (ended.code, "/nodes/1/nextNodeId: there is no `33`" in ended.err) == (2, True)
    file.write_bytes(b'{"nodes": "' + b"x" * 10_000_000 + b'"}')
    ended = command("convert", file)
    assert (ended.code, "5,000,000 bytes" in ended.err) == (2, True)
    ended = command("convert", FLOW, "--to", "disigner")
    assert (ended.code, "did you mean `designer`?" in ended.err) == (2, True)


def test_other_commands_take_a_dialect_too_and_say_so(command: Command):
    ended = command("validate", FLOW)
    assert (ended.code, "--from nodes" in ended.err) == (2, True)
    ended = command("validate", FLOW, "--from", "nodes")
    assert (ended.code, ended.out) == (0, f"{FLOW} is valid.\n")


def test_the_guides_own_dialect_can_be_added_by_a_distribution(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    [code] = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    [entry] = re.findall(r'^shopping-list = "(.*)"$', GUIDE, re.MULTILINE)
    package = tmp_path / "shopping"
    package.mkdir()
    (package / "dialect.py").write_text(code)
    record = tmp_path / "shopping-1.0.dist-info"
    record.mkdir()
    (record / "METADATA").write_text("Metadata-Version: 2.1\nName: shopping\nVersion: 1.0\n")
    (record / "entry_points.txt").write_text(f"[weftline.dialects]\nshopping-list = {entry}\n")
    monkeypatch.syspath_prepend(tmp_path)
    file = tmp_path / "list.json"
    shopping: dict[str, Any] = {"id": "saturday", "buy": ["bread", "cheese"]}
    file.write_text(json.dumps(shopping))
    dialects.cache_clear()
    try:
        ended = command("convert", file)
        assert [node["input"] for node in ended.json["nodes"]] == [{"item": "bread"}, {"item": "cheese"}]
        assert command("convert", file, "--to", "shopping-list").json == shopping
        file.write_text(json.dumps({**shopping, "by": "noon"}))
        assert "/by: unsupported: a list only says what to buy" in command("convert", file).err
    finally:
        monkeypatch.undo()
        dialects.cache_clear()
