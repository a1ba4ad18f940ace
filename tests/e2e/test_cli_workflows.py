"""Workflows, their versions and statuses, from the console."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.conftest import Command

DEFINITION = """
id: order
nodes:
  - {id: ship, type: action, action: echo, input: {carrier: post}}
"""


@pytest.fixture(autouse=True)
def on_database(database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WEFT_DATABASE_URL", database)
    monkeypatch.setenv("WEFT_HOME", str(tmp_path))


def test_versions_are_listed_compared_and_gone_back_to(command: Command, tmp_path: Path):
    file = tmp_path / "order.yaml"
    for carrier in ("post", "train"):
        file.write_text(DEFINITION.replace("post", carrier))
        command("publish", file, "-m", f"By {carrier}")
    shown = command("workflow", "diff", "order").out
    assert shown == 'order: version 1 → 2\n~ node ship\n    ~ /input/carrier "post" → "train"\n'
    assert command("workflow", "diff", "order", "2", "2").out.endswith("Nothing differs.\n")
    assert command("workflow", "diff", "order", "1", "2", "--json").json["isEmpty"] is False
    assert command("workflow", "rollback", "order", "1", "-m", "Too slow").out == "order version 3 is published.\n"
    listed = command("workflow", "versions", "order").out
    assert "back to version 1: Too slow" in listed
    assert "By train" in listed
    definition = command("workflow", "show", "order", "--version", "2").json["definition"]
    assert definition["nodes"][0]["input"] == {"carrier": "train"}
    missing = command("workflow", "diff", "order", "1", "9")
    assert (missing.code, "no version 9" in missing.err) == (1, True)


def test_a_workflow_is_retired_and_brought_back(command: Command, tmp_path: Path):
    file = tmp_path / "order.yaml"
    file.write_text(DEFINITION)
    command("publish", file)
    assert command("workflow", "deprecate", "order", "--reason", "a test").out == "order is DEPRECATED.\n"
    assert command("workflow", "archive", "order").out == "order is ARCHIVED.\n"
    assert command("workflow", "list", "--json").json == []
    assert "order" in command("workflow", "list", "--status", "archived").out
    refused = command("workflow", "publish", "order")
    assert (refused.code, "Restore it first" in refused.err) == (1, True)
    assert command("workflow", "restore", "order").out == "order is PUBLISHED.\n"
    assert [each["id"] for each in command("workflow", "list", "--query", "ord", "--json").json] == ["order"]


def test_publishing_tells_what_may_not_work_yet(command: Command, tmp_path: Path):
    file = tmp_path / "order.yaml"
    file.write_text("id: order\nnodes:\n  - {id: ship, type: subworkflow, workflow: shipping}\n")
    command("publish", file)
    file.write_text(DEFINITION)
    command("publish", file)
    gone_back = command("workflow", "rollback", "order", "1")
    assert gone_back.out == "order version 3 is published.\n"
    assert "/nodes/0/workflow: workflow 'shipping' has no published version" in gone_back.err
