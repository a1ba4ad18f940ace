"""Rows of variables."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import TEXT, DateTime, FetchedValue
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from weftline.features.database import Row

VariableType = Literal["STRING", "NUMBER", "BOOLEAN", "JSON", "SECRET"]

_BY_THE_DATABASE = FetchedValue()


class Variable(Row):
    """A value under a name: ``value``, or ``sealed`` where it is a secret. ``workflow_id`` '' is the whole tenant."""

    __tablename__ = "variables"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    workflow_id: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID]
    type: Mapped[VariableType] = mapped_column(TEXT)
    value: Mapped[Any] = mapped_column(JSONB(none_as_null=True))
    sealed: Mapped[bytes | None]
    description: Mapped[str | None]
    etag: Mapped[int] = mapped_column(server_default=_BY_THE_DATABASE)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_BY_THE_DATABASE)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_BY_THE_DATABASE)
