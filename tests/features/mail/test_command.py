"""``weft mail``, on the console."""

from __future__ import annotations

import asyncio
import json
from uuid import UUID, uuid4

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from tests.features.mail.conftest import LINK
from weftline.cli.mail import app
from weftline.features.database import Database
from weftline.features.mail.errors import MailNotFound
from weftline.features.mail.outbox import post


@pytest.fixture
def on_database(database: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The command uses the test's database."""
    monkeypatch.setenv("WEFT_DATABASE_URL", database)
    return database


def mail(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


async def write(url: str, *recipients: str) -> list[UUID]:
    """Post a message to each."""
    database = Database(url, "weft_identity")
    values = {"name": "Ada", "link": LINK, "valid_for": None}
    async with database.unbound() as session:
        ids = [await post(session, "verify_email", recipient, values) for recipient in recipients]
    await database.close()
    return ids


def test_messages_can_be_listed(on_database: str):
    asyncio.run(write(on_database, "ada@example.com", "grace@example.com"))
    assert "Confirm your e-mail address" in mail("list").stdout
    assert len(json.loads(mail("list", "--json").stdout)) == 2
    [listed] = json.loads(mail("list", "--to", "ada@example.com", "--status", "pending", "--json").stdout)
    assert (listed["recipient"], listed["status"], listed["template"]) == ("ada@example.com", "pending", "verify_email")
    assert "text" not in listed
    assert json.loads(mail("list", "--status", "sent", "--json").stdout) == []


def test_a_message_can_be_read_and_that_is_recorded(on_database: str):
    [mail_id] = asyncio.run(write(on_database, "ada@example.com"))
    shown = mail("show", str(mail_id)).stdout
    assert "To:      ada@example.com\n" in shown
    assert LINK in shown
    assert LINK in json.loads(mail("show", str(mail_id), "--json").stdout)["text"]

    async def actors() -> list[str]:
        connection = await asyncpg.connect(on_database, server_settings={"role": "weft_identity"})
        try:
            return [row["actor_type"] for row in await connection.fetch("SELECT actor_type FROM audit_log")]
        finally:
            await connection.close()

    assert asyncio.run(actors()) == ["console", "console"]


def test_a_message_that_is_not_there_is_not_found(on_database: str):
    assert isinstance(mail("show", str(uuid4())).exception, MailNotFound)
