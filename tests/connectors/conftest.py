"""Servers that several tests share; each is started when the first test asks, and ends with the run."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.connectors.imap_server import MailboxServer, mailbox_server
from tests.connectors.servers import Certificate, make_certificate
from tests.connectors.sql_servers import SqlServer, mariadb_server, postgres_server
from weftline.authoring.errors import ActionError


@pytest.fixture(scope="session")
def mailboxes() -> Iterator[MailboxServer]:
    with mailbox_server() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_database() -> Iterator[SqlServer]:
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def mariadb_database() -> Iterator[SqlServer]:
    with mariadb_server() as server:
        yield server


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    """Of 127.0.0.1."""
    return make_certificate(tmp_path / "tls")


async def failure(outcome: Awaitable[Any], code: str) -> ActionError:
    """The error with which something fails.

    Args:
        outcome: what fails.
        code: the error's.
    """
    with pytest.raises(ActionError) as caught:
        await outcome
    assert caught.value.code == code, f"{caught.value.code}: {caught.value.message}"
    return caught.value
