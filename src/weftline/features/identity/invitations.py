"""Inviting people to a tenant by mail, whether they have an account or not: nobody is told which."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.access.cache import AccessCache
from weftline.features.access.revocations import revoke
from weftline.features.audit.trail import record
from weftline.features.database import Database
from weftline.features.identity import one_time
from weftline.features.identity.accounts import tenants_of
from weftline.features.identity.addresses import checked_address
from weftline.features.identity.errors import PasswordNotExpected, TokenNotValid
from weftline.features.identity.password_policy import PasswordPolicy
from weftline.features.identity.passwords import Passwords
from weftline.features.mail.outbox import post
from weftline.features.mail.settings import MailSettings
from weftline.model.ids import uuid7

VALID_FOR = timedelta(days=7)

_HAS_ONE = "This address has an account with a password: leave the password out."

_ADD = text("INSERT INTO users (id, email, name) VALUES (:id, :email, :name) ON CONFLICT (email) DO NOTHING")
_USER = text("SELECT id FROM users WHERE email = :email")
_INVITED = text(
    """
    SELECT u.id, u.email, u.name, c.user_id IS NOT NULL AS has_password, t.id AS tenant_id, t.slug, t.name AS tenant
    FROM users u
    JOIN memberships m ON m.user_id = u.id AND m.tenant_id = :tenant AND m.status = 'invited'
    JOIN tenants t ON t.id = m.tenant_id
    LEFT JOIN credentials c ON c.user_id = u.id
    WHERE u.id = :user AND u.status = 'active'
    """
)
_JOIN = text(
    """
    UPDATE memberships SET status = 'active', etag = etag + 1, updated_at = now()
    WHERE tenant_id = :tenant AND user_id = :user AND status = 'invited'
    RETURNING roles
    """
)
_FIRST_PASSWORD = text(
    """
    INSERT INTO credentials (user_id, password_hash) VALUES (:user, :hash)
    ON CONFLICT DO NOTHING RETURNING user_id
    """
)
_NAMED = text("UPDATE users SET name = :name, updated_at = now(), etag = etag + 1 WHERE id = :user")
_VERIFIED = text("UPDATE users SET email_verified_at = coalesce(email_verified_at, now()) WHERE id = :user")
# scope: all tenants, because a person may be invited to several, and the query names the person
_PENDING = text(
    """
    SELECT t.id, t.name FROM memberships m JOIN tenants t ON t.id = m.tenant_id
    WHERE m.user_id = :user AND m.status = 'invited' ORDER BY m.created_at, t.id
    """
)


@dataclass(frozen=True, slots=True)
class Accepted:
    """An invitation that was accepted.

    Attributes:
        email: the address to sign in with.
        tenant_id, slug, name: of the tenant.
    """

    email: str
    tenant_id: UUID
    slug: str
    name: str


class Invitations:
    """Invites people.

    Args:
        identity: under the role that signs people in.
        passwords: hashes theirs.
        policy: refuses weak ones.
        cache: what people may do.
        mail: for links.
    """

    def __init__(
        self, identity: Database, passwords: Passwords, policy: PasswordPolicy, cache: AccessCache, mail: MailSettings
    ) -> None:
        self._identity = identity
        self._passwords = passwords
        self._policy = policy
        self._cache = cache
        self._mail = mail

    async def invite(
        self,
        session: AsyncSession,
        email: str,
        *,
        tenant_id: UUID,
        tenant_name: str,
        inviter: str,
        name: str | None = None,
    ) -> UUID:
        """Send an invitation within a transaction under ``weft_identity``.

        The caller adds the membership, as ``invited``, in the same transaction: accepting makes it ``active``. It also
        records it.

        Args:
            session: the transaction.
            email: of the one who is invited.
            tenant_id, tenant_name: to which tenant.
            inviter: who invites, as the message says it.
            name: what a new account is called until its owner says; else the beginning of the address.

        Returns:
            The id of the account: the one they have, or a new one without a password.

        Raises:
            InvalidAddress: ``email`` is no address.
        """
        address = checked_address(email)
        await session.execute(_ADD, {"id": uuid7(), "email": address, "name": name or address.partition("@")[0]})
        user_id = (await session.scalars(_USER, {"email": address})).one()
        await self._send(session, user_id, address, tenant_id, tenant_name, inviter)
        return user_id

    async def remind(self, session: AsyncSession, user_id: UUID, email: str) -> bool:
        """Send the invitations anew that somebody has not accepted yet; False where there are none."""
        pending = (await session.execute(_PENDING, {"user": user_id})).mappings().all()
        for tenant in pending:
            await self._send(session, user_id, email, tenant["id"], tenant["name"], "An administrator")
        return bool(pending)

    async def accept(self, token: str, *, name: str | None, password: str | None) -> Accepted:
        """Join the tenant.

        Args:
            token: from the message.
            name: theirs, where they want another one.
            password: the first one of a new account; None for somebody who has one.

        Raises:
            TokenNotValid: the token does not count (any more), or the invitation was withdrawn.
            PasswordNotExpected: a new account needs a password, and another must not be given one this way.
            WeakPassword: it is too easy to guess.
        """
        async with self._identity.unbound() as session:
            ticket = await one_time.look(session, token, "invitation")
            bound = {"user": ticket.user_id, "tenant": UUID(ticket.data["tenant"])}
            invited = (await session.execute(_INVITED, bound)).mappings().one_or_none()
            if invited is None:
                raise TokenNotValid
            tenants = await tenants_of(session, invited["id"])
        if invited["has_password"] and password is not None:
            raise PasswordNotExpected(_HAS_ONE)
        if not invited["has_password"] and password is None:
            raise PasswordNotExpected("Choose a password for your account.")
        hashed = None
        if password is not None:
            words = [invited["email"], invited["name"], name or ""]
            await self._policy.check(password, "/password", words=words, tenants=[*tenants, invited["tenant_id"]])
            hashed = await self._passwords.hash(password)
        user_id, tenant_id = invited["id"], invited["tenant_id"]
        async with self._identity.unbound() as session:
            await one_time.redeem(session, token, "invitation")
            joined = (await session.execute(_JOIN, bound)).mappings().one_or_none()
            if joined is None:
                raise TokenNotValid
            if hashed is not None:
                set_now = await session.execute(_FIRST_PASSWORD, {"user": user_id, "hash": hashed})
                if set_now.one_or_none() is None:
                    raise PasswordNotExpected(_HAS_ONE)
            if name is not None:
                await session.execute(_NAMED, {"user": user_id, "name": name})
            await session.execute(_VERIFIED, {"user": user_id})
            await revoke(session, "user", user_id)
            after = {"email": invited["email"], "roles": joined["roles"]}
            await record(session, "invitation.accepted", "user", user_id, after=after, tenant_id=tenant_id)
        self._cache.forget("user", user_id)
        return Accepted(invited["email"], tenant_id, invited["slug"], invited["tenant"])

    async def _send(
        self, session: AsyncSession, user_id: UUID, email: str, tenant_id: UUID, tenant_name: str, inviter: str
    ) -> None:
        data = {"tenant": str(tenant_id)}
        token = await one_time.issue(session, "invitation", VALID_FOR, user_id=user_id, data=data)
        link = self._mail.link("/accept-invitation", token=token)
        values = {"tenant": tenant_name, "inviter": inviter, "link": link, "valid_for": VALID_FOR}
        await post(session, "invitation", email, values)
