"""Rows of acts on many executions."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from weftline.features.database import Row


class BulkOperation(Row):
    """One act on many executions.

    Its items are numbered from 1; those up to ``done`` have been dealt with.
    """

    __tablename__ = "bulk_operations"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    act: Mapped[str]
    filter: Mapped[dict[str, Any]] = mapped_column(JSONB)
    reason: Mapped[str | None]
    status: Mapped[str]
    total: Mapped[int]
    done: Mapped[int]
    failed: Mapped[int]
    actor_kind: Mapped[str]
    actor_id: Mapped[UUID | None]
    actor: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    completed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class BulkItem(Row):
    """An execution that an operation is still to deal with."""

    __tablename__ = "bulk_items"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    operation_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    execution_id: Mapped[UUID]


class BulkFailure(Row):
    """An execution to which the act could not be done."""

    __tablename__ = "bulk_failures"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    operation_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    execution_id: Mapped[UUID]
    code: Mapped[str]
    message: Mapped[str]
