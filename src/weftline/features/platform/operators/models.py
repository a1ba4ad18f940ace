"""Rows of operators."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, FetchedValue
from sqlalchemy import Uuid as UuidType
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from weftline.features.database import Row


class PlatformOperator(Row):
    """A person who operates the platform. ``tenants`` None: they see all."""

    __tablename__ = "platform_operators"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenants: Mapped[list[UUID] | None] = mapped_column(ARRAY(UuidType))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
