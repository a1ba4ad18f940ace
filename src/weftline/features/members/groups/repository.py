"""Reading and writing groups within a transaction of the caller's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.identity.models import Membership, User
from weftline.features.members.groups.models import Group, GroupMember
from weftline.features.members.repository import Member


async def get(session: AsyncSession, tenant_id: UUID, group_id: UUID) -> Group | None:
    """A group."""
    return await session.get(Group, (tenant_id, group_id))


async def list_groups(session: AsyncSession, tenant_id: UUID, *, after: str | None, limit: int) -> Sequence[Group]:
    """Groups by name, after the one of name ``after``."""
    statement = select(Group).where(Group.tenant_id == tenant_id)
    if after is not None:
        statement = statement.where(Group.name > after)
    return (await session.scalars(statement.order_by(Group.name).limit(limit))).all()


async def is_taken(session: AsyncSession, tenant_id: UUID, name: str, *, by_other_than: UUID) -> bool:
    """Whether another group has a name."""
    statement = select(Group.id).where(Group.tenant_id == tenant_id, Group.name == name, Group.id != by_other_than)
    return (await session.scalars(statement)).first() is not None


async def list_members(
    session: AsyncSession, tenant_id: UUID, group_id: UUID, *, after: UUID | None, limit: int
) -> Sequence[Member]:
    """The members of a group in the order of their ids, after the one of id ``after``."""
    statement = (
        select(Membership, User.email, User.name)
        .join(
            GroupMember,
            (GroupMember.tenant_id == Membership.tenant_id) & (GroupMember.user_id == Membership.user_id),
        )
        .join(User, User.id == Membership.user_id)
        .where(GroupMember.tenant_id == tenant_id, GroupMember.group_id == group_id)
    )
    if after is not None:
        statement = statement.where(GroupMember.user_id > after)
    rows = await session.execute(statement.order_by(GroupMember.user_id).limit(limit))
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
