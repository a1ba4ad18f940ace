"""Reading members within a transaction of the caller's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.http.listing import Ordering, SortKey, Window
from weftline.features.identity.models import Membership, User

_GROUP_ROLES = text(
    """
    SELECT g.id, g.roles FROM group_members gm
    JOIN groups g ON g.tenant_id = gm.tenant_id AND g.id = gm.group_id
    WHERE gm.tenant_id = :tenant AND gm.user_id = :user
    """
)
_OTHER_ADMINISTRATOR = text(
    """
    SELECT 1 FROM memberships m JOIN users u ON u.id = m.user_id
    WHERE m.tenant_id = :tenant AND m.user_id <> :user
      AND 'admin' = ANY (m.roles) AND m.status = 'active' AND u.status = 'active'
    LIMIT 1
    """
)

ORDER = Ordering(
    SortKey("createdAt", Membership.created_at, datetime),
    SortKey("updatedAt", Membership.updated_at, datetime),
    SortKey("email", User.email),
    tie=SortKey("id", Membership.user_id, UUID, attribute="id"),
    default="createdAt",
)


class MemberStatus(StrEnum):
    """Whether a member may sign in to the tenant."""

    INVITED = "invited"
    ACTIVE = "active"
    DISABLED = "disabled"


class Member(NamedTuple):
    """A person in a tenant.

    Attributes:
        membership: what the tenant says of them.
        email: theirs.
        account_name: what they call themselves.
    """

    membership: Membership
    email: str
    account_name: str

    @property
    def name(self) -> str | None:
        """Their name; None until they have joined: whether they had an account before is nobody's business."""
        return None if self.membership.status == MemberStatus.INVITED else self.account_name

    @property
    def id(self) -> UUID:
        """The person's id."""
        return self.membership.user_id

    @property
    def roles(self) -> list[str]:
        """Given to them, not to their groups."""
        return self.membership.roles

    @property
    def status(self) -> MemberStatus:
        """Whether they may sign in to the tenant."""
        return MemberStatus(self.membership.status)

    @property
    def department(self) -> str | None:
        """Where they work."""
        return self.membership.department

    @property
    def attributes(self) -> dict[str, Any]:
        """What else the tenant notes of them."""
        return self.membership.attributes

    @property
    def created_at(self) -> datetime:
        """Since when they belong to the tenant, or are invited."""
        return self.membership.created_at

    @property
    def updated_at(self) -> datetime:
        """When that was changed last."""
        return self.membership.updated_at


class GroupRoles(NamedTuple):
    """A group that somebody is in, and its roles."""

    id: UUID
    roles: Sequence[str]


@dataclass(frozen=True, slots=True)
class Filter:
    """Which members to list: those that fit every field that is given.

    Attributes:
        status: that stand here.
        role: who are given this role themselves.
        query: whose address or name holds this text, whatever its case.
    """

    status: MemberStatus | None = None
    role: str | None = None
    query: str | None = None


async def get(session: AsyncSession, tenant_id: UUID, user_id: UUID, *, lock: bool = False) -> Member | None:
    """A member, whose membership is locked against other changes where ``lock`` says so."""
    statement = _members(tenant_id).where(Membership.user_id == user_id)
    if lock:
        statement = statement.with_for_update(of=Membership)
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else Member(*row)


async def list_members(session: AsyncSession, tenant_id: UUID, wanted: Filter, window: Window) -> Sequence[Member]:
    """Those of the members that fit."""
    statement = _members(tenant_id)
    if wanted.status is not None:
        statement = statement.where(Membership.status == wanted.status.value)
    if wanted.role is not None:
        statement = statement.where(Membership.roles.contains([wanted.role]))
    if wanted.query:
        like = (
            User.email.icontains(wanted.query, autoescape=True),
            (Membership.status != MemberStatus.INVITED.value) & User.name.icontains(wanted.query, autoescape=True),
        )
        statement = statement.where(or_(*like))
    rows = await session.execute(window.of(statement))
    return [Member(*row) for row in rows]


async def groups_of(session: AsyncSession, tenant_id: UUID, user_id: UUID) -> Sequence[GroupRoles]:
    """The groups that somebody is in."""
    rows = (await session.execute(_GROUP_ROLES, {"tenant": tenant_id, "user": user_id})).all()
    return [GroupRoles(*row) for row in rows]


async def has_other_administrator(session: AsyncSession, tenant_id: UUID, user_id: UUID) -> bool:
    """Whether somebody else is an active administrator, in their own right."""
    return (await session.execute(_OTHER_ADMINISTRATOR, {"tenant": tenant_id, "user": user_id})).first() is not None


def _members(tenant_id: UUID) -> Select[Membership, str, str]:
    return (
        select(Membership, User.email, User.name)
        .join(User, User.id == Membership.user_id)
        .where(Membership.tenant_id == tenant_id)
    )
