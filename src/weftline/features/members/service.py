"""What can be done with members."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict
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
from weftline.features.access.rules import TenantRules
from weftline.features.audit.trail import record
from weftline.features.database import Database
from weftline.features.http.listing import Window
from weftline.features.members import repository
from weftline.features.members.errors import (
    InvitationPending,
    LastAdministrator,
    MemberChanged,
    MemberNotFound,
    NoInvitation,
    OwnMembership,
    PasswordNotAllowed,
)
from weftline.features.members.joining import Joining, Newcomer
from weftline.features.members.repository import Member, MemberStatus
from weftline.features.platform.reach import reach_of
from weftline.features.tenancy.limits import TenantLimits


class MemberChanges(TypedDict, total=False):
    """What is to change of a member; what is absent stays as it is."""

    roles: list[str]
    status: MemberStatus
    department: str | None
    attributes: dict[str, Any]


class MemberService:
    """Adding, finding, changing and removing members.

    Args:
        database: under the API's role.
        identity: under the role that makes accounts.
        cache: what follows from memberships.
        joining: how people come to belong to a tenant.
        limits: how many may.
    """

    def __init__(
        self, database: Database, identity: Database, cache: AccessCache, joining: Joining, limits: TenantLimits
    ) -> None:
        self._database = database
        self._identity = identity
        self._cache = cache
        self._joining = joining
        self._limits = limits

    async def list(self, tenant_id: UUID, wanted: repository.Filter, window: Window) -> Sequence[Member]:
        """Members; see ``repository.list_members``."""
        async with self._database.transaction(tenant_id) as session:
            return await repository.list_members(session, tenant_id, wanted, window)

    async def get(self, tenant_id: UUID, user_id: UUID) -> Member:
        """A member.

        Raises:
            MemberNotFound: the tenant has none of this id.
        """
        async with self._database.transaction(tenant_id) as session:
            return await _existing(session, tenant_id, user_id)

    async def add(self, caller: Caller, newcomer: Newcomer) -> Member:
        """Add somebody: by invitation, or at once with the password that an operator gives.

        Raises:
            PasswordNotAllowed, EveryTenantNeeded: only an operator who sees every tenant gives passwords.
            WeakPassword, InvalidAddress, UnknownNames: they cannot be added like this.
            BeyondOwnAuthority: they would get what the caller does not have.
            MemberExists, LimitReached: there is no room for them.
        """
        tenant_id = caller.tenant_id
        if newcomer.password is not None:
            await self._check_giver(caller)
        hashed = await self._joining.hashed(newcomer, "/password", tenant_id)
        async with self._identity.unbound() as session:
            await lock_access(session, tenant_id)
            rules = await rules_now(session, self._cache, tenant_id)
            check_roles(rules, newcomer.roles)
            await check_gift(session, rules, caller, newcomer.roles)
            await self._limits.check_users(session, tenant_id)
            membership = await self._joining.add(
                session, newcomer, hashed, tenant_id=tenant_id, tenant_name=rules.name, inviter=caller.name
            )
            member = await _existing(session, tenant_id, membership.user_id)
            await revoke(session, "user", member.id)
            await record(session, "member.added", "user", member.id, after=_told(member), tenant_id=tenant_id)
        self._cache.forget("user", member.id)
        return member

    async def invite_again(self, caller: Caller, user_id: UUID) -> Member:
        """Send somebody their invitation anew.

        Raises:
            MemberNotFound: the tenant has none of this id.
            NoInvitation: they have accepted it.
            TooManyInvitations: they were sent several within the hour.
        """
        tenant_id = caller.tenant_id
        async with self._identity.unbound() as session:
            member = await _existing(session, tenant_id, user_id)
            if member.status is not MemberStatus.INVITED:
                raise NoInvitation
            rules = await rules_now(session, self._cache, tenant_id)
            await self._joining.invite_again(
                session, user_id, member.email, tenant_id=tenant_id, tenant_name=rules.name, inviter=caller.name
            )
            await record(session, "member.invited_again", "user", user_id, tenant_id=tenant_id)
        return member

    async def change(
        self, caller: Caller, user_id: UUID, changes: MemberChanges, *, expected_etag: str | None = None
    ) -> Member:
        """Change what the tenant says of a member.

        Args:
            caller: who changes it.
            user_id: whom.
            changes: what.
            expected_etag: only if it is still in this state.

        Raises:
            MemberNotFound, MemberChanged: the tenant has none of this id, or not in the expected state.
            OwnMembership: it is the caller.
            UnknownNames: there is no such role.
            BeyondOwnAuthority: they would get or lose what the caller does not have.
            InvitationPending: they have not joined yet.
            LastAdministrator: the tenant would have none.
        """
        tenant_id = caller.tenant_id
        async with self._database.transaction(tenant_id) as session:
            await lock_access(session, tenant_id)
            member = await _existing(session, tenant_id, user_id, expected_etag, lock=True)
            before = _told(member)
            rules = await rules_now(session, self._cache, tenant_id)
            await _check_change(session, rules, caller, member, changes)
            membership = member.membership
            membership.roles = sorted(set(changes.get("roles", member.roles)))
            membership.status = changes.get("status", member.status).value
            membership.department = changes.get("department", member.department)
            membership.attributes = changes.get("attributes", member.attributes)
            membership.etag += 1
            membership.updated_at = func.now()
            await session.flush()
            await session.refresh(membership)
            await revoke(session, "user", user_id)
            await record(session, "member.changed", "user", user_id, before=before, after=_told(member))
        self._cache.forget("user", user_id)
        return member

    async def remove(self, caller: Caller, user_id: UUID, *, expected_etag: str | None = None) -> Member:
        """Remove somebody from the tenant, with their groups, grants and keys there; their account stays.

        Raises:
            MemberNotFound, MemberChanged: the tenant has none of this id, or not in the expected state.
            OwnMembership: it is the caller.
            BeyondOwnAuthority: they would lose what the caller does not have.
            LastAdministrator: the tenant would have none.
        """
        tenant_id = caller.tenant_id
        async with self._database.transaction(tenant_id) as session:
            await lock_access(session, tenant_id)
            member = await _existing(session, tenant_id, user_id, expected_etag, lock=True)
            if caller.id == user_id:
                raise OwnMembership
            await _check_loss(session, await rules_now(session, self._cache, tenant_id), caller, member)
            await grants.drop_subject(session, tenant_id, SubjectType.USER, str(user_id))
            await session.delete(member.membership)
            await session.flush()
            await revoke(session, "user", user_id)
            await record(session, "member.removed", "user", user_id, before=_told(member))
        self._cache.forget("user", user_id)
        return member

    async def _check_giver(self, caller: Caller) -> None:
        """Let the caller give passwords: whoever knows one gets wherever the account belongs to, later too."""
        reach = await reach_of(self._cache, caller)
        if reach.is_empty:
            raise PasswordNotAllowed
        reach.require_all()


async def _existing(
    session: AsyncSession, tenant_id: UUID, user_id: UUID, expected_etag: str | None = None, *, lock: bool = False
) -> Member:
    member = await repository.get(session, tenant_id, user_id, lock=lock)
    if member is None:
        raise MemberNotFound
    if expected_etag is not None and expected_etag != str(member.membership.etag):
        raise MemberChanged
    return member


async def _check_change(
    session: AsyncSession, rules: TenantRules, caller: Caller, member: Member, changes: MemberChanges
) -> None:
    roles = set(changes.get("roles", member.roles))
    status = changes.get("status", member.status)
    decides = roles != set(member.roles) or status is not member.status
    # policies may ask for the department
    if caller.id == member.id and (decides or ADMIN not in caller.authority.roles):
        raise OwnMembership
    if status is not member.status:
        if MemberStatus.INVITED in (member.status, status):
            raise InvitationPending
        if status is MemberStatus.DISABLED:
            await _check_loss(session, rules, caller, member)
        else:
            await _check_all(session, rules, caller, member)
    check_roles(rules, [role for role in changes.get("roles", []) if role not in member.roles])
    await check_gift(session, rules, caller, roles ^ set(member.roles))
    if ADMIN not in roles:
        await _check_administrator(session, rules, member)


async def _check_loss(session: AsyncSession, rules: TenantRules, caller: Caller, member: Member) -> None:
    """Let the caller take from a member all that they have in the tenant."""
    await _check_all(session, rules, caller, member)
    await _check_administrator(session, rules, member)


async def _check_all(session: AsyncSession, rules: TenantRules, caller: Caller, member: Member) -> None:
    """Let the caller give or take all that a member has in the tenant, by their groups too."""
    groups = await repository.groups_of(session, rules.id, member.id)
    roles = [*member.roles, *(role for group in groups for role in group.roles)]
    subjects = [(SubjectType.USER.value, str(member.id)), *(("group", str(group.id)) for group in groups)]
    await check_gift(session, rules, caller, roles, subjects)


async def _check_administrator(session: AsyncSession, rules: TenantRules, member: Member) -> None:
    """Insist that the tenant has an administrator without this member."""
    is_administrator = ADMIN in member.roles and member.status is MemberStatus.ACTIVE
    if is_administrator and not await repository.has_other_administrator(session, rules.id, member.id):
        raise LastAdministrator


def _told(member: Member) -> dict[str, Any]:
    """The member as the audit log keeps it."""
    return {
        "email": member.email,
        "roles": member.roles,
        "status": member.status,
        "department": member.department,
        "attributes": member.attributes,
    }
