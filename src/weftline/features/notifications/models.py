"""Rows of notices of failure."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import TEXT, DateTime
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from weftline.features.database import Row


class NotificationStatus(StrEnum):
    """Where a notice stands."""

    DUE = "due"
    """It waits for its next attempt."""
    SENT = "sent"
    """Everybody was told; mail is in the outbox."""
    FAILED = "failed"
    """Somebody was not told, and will not be."""


class Notification(Row):
    """Somebody to tell that an execution failed; a worker writes it with the facts that it tells of.

    ``attempts`` counts those that began, and so fences what an attempt writes. ``delivered`` lists the recipients who
    were told. ``payload`` has ``channel``, ``recipients``, ``template``, ``subject``, ``message`` and ``error``.
    """

    __tablename__ = "notifications"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    execution_id: Mapped[UUID]
    workflow_id: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    attempts: Mapped[int]
    status: Mapped[NotificationStatus] = mapped_column(TEXT)
    delivered: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    last_error: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
