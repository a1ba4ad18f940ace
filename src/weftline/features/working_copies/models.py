"""Rows of working copies."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, FetchedValue
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.orm import Mapped, mapped_column

from weftline.features.database import Row

_BY_THE_DATABASE = FetchedValue()


class WorkingCopy(Row):
    """What somebody is at work on; ``based_on_version`` and ``based_on_etag`` tell what they began with."""

    __tablename__ = "working_copies"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    workflow_id: Mapped[str] = mapped_column(primary_key=True)
    owner_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID]
    definition: Mapped[dict[str, Any]] = mapped_column(JSON)
    based_on_version: Mapped[int | None]
    based_on_etag: Mapped[str | None]
    etag: Mapped[int] = mapped_column(server_default=_BY_THE_DATABASE)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_BY_THE_DATABASE)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_BY_THE_DATABASE)
