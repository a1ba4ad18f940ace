"""Rows of groups."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, FetchedValue
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from weftline.features.database import Row

_BY_THE_DATABASE = FetchedValue()


class Group(Row):
    """A group of members."""

    __tablename__ = "groups"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    description: Mapped[str | None]
    roles: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    etag: Mapped[int] = mapped_column(server_default=_BY_THE_DATABASE)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_BY_THE_DATABASE)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_BY_THE_DATABASE)


class GroupMember(Row):
    """That a member is in a group."""

    __tablename__ = "group_members"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    group_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
