"""What operators and reviewers do to executions from the console, with a real worker."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.conftest import Command
from tests.e2e.weft import environment, eventually, running

TRIP = """
id: trip
nodes:
  - {id: book, type: action, action: echo, compensate: echo, next: mail}
  - {id: mail, type: action, action: echo, next: ready}
  - {id: ready, type: wait, event: ready}
"""
LATER = TRIP.replace("ready", "leave")

FORM = """
id: form
settings: {review: true}
nodes:
  - id: name
    type: form
    form: {type: object}
    validate: [{condition: "has(result.name)", message: the name is missing, field: name}]
"""


@pytest.fixture(autouse=True)
def on_database(database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    monkeypatch.setenv("WEFT_DATABASE_URL", database)
    monkeypatch.setenv("WEFT_HOME", str(tmp_path))
    return database


def test_executions_are_operated_and_reviewed(command: Command, on_database: str, tmp_path: Path):
    file = tmp_path / "definition.yaml"

    def started(text: str, id: str) -> str:
        file.write_text(text)
        command("publish", file)
        return command("start", id).out.strip()

    def stands(id: str, status: str) -> object:
        return command("show", id, "--json").json["status"] == status

    trip, form = started(TRIP, "trip"), started(FORM, "form")
    with running("worker", env=environment(database_url=on_database, home=tmp_path)):
        eventually(lambda: stands(trip, "waiting"), "the trip waits")
        plan = command("rollback", trip, "--dry-run").out
        assert [line.split()[:3] for line in plan.splitlines()[1:]] == [
            ["book", "is", "undone"],
            ["mail", "stays:", "it"],
            ["ready", "is", "given"],
        ]
        assert "mail" in command("retry", trip, "--step", "mail", "--dry-run").out
        assert command("retry", trip, "--step", "mail").code == 0
        eventually(lambda: stands(trip, "waiting"), "the trip waits again")
        assert command("edit", trip, "--set", '{"name": "Ada"}', "--json").json["data"] == {"name": "Ada"}
        command("rollback", trip, "--reason", "called off")
        eventually(lambda: stands(trip, "rolled_back"), "all of it is undone")
        command("resume", trip)
        eventually(lambda: stands(trip, "waiting"), "it goes on")

        file.write_text(LATER)
        command("publish", file)
        lost = command("workflow", "migrate", "trip", "--to", "2", "--execution", trip, "--dry-run")
        assert (lost.code, "the other version lacks" in lost.out) == (1, True)
        moved = command("workflow", "migrate", "trip", "--from", "1", "--to", "2", "--node", "ready=leave").out
        assert moved == "1 of 1 can go on; 0 would lose state.\n"
        eventually(lambda: command("show", trip, "--json").json["currentSteps"] == ["leave"], "it is migrated")
        assert "is completed" in command("skip", trip, "leave", "--reason", "a test").out
        again = command("restart", trip, "--latest").out.strip()
        assert command("show", again, "--json").json["restartedFrom"] == trip
        assert command("children", trip, "--json").json == []
        refused = command("skip", trip, "leave")
        assert (refused.code, refused.err) == (1, "error: Step 'leave' is not open.\n")

        assert "is waiting" in command("review", "start", form).out
        assert command("review", "fill", form, "name").code == 0
        eventually(lambda: stands(form, "awaiting_validation"), "all is filled in")
        invalid = command("review", "validate", form)
        assert (invalid.code, "the name is missing" in invalid.out) == (1, True)
        assert "/name" in command("review", "submit", form).err
        assert command("review", "fill", form, "name", "--data", '{"name": "Ada"}').code == 0
        assert command("review", "validate", form).out == "Everything is valid.\n"
        assert "is submitted" in command("review", "submit", form).out
        assert "is awaiting_validation" in command("review", "reject", form, "--reason", "not yet").out
        command("review", "submit", form)
        assert "is completed" in command("review", "approve", form, "--comment", "fine").out


def test_what_a_migration_is_about_is_said_once(command: Command):
    neither = command("workflow", "migrate", "trip", "--to", "2")
    assert (neither.code, "either --from or --execution" in neither.err) == (2, True)
    unmapped = command("workflow", "migrate", "trip", "--to", "2", "--from", "1", "--node", "ready")
    assert (unmapped.code, "OLD=NEW" in unmapped.err) == (2, True)
