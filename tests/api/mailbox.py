"""What was written to people, whether or not it was sent."""

from __future__ import annotations

import re
from typing import NamedTuple

import asyncpg


class Letter(NamedTuple):
    """A message."""

    template: str
    subject: str
    text: str


class Mailbox:
    """Everybody's messages.

    Args:
        identity: a connection under ``weft_identity``.
    """

    def __init__(self, identity: asyncpg.Connection) -> None:
        self._identity = identity

    async def to(self, address: str) -> list[Letter]:
        """The messages to an address, the oldest first."""
        rows = await self._identity.fetch(
            "SELECT template, subject, body_text FROM mail_outbox WHERE recipient = $1 ORDER BY id", address
        )
        return [Letter(*row) for row in rows]

    async def task_token(self, address: str) -> str:
        """The token of the last link to a task that was sent to an address."""
        text = (await self.to(address))[-1].text
        return re.findall(r"http://127.0.0.1:8080/api/v1/task-links/([\w=-]+)", text)[-1]
