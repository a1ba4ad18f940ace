"""Groups on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from weftline.features.access.roles.schemas import RoleNames
from weftline.features.http.listing import ListQuery
from weftline.features.http.wire import Demand, Wire
from weftline.features.members.groups.repository import ORDER
from weftline.features.members.groups.service import GroupDraft
from weftline.features.members.repository import ORDER as MEMBER_ORDER


class GroupBody(Demand):
    """What a group is to be."""

    name: Annotated[str, Field(min_length=1, max_length=100, description="Tasks are assigned to it by this name.")]
    description: Annotated[str | None, Field(max_length=1000)] = None
    roles: Annotated[RoleNames, Field(description="Of whoever is in it.")] = Field(default_factory=list)

    def draft(self) -> GroupDraft:
        """As the service takes it."""
        return GroupDraft(self.name, self.description, tuple(self.roles))


class GroupQuery(ListQuery):
    """Which part of the groups, in which order."""

    order: ClassVar = ORDER


class GroupMemberQuery(ListQuery):
    """Which part of a group's members, in which order."""

    order: ClassVar = MEMBER_ORDER


class GroupOut(Wire):
    """A group."""

    id: UUID
    name: str
    description: str | None
    roles: list[str]
    created_at: datetime
    updated_at: datetime
