"""Rows of workflow templates and their versions."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, func
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.orm import Mapped, mapped_column

from weftline.features.database import Row
from weftline.model.status import TemplateStatus


class WorkflowTemplate(Row):
    """A workflow under its id, whatever its version."""

    __tablename__ = "workflow_templates"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    description: Mapped[str | None]
    status: Mapped[str] = mapped_column(default=TemplateStatus.DRAFT.value)
    is_active: Mapped[bool] = mapped_column(default=True)
    latest_version: Mapped[int]
    published_version: Mapped[int | None]
    etag: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class WorkflowVersion(Row):
    """One definition of a workflow. Once published it never changes."""

    __tablename__ = "workflow_versions"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    template_id: Mapped[str] = mapped_column(primary_key=True)
    version_number: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str | None]
    definition: Mapped[dict[str, Any]] = mapped_column(JSON)
    definition_hash: Mapped[str]
    change_description: Mapped[str | None]
    rollback_of: Mapped[int | None]
    is_active: Mapped[bool]
    published_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    @property
    def status(self) -> TemplateStatus:
        """Whether executions may be pinned to it."""
        return TemplateStatus.DRAFT if self.published_at is None else TemplateStatus.PUBLISHED

    @property
    def is_rollback_version(self) -> bool:
        """Whether it was made to go back to an earlier one."""
        return self.rollback_of is not None
