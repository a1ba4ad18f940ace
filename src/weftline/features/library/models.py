"""Rows of the library: what tenants publish, and what everybody sees of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import TEXT, DateTime, FetchedValue
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.orm import Mapped, mapped_column

from weftline.features.database import Row

Visibility = Literal["TENANT", "PUBLIC"]
"""Who sees a template: its tenant alone, or every tenant once an operator has approved it."""

Review = Literal["NOT_NEEDED", "PENDING", "APPROVED", "REJECTED", "SUPERSEDED", "WITHDRAWN"]
"""How a version stands with the operators. ``SUPERSEDED``: a newer one was submitted before this was decided on;
``WITHDRAWN``: it was approved, and taken back since by its tenant or by an operator."""

_BY_THE_DATABASE = FetchedValue()


class Publication(Row):
    """A template that a tenant has published."""

    __tablename__ = "library_publications"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    workflow_id: Mapped[str]
    visibility: Mapped[Visibility] = mapped_column(TEXT)
    is_published: Mapped[bool]
    name: Mapped[str]
    author: Mapped[str]
    latest_version: Mapped[int]
    usage_count: Mapped[int] = mapped_column(server_default=_BY_THE_DATABASE)
    etag: Mapped[int] = mapped_column(server_default=_BY_THE_DATABASE)
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_BY_THE_DATABASE)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_BY_THE_DATABASE)


class PublicationVersion(Row):
    """One version of it; never changed but for how it stands with the operators."""

    __tablename__ = "library_publication_versions"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    publication_id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[UUID]
    workflow_version: Mapped[int]
    entry: Mapped[dict[str, Any]] = mapped_column(JSON)
    author: Mapped[str]
    change_description: Mapped[str | None]
    review: Mapped[Review] = mapped_column(TEXT)
    review_note: Mapped[str | None]
    reviewed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    published_by: Mapped[str]
    published_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_BY_THE_DATABASE)


class PublicTemplate(Row):
    """A version that operators have approved; every tenant reads it. Only operators see whose it is."""

    __tablename__ = "public_templates"

    id: Mapped[str] = mapped_column(primary_key=True)
    publisher_id: Mapped[UUID]
    version_id: Mapped[UUID]
    version: Mapped[int]
    author: Mapped[str]
    entry: Mapped[dict[str, Any]] = mapped_column(JSON)
    approved_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_BY_THE_DATABASE)


class TemplateFacts(Row):
    """What is known of a template that every tenant sees. None: as the template itself says."""

    __tablename__ = "library_facts"

    id: Mapped[str] = mapped_column(primary_key=True)
    is_featured: Mapped[bool | None]
    is_premium: Mapped[bool | None]
    usage_count: Mapped[int] = mapped_column(server_default=_BY_THE_DATABASE)
