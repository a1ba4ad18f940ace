"""Groups on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from weftline.features.access.roles.schemas import RoleNames
from weftline.features.http.wire import Demand, Wire
from weftline.features.members.groups.service import GroupDraft


class GroupBody(Demand):
    """What a group is to be."""

    name: Annotated[str, Field(min_length=1, max_length=100, description="Tasks are assigned to it by this name.")]
    description: Annotated[str | None, Field(max_length=1000)] = None
    roles: Annotated[RoleNames, Field(description="Of whoever is in it.")] = Field(default_factory=list)

    def draft(self) -> GroupDraft:
        """As the service takes it."""
        return GroupDraft(self.name, self.description, tuple(self.roles))


class GroupOut(Wire):
    """A group."""

    id: UUID
    name: str
    description: str | None
    roles: list[str]
    created_at: datetime
    updated_at: datetime
