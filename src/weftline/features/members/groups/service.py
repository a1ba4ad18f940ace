"""What can be done with groups."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.access.cache import AccessCache
from weftline.features.access.caller import Caller
from weftline.features.access.grants import repository as grants
from weftline.features.access.grants.models import SubjectType
from weftline.features.access.lock import lock_access
from weftline.features.access.permissions import ADMIN
from weftline.features.access.revocations import revoke
from weftline.features.access.roles.giving import check_gift, check_roles, rules_now
from weftline.features.audit.trail import record
from weftline.features.database import Database
from weftline.features.http.listing import Window
from weftline.features.members import repository as members
from weftline.features.members.errors import MemberNotFound, OwnMembership
from weftline.features.members.groups import repository
from weftline.features.members.groups.errors import GroupChanged, GroupNameTaken, GroupNotFound, NotInGroup
from weftline.features.members.groups.models import Group
from weftline.features.members.repository import Member
from weftline.model.ids import uuid7


@dataclass(frozen=True, slots=True)
class GroupDraft:
    """What somebody wants a group to be.

    Attributes:
        name: unique within the tenant; assignees of tasks name it.
        description: what it is for.
        roles: of whoever is in it.
    """

    name: str
    description: str | None
    roles: tuple[str, ...]


class GroupService:
    """Making, finding, changing and removing groups, and who is in them.

    Args:
        database: where they are.
        cache: what follows from them.
    """

    def __init__(self, database: Database, cache: AccessCache) -> None:
        self._database = database
        self._cache = cache

    async def list(self, tenant_id: UUID, window: Window) -> Sequence[Group]:
        """Groups; see ``repository.list_groups``."""
        async with self._database.transaction(tenant_id) as session:
            return await repository.list_groups(session, tenant_id, window)

    async def get(self, tenant_id: UUID, group_id: UUID) -> Group:
        """A group.

        Raises:
            GroupNotFound: there is none of this id.
        """
        async with self._database.transaction(tenant_id) as session:
            return await _existing(session, tenant_id, group_id)

    async def members(self, tenant_id: UUID, group_id: UUID, window: Window) -> Sequence[Member]:
        """The members of a group; see ``repository.list_members``.

        Raises:
            GroupNotFound: there is none of this id.
        """
        async with self._database.transaction(tenant_id) as session:
            await _existing(session, tenant_id, group_id)
            return await repository.list_members(session, tenant_id, group_id, window)

    async def create(self, caller: Caller, draft: GroupDraft) -> Group:
        """Make a group with nobody in it.

        Raises:
            GroupNameTaken: another one has its name.
            UnknownNames: there is no such role.
            BeyondOwnAuthority: it would have what the caller does not have.
        """
        async with self._changing(caller) as session:
            group = Group(tenant_id=caller.tenant_id, id=uuid7(), roles=[])
            await self._fill(session, caller, group, draft)
            session.add(group)
            await session.flush()
            await session.refresh(group)
            await record(session, "group.created", "group", group.id, after=_told(group))
        return group

    async def replace(
        self, caller: Caller, group_id: UUID, draft: GroupDraft, *, expected_etag: str | None = None
    ) -> Group:
        """Change a group.

        Args:
            caller: who changes it.
            group_id: which.
            draft: what it becomes.
            expected_etag: change it only if it is still in this state.

        Raises:
            GroupNotFound, GroupChanged: there is none of this id, or not in the expected state.
            GroupNameTaken, UnknownNames, BeyondOwnAuthority: see :meth:`create`.
        """
        async with self._changing(caller) as session:
            group = await _existing(session, caller.tenant_id, group_id, expected_etag)
            before = _told(group)
            await self._fill(session, caller, group, draft)
            group.etag += 1
            group.updated_at = func.now()
            await session.flush()
            await session.refresh(group)
            await record(session, "group.changed", "group", group_id, before=before, after=_told(group))
        return group

    async def remove(self, caller: Caller, group_id: UUID, *, expected_etag: str | None = None) -> Group:
        """Remove a group with what is granted to it, and return what it was.

        Raises:
            GroupNotFound, GroupChanged: there is none of this id, or not in the expected state.
            BeyondOwnAuthority: it has what the caller does not have.
        """
        async with self._changing(caller) as session:
            group = await _existing(session, caller.tenant_id, group_id, expected_etag)
            await self._check_gift(session, caller, group)
            await grants.drop_subject(session, caller.tenant_id, SubjectType.GROUP, str(group_id))
            await session.delete(group)
            await session.flush()
            await record(session, "group.removed", "group", group_id, before=_told(group))
        return group

    async def enter(self, caller: Caller, group_id: UUID, user_id: UUID) -> Member:
        """Put a member into a group. Safe to repeat.

        Raises:
            GroupNotFound, MemberNotFound: there is none of this id.
            OwnMembership: it is the caller, and they are no administrator.
            BeyondOwnAuthority: they would get what the caller does not have.
        """
        async with self._changing(caller) as session:
            group = await _existing(session, caller.tenant_id, group_id)
            member = await self._check_member(session, caller, group, user_id)
            if await repository.enter(session, caller.tenant_id, group_id, user_id):
                after = {"userId": user_id, "email": member.email}
                await record(session, "group.member_added", "group", group_id, after=after)
        return member

    async def leave(self, caller: Caller, group_id: UUID, user_id: UUID) -> Member:
        """Take a member out of a group.

        Raises:
            GroupNotFound, MemberNotFound, NotInGroup: there is none of this id.
            OwnMembership, BeyondOwnAuthority: see :meth:`enter`.
        """
        async with self._changing(caller) as session:
            group = await _existing(session, caller.tenant_id, group_id)
            member = await self._check_member(session, caller, group, user_id)
            if not await repository.leave(session, caller.tenant_id, group_id, user_id):
                raise NotInGroup
            before = {"userId": user_id, "email": member.email}
            await record(session, "group.member_removed", "group", group_id, before=before)
        return member

    @asynccontextmanager
    async def _changing(self, caller: Caller) -> AsyncGenerator[AsyncSession]:
        """A transaction that changes what members of the caller's tenant may do."""
        tenant_id = caller.tenant_id
        async with self._database.transaction(tenant_id) as session:
            await lock_access(session, tenant_id)
            await revoke(session, "tenant", tenant_id)
            yield session
        self._cache.forget("tenant", tenant_id)

    async def _fill(self, session: AsyncSession, caller: Caller, group: Group, draft: GroupDraft) -> None:
        if await repository.is_taken(session, caller.tenant_id, draft.name, by_other_than=group.id):
            raise GroupNameTaken(draft.name)
        rules = await rules_now(session, self._cache, caller.tenant_id)
        check_roles(rules, [role for role in draft.roles if role not in group.roles])
        await check_gift(session, rules, caller, set(draft.roles) ^ set(group.roles))
        group.name = draft.name
        group.description = draft.description
        group.roles = sorted(set(draft.roles))

    async def _check_member(self, session: AsyncSession, caller: Caller, group: Group, user_id: UUID) -> Member:
        """The member whom the caller may put into the group, or take out of it."""
        member = await members.get(session, caller.tenant_id, user_id)
        if member is None:
            raise MemberNotFound
        # tasks and policies may name the group, whatever its roles
        if caller.id == user_id and ADMIN not in caller.authority.roles:
            raise OwnMembership
        await self._check_gift(session, caller, group)
        return member

    async def _check_gift(self, session: AsyncSession, caller: Caller, group: Group) -> None:
        rules = await rules_now(session, self._cache, caller.tenant_id)
        await check_gift(session, rules, caller, group.roles, [(SubjectType.GROUP.value, str(group.id))])


async def _existing(session: AsyncSession, tenant_id: UUID, group_id: UUID, expected_etag: str | None = None) -> Group:
    group = await repository.get(session, tenant_id, group_id)
    if group is None:
        raise GroupNotFound
    if expected_etag is not None and expected_etag != str(group.etag):
        raise GroupChanged
    return group


def _told(group: Group) -> dict[str, Any]:
    """The group as the audit log keeps it."""
    return {"name": group.name, "description": group.description, "roles": group.roles}
