"""What can be done with roles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.access.cache import AccessCache
from weftline.features.access.caller import Authority, Caller
from weftline.features.access.lock import lock_access
from weftline.features.access.permissions import BUILT_IN_ROLES
from weftline.features.access.revocations import revoke
from weftline.features.access.roles import repository
from weftline.features.access.roles.errors import (
    RoleChanged,
    RoleCycle,
    RoleExists,
    RoleInUse,
    RoleNotFound,
    TooManyRoles,
)
from weftline.features.access.roles.giving import check_gift, check_permissions, check_roles, check_within, rules_now
from weftline.features.access.roles.models import Role
from weftline.features.access.rules import TenantRules
from weftline.features.audit.trail import record
from weftline.features.database import Database

MAX_ROLES = 500
"""Custom roles of a tenant; all of them are held in memory."""


@dataclass(frozen=True, slots=True)
class RoleDraft:
    """What somebody wants a role to be.

    Attributes:
        name, description: for people.
        permissions: what it allows, besides what the roles allow that it inherits.
        inherits: other roles, built-in or custom.
        requires_mfa: whoever has it needs a second factor.
    """

    name: str
    description: str | None
    permissions: tuple[str, ...]
    inherits: tuple[str, ...]
    requires_mfa: bool


class RoleService:
    """Writing and finding custom roles.

    Args:
        database: where they are.
        cache: what follows from them.
    """

    def __init__(self, database: Database, cache: AccessCache) -> None:
        self._database = database
        self._cache = cache

    async def list(self, tenant_id: UUID) -> Sequence[Role]:
        """A tenant's custom roles, by id."""
        async with self._database.transaction(tenant_id) as session:
            return await repository.list_roles(session, tenant_id)

    async def get(self, tenant_id: UUID, role_id: str) -> Role:
        """A custom role.

        Raises:
            RoleNotFound: there is none of this id.
        """
        async with self._database.transaction(tenant_id) as session:
            return await _existing(session, tenant_id, role_id)

    async def create(self, caller: Caller, role_id: str, draft: RoleDraft) -> Role:
        """Save a new role.

        Raises:
            RoleExists, TooManyRoles: there is no room for it.
            UnknownNames, RoleCycle: it names what cannot be.
            BeyondOwnAuthority: it holds more than the caller does.
        """
        tenant_id = caller.tenant_id
        async with self._database.transaction(tenant_id) as session:
            await lock_access(session, tenant_id)
            if role_id in BUILT_IN_ROLES or await repository.get(session, tenant_id, role_id) is not None:
                raise RoleExists(role_id)
            if await repository.count(session, tenant_id) >= MAX_ROLES:
                raise TooManyRoles(MAX_ROLES)
            rules = await rules_now(session, self._cache, tenant_id)
            role = Role(tenant_id=tenant_id, id=role_id)
            await _fill(session, rules, caller, role, draft)
            session.add(role)
            await session.flush()
            await session.refresh(role)
            await revoke(session, "tenant", tenant_id)
            await record(session, "role.created", "role", role_id, after=_told(role))
        self._cache.forget("tenant", tenant_id)
        return role

    async def replace(
        self, caller: Caller, role_id: str, draft: RoleDraft, *, expected_etag: str | None = None
    ) -> Role:
        """Change a role, for everybody who has it.

        Args:
            caller: who changes it.
            role_id: which.
            draft: what it becomes.
            expected_etag: change it only if it is still in this state.

        Raises:
            RoleNotFound, RoleChanged: there is none of this id, or not in the expected state.
            UnknownNames, RoleCycle: it would name what cannot be.
            BeyondOwnAuthority: it holds more than the caller does, or would.
        """
        tenant_id = caller.tenant_id
        async with self._database.transaction(tenant_id) as session:
            await lock_access(session, tenant_id)
            role = await _existing(session, tenant_id, role_id, expected_etag)
            rules = await rules_now(session, self._cache, tenant_id)
            await _check_content(session, rules, caller, role.permissions, role.inherits)
            before = _told(role)
            await _fill(session, rules, caller, role, draft)
            role.etag += 1
            role.updated_at = func.now()
            await session.flush()
            await session.refresh(role)
            await revoke(session, "tenant", tenant_id)
            await record(session, "role.changed", "role", role_id, before=before, after=_told(role))
        self._cache.forget("tenant", tenant_id)
        return role

    async def remove(self, caller: Caller, role_id: str, *, expected_etag: str | None = None) -> Role:
        """Remove a role, and return what it was.

        Raises:
            RoleNotFound, RoleChanged: there is none of this id, or not in the expected state.
            RoleInUse: somebody has it, or something names it.
            BeyondOwnAuthority: it holds more than the caller does.
        """
        tenant_id = caller.tenant_id
        async with self._database.transaction(tenant_id) as session:
            await lock_access(session, tenant_id)
            role = await _existing(session, tenant_id, role_id, expected_etag)
            if users := await repository.users_of(session, tenant_id, role_id):
                raise RoleInUse(role_id, users)
            rules = await rules_now(session, self._cache, tenant_id)
            await _check_content(session, rules, caller, role.permissions, role.inherits)
            await session.delete(role)
            await session.flush()
            await revoke(session, "tenant", tenant_id)
            await record(session, "role.removed", "role", role_id, before=_told(role))
        self._cache.forget("tenant", tenant_id)
        return role


async def _existing(session: AsyncSession, tenant_id: UUID, role_id: str, expected_etag: str | None = None) -> Role:
    role = await repository.get(session, tenant_id, role_id)
    if role is None:
        raise RoleNotFound(role_id)
    if expected_etag is not None and expected_etag != str(role.etag):
        raise RoleChanged
    return role


async def _fill(session: AsyncSession, rules: TenantRules, caller: Caller, role: Role, draft: RoleDraft) -> None:
    """Make the role what is wanted, if that can be and is within the caller's authority."""
    check_permissions(draft.permissions)
    check_roles(rules, draft.inherits, "/inherits")
    for place, inherited in enumerate(draft.inherits):
        if role.id in rules.expand([inherited]):
            raise RoleCycle(place, inherited)
    await _check_content(session, rules, caller, draft.permissions, draft.inherits)
    role.name = draft.name
    role.description = draft.description
    role.permissions = sorted(set(draft.permissions))
    role.inherits = sorted(set(draft.inherits))
    role.requires_mfa = draft.requires_mfa


async def _check_content(
    session: AsyncSession, rules: TenantRules, caller: Caller, permissions: Sequence[str], inherits: Sequence[str]
) -> None:
    """Insist that the caller has all that is in a role; the role itself they need not have."""
    await check_gift(session, rules, caller, inherits)
    check_within(caller, Authority(permissions=frozenset(permissions)))


def _told(role: Role) -> dict[str, Any]:
    """The role as the audit log keeps it."""
    return {
        "name": role.name,
        "description": role.description,
        "permissions": role.permissions,
        "inherits": role.inherits,
        "requiresMfa": role.requires_mfa,
    }
