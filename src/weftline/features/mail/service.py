"""The outbox as platform operators see it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from weftline.features.audit.trail import PLATFORM, record
from weftline.features.database import Database
from weftline.features.http.listing import Window
from weftline.features.mail import repository
from weftline.features.mail.errors import MailNotFound
from weftline.features.mail.models import Mail


class MailService:
    """Reading messages.

    Args:
        database: under ``weft_identity``.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self, wanted: repository.Filter, window: Window) -> Sequence[Mail]:
        """Messages; see ``repository.list_mail``."""
        async with self._database.unbound() as session:
            return await repository.list_mail(session, wanted, window)

    async def get(self, mail_id: UUID) -> Mail:
        """A message with its bodies. They may hold links that act for somebody, so reading one is recorded.

        Raises:
            MailNotFound: there is none of this id.
        """
        async with self._database.unbound() as session:
            mail = await repository.get(session, mail_id)
            if mail is None:
                raise MailNotFound
            await record(session, "mail.read", "mail", mail_id, after={"recipient": mail.recipient}, tenant_id=PLATFORM)
        return mail
