"""Reading custom roles within a transaction of the caller's."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.access.roles.models import Role
from weftline.features.access.rules import CustomRole

# who refers to a role, as people call them
_USERS = text(
    """
    SELECT 'a member' WHERE EXISTS (SELECT FROM memberships WHERE tenant_id = :tenant AND :role = ANY (roles))
    UNION ALL
    SELECT 'a group' WHERE EXISTS (SELECT FROM groups WHERE tenant_id = :tenant AND :role = ANY (roles))
    UNION ALL
    SELECT 'a service account'
    WHERE EXISTS (SELECT FROM service_accounts WHERE tenant_id = :tenant AND :role = ANY (roles))
    UNION ALL
    SELECT 'the role ' || id FROM roles WHERE tenant_id = :tenant AND :role = ANY (inherits)
    UNION ALL
    SELECT 'a grant'
    WHERE EXISTS (SELECT FROM grants WHERE tenant_id = :tenant AND subject_type = 'role' AND subject_id = :role)
    UNION ALL
    SELECT 'a field rule' WHERE EXISTS (SELECT FROM field_rules WHERE tenant_id = :tenant AND :role = ANY (visible_to))
    """
)


async def get(session: AsyncSession, tenant_id: UUID, role_id: str) -> Role | None:
    """A custom role."""
    return await session.get(Role, (tenant_id, role_id))


async def list_roles(session: AsyncSession, tenant_id: UUID) -> Sequence[Role]:
    """A tenant's custom roles, by id."""
    return (await session.scalars(select(Role).where(Role.tenant_id == tenant_id).order_by(Role.id))).all()


async def count(session: AsyncSession, tenant_id: UUID) -> int:
    """How many custom roles a tenant has."""
    return (await session.scalars(select(func.count()).select_from(Role).where(Role.tenant_id == tenant_id))).one()


async def custom_roles(session: AsyncSession, tenant_id: UUID) -> dict[str, CustomRole]:
    """A tenant's custom roles as access control sees them, by id."""
    return {role.id: as_rule(role) for role in await list_roles(session, tenant_id)}


async def users_of(session: AsyncSession, tenant_id: UUID, role_id: str) -> Sequence[str]:
    """Who refers to a role, in words."""
    return (await session.scalars(_USERS, {"tenant": tenant_id, "role": role_id})).all()


def as_rule(role: Role) -> CustomRole:
    """A role as access control sees it."""
    return CustomRole(frozenset(role.permissions), tuple(role.inherits), role.requires_mfa)
