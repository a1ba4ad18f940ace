"""The members of a tenant, as tasks name them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple, Protocol
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.access.caller import Caller
from weftline.features.access.loading import Subject
from weftline.features.access.rules import TenantRules

MAX_RECIPIENTS = 200
"""Members that one task tells at most."""

_MEMBER = text(
    """
    SELECT u.id, u.email, u.name
    FROM memberships m JOIN users u ON u.id = m.user_id
    WHERE m.tenant_id = :tenant AND m.status = 'active' AND u.status = 'active'
      AND (u.id::text = :name OR u.email = lower(:name))
    """
)

_NAMED = text(
    """
    SELECT u.id, u.email, u.name
    FROM memberships m JOIN users u ON u.id = m.user_id
    WHERE m.tenant_id = :tenant AND m.status = 'active' AND u.status = 'active'
      AND (u.email = ANY (:names) OR u.id::text = ANY (:names) OR m.roles && CAST(:roles AS text[])
           OR EXISTS (SELECT FROM group_members gm
                      JOIN groups g ON g.tenant_id = gm.tenant_id AND g.id = gm.group_id
                      WHERE gm.tenant_id = m.tenant_id AND gm.user_id = m.user_id
                        AND (g.name = ANY (:names) OR g.roles && CAST(:roles AS text[]))))
    ORDER BY u.id
    LIMIT :limit
    """
)


class Member(NamedTuple):
    """A person of a tenant."""

    id: UUID
    email: str
    name: str


class Access(Protocol):
    """What tasks ask of access control; ``AccessCache`` answers it."""

    async def rules(self, tenant_id: UUID) -> TenantRules | None:
        """What a tenant decides; None where there is no such tenant."""
        ...

    async def member(self, tenant_id: UUID, user_id: UUID) -> Subject | None:
        """An active member of a tenant."""
        ...

    def forget(self, kind: str, subject: UUID) -> None:
        """Read a subject anew when it is next asked for."""
        ...


async def find(session: AsyncSession, tenant_id: UUID, name: str) -> Member | None:
    """The active member with this id or e-mail address."""
    row = (await session.execute(_MEMBER, {"tenant": tenant_id, "name": name})).one_or_none()
    return None if row is None else Member(*row)


async def named(session: AsyncSession, rules: TenantRules, names: Collection[str]) -> Sequence[Member]:
    """The active members that assignees name: by id, e-mail address, group or role, at most ``MAX_RECIPIENTS``."""
    if not names:
        return []
    wanted = set(names)
    # whoever has a role that inherits a named one has that one too
    roles = wanted | {role for role in rules.roles if not wanted.isdisjoint(rules.expand([role]))}
    bound = {"tenant": rules.id, "names": sorted(wanted), "roles": sorted(roles), "limit": MAX_RECIPIENTS}
    return [Member(*row) for row in (await session.execute(_NAMED, bound)).all()]


async def as_caller(
    access: Access, tenant_id: UUID, user_id: UUID, *, methods: frozenset[str] = frozenset()
) -> Caller | None:
    """A member as somebody who acts, with what they may do now; None where they are no active member."""
    subject = await access.member(tenant_id, user_id)
    if subject is None:
        return None
    return Caller(tenant_id, "user", subject.id, subject.name, subject.authority, methods=methods)
