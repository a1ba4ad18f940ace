"""Rows of policies."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, func
from sqlalchemy.orm import Mapped, mapped_column

from weftline.features.database import Row


class Policy(Row):
    """A policy of a tenant's, with the last time that it failed while deciding."""

    __tablename__ = "policies"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    description: Mapped[str | None]
    source: Mapped[str]
    is_enabled: Mapped[bool]
    last_error: Mapped[str | None]
    failed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    etag: Mapped[int] = mapped_column(default=1)
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
