"""Every command that reads or steers what is in the database, each called in this process as ``weft`` calls it."""

from __future__ import annotations

import json
from getpass import getuser
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Command
from tests.e2e.weft import environment, eventually, lines_until, running

ROOT = Path(__file__).parents[2]
UNKNOWN = "01890a5d-ac96-774b-bcce-b302099a8057"

DEFINITION = """
id: order
nodes:
  - {id: paid, type: wait, event: payment, next: check}
  - {id: check, type: approval, assignTo: clerks, form: {type: object, required: [note]}, next: ship}
  - {id: ship, type: action, action: echo, input: {paid: "${ steps.paid.output.amount }"}}
"""


@pytest.fixture
def on_database(database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """The commands use the test's database, and a home of their own."""
    monkeypatch.setenv("WEFT_DATABASE_URL", database)
    monkeypatch.setenv("WEFT_HOME", str(tmp_path))
    return database


def test_an_execution_can_be_started_watched_and_steered_to_its_end(command: Command, on_database: str, tmp_path: Path):
    file = tmp_path / "order.yaml"
    file.write_text(DEFINITION)
    assert "order version 1 is published." in command("publish", file).out
    started = command("start", "order", "--tag", "test", "--json").json
    assert started["versionNumber"] == 1
    execution_id = started["id"]
    [listed] = command("list", "--workflow", "order", "--tag", "test", "--json").json
    assert (listed["id"], listed["status"]) == (execution_id, "pending")

    def is_at(step: str) -> bool:
        return step in command("show", execution_id, "--json").json["currentSteps"]

    with running("worker", env=environment(database_url=on_database, home=tmp_path)) as worker:
        eventually(lambda: is_at("paid"), "the execution waits for the payment")
        assert "is paused" in command("pause", execution_id).out
        assert command("signal", execution_id, "payment", "--payload", '{"amount": 5}').code == 0
        assert "is waiting" in command("resume", execution_id).out
        [task] = eventually(lambda: command("task", "list", "--json").json, "the task is open")
        assert (task["executionId"], task["assignTo"]) == (execution_id, ["clerks"])
        assert "is claimed" in command("task", "claim", task["id"]).out
        assert "is open" in command("task", "release", task["id"]).out
        assert "is open" in command("task", "reassign", task["id"], "clerks", "auditors").out
        assert command("task", "list", "--assignee", "auditors", "--json").json[0]["id"] == task["id"]
        refused = command("task", "complete", task["id"], "--outcome", "approved", "--data", "{}")
        assert (refused.code, "/data" in refused.err) == (2, True)
        done = command("task", "complete", task["id"], "--outcome", "approved", "--data", '{"note": "ok"}', "--json")
        assert (done.json["status"], done.json["completedBy"]) == ("completed", getuser())
        shown = eventually(
            lambda: (found := command("show", execution_id, "--json").json)["status"] == "completed" and found,
            "the execution completes",
        )
        assert shown["output"] == {"paid": 5}
        assert [step["stepId"] for step in shown["steps"]] == ["paid", "check", "ship"]
        events = command("events", execution_id, "--json").json
        assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
        assert (events[0]["type"], events[-1]["type"]) == ("WORKFLOW_STARTED", "WORKFLOW_COMPLETED")
        assert command("events", execution_id, "--after", str(len(events) - 1), "--json").json == events[-1:]

        other = command("start", "order").out.strip()
        eventually(lambda: "waiting" in command("list", "--status", "waiting").out, "the other one waits")
        assert "is cancelled" in command("cancel", other, "--reason", "a test").out
        worker.terminate()
        lines_until(worker, "worker stopped")
        assert worker.wait() == 0


def test_the_same_key_starts_one_execution(command: Command, on_database: str, tmp_path: Path):
    file = tmp_path / "order.yaml"
    file.write_text(DEFINITION)
    command("publish", file)
    ids = {command("start", "order", "--key", "k").out.strip() for _ in range(2)}
    assert len(ids) == 1


def test_publishing_again_makes_a_version_only_of_what_changed(command: Command, on_database: str, tmp_path: Path):
    file = tmp_path / "order.yaml"
    file.write_text(DEFINITION)
    numbers = [command("publish", file, "--json").json["versionNumber"] for _ in range(2)]
    file.write_text(DEFINITION.replace("payment", "money"))
    assert [*numbers, command("publish", file, "--json").json["versionNumber"]] == [1, 1, 2]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("show", UNKNOWN), 1, "There is no execution of this id."),
        (("signal", UNKNOWN, "x"), 1, "There is no execution of this id."),
        (("task", "complete", UNKNOWN), 1, "There is no task of this id."),
        (("start", "nothing"), 1, "There is no workflow 'nothing'."),
        (("start", "order", "--input", "[]"), 2, "--input: it must be an object"),
        (("start", "order", "--input", "{"), 2, "--input: it is not JSON"),
        (("start", "order", "--input", '{"a": 9223372036854775808}'), 2, "/a: the integer does not fit"),
        (("start", "order", "--input", "[" * 100_000), 2, "--input: it nests too deep"),
        (("start", "order", "--input", "@missing.json"), 2, "--input: cannot read missing.json"),
        (("validate", "missing.json"), 2, "cannot read missing.json"),
        (("validate", str(ROOT / "README.md")), 2, "README.md: not YAML"),
        (("list", "--status", "odd"), 2, "odd"),
        (("show", "no-uuid"), 2, "Invalid value for"),
    ],
)
def test_what_cannot_be_done_is_said_on_standard_error(
    command: Command, on_database: str, arguments: tuple[str, ...], code: int, message: str
):
    ran = command(*arguments)
    assert (ran.code, ran.out) == (code, "")
    assert message in ran.err
    assert "Traceback" not in ran.err


def test_a_database_that_does_not_answer_is_said_to_be_unreachable(command: Command, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("WEFT_DATABASE_URL", "postgresql://weft@127.0.0.1:1/none")
    ran = command("list")
    assert ran.code == 1
    assert "the database cannot be reached" in ran.err


def test_an_outside_database_is_brought_up_to_date_by_migrate_only(
    command: Command, empty_database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("WEFT_DATABASE_URL", empty_database)
    monkeypatch.setenv("WEFT_HOME", str(tmp_path))
    refused = command("list")
    assert (refused.code, "run 'weft migrate' first" in refused.err) == (1, True)
    assert "was brought up to date" in command("migrate").out
    assert "is up to date" in command("migrate").out
    assert command("list", "--json").json == []


def test_validate_lists_every_problem_with_its_place(command: Command, tmp_path: Path):
    file = tmp_path / "wrong.yaml"
    file.write_text("id: w\nnodes:\n  - {id: a, type: action, action: ecko, next: nowhere}\n")
    ran = command("validate", file, "--json")
    assert ran.code == 2
    assert {problem["pointer"] for problem in ran.json["problems"]} == {"/nodes/0/action", "/nodes/0/next"}
    assert command("validate", file, "--any-action", "--json").json["problems"][0]["pointer"] == "/nodes/0/next"


def test_a_module_of_actions_that_cannot_be_imported_is_named(command: Command, tmp_path: Path):
    file = tmp_path / "right.yaml"
    file.write_text("id: w\nnodes:\n  - {id: a, type: action, action: echo}\n")
    ran = command("validate", file, "--actions", "no.such.module")
    assert (ran.code, ran.out) == (2, "")
    assert "cannot import the actions module 'no.such.module'" in ran.err


def test_validate_says_that_a_definition_is_valid(command: Command, tmp_path: Path):
    file = tmp_path / "right.yaml"
    file.write_text("id: w\nnodes:\n  - {id: a, type: action, action: echo}\n")
    ran = command("validate", file)
    assert (ran.code, ran.out) == (0, f"{file} is valid.\n")


def test_schema_prints_the_schema_and_the_reference(command: Command):
    schema = command("schema").json
    assert "nodes" in schema["properties"]
    assert command("schema", "--reference").out == (ROOT / "docs/reference/definition.md").read_text()


def test_config_lists_every_setting_and_masks_secrets(command: Command, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("WEFT_ADMIN_PASSWORD", "hunter2")
    monkeypatch.setenv("WEFT_PRT", "1")
    monkeypatch.delenv("WEFT_PORT", raising=False)
    ran = command("config", "--json")
    settings: dict[str, dict[str, Any]] = {row["name"]: row for row in ran.json}
    assert settings["WEFT_ADMIN_PASSWORD"]["source"] == "env"
    assert settings["WEFT_PORT"]["source"] == "default"
    assert "hunter2" not in ran.out
    assert "WEFT_PRT is ignored; did you mean WEFT_PORT?" in ran.err


def test_a_setting_that_is_not_valid_is_named(command: Command, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("WEFT_PORT", "many")
    ran = command("config")
    assert (ran.code, "port" in ran.err) == (2, True)


def test_the_embedded_server_is_started_used_and_stopped(
    command: Command, server_home: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("WEFT_HOME", str(server_home))
    assert command("db", "status").code == 1
    assert "PostgreSQL is running" in command("db", "start").out
    assert json.loads(command("db", "status", "--json").out)["running"] is True
    slug = command("db", "psql", "--no-psqlrc", "-At", "-c", "SELECT slug FROM tenants")
    assert (slug.code, slug.out) == (0, "default\n")
    assert command("list", "--json").json == []
    assert command("db", "status").code == 0, "a command that used the server leaves it running"
    assert "PostgreSQL is stopped" in command("db", "stop").out
    assert "was not running" in command("db", "stop").out


def test_the_version_is_told(command: Command):
    assert command("--version").out == f"Weftline {version('weftline')}\n"
