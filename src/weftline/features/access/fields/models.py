"""Rows of field rules."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import TEXT, DateTime, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from weftline.features.access.fields.masking import Effect
from weftline.features.database import Row


class FieldRuleRow(Row):
    """A rule; see ``masking.FieldRule`` for what it means."""

    __tablename__ = "field_rules"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    workflow_id: Mapped[str | None]
    field: Mapped[str]
    effect: Mapped[Effect] = mapped_column(TEXT)
    visible_to: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
