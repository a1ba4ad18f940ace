"""Rows of plugins."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, FetchedValue
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from weftline.features.database import Row

_BY_THE_DATABASE = FetchedValue()


class WantedPlugin(Row):
    """Whether a plugin is to run."""

    __tablename__ = "plugins"

    id: Mapped[str] = mapped_column(primary_key=True)
    is_wanted: Mapped[bool]
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_BY_THE_DATABASE)


class PluginSettings(Row):
    """What a tenant has set for a plugin; ``sealed`` are the secrets among its configuration, JSON."""

    __tablename__ = "plugin_settings"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    plugin_id: Mapped[str] = mapped_column(primary_key=True)
    is_enabled: Mapped[bool]
    configuration: Mapped[dict[str, Any]] = mapped_column(JSONB)
    sealed: Mapped[bytes | None]
    etag: Mapped[int]
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_BY_THE_DATABASE)


class PluginFault(Row):
    """What went wrong with one part of a plugin in a tenant: how it failed last, and how often since ``first_at``."""

    __tablename__ = "plugin_faults"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    plugin_id: Mapped[str] = mapped_column(primary_key=True)
    part: Mapped[str] = mapped_column(primary_key=True)
    message: Mapped[str]
    times: Mapped[int]
    first_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    last_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
