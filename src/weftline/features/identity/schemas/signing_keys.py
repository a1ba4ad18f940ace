"""Keys that sign access tokens, on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import Field

from weftline.features.http.listing import ListQuery, Ordering, SortKey
from weftline.features.http.wire import Demand, Wire

ORDER = Ordering(
    SortKey("createdAt", "created_at", datetime),
    SortKey("activeAt", "active_at", datetime),
    tie=SortKey("id", "id"),
    default="-createdAt",
)
"""Of the keys of late, which are few."""


class RotateBody(Demand):
    """How to replace the key."""

    compromised: Annotated[
        bool, Field(description="The old key may be in wrong hands: what it signed counts no more.")
    ] = False


class SigningKeyOut(Wire):
    """A key."""

    id: Annotated[str, Field(description="`kid` of what it signs.")]
    created_at: datetime
    active_at: Annotated[datetime, Field(description="From when it signs; it is published before.")]
    retired_at: Annotated[datetime | None, Field(description="From when it signs no more.")]


class SigningKeyQuery(ListQuery):
    """Which part of the list."""

    order: ClassVar = ORDER


class RotatedOut(Wire):
    """The new key."""

    id: str
