"""People on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from weftline.features.http.listing import ListQuery
from weftline.features.http.wire import Wire
from weftline.features.identity.schemas.texts import MAX_ADDRESS
from weftline.features.platform.people.service import ORDER
from weftline.features.platform.reason import MAX_REASON


class PersonOut(Wire):
    """A person, whatever tenants they belong to."""

    id: UUID
    email: str
    name: str
    status: Annotated[str, Field(description="`active`, or `disabled`: may not sign in anywhere.")]
    created_at: datetime
    last_sign_in_at: datetime | None


class PersonQuery(ListQuery):
    """Which people to list."""

    order: ClassVar = ORDER

    email: Annotated[str | None, Field(max_length=MAX_ADDRESS, description="Exactly this address.")] = None
    reason: Annotated[str | None, Field(max_length=MAX_REASON, description="The same as `X-Reason`.")] = None


class SessionsEnded(Wire):
    """What became of somebody's sessions."""

    ended: Annotated[int, Field(description="How many were open.")]
