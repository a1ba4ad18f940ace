"""How paths name a tenant."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path

from weftline.features.tenancy.names import MAX_DOMAIN

TenantPath = Annotated[
    str, Path(min_length=1, max_length=MAX_DOMAIN, description="A tenant's id, slug or domain.", examples=["acme"])
]
