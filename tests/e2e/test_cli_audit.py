"""``weft audit`` on a database, called in this process."""

from __future__ import annotations

import asyncio
import csv
import json
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from weftline.cli.audit import app
from weftline.cli.failures import CommandFailed
from weftline.features.access.caller import almighty
from weftline.features.audit.trail import PLATFORM, record
from weftline.features.database import Database
from weftline.model.ids import DEFAULT_TENANT

Command = Callable[..., Result]


@pytest.fixture
def audit(database: str, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Calls ``weft audit`` with arguments."""
    monkeypatch.setenv("WEFT_DATABASE_URL", database)
    monkeypatch.delenv("WEFT_TENANT", raising=False)
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def log(database: str) -> None:
    """Three entries of the default tenant, one of the platform."""

    async def write() -> None:
        opened = Database(database, "weft_operator")
        try:
            async with opened.unbound() as session:
                for name in ("=one", "two", "three"):
                    actor = almighty(DEFAULT_TENANT, "user", "ada@example.com")
                    await record(session, "thing.made", "thing", name, actor=actor)
                await record(session, "tenant.created", actor=almighty(PLATFORM, "console", "root"))
        finally:
            await opened.close()

    asyncio.run(write())


def as_owner(database: str, statement: str) -> None:
    """Tamper with the log as the tables' owner."""

    async def tamper() -> None:
        connection = await asyncpg.connect(database)
        try:
            await connection.execute("ALTER TABLE audit_log NO FORCE ROW LEVEL SECURITY")
            await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(tamper())


@pytest.mark.usefixtures("log")
def test_entries_are_listed_newest_first(audit: Command) -> None:
    listed = json.loads(audit("list", "--json").stdout)
    assert [entry["resourceId"] for entry in listed] == ["three", "two", "=one"]
    oldest = json.loads(audit("list", "--sort", "occurredAt", "--limit", 2, "--json").stdout)
    assert [entry["resourceId"] for entry in oldest] == ["=one", "two"]
    wrong = audit("list", "--sort", "actor")
    assert isinstance(wrong.exception, CommandFailed) and "but by occurredAt" in str(wrong.exception)
    lines = audit("list", "--actor", "ada@example.com", "--resource-id", "two").stdout.splitlines()
    assert len(lines) == 2 and "ada@example.com" in lines[1] and "thing two" in lines[1]
    assert json.loads(audit("list", "--from", "2100-01-01", "--json").stdout) == []
    [created] = json.loads(audit("list", "--platform", "--json").stdout)
    assert created["action"] == "tenant.created"


@pytest.mark.usefixtures("log")
def test_an_export_goes_to_standard_output_or_a_file_and_is_recorded(audit: Command, tmp_path: Path) -> None:
    lines = audit("export").stdout.splitlines()
    assert [json.loads(line)["resourceId"] for line in lines] == ["=one", "two", "three"]
    file = tmp_path / "audit.csv"
    assert audit("export", "--format", "csv", "--output", file, "--action", "thing.").stdout == ""
    with file.open(newline="") as text:
        assert [row["resourceId"] for row in csv.DictReader(text)] == ["'=one", "two", "three"]
    exports = json.loads(audit("list", "--action", "audit.exported", "--json").stdout)
    assert [entry["actorType"] for entry in exports] == ["console", "console"]


@pytest.mark.usefixtures("log")
def test_a_whole_log_is_verified_with_exit_code_zero_and_prints_its_head(audit: Command) -> None:
    verified = audit("verify")
    assert verified.exit_code == 0 and "default: whole; 3 entries" in verified.stdout
    head = verified.stdout.split()[-1]
    assert head.startswith("3:")
    assert audit("verify", "--expect", head).exit_code == 0
    assert audit("verify", "--tenant", DEFAULT_TENANT, "--expect", head).exit_code == 0


@pytest.mark.usefixtures("log")
def test_a_log_that_was_tampered_with_ends_with_exit_code_one(audit: Command, database: str) -> None:
    head = audit("verify").stdout.split()[-1]
    as_owner(database, "UPDATE audit_log SET action = 'thing.kept' WHERE seq = 2")
    verified = audit("verify", "--expect", head)
    assert verified.exit_code == 1
    assert "default: TAMPERED WITH" in verified.stdout
    assert "changed: entry 2 does not follow" in verified.stdout
    [found] = json.loads(audit("verify", "--json").stdout)
    assert (found["tenant"], found["whole"], found["faults"][0]["seq"]) == ("default", False, 2)


@pytest.mark.usefixtures("log")
def test_a_head_that_the_log_no_longer_has_ends_with_exit_code_one(audit: Command) -> None:
    verified = audit("verify", "--expect", f"3:{'00' * 32}")
    assert verified.exit_code == 1 and "rewritten: entry 3" in verified.stdout


@pytest.mark.usefixtures("log")
def test_all_logs_are_verified_and_one_that_is_broken_is_enough_to_fail(audit: Command, database: str) -> None:
    verified = audit("verify", "--all")
    assert verified.exit_code == 0
    assert "the platform: whole; 1 entry " in verified.stdout and "default: whole; 3 entries" in verified.stdout
    as_owner(database, f"DELETE FROM audit_log WHERE tenant_id = '{PLATFORM}'")
    verified = audit("verify", "--all")
    assert verified.exit_code == 1
    assert "truncated: entry 1 is missing at the end" in verified.stdout and "default: whole" in verified.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("verify", "--tenant", "nobody"),
        ("verify", "--all", "--platform"),
        ("verify", "--expect", "3"),
        ("verify", "--expect", "3:zz"),
        ("export", "--output", "/nonexistent/audit.csv"),
    ],
)
def test_what_makes_no_sense_is_refused(audit: Command, arguments: tuple[str, ...]) -> None:
    refused = audit(*arguments).exception
    assert isinstance(refused, CommandFailed) and refused.exit_code == 2
