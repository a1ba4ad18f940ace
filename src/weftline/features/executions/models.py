"""Rows of executions, as far as the API reads them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, SmallInteger
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from weftline.features.database import Row


class Execution(Row):
    """One run of a published version (system 003's WorkflowExecution).

    What is here is what was known when the execution last came to rest; its log may be ahead.
    """

    __tablename__ = "executions"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    workflow_id: Mapped[str]
    version_number: Mapped[int]
    status: Mapped[str]
    priority: Mapped[int] = mapped_column(SmallInteger)
    inbox_seen: Mapped[int]
    input: Mapped[dict[str, Any]] = mapped_column(JSONB)
    output: Mapped[Any] = mapped_column(JSONB)
    error: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    tags: Mapped[list[str] | None] = mapped_column(ARRAY(TEXT))
    snapshot: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    snapshot_seq: Mapped[int]
    current_steps: Mapped[list[str] | None] = mapped_column(ARRAY(TEXT))
    started_by: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    started_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    completed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Message(Row):
    """A message that an execution has not taken in yet."""

    __tablename__ = "inbox"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    execution_id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
