"""Sending the outbox in the background.

Any number of processes may do it at a time: each message is one's at a time. A message is sent at least once, and twice
only where a process dies, or loses the database, between the server's acceptance and the note of it.
"""

from __future__ import annotations

import asyncio
import ssl

import structlog

from weftline.features.background import Background
from weftline.features.database import Database
from weftline.features.mail import repository
from weftline.features.mail.errors import MailError, Undeliverable
from weftline.features.mail.models import Mail
from weftline.features.mail.settings import MailSettings
from weftline.features.mail.smtp import SmtpConnection

log = structlog.get_logger(__name__)

POLL_SECONDS = 2.0
"""Between two looks for messages that nobody has announced."""

TIDY_SECONDS = 3600.0
"""Between two removals of old messages."""

GRACE_SECONDS = 5.0
"""How long stopping waits for a message that is being sent."""

BATCH = 100
"""Messages of one turn."""


class Mailer:
    """Sends what is due, and removes what is old.

    Args:
        database: under ``weft_identity``.
        settings: the server; without a host nothing is sent.
        tls_context: whose certificates to trust; the system's where not given.
    """

    def __init__(self, database: Database, settings: MailSettings, tls_context: ssl.SSLContext | None = None) -> None:
        self._database = database
        self._settings = settings
        self._tls_context = tls_context
        self._tidy_at = 0.0
        self._loop = Background("mailer", POLL_SECONDS, self.run_once)

    def wake(self) -> None:
        """There may be something to send now."""
        self._loop.wake()

    def start(self) -> None:
        """Begin; does nothing where it runs already."""
        self._loop.start()

    async def stop(self) -> None:
        """End after the message that is being sent; does nothing where it does not run."""
        await self._loop.stop(GRACE_SECONDS)

    async def run_once(self) -> int:
        """Send what is due, in bounded amounts, until the server cannot be reached or asks to come again.

        Returns:
            How many messages are off our hands: sent, or refused for good.

        Raises:
            StoreError: the database cannot be used.
        """
        await self._tidy()
        if self._settings.host is None:
            return 0
        done = 0
        async with SmtpConnection(self._settings, self._tls_context) as connection:
            while done < BATCH and not self._loop.is_stopping and (mail := await self._claim()) is not None:
                if not await self._attempt(connection, mail):
                    break
                done += 1
        return done

    async def _claim(self) -> Mail | None:
        async with self._database.unbound() as session:
            return await repository.claim(session)

    async def _attempt(self, connection: SmtpConnection, mail: Mail) -> bool:
        """Whether the server dealt with the message."""
        try:
            await connection.send(mail)
        except MailError as error:
            log.warning("mail not sent", mail_id=str(mail.id), attempt=mail.attempts, error=str(error))
            for_good = isinstance(error, Undeliverable)
            async with self._database.unbound() as session:
                await repository.mark_failed(session, mail, str(error), for_good=for_good)
            return for_good
        async with self._database.unbound() as session:
            await repository.mark_sent(session, mail)
        return True

    async def _tidy(self) -> None:
        now = asyncio.get_running_loop().time()
        if now < self._tidy_at:
            return
        async with self._database.unbound() as session:
            await repository.give_up(session)
            while await repository.purge(session):
                pass
        self._tidy_at = now + TIDY_SECONDS
