"""Rows of grants."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import DateTime, FetchedValue
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from weftline.features.database import Row


class SubjectType(StrEnum):
    """To whom permissions can be granted."""

    USER = "user"
    GROUP = "group"
    ROLE = "role"
    SERVICE_ACCOUNT = "service_account"


class GrantRow(Row):
    """Permissions of a subject, on one workflow or, without one, in the whole tenant."""

    __tablename__ = "grants"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    subject_type: Mapped[str]
    subject_id: Mapped[str]
    permissions: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    workflow_id: Mapped[str | None]
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=FetchedValue())
