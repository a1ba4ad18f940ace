"""Rows of connections."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import TEXT, DateTime, FetchedValue
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from weftline.authoring.integrations.auth import AuthType
from weftline.features.database import Row

ConnectionStatus = Literal["READY", "UNTESTED", "UNAUTHORIZED", "FAILING"]
BreakerState = Literal["CLOSED", "OPEN", "HALF_OPEN"]

_BY_THE_DATABASE = FetchedValue()


class Connection(Row):
    """A way into an integration: a person's where ``owner_user_id`` names one, else the tenant's."""

    __tablename__ = "connections"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    integration: Mapped[str]
    name: Mapped[str]
    owner_user_id: Mapped[UUID | None]
    auth_type: Mapped[AuthType] = mapped_column(TEXT)
    config: Mapped[dict[str, Any]] = mapped_column(JSONB)
    sealed: Mapped[bytes | None]
    tokens: Mapped[bytes | None]
    token_expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    scopes: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    is_default: Mapped[bool]
    is_active: Mapped[bool] = mapped_column(server_default=_BY_THE_DATABASE)
    status: Mapped[ConnectionStatus] = mapped_column(TEXT)
    status_detail: Mapped[str | None]
    limits: Mapped[dict[str, Any]] = mapped_column(JSONB)
    etag: Mapped[int] = mapped_column(server_default=_BY_THE_DATABASE)
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_BY_THE_DATABASE)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_BY_THE_DATABASE)
    tested_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    refreshing_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    told_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class ConnectionState(Row):
    """The circuit breaker of a connection and its last use, as workers have left them."""

    __tablename__ = "connection_states"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    connection_id: Mapped[UUID] = mapped_column(primary_key=True)
    breaker: Mapped[BreakerState] = mapped_column(TEXT)
    failures: Mapped[int]
    opened_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    retry_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_error: Mapped[str | None]
    resets: Mapped[int]
    last_used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_used_workflow_id: Mapped[str | None]
    last_used_execution_id: Mapped[UUID | None]
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Authorization(Row):
    """Somebody went to fetch an authorization code for a connection."""

    __tablename__ = "connection_authorizations"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    connection_id: Mapped[UUID]
    user_id: Mapped[UUID]
    state_hash: Mapped[bytes]
    browser_hash: Mapped[bytes]
    sealed: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_BY_THE_DATABASE)
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
