"""Rows of API keys and service accounts."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import DateTime, FetchedValue, LargeBinary
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from weftline.features.database import Row

_BY_THE_DATABASE = FetchedValue()
_MOMENT = DateTime(timezone=True)


class ApiKey(Row):
    """A key of a person or a service account (one of both). ``scopes`` None: all that its owner may do."""

    __tablename__ = "api_keys"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    hint: Mapped[str]
    key_hash: Mapped[bytes] = mapped_column(LargeBinary)
    user_id: Mapped[UUID | None]
    service_account_id: Mapped[UUID | None]
    scopes: Mapped[list[str] | None] = mapped_column(ARRAY(TEXT))
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(_MOMENT, server_default=_BY_THE_DATABASE)
    expires_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    last_used_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    revoked_at: Mapped[datetime | None] = mapped_column(_MOMENT)


class ServiceAccountStatus(StrEnum):
    """Whether a service account's keys count."""

    ACTIVE = "active"
    DISABLED = "disabled"


class ServiceAccount(Row):
    """Somebody who is no person: a program, in one tenant."""

    __tablename__ = "service_accounts"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    description: Mapped[str | None]
    roles: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    status: Mapped[str]
    etag: Mapped[int] = mapped_column(server_default=_BY_THE_DATABASE)
    created_at: Mapped[datetime] = mapped_column(_MOMENT, server_default=_BY_THE_DATABASE)
    updated_at: Mapped[datetime] = mapped_column(_MOMENT, server_default=_BY_THE_DATABASE)
