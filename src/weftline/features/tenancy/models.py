"""Rows of tenants."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, FetchedValue
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from weftline.features.database import Row

_BY_THE_DATABASE = FetchedValue()


class TenantStatus(StrEnum):
    """Whether a tenant is at work."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    ARCHIVED = "archived"


class Tenant(Row):
    """A tenant. ``configuration`` holds only what it sets itself."""

    __tablename__ = "tenants"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    slug: Mapped[str]
    name: Mapped[str]
    domain: Mapped[str | None]
    status: Mapped[str] = mapped_column(server_default=_BY_THE_DATABASE)
    configuration: Mapped[dict[str, Any]] = mapped_column(JSONB)
    etag: Mapped[int] = mapped_column(server_default=_BY_THE_DATABASE)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_BY_THE_DATABASE)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_BY_THE_DATABASE)


class PlatformSettings(Row):
    """What every tenant falls back to; there is one row."""

    __tablename__ = "platform_settings"

    id: Mapped[int] = mapped_column(primary_key=True)
    configuration: Mapped[dict[str, Any]] = mapped_column(JSONB)
    etag: Mapped[int]
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
