"""Members on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from weftline.features.access.roles.schemas import RoleName, RoleNames
from weftline.features.http.listing import ListQuery
from weftline.features.http.wire import Demand, Wire
from weftline.features.identity.schemas.texts import Email, Password
from weftline.features.members.joining import Newcomer
from weftline.features.members.repository import ORDER, Filter, MemberStatus
from weftline.features.members.service import MemberChanges
from weftline.features.platform.reason import ReasonQuery

Department = Annotated[str, Field(min_length=1, max_length=100)]
Attributes = Annotated[
    dict[
        Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")],
        Annotated[str, Field(max_length=500)] | int | float | bool | None,
    ],
    Field(max_length=50, description="What else you note of them."),
]


class NewMemberBody(Demand):
    """Who is to belong to the tenant."""

    email: Email
    name: Annotated[
        str | None, Field(min_length=1, max_length=100, description="What a new account is called at first.")
    ] = None
    roles: RoleNames = Field(default_factory=list)
    department: Department | None = None
    password: Annotated[
        Password | None,
        Field(description="Only operators may give one; it counts where the account has none. Else they are invited."),
    ] = None

    def newcomer(self) -> Newcomer:
        """As the service takes it."""
        return Newcomer(self.email, self.name, tuple(self.roles), self.department, self.password)


class MemberBody(Demand):
    """What is to change of a member; what is absent stays as it is."""

    roles: RoleNames = Field(default_factory=list)
    status: MemberStatus = MemberStatus.ACTIVE
    department: Department | None = None
    attributes: Attributes = Field(default_factory=dict)

    def changes(self) -> MemberChanges:
        """As the service takes it."""
        changes = MemberChanges()
        if "roles" in self.model_fields_set:
            changes["roles"] = self.roles
        if "status" in self.model_fields_set:
            changes["status"] = self.status
        if "department" in self.model_fields_set:
            changes["department"] = self.department
        if "attributes" in self.model_fields_set:
            changes["attributes"] = {**self.attributes}
        return changes


class MemberOut(Wire):
    """A member."""

    id: UUID
    email: str
    name: Annotated[str | None, Field(description="What they call themselves; null until they have joined.")]
    status: MemberStatus
    roles: Annotated[list[str], Field(description="Given to them, besides those of their groups.")]
    department: str | None
    attributes: dict[str, str | int | float | bool | None]
    created_at: datetime
    updated_at: datetime


class MemberQuery(ListQuery):
    """Which members to list."""

    order: ClassVar = ORDER

    q: Annotated[str | None, Field(max_length=200, description="Text within the address or the name.")] = None
    role: Annotated[RoleName | None, Field(description="Only those who are given this role themselves.")] = None
    status: Annotated[MemberStatus | None, Field(description="Only those that stand here.")] = None

    def filter(self) -> Filter:
        """As the repository takes it."""
        return Filter(self.status, self.role, self.q)


class TenantMemberQuery(MemberQuery, ReasonQuery):
    """Which members of a tenant to list, and why an operator wants to know."""
