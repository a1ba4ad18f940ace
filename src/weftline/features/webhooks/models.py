"""Rows of webhooks and of what they are told."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import TEXT, DateTime, FetchedValue
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from weftline.features.database import Row

_BY_THE_DATABASE = FetchedValue()


class WebhookStatus(StrEnum):
    """Whether a webhook is told of events."""

    ACTIVE = "active"
    DISABLED = "disabled"
    """Nothing is sent, and what happens meanwhile it is never told."""


class DisabledReason(StrEnum):
    """Why a webhook is disabled."""

    MANUAL = "manual"
    """Somebody disabled it."""
    GONE = "gone"
    """It answered 410."""
    FAILING = "failing"
    """Nothing got through for too long."""


class DeliveryStatus(StrEnum):
    """Where a delivery stands."""

    DUE = "due"
    """It is to be tried, or tried again."""
    DELIVERED = "delivered"
    FAILED = "failed"
    """It was given up."""


class Webhook(Row):
    """An address that is told of events, or a plugin that is, which has neither address nor secret; see the migrations
    for what the columns mean."""

    __tablename__ = "webhooks"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    url: Mapped[str]
    plugin_id: Mapped[str | None]
    kinds: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    workflows: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    includes_data: Mapped[bool]
    data_role: Mapped[str | None]
    status: Mapped[WebhookStatus] = mapped_column(TEXT)
    disabled_reason: Mapped[DisabledReason | None] = mapped_column(TEXT)
    disabled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    since: Mapped[str]
    secret_sealed: Mapped[bytes]
    previous_sealed: Mapped[bytes | None]
    previous_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    failures: Mapped[int] = mapped_column(server_default=_BY_THE_DATABASE)
    failing_since: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    etag: Mapped[int] = mapped_column(server_default=_BY_THE_DATABASE)
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_BY_THE_DATABASE)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_BY_THE_DATABASE)

    def signing_secrets(self) -> list[bytes]:
        """The sealed secrets that sign now: its own, and for a while after a rotation the one before."""
        previous, until = self.previous_sealed, self.previous_until
        if previous is None or until is None or until <= datetime.now(UTC):
            return [self.secret_sealed]
        return [self.secret_sealed, previous]


class Delivery(Row):
    """An event that a webhook is to be told, and what became of it."""

    __tablename__ = "webhook_deliveries"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    webhook_id: Mapped[UUID]
    number: Mapped[int] = mapped_column(server_default=_BY_THE_DATABASE)
    kind: Mapped[str]
    subject: Mapped[str]
    workflow_id: Mapped[str | None]
    execution_id: Mapped[UUID | None]
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)
    status: Mapped[DeliveryStatus] = mapped_column(TEXT)
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    attempts: Mapped[int] = mapped_column(server_default=_BY_THE_DATABASE)
    retries_from: Mapped[int] = mapped_column(server_default=_BY_THE_DATABASE)
    last_status: Mapped[int | None]
    last_error: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_BY_THE_DATABASE)
    settled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Attempt(Row):
    """One try at a delivery."""

    __tablename__ = "webhook_attempts"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    delivery_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    duration_ms: Mapped[int]
    request_headers: Mapped[dict[str, str]] = mapped_column(JSONB)
    status: Mapped[int | None]
    response: Mapped[str | None]
    error: Mapped[str | None]
