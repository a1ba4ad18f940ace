"""Rows of jobs."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import TEXT, DateTime
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from weftline.features.database import Row


class JobStatus(StrEnum):
    """Where a job stands."""

    AVAILABLE = "available"
    """It waits in its task queue."""
    LOCKED = "locked"
    """A worker has it."""
    WITHDRAWN = "withdrawn"
    """Its step is no longer wanted, and the worker that has it is to be told."""


class Job(Row):
    """An attempt of a step that a remote worker carries out. Workers of the engine write it with the facts; see
    ``weftline.store.jobs``."""

    __tablename__ = "jobs"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    execution_id: Mapped[UUID]
    workflow_id: Mapped[str]
    step_id: Mapped[str]
    attempt: Mapped[int]
    queue: Mapped[str]
    action: Mapped[str]
    input: Mapped[Any] = mapped_column(JSONB)
    priority: Mapped[int]
    status: Mapped[JobStatus] = mapped_column(TEXT)
    is_held: Mapped[bool]
    locked_by: Mapped[str | None]
    locked_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    losses: Mapped[int]
    progress: Mapped[Any] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
