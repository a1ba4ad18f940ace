"""Fixtures for tests of mail."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from tests.conftest import Connect
from tests.features.mail.certificates import Certificate, make_certificate
from tests.features.mail.smtp_server import MailServer, mail_server
from weftline.features.database import Database
from weftline.features.mail.outbox import post

Post = Callable[..., Awaitable[UUID]]

LINK = "https://weftline.example/verify?token=s3cret"


@pytest.fixture
async def identity(database: str) -> AsyncIterator[Database]:
    """The database under the role that sends mail."""
    opened = Database(database, "weft_identity")
    yield opened
    await opened.close()


@pytest.fixture
async def outbox(connect: Connect) -> asyncpg.Connection:
    """A connection that owns the outbox, to look at it and to move its time."""
    return await connect()


@pytest.fixture
def posted(identity: Database) -> Post:
    """Posts a message to an address."""

    async def post_one(recipient: str = "ada@example.com", name: str = "Ada") -> UUID:
        async with identity.unbound() as session:
            return await post(session, "verify_email", recipient, {"name": name, "link": LINK, "valid_for": None})

    return post_one


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    """A mail server that asks for nothing."""
    async with mail_server() as running:
        yield running


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    """A certificate of the server's address."""
    return make_certificate(tmp_path)
