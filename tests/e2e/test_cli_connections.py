"""Connections from the console."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import asyncpg
import pytest

from tests.e2e.conftest import Command
from weftline.model.ids import DEFAULT_TENANT

TOKEN = "correct horse battery staple"


def _sealed(database: str) -> list[bytes]:
    """What the database holds of credentials."""

    async def read() -> list[bytes]:
        connection = await asyncpg.connect(database)
        try:
            await connection.execute("SET ROLE weft_worker")
            await connection.execute(f"SET app.current_tenant = '{DEFAULT_TENANT}'")
            return [row["sealed"] for row in await connection.fetch("SELECT sealed FROM connections")]
        finally:
            await connection.close()

    return asyncio.run(read())


@pytest.fixture(autouse=True)
def on_database(database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WEFT_DATABASE_URL", database)
    monkeypatch.setenv("WEFT_HOME", str(tmp_path))


def test_connections_are_made_listed_tried_reset_and_removed(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f'{{"token": "{TOKEN}"}}'))
    at = ("--auth", "bearer", "--config", "baseUrl=http://127.0.0.1:1/api")
    made = command("connection", "add", "http", "shop", *at, "--credentials", "-")
    assert made.code == 0, made.err
    # the platform's own machine is nothing that connections may reach
    assert made.out.startswith("shop is FAILING: ") and TOKEN not in made.out
    assert "shop" in command("connection", "list").out
    assert TOKEN not in str(command("connection", "list", "--json").json)
    assert command("connection", "test", "shop").code == 1
    assert command("connection", "disable", "shop").out.startswith("shop is disabled")
    assert command("connection", "enable", "shop").code == 0
    assert command("connection", "reset", "shop").code == 0
    (tmp_path / "basic.json").write_text('{"username": "ada", "password": "x"}')
    file = ("--credentials", tmp_path / "basic.json")
    second = command("connection", "add", "http", "store", "--auth", "basic", *at[2:], *file, "--no-test", "--json")
    assert second.json["status"] == "UNTESTED"
    assert command("connection", "remove", "shop").out == "shop is removed.\n"
    assert command("connection", "remove", second.json["id"]).out == "store is removed.\n"


def test_credentials_are_renewed(command: Command, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def enter(credentials: str) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO(credentials))

    enter('{"username": "ada", "password": "old"}')
    to = ("http", "shop", "--auth", "basic", "--config", "baseUrl=http://127.0.0.1:1/api", "--no-test")
    made = command("connection", "add", *to, "--credentials", "-", "--json").json
    before = _sealed(database)
    enter(f'{{"username": "ada", "password": "{TOKEN}"}}')
    renewed = command("connection", "renew", "shop", "--credentials", "-", "--json")
    assert (renewed.json["id"], renewed.json["status"]) == (made["id"], "FAILING")
    assert renewed.json["config"] == made["config"] and TOKEN not in renewed.out
    assert before and _sealed(database) != before
    enter('{"username": "ada", "token": "x"}')
    told = command("connection", "renew", "shop", "--credentials", "-")
    assert told.code == 2 and "/credentials" in told.err
    assert "there is no connection 'store'" in command("connection", "renew", "store").err


def test_what_cannot_be_is_told(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("no JSON"))
    told = command("connection", "add", "http", "shop", "--auth", "bearer", "--credentials", "-")
    assert (told.code, "no JSON" in told.err) == (2, True)
    told = command("connection", "add", "http", "shop", "--auth", "magic")
    assert (told.code, "BEARER" in told.err) == (2, True)
    assert "there is no connection 'shop'" in command("connection", "test", "shop").err
    # without a terminal nobody can be asked
    told = command("connection", "add", "http", "shop", "--auth", "bearer")
    assert (told.code, "--credentials" in told.err) == (2, True)
