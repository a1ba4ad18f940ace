"""Signing in with e-mail address and password."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.audit.trail import PLATFORM, record
from weftline.features.database import Database
from weftline.features.identity.addresses import normal_address
from weftline.features.identity.errors import NoMembership, WrongCredentials
from weftline.features.identity.passwords import Passwords
from weftline.features.identity.sessions import Sessions, SignedIn
from weftline.features.tenancy.resolution import TenantHint

_ACCOUNT = text(
    """
    SELECT u.id, u.email, u.status, c.password_hash
    FROM users u LEFT JOIN credentials c ON c.user_id = u.id WHERE u.email = :email
    """
)
_TENANTS = text(
    """
    SELECT t.id, t.slug, t.domain, t.status
    FROM memberships m JOIN tenants t ON t.id = m.tenant_id
    WHERE m.user_id = :user AND m.status = 'active'
    ORDER BY t.status <> 'active', m.created_at, t.id
    """
)
_TENANT = text("SELECT id FROM tenants WHERE slug = :name OR domain = :name OR id::text = :name")
_REHASH = text("UPDATE credentials SET password_hash = :hash WHERE user_id = :user")
_SIGNED_IN = text("UPDATE users SET last_sign_in_at = now() WHERE id = :user")


class SignIn:
    """Signs people in.

    Args:
        identity: under the role that signs people in.
        passwords: checks theirs.
        sessions: opens one.
    """

    def __init__(self, identity: Database, passwords: Passwords, sessions: Sessions) -> None:
        self._identity = identity
        self._passwords = passwords
        self._sessions = sessions

    async def with_password(self, email: str, password: str, hint: TenantHint | None) -> SignedIn:
        """Open a session.

        Args:
            email, password: theirs.
            hint: the tenant they want to sign in to; the one they have belonged to longest where not given.

        Raises:
            WrongCredentials: they do not belong together, or the account is disabled. Known and unknown addresses get
                the same answer after the same time.
            NoMembership: they do not belong to that tenant.
        """
        email = normal_address(email)
        async with self._identity.unbound() as session:
            account = (await session.execute(_ACCOUNT, {"email": email})).mappings().one_or_none()
        stored = None if account is None or account["status"] != "active" else account["password_hash"]
        if not await self._passwords.verify(stored, password):
            async with self._identity.unbound() as session:
                await record(session, "user.sign_in_refused", "user", after={"email": email}, tenant_id=PLATFORM)
            raise WrongCredentials
        assert account is not None and stored is not None
        async with self._identity.unbound() as session:
            if self._passwords.is_outdated(stored):
                await session.execute(_REHASH, {"hash": await self._passwords.hash(password), "user": account["id"]})
            await session.execute(_SIGNED_IN, {"user": account["id"]})
            tenant_id = await choose_tenant(session, account["id"], hint)
            return await self._sessions.open(
                session, user_id=account["id"], name=account["email"], tenant_id=tenant_id, methods=["pwd"]
            )

    async def refresh(self, refresh_token: str, hint: TenantHint | None = None) -> SignedIn:
        """New tokens; see ``Sessions.refresh``.

        Args:
            refresh_token: the one that was handed out last.
            hint: go on in this tenant instead.
        """
        tenant_id = None
        if hint is not None:
            async with self._identity.unbound() as session:
                tenant_id = (await session.scalars(_TENANT, {"name": hint.value})).one_or_none()
            if tenant_id is None:
                raise NoMembership
        return await self._sessions.refresh(refresh_token, tenant_id)

    async def out(self, session_id: UUID) -> None:
        """End a session."""
        async with self._identity.unbound() as session:
            await self._sessions.end(session, session_id, "signed out")


async def choose_tenant(session: AsyncSession, user_id: UUID, hint: TenantHint | None) -> UUID | None:
    """The tenant that somebody signs in to; None for a person who belongs to none.

    Raises:
        NoMembership: they do not belong to the one they want.
    """
    tenants = (await session.execute(_TENANTS, {"user": user_id})).mappings().all()
    if hint is None:
        return tenants[0]["id"] if tenants else None
    for tenant in tenants:
        if hint.names(tenant["id"], tenant["slug"], tenant["domain"]):
            return tenant["id"]
    raise NoMembership
