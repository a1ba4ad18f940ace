"""Rows of outgoing mail."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime
from sqlalchemy.orm import Mapped, mapped_column

from weftline.features.database import Row
from weftline.features.mail.status import MailStatus


class Mail(Row):
    """A message. Its bodies may hold secrets, and are emptied once it is sent.

    ``due_at`` is when it is tried next; NULL once it was sent or given up. ``attempts`` counts those that began, and so
    fences what an attempt writes.
    """

    __tablename__ = "mail_outbox"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    template: Mapped[str]
    recipient: Mapped[str]
    subject: Mapped[str]
    body_text: Mapped[str]
    body_html: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    attempts: Mapped[int]
    due_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    sent_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    error: Mapped[str | None]

    @property
    def status(self) -> MailStatus:
        """Where it stands."""
        if self.sent_at is not None:
            return MailStatus.SENT
        return MailStatus.FAILED if self.due_at is None else MailStatus.PENDING
