"""API keys on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from weftline.features.access.roles.schemas import PermissionNames
from weftline.features.http.listing import ListQuery
from weftline.features.http.wire import Demand, Wire
from weftline.features.keys.repository import ORDER
from weftline.features.keys.service import KeyDraft, NewKey


class KeyBody(Demand):
    """A key that is to be."""

    name: Annotated[str, Field(min_length=1, max_length=100, description="For people.")]
    scopes: Annotated[
        PermissionNames | None, Field(description="Permissions it has of its owner's; all where absent.")
    ] = None
    expires_at: Annotated[
        AwareDatetime | None, Field(description="As late as the tenant allows where absent, or never.")
    ] = None
    service_account_id: Annotated[UUID | None, Field(description="Whose it is; your own where absent.")] = None

    def draft(self) -> KeyDraft:
        """As the service takes it."""
        scopes = None if self.scopes is None else tuple(self.scopes)
        return KeyDraft(self.name, scopes, self.expires_at, self.service_account_id)


class KeyOut(Wire):
    """A key, without its text."""

    id: UUID
    name: str
    hint: Annotated[str, Field(description="How its text ends.")]
    user_id: UUID | None
    service_account_id: UUID | None
    scopes: Annotated[list[str] | None, Field(description="null: all that its owner may do.")]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: Annotated[datetime | None, Field(description="To the minute.")]


class NewKeyOut(KeyOut):
    """A new key."""

    key: Annotated[str, Field(description="Its text, shown this once: send it as `Authorization: Bearer …`.")]

    @classmethod
    def of(cls, new: NewKey) -> NewKeyOut:
        """As it is shown."""
        return cls(**KeyOut.model_validate(new.row).model_dump(), key=new.text)


class KeyQuery(ListQuery):
    """Which keys to list."""

    order: ClassVar = ORDER

    service_account_id: Annotated[UUID | None, Field(description="Only those of this service account.")] = None
    everybody: Annotated[bool, Field(description="Everybody's, with `key:manage`; else only your own.")] = False
