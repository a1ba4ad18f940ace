"""Rows of custom roles."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, FetchedValue
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from weftline.features.database import Row

_BY_THE_DATABASE = FetchedValue()


class Role(Row):
    """A role of a tenant's own."""

    __tablename__ = "roles"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    description: Mapped[str | None]
    permissions: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    inherits: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    requires_mfa: Mapped[bool]
    etag: Mapped[int] = mapped_column(server_default=_BY_THE_DATABASE)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_BY_THE_DATABASE)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_BY_THE_DATABASE)
