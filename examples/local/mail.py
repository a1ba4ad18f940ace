"""A mail server with STARTTLS and a password, which shows what it takes instead of passing it on."""

from __future__ import annotations

import logging
import secrets
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from examples.local.certificates import new_certificate
from examples.local.ports import HOST, free_port

PATIENCE = 60.0
"""Seconds to wait for a mail."""

# at each sign-in, the library warns of what it does itself
logging.getLogger("mail.log").setLevel(logging.ERROR)


class Mailbox:
    """The server, and what it took.

    Attributes:
        port: where it listens.
        certificate: what it shows.
        config: what a connection to it configures.
        credentials: with which it lets in.
    """

    def __init__(self) -> None:
        self.port, self.certificate = free_port(), new_certificate()
        self.config: dict[str, Any] = {
            "host": HOST,
            "port": self.port,
            "authority": self.certificate.authority,
            "from": "Acme <hello@acme.example>",
        }
        self.credentials = {"username": "acme", "password": secrets.token_urlsafe()}
        self._received: list[EmailMessage] = []
        self._arrived = threading.Condition(threading.RLock())

    def sent_to(self, address: str) -> list[str]:
        """The subjects of the mails that went to somebody."""
        with self._arrived:
            return [str(message["Subject"]) for message in self._received if message["To"] == address]

    def until(self, address: str, subject: str) -> None:
        """Wait for a mail to somebody.

        Raises:
            TimeoutError: it does not come.
        """
        with self._arrived:
            if not self._arrived.wait_for(lambda: subject in self.sent_to(address), PATIENCE):
                raise TimeoutError(f"no mail '{subject}' has come to {address}")

    def knows(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: LoginPassword
    ) -> AuthResult:
        """Whether somebody may send mail."""
        name, password = self.credentials["username"].encode(), self.credentials["password"].encode()
        is_right = (given.login, given.password) == (name, password)
        return AuthResult(success=is_right, handled=False, auth_data=given)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Take a mail. Like a mail program, it shows one that comes again under the same ``Message-ID`` once."""
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        with self._arrived:
            if all(message["Message-ID"] != each["Message-ID"] for each in self._received):
                print(f"Mail to {message['To']}: {message['Subject']}", file=sys.stderr)
                self._received.append(message)
                self._arrived.notify_all()
        return "250 OK"


@contextmanager
def mail_server() -> Iterator[Mailbox]:
    """The server, while the block runs."""
    mailbox = Mailbox()
    controller = Controller(
        mailbox,
        hostname=HOST,
        port=mailbox.port,
        server_hostname="localhost",
        authenticator=mailbox.knows,
        auth_required=True,
        tls_context=mailbox.certificate.context,
        require_starttls=True,
    )
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()
