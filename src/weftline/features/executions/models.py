"""Rows of executions, as far as the API reads them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, FetchedValue, SmallInteger
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from weftline.features.database import Row


class Execution(Row):
    """One run of a published version.

    What is here is what was known when the execution last came to rest; its log may be ahead. Where its payloads are
    sealed, the repository opens those that it loads.
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
    attributes: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    parent_id: Mapped[UUID | None]
    parent_step: Mapped[str | None]
    restarted_from: Mapped[UUID | None]
    trigger_id: Mapped[UUID | None]
    trigger_type: Mapped[str | None]
    scheduled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    context: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    is_queued: Mapped[bool]
    is_sealed: Mapped[bool]
    snapshot: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    snapshot_seq: Mapped[int]
    current_steps: Mapped[list[str] | None] = mapped_column(ARRAY(TEXT))
    started_by: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    started_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    completed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    execution_time_ms: Mapped[int | None] = mapped_column(BigInteger, FetchedValue())


class Label(Row):
    """A tag (under the empty name) or a search attribute of an execution, with its time; the database derives it."""

    __tablename__ = "execution_labels"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    execution_id: Mapped[UUID] = mapped_column(primary_key=True)


class Message(Row):
    """A message that an execution has not taken in yet."""

    __tablename__ = "inbox"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    execution_id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
