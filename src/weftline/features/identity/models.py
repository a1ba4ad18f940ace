"""Rows of people and their memberships."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, FetchedValue
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from weftline.features.database import Row

Moment = DateTime(timezone=True)
BY_THE_DATABASE = FetchedValue()
"""The database has a default for the column."""


class User(Row):
    """A person. Global: which tenants they belong to is told by their memberships."""

    __tablename__ = "users"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str]
    name: Mapped[str]
    status: Mapped[str]
    email_verified_at: Mapped[datetime | None] = mapped_column(Moment)
    language: Mapped[str | None]
    time_zone: Mapped[str | None]
    preferences: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=BY_THE_DATABASE)
    etag: Mapped[int] = mapped_column(server_default=BY_THE_DATABASE)
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=BY_THE_DATABASE)
    updated_at: Mapped[datetime] = mapped_column(Moment, server_default=BY_THE_DATABASE)
    last_sign_in_at: Mapped[datetime | None] = mapped_column(Moment)


class SessionRow(Row):
    """A session; what it is known by is a family of refresh tokens."""

    __tablename__ = "sessions"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID]
    active_tenant: Mapped[UUID | None]
    methods: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    address: Mapped[str | None]
    user_agent: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=BY_THE_DATABASE)
    last_used_at: Mapped[datetime] = mapped_column(Moment, server_default=BY_THE_DATABASE)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)


class Membership(Row):
    """That a person belongs to a tenant, with the roles they have there."""

    __tablename__ = "memberships"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    roles: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    status: Mapped[str]
    department: Mapped[str | None]
    attributes: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=BY_THE_DATABASE)
    etag: Mapped[int] = mapped_column(server_default=BY_THE_DATABASE)
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=BY_THE_DATABASE)
    updated_at: Mapped[datetime] = mapped_column(Moment, server_default=BY_THE_DATABASE)
