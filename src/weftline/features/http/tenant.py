"""Whose request it is."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from weftline.model.ids import DEFAULT_TENANT


def current_tenant(request: Request) -> UUID:
    """The tenant that a request acts for. There is one until accounts exist."""
    return DEFAULT_TENANT


TenantId = Annotated[UUID, Depends(current_tenant)]
