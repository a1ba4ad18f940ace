"""Reading and writing groups within a transaction of the caller's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.http.listing import Ordering, SortKey, Window
from weftline.features.identity.models import Membership, User
from weftline.features.members.groups.models import Group, GroupMember
from weftline.features.members.repository import Member

ORDER = Ordering(
    SortKey("name", Group.name),
    SortKey("createdAt", Group.created_at, datetime),
    SortKey("updatedAt", Group.updated_at, datetime),
    tie=SortKey("id", Group.id, UUID),
    default="name",
)


async def get(session: AsyncSession, tenant_id: UUID, group_id: UUID) -> Group | None:
    """A group."""
    return await session.get(Group, (tenant_id, group_id))


async def list_groups(session: AsyncSession, tenant_id: UUID, window: Window) -> Sequence[Group]:
    """A part of the groups."""
    statement = select(Group).where(Group.tenant_id == tenant_id)
    return (await session.scalars(window.of(statement))).all()


async def is_taken(session: AsyncSession, tenant_id: UUID, name: str, *, by_other_than: UUID) -> bool:
    """Whether another group has a name."""
    statement = select(Group.id).where(Group.tenant_id == tenant_id, Group.name == name, Group.id != by_other_than)
    return (await session.scalars(statement)).first() is not None


async def list_members(session: AsyncSession, tenant_id: UUID, group_id: UUID, window: Window) -> Sequence[Member]:
    """A part of the members of a group."""
    statement = (
        select(Membership, User.email, User.name)
        .join(
            GroupMember,
            (GroupMember.tenant_id == Membership.tenant_id) & (GroupMember.user_id == Membership.user_id),
        )
        .join(User, User.id == Membership.user_id)
        .where(GroupMember.tenant_id == tenant_id, GroupMember.group_id == group_id)
    )
    rows = await session.execute(window.of(statement))
    return [Member(*row) for row in rows]


async def enter(session: AsyncSession, tenant_id: UUID, group_id: UUID, user_id: UUID) -> bool:
    """Put a member into a group; False where they are in it."""
    statement = insert(GroupMember).values(tenant_id=tenant_id, group_id=group_id, user_id=user_id)
    result = await session.execute(statement.on_conflict_do_nothing())
    return cast("CursorResult[Any]", result).rowcount == 1


async def leave(session: AsyncSession, tenant_id: UUID, group_id: UUID, user_id: UUID) -> bool:
    """Take a member out of a group; False where they are not in it."""
    result = await session.execute(
        delete(GroupMember).where(
            GroupMember.tenant_id == tenant_id, GroupMember.group_id == group_id, GroupMember.user_id == user_id
        )
    )
    return cast("CursorResult[Any]", result).rowcount == 1
