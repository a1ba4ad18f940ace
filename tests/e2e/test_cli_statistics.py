"""Statistics, from the console."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.conftest import Command

DEFINITION = """
id: order
nodes:
  - {id: pack, type: action, action: echo, next: ship}
  - {id: ship, type: action, action: echo}
"""


@pytest.fixture(autouse=True)
def on_database(database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WEFT_DATABASE_URL", database)
    monkeypatch.setenv("WEFT_HOME", str(tmp_path))


def test_what_ran_is_shown_in_a_table_and_as_json(command: Command, tmp_path: Path):
    file = tmp_path / "order.yaml"
    file.write_text(DEFINITION)
    assert command("stats").out.splitlines()[0].endswith("; 0 running now")
    assert command("run", file).code == 0
    [_, headings, order, everything] = command("stats", "--by", "workflow", "--by", "version").out.splitlines()
    assert headings.split()[:4] == ["WORKFLOW", "VERSION", "STARTED", "COMPLETED"]
    assert order.split()[:4] == ["order", "1", "1", "1"]
    assert everything.split()[:3] == ["all", "1", "1"]
    steps = command("stats", "--workflow", "order", "--by", "step", "--json").json["items"]
    assert sorted((step["stepId"], step["completed"]) for step in steps) == [("pack", 1), ("ship", 1)]
    assert (
        command("stats", "--step", "ship", "--from", "2020-01-01", "--to", "2020-01-02", "--json").json["items"] == []
    )


def test_what_cannot_be_told_is_refused(command: Command):
    atlantis = command("stats", "--timezone", "Europe/Atlantis", "--from", "2026-03-01")
    assert (atlantis.code, "no time zone 'Europe/Atlantis'" in atlantis.err) == (2, True)
    both = command("stats", "--by", "hour", "--by", "day")
    assert (both.code, "not by both" in both.err) == (2, True)
