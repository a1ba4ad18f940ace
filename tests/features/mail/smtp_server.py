"""A real SMTP server on loopback, which keeps what it accepts."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

OK = "250 OK"
PATIENCE = 20.0
"""Seconds after which something is held not to happen at all."""


@dataclass(frozen=True)
class Received:
    """A message that the server accepted."""

    sender: str
    recipients: list[str]
    message: EmailMessage
    was_encrypted: bool
    user: str | None

    def body(self, kind: str) -> str:
        """One of its bodies: ``plain`` or ``html``."""
        part = self.message.get_body((kind,))
        assert part is not None, f"the message has no {kind} body"
        return part.get_content()


class MailServer:
    """What the server says, and what it got.

    Attributes:
        port: where it listens.
        received: messages that it accepted.
        answer_recipient: its answer to each recipient.
        answer_data: its answer to each message.
        connections: how often somebody connected.
    """

    def __init__(self) -> None:
        self.port = 0
        self.received: list[Received] = []
        self.connections = 0
        self.answer_recipient: Callable[[str], str] = lambda _: OK
        self.answer_data: Callable[[Envelope], str] = lambda _: OK
        self._arrived = asyncio.Condition()

    @property
    def recipients(self) -> list[str]:
        """To whom the accepted messages go."""
        return [recipient for received in self.received for recipient in received.recipients]

    async def until(self, count: int) -> list[Received]:
        """What was accepted, as soon as it is so many."""
        async with asyncio.timeout(PATIENCE), self._arrived:
            await self._arrived.wait_for(lambda: len(self.received) >= count)
        return self.received

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.answer_recipient(address)
        if answer == OK:
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = self.answer_data(envelope)
        if answer == OK:
            content, sender = envelope.content, envelope.mail_from
            assert isinstance(content, bytes) and sender is not None
            message = message_from_bytes(content, policy=default)
            assert isinstance(message, EmailMessage)
            user = session.auth_data.login.decode() if session.authenticated else None
            received = Received(sender, list(envelope.rcpt_tos), message, session.ssl is not None, user)
            async with self._arrived:
                self.received.append(received)
                self._arrived.notify_all()
        return answer


@asynccontextmanager
async def mail_server(
    *,
    tls: ssl.SSLContext | None = None,
    starttls: ssl.SSLContext | None = None,
    password: str | None = None,
    **options: Any,
) -> AsyncIterator[MailServer]:
    """A server, until the context ends.

    Args:
        tls: encrypts from the first byte on.
        starttls: encrypts on demand, and insists on it.
        password: that whoever sends must give.
        options: of aiosmtpd's ``SMTP``.
    """
    loop = asyncio.get_running_loop()
    kept = MailServer()

    def sign_in(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: LoginPassword) -> AuthResult:
        is_right = password is not None and data.password == password.encode()
        return AuthResult(success=is_right, handled=False, auth_data=data)

    def connected() -> SMTP:
        kept.connections += 1
        return SMTP(
            kept,
            hostname="localhost",
            loop=loop,
            tls_context=starttls,
            require_starttls=starttls is not None,
            authenticator=sign_in if password else None,
            auth_required=password is not None,
            **options,
        )

    server = await loop.create_server(connected, "127.0.0.1", 0, ssl=tls)
    kept.port = server.sockets[0].getsockname()[1]
    try:
        yield kept
    finally:
        server.close()
        await server.wait_closed()
