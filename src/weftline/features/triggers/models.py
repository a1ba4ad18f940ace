"""Rows of triggers."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from weftline.features.database import Row


class TriggerStatus(StrEnum):
    """Where a trigger stands."""

    ACTIVE = "active"
    """It fires."""
    PAUSED = "paused"
    """Somebody paused it."""
    DISABLED = "disabled"
    """Its declaration says that it does not fire."""
    STOPPED = "stopped"
    """Its workflow is archived."""
    ENDED = "ended"
    """Its schedule has no time left."""


class TriggerType(StrEnum):
    """What fires a trigger."""

    MANUAL = "manual"
    SCHEDULE = "schedule"
    EVENT = "event"
    WEBHOOK = "webhook"
    INTEGRATION = "integration"


class Trigger(Row):
    """What a published version declares to start executions, and what became of it."""

    __tablename__ = "triggers"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    workflow_id: Mapped[str]
    key: Mapped[str]
    version_number: Mapped[int]
    type: Mapped[str]
    declaration: Mapped[dict[str, Any]] = mapped_column(JSONB)
    status: Mapped[str]
    next_for: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    next_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    is_shelved: Mapped[bool]
    token_hash: Mapped[bytes | None]
    token_sealed: Mapped[bytes | None]
    paused_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    paused_reason: Mapped[str | None]
    fired: Mapped[int]
    failed: Mapped[int]
    skipped: Mapped[int]
    last_fired_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_execution_id: Mapped[UUID | None]
    last_error: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    last_error_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
