"""Rows of human tasks."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from weftline.features.database import Row


class HumanTask(Row):
    """What a step asks a person to do. ``step_id`` is the step's key."""

    __tablename__ = "human_tasks"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    execution_id: Mapped[UUID]
    workflow_id: Mapped[str]
    step_id: Mapped[str]
    name: Mapped[str]
    form: Mapped[Any] = mapped_column(JSONB)
    assign_to: Mapped[list[str] | None] = mapped_column(ARRAY(TEXT))
    outcomes: Mapped[list[str] | None] = mapped_column(ARRAY(TEXT))
    status: Mapped[str]
    claimed_by: Mapped[str | None]
    data: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    outcome: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    due_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    claimed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    completed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    completed_by: Mapped[str | None]
