"""Roles and permissions on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import Field

from weftline.features.access.permissions import BUILT_IN_ROLES, PermissionInfo, role_permissions
from weftline.features.access.roles.service import RoleDraft
from weftline.features.http.listing import ListQuery, Ordering, SortKey
from weftline.features.http.wire import Demand, Wire

_ID = SortKey("id", "id")

ORDER = Ordering(
    SortKey("builtIn", "built_in", bool),
    _ID,
    SortKey("name", "name"),
    SortKey("createdAt", "created_at", datetime, nullable=True),
    SortKey("updatedAt", "updated_at", datetime, nullable=True),
    tie=_ID,
    default="-builtIn,id",
    note="The built-in ones have no times, and come last where times are sorted by.",
)
"""Of roles, all of which are held in memory."""

ROLE_ID = r"^[a-z0-9][a-z0-9_-]{0,62}$"

RoleName = Annotated[str, Field(min_length=1, max_length=64, description="A role's id.")]
RoleNames = Annotated[list[RoleName], Field(max_length=50)]
PermissionNames = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=100)]],
    Field(max_length=200, description="Names of permissions."),
]


class RoleBody(Demand):
    """What a role is to be."""

    name: Annotated[str, Field(min_length=1, max_length=100, description="For people.")]
    description: Annotated[str | None, Field(max_length=1000)] = None
    permissions: PermissionNames = Field(default_factory=list)
    inherits: Annotated[RoleNames, Field(description="Roles whose permissions it has, too.")] = Field(
        default_factory=list
    )
    requires_mfa: Annotated[bool, Field(description="Whoever has it needs a second factor.")] = False

    def draft(self) -> RoleDraft:
        """As the service takes it."""
        return RoleDraft(self.name, self.description, tuple(self.permissions), tuple(self.inherits), self.requires_mfa)


class NewRoleBody(RoleBody):
    """A new role."""

    id: Annotated[str, Field(pattern=ROLE_ID, description="Unique within the tenant; it cannot be changed.")]


class RoleOut(Wire):
    """A role."""

    id: str
    name: str
    description: str | None
    built_in: Annotated[bool, Field(description="Every tenant has it, and nobody can change it.")] = False
    permissions: Annotated[list[str], Field(description="Besides those of the roles that it inherits.")]
    inherits: list[str]
    requires_mfa: bool
    created_at: datetime | None = None
    updated_at: datetime | None = None


class RoleQuery(ListQuery):
    """Which part of the list."""

    order: ClassVar = ORDER


def built_in_roles() -> list[RoleOut]:
    """The roles that every tenant has."""
    return [
        RoleOut(
            id=id,
            name=id.capitalize(),
            description=description,
            built_in=True,
            permissions=sorted(role_permissions(id)),
            inherits=[],
            requires_mfa=False,
        )
        for id, description in BUILT_IN_ROLES.items()
    ]


class PermissionOut(Wire):
    """A permission."""

    name: str
    description: str
    roles: Annotated[list[str], Field(description="The built-in roles that have it, besides `admin`.")]

    @classmethod
    def of(cls, info: PermissionInfo) -> PermissionOut:
        """As the catalogue has it."""
        return cls(name=info.name, description=info.description, roles=sorted(info.roles))
