"""Writing messages."""

from __future__ import annotations

import asyncpg
import pytest

from tests.conftest import Connect
from tests.features.mail.conftest import LINK, Post
from weftline.features.database import Database
from weftline.features.mail.errors import InvalidRecipient
from weftline.features.mail.outbox import post
from weftline.model.ids import DEFAULT_TENANT
from weftline.store.connect import Role

VALUES = {"name": "Ada", "link": LINK, "valid_for": None}


@pytest.mark.parametrize("role", ["weft_api", "weft_worker", "weft_identity", "weft_operator"])
async def test_every_role_may_post(database: str, outbox: asyncpg.Connection, role: Role):
    opened = Database(database, role)
    async with opened.transaction(DEFAULT_TENANT) as session:
        mail_id = await post(session, "verify_email", "ada@example.com", VALUES)
    await opened.close()
    row = await outbox.fetchrow("SELECT * FROM mail_outbox")
    assert row is not None
    assert (row["id"], row["template"], row["recipient"]) == (mail_id, "verify_email", "ada@example.com")
    assert LINK in row["body_text"] and LINK in row["body_html"]


@pytest.mark.parametrize("role", ["weft_api", "weft_worker", "weft_operator"])
@pytest.mark.parametrize(
    "statement",
    ["SELECT body_text FROM mail_outbox", "UPDATE mail_outbox SET recipient = 'e@x'", "DELETE FROM mail_outbox"],
)
async def test_only_the_role_that_sends_may_read_or_change_messages(connect: Connect, role: str, statement: str):
    connection = await connect(role)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute(statement)


async def test_a_message_belongs_to_the_transaction_that_posts_it(identity: Database, outbox: asyncpg.Connection):
    with pytest.raises(RuntimeError, match="changed my mind"):
        async with identity.unbound() as session:
            await post(session, "verify_email", "ada@example.com", VALUES)
            raise RuntimeError("changed my mind")
    assert await outbox.fetchval("SELECT count(*) FROM mail_outbox") == 0


@pytest.mark.parametrize(
    "recipient",
    [
        "",
        "ada",
        "@example.com",
        "ada@",
        "ada@example.com@example.org",
        "ada@example.com, eve@example.com",
        "ada@example.com;eve@example.com",
        "ada@example.com eve@example.com",
        "Ada <ada@example.com>",
        '"ada, eve"@example.com',
        "ada@example.com\n",
        "ada@example.com\r\nBcc: eve@example.com",
        "ada@example.com\rBcc: eve@example.com",
        "ada\u2028@example.com",
        "ada\x00@example.com",
        "ada(eve)@example.com",
        f"{'a' * 250}@example.com",
    ],
)
async def test_a_recipient_is_one_plain_address(identity: Database, outbox: asyncpg.Connection, recipient: str):
    async with identity.unbound() as session:
        with pytest.raises(InvalidRecipient):
            await post(session, "verify_email", recipient, VALUES)
    assert await outbox.fetchval("SELECT count(*) FROM mail_outbox") == 0


async def test_a_hostile_value_is_posted_harmless(posted: Post, outbox: asyncpg.Connection):
    await posted(name="<b>Eve</b>\r\nBcc: all@example.com\x00")
    row = await outbox.fetchrow("SELECT * FROM mail_outbox")
    assert row is not None
    assert "Hello <b>Eve</b> Bcc: all@example.com,\n" in row["body_text"]
    assert "&lt;b&gt;Eve" in row["body_html"]
