"""What was written to people, whether or not it was sent."""

from __future__ import annotations

import re
from typing import NamedTuple

import asyncpg

_TOKEN = re.compile(r"token=([\w-]+)")


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

    async def templates(self, address: str) -> list[str]:
        """Of which kinds the messages to an address are, the oldest first."""
        return [letter.template for letter in await self.to(address)]

    async def text(self, address: str, template: str) -> str:
        """The latest message of a kind to an address."""
        return [letter.text for letter in await self.to(address) if letter.template == template][-1]

    async def token(self, address: str, template: str) -> str:
        """The token in the latest message of a kind."""
        return _TOKEN.findall(await self.text(address, template))[-1]
