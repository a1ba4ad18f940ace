"""Whose request it is."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from structlog.contextvars import bind_contextvars

from weftline.model.ids import DEFAULT_TENANT


async def current_tenant(request: Request) -> UUID:
    """The tenant that a request acts for. There is one until accounts exist."""
    bind_contextvars(tenant_id=str(DEFAULT_TENANT))
    return DEFAULT_TENANT


TenantId = Annotated[UUID, Depends(current_tenant)]
