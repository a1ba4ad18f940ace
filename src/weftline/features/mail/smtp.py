"""Sending messages to an SMTP server."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime

import aiosmtplib

from weftline.features.mail.addresses import is_address
from weftline.features.mail.errors import NotSent, Undeliverable
from weftline.features.mail.models import Mail
from weftline.features.mail.settings import MailSettings

SEND_TIMEOUT = 60.0
"""Seconds for one message, connecting and all; well within the lease of an attempt."""

COMMAND_TIMEOUT = 20.0
"""Seconds for one answer of the server."""

_PERMANENT = range(500, 600)


class SmtpConnection:
    """A connection to the settings' server that is made when the first message is sent, and anew when it broke.

    Args:
        settings: with a host.
        tls_context: whose certificates to trust; the system's where not given.
    """

    def __init__(self, settings: MailSettings, tls_context: ssl.SSLContext | None = None) -> None:
        assert settings.host is not None, "without a server nothing is sent"
        self._settings = settings
        self._client = aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.server_port,
            username=settings.user,
            password=settings.password,
            # the name of this machine is nobody's business, and finding it out may take long
            local_hostname=settings.sender_address.rpartition("@")[2],
            timeout=COMMAND_TIMEOUT,
            use_tls=settings.security == "tls",
            start_tls=settings.security == "starttls",
            tls_context=tls_context,
        )

    async def __aenter__(self) -> SmtpConnection:
        return self

    async def __aexit__(self, error_type: type[BaseException] | None, *_: object) -> None:
        if error_type is None and self._client.is_connected:
            with suppress(aiosmtplib.SMTPException, OSError):
                await self._client.quit()
        self._client.close()

    async def send(self, mail: Mail) -> None:
        """Hand a message to the server; once this returns, the server answers for it.

        Raises:
            Undeliverable: the server refuses it for good, or it cannot be written as a message.
            NotSent: it was not sent this time.
        """
        message = compose(mail, self._settings)
        try:
            async with asyncio.timeout(SEND_TIMEOUT):
                if not self._client.is_connected:
                    await self._client.connect()
                await self._client.send_message(
                    message, sender=self._settings.sender_address, recipients=[mail.recipient]
                )
        except aiosmtplib.SMTPRecipientsRefused as error:
            (refusal,) = error.recipients
            raise _failure(refusal.code, refusal.message) from error
        except aiosmtplib.SMTPDataError as error:
            raise _failure(error.code, error.message) from error
        except aiosmtplib.SMTPResponseException as error:
            # about us rather than about this message: a sender or a password that the server does not accept
            raise NotSent(f"{error.code} {error.message}") from error
        except (aiosmtplib.SMTPException, OSError) as error:
            self._client.close()
            raise NotSent(str(error) or type(error).__name__) from error


def compose(mail: Mail, settings: MailSettings) -> EmailMessage:
    """The message as it travels. Every attempt bears the same ``Message-ID``, so that a repetition can be recognised.

    Raises:
        Undeliverable: an address or the subject would break out of its header.
    """
    if not is_address(mail.recipient):
        raise Undeliverable("the recipient is not an e-mail address")
    message = EmailMessage(policy=SMTP_POLICY)
    try:
        message["From"] = settings.sender_header
        message["To"] = mail.recipient
        message["Subject"] = mail.subject
    except ValueError as error:
        raise Undeliverable(str(error)) from error
    message["Date"] = format_datetime(mail.created_at)
    message["Message-ID"] = f"<{mail.id}@{settings.sender_address.rpartition('@')[2]}>"
    # RFC 3834: no answer of a machine to a machine
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.body_text)
    message.add_alternative(mail.body_html, subtype="html")
    return message


def _failure(code: int, answer: str) -> Undeliverable | NotSent:
    return (Undeliverable if code in _PERMANENT else NotSent)(f"{code} {answer}")
