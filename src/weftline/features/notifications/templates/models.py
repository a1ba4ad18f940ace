"""Rows of message templates."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import TEXT, DateTime, FetchedValue
from sqlalchemy.orm import Mapped, mapped_column

from weftline.features.database import Row
from weftline.features.notifications.channel import Channel

_BY_THE_DATABASE = FetchedValue()


class MessageTemplate(Row):
    """The words of messages; see ``weftline.features.notifications.words``."""

    __tablename__ = "message_templates"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[Channel] = mapped_column(TEXT)
    subject: Mapped[str | None]
    body: Mapped[str]
    etag: Mapped[int] = mapped_column(server_default=_BY_THE_DATABASE)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_BY_THE_DATABASE)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_BY_THE_DATABASE)
