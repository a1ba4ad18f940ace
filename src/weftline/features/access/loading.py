"""Reading a tenant's rules, and a subject's roles and grants, from the database."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.access.caller import Authority
from weftline.features.access.fields.masking import FieldRule, FieldRules
from weftline.features.access.permissions import CATALOGUE
from weftline.features.access.policies.engine import PolicyEngine, PolicySource
from weftline.features.access.rules import CustomRole, Grant, TenantRules
from weftline.features.database import Database
from weftline.features.tenancy.configuration import effective

_TENANT = text(
    """
    SELECT t.slug, t.name, t.domain, t.status, t.configuration, p.configuration AS platform
    FROM tenants t CROSS JOIN platform_settings p WHERE t.id = :tenant
    """
)
_ROLES = text("SELECT id, permissions, inherits, requires_mfa FROM roles WHERE tenant_id = :tenant")
_POLICIES = text("SELECT id, name, source FROM policies WHERE tenant_id = :tenant AND is_enabled ORDER BY id")
_FIELDS = text("SELECT workflow_id, field, effect, visible_to FROM field_rules WHERE tenant_id = :tenant ORDER BY id")

_MEMBER = text(
    """
    SELECT u.email, m.roles, m.department,
           EXISTS (SELECT FROM platform_operators o WHERE o.user_id = u.id) AS is_operator
    FROM memberships m JOIN users u ON u.id = m.user_id
    WHERE m.tenant_id = :tenant AND m.user_id = :user AND m.status = 'active' AND u.status = 'active'
    """
)
_GROUPS = text(
    """
    SELECT g.id, g.name, g.roles
    FROM group_members gm JOIN groups g ON g.tenant_id = gm.tenant_id AND g.id = gm.group_id
    WHERE gm.tenant_id = :tenant AND gm.user_id = :user
    """
)
_SERVICE = text(
    "SELECT name, roles FROM service_accounts WHERE tenant_id = :tenant AND id = :account AND status = 'active'"
)
_PERSON = text(
    """
    SELECT u.email, o.user_id IS NOT NULL AS is_operator, o.tenants
    FROM users u LEFT JOIN platform_operators o ON o.user_id = u.id WHERE u.id = :user AND u.status = 'active'
    """
)
_VISIT = text("SELECT reason FROM sessions WHERE id = :session AND ended_at IS NULL AND expires_at > now()")
_GRANTS = text(
    """
    SELECT permissions, workflow_id FROM grants
    WHERE tenant_id = :tenant
      AND (subject_type, subject_id) IN (SELECT * FROM unnest(CAST(:types AS text[]), CAST(:ids AS text[])))
    """
)


class Subject(NamedTuple):
    """A person or a service account in one tenant.

    Attributes:
        id: theirs.
        name: e-mail address, or name of the service account.
        authority: what they may do.
        is_platform_operator: may use the routes of the platform.
    """

    id: UUID
    name: str
    authority: Authority
    is_platform_operator: bool = False


class Person(NamedTuple):
    """A person, whatever tenants they belong to.

    Attributes:
        name: e-mail address.
        is_operator: of the platform.
        tenants: those that they may see as an operator; None for all.
    """

    name: str
    is_operator: bool
    tenants: frozenset[UUID] | None

    def operates(self, tenant_id: UUID) -> bool:
        """Whether they may act in a tenant as an operator."""
        return self.is_operator and (self.tenants is None or tenant_id in self.tenants)


async def load_rules(database: Database, tenant_id: UUID, besides: Sequence[PolicySource] = ()) -> TenantRules | None:
    """A tenant's rules; None where there is no such tenant.

    Args:
        database: under the API's role.
        tenant_id: whose.
        besides: policies that count besides its own.
    """
    async with database.transaction(tenant_id) as session:
        bound = {"tenant": tenant_id}
        tenant = (await session.execute(_TENANT, bound)).mappings().one_or_none()
        if tenant is None:
            return None
        roles = (await session.execute(_ROLES, bound)).mappings().all()
        policies = (await session.execute(_POLICIES, bound)).mappings().all()
        fields = (await session.execute(_FIELDS, bound)).mappings().all()
    sources = [*(PolicySource(row["id"], row["name"], row["source"]) for row in policies), *besides]
    # in a thread, for many policies take their time
    engine = await asyncio.to_thread(PolicyEngine.compile, sources, CATALOGUE) if sources else None
    return TenantRules(
        tenant_id,
        tenant["slug"],
        tenant["name"],
        tenant["domain"],
        tenant["status"],
        effective(tenant["platform"], tenant["configuration"]),
        {
            row["id"]: CustomRole(frozenset(row["permissions"]), tuple(row["inherits"]), row["requires_mfa"])
            for row in roles
        },
        engine,
        FieldRules.compile(
            [FieldRule(row["workflow_id"], row["field"], row["effect"], frozenset(row["visible_to"])) for row in fields]
        ),
    )


async def load_member(identity: Database, rules: TenantRules, user_id: UUID) -> Subject | None:
    """A member of a tenant; None where they are none, or may not sign in."""
    bound = {"tenant": rules.id, "user": user_id}
    async with identity.unbound() as session:
        member = (await session.execute(_MEMBER, bound)).mappings().one_or_none()
        if member is None:
            return None
        groups = (await session.execute(_GROUPS, bound)).mappings().all()
        roles = [*member["roles"], *(role for group in groups for role in group["roles"])]
        subjects = [("user", str(user_id)), *(("group", str(group["id"])) for group in groups)]
        grants = await load_grants(session, rules, roles, subjects)
    authority = rules.authority(
        roles, grants, groups=frozenset(group["name"] for group in groups), department=member["department"]
    )
    return Subject(user_id, member["email"], authority, member["is_operator"])


async def load_person(identity: Database, user_id: UUID) -> Person | None:
    """A person; None where there is none, or they are disabled."""
    async with identity.unbound() as session:
        row = (await session.execute(_PERSON, {"user": user_id})).mappings().one_or_none()
    if row is None:
        return None
    tenants = None if row["tenants"] is None else frozenset(row["tenants"])
    return Person(row["email"], row["is_operator"], tenants)


async def load_visit(identity: Database, session_id: UUID) -> str | None:
    """Why an operator entered a tenant in this session; None where they did not, or it has ended."""
    async with identity.unbound() as session:
        return (await session.execute(_VISIT, {"session": session_id})).scalar_one_or_none()


async def load_service(database: Database, rules: TenantRules, account_id: UUID) -> Subject | None:
    """A service account of a tenant; None where there is none, or it is disabled."""
    async with database.transaction(rules.id) as session:
        bound = {"tenant": rules.id, "account": account_id}
        account = (await session.execute(_SERVICE, bound)).mappings().one_or_none()
        if account is None:
            return None
        grants = await load_grants(session, rules, account["roles"], [("service_account", str(account_id))])
    return Subject(account_id, account["name"], rules.authority(account["roles"], grants))


async def load_grants(
    session: AsyncSession, rules: TenantRules, roles: Sequence[str], subjects: Sequence[tuple[str, str]]
) -> list[Grant]:
    """What is granted to some subjects, and to roles with everything they inherit.

    Args:
        session: a transaction that sees the tenant.
        rules: the tenant's.
        roles: ids.
        subjects: type and id of each.
    """
    wanted = [*subjects, *(("role", role) for role in rules.expand(roles))]
    bound = {"tenant": rules.id, "types": [kind for kind, _ in wanted], "ids": [id for _, id in wanted]}
    rows = (await session.execute(_GRANTS, bound)).mappings().all()
    return [Grant(frozenset(row["permissions"]), row["workflow_id"]) for row in rows]
