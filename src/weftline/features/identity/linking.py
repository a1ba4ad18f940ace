"""The accounts of people whom a provider of a plugin has vouched for.

An account is theirs by the tenant, the provider and the subject that it knows them by, and by nothing else: an address
that a provider names never leads to an account that is there already, for whoever runs a tenant's directory could name
anybody's.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.access.cache import AccessCache
from weftline.features.access.revocations import revoke
from weftline.features.access.rules import TenantRules
from weftline.features.audit.trail import record
from weftline.features.database import Database
from weftline.features.identity.errors import NoMembership
from weftline.features.identity.vouching import Vouched
from weftline.features.tenancy.errors import LimitReached
from weftline.features.tenancy.limits import TenantLimits
from weftline.model.ids import uuid7

# of two first sign-ins at a time, the second finds what the first has made
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('weftline.link.' || :provider || '.' || :subject, 0))")
_FIND = text(
    """
    SELECT l.user_id, u.status, m.status AS membership,
           EXISTS (SELECT FROM platform_operators o WHERE o.user_id = u.id) AS is_operator
    FROM linked_identities l
    JOIN users u ON u.id = l.user_id
    LEFT JOIN memberships m ON m.tenant_id = l.tenant_id AND m.user_id = l.user_id
    WHERE l.tenant_id = :tenant AND l.provider = :provider AND l.subject = :subject
    """
)
_USED = text(
    """
    UPDATE linked_identities SET last_used_at = now(), login = :login
    WHERE tenant_id = :tenant AND provider = :provider AND subject = :subject
    """
)
_ADD_USER = text(
    "INSERT INTO users (id, email, name) VALUES (:id, :email, :name) ON CONFLICT (email) DO NOTHING RETURNING id"
)
_ADD_LINK = text(
    """
    INSERT INTO linked_identities (tenant_id, provider, subject, user_id, login)
    VALUES (:tenant, :provider, :subject, :user, :login)
    """
)
_JOIN = text("INSERT INTO memberships (tenant_id, user_id, roles, status) VALUES (:tenant, :user, :roles, 'active')")
_OF_PERSON = text(
    """
    SELECT l.provider, l.subject, l.login FROM linked_identities l
    WHERE l.tenant_id = :tenant AND l.user_id = :user ORDER BY l.last_used_at DESC LIMIT 1
    """
)


class _Refused(Exception):
    """Somebody whom a provider knows may not sign in; the message says why, for the audit log."""


class Linking:
    """Finds and makes those accounts.

    Args:
        identity: under the role that signs people in.
        cache: knows tenants' roles, and what people may do.
        limits: how many members a tenant may have.
    """

    def __init__(self, identity: Database, cache: AccessCache, limits: TenantLimits) -> None:
        self._identity = identity
        self._cache = cache
        self._limits = limits

    async def account_of(self, vouched: Vouched) -> UUID:
        """The account of somebody whom a provider has vouched for; a member of the tenant, now if not before.

        Raises:
            NoMembership: they are none, and are not to become one; the audit log says why.
        """
        rules = await self._cache.rules(vouched.tenant_id)
        if rules is None:
            raise NoMembership
        try:
            async with self._identity.unbound() as session:
                return await self._member(session, vouched, rules)
        except (_Refused, LimitReached) as refused:
            reason = str(refused)
        async with self._identity.unbound() as session:
            after = {"provider": vouched.provider, "subject": vouched.identity.subject, "why": reason}
            await record(session, "user.sign_in_refused", "user", after=after, tenant_id=vouched.tenant_id)
        raise NoMembership

    async def provider_of(self, tenant_id: UUID, user_id: UUID) -> tuple[str, str, str] | None:
        """By which provider somebody signed in to a tenant last: its name, their subject there, and what they typed."""
        async with self._identity.unbound() as session:
            found = (await session.execute(_OF_PERSON, {"tenant": tenant_id, "user": user_id})).one_or_none()
        return None if found is None else (found.provider, found.subject, found.login)

    async def _member(self, session: AsyncSession, vouched: Vouched, rules: TenantRules) -> UUID:
        key = {"tenant": vouched.tenant_id, "provider": vouched.provider, "subject": vouched.identity.subject}
        await session.execute(_LOCK, {"provider": vouched.provider, "subject": vouched.identity.subject})
        found = (await session.execute(_FIND, key)).mappings().one_or_none()
        if found is None:
            roles = _roles(vouched, rules)
            user_id = await self._new_account(session, vouched)
            await session.execute(_ADD_LINK, {**key, "user": user_id, "login": vouched.login})
            await self._join(session, vouched, user_id, roles)
            return user_id
        if found["status"] != "active" or found["membership"] not in ("active", None):
            raise _Refused("the account, or its membership, is not active")
        if found["is_operator"]:
            raise _Refused("operators of the platform sign in with a password of the platform's")
        await session.execute(_USED, {**key, "login": vouched.login})
        if found["membership"] is None:
            await self._join(session, vouched, found["user_id"], _roles(vouched, rules))
        return found["user_id"]

    async def _new_account(self, session: AsyncSession, vouched: Vouched) -> UUID:
        identity = vouched.identity
        user_id = uuid7()
        values = {"id": user_id, "email": identity.email, "name": identity.name}
        if (await session.scalars(_ADD_USER, values)).one_or_none() is None:
            raise _Refused("the address has an account that is not tied to the provider")
        return user_id

    async def _join(self, session: AsyncSession, vouched: Vouched, user_id: UUID, roles: list[str]) -> None:
        tenant_id = vouched.tenant_id
        await self._limits.check_users(session, tenant_id)
        await session.execute(_JOIN, {"tenant": tenant_id, "user": user_id, "roles": roles})
        await revoke(session, "user", user_id)
        self._cache.forget("user", user_id)
        after = {"email": vouched.identity.email, "roles": roles, "provider": vouched.provider}
        await record(session, "member.joined", "user", user_id, after=after, tenant_id=tenant_id)


def _roles(vouched: Vouched, rules: TenantRules) -> list[str]:
    """The roles with which somebody joins.

    Raises:
        _Refused: they are not to join, or a role does not exist.
    """
    roles = sorted(set(vouched.identity.joins_with or ()))
    if not roles:
        raise _Refused("they are no member, and the provider lets nobody join")
    unknown = [each for each in roles if not rules.expand([each])]
    if unknown:
        raise _Refused(f"there is no role '{unknown[0]}' with which they could join")
    return roles
