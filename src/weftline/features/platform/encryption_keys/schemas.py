"""Encryption keys on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from weftline.features.http.listing import ListQuery
from weftline.features.http.wire import Demand, Wire
from weftline.features.platform.encryption_keys.service import ORDER


class TenantKeyOut(Wire):
    """A version of a tenant's data key."""

    tenant_id: Annotated[UUID, Field(description="Whose it is.")]
    version: Annotated[int, Field(description="Its number; what is sealed with it bears this.")]
    created_at: Annotated[datetime, Field(description="When it was made.")]
    retired_at: Annotated[datetime | None, Field(description="From when a newer one seals; it opens still.")]


class TenantKeyQuery(ListQuery):
    """Which part of the list."""

    order: ClassVar = ORDER


class RotateKeysBody(Demand):
    """How to change keys."""

    tenant: Annotated[str | None, Field(max_length=255, description="Id or slug of the only tenant; else all.")] = None
    new_data_keys: Annotated[
        bool, Field(description="Give each tenant a new data key. Else they are only wrapped by the master key anew.")
    ] = False
    cursor: Annotated[str | None, Field(max_length=512, description="The `nextCursor` of the piece before.")] = None


class RotatedKeysOut(Wire):
    """What was done, and where to go on."""

    resealed: Annotated[dict[str, int], Field(description="How many of what are under the newest keys only now.")]
    unreadable: Annotated[int, Field(description="How many could not be opened with any key that is known here.")]
    settles_in: Annotated[float, Field(description="Seconds until a new data key seals.")]
    next_cursor: Annotated[str | None, Field(description="Call again with this; null at the end.")]
