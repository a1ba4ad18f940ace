"""Registering: making an account for oneself, where the platform lets people.

The account comes to exist when the address is confirmed, so that nobody can occupy another's. Where several people
asked for it, with different passwords, it comes to exist with none of them: whoever reads the mailbox then asks for a
new one. Whether an address has an account is told to its mailbox only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.access.cache import AccessCache
from weftline.features.access.revocations import revoke
from weftline.features.audit.trail import PLATFORM, record
from weftline.features.database import Database
from weftline.features.identity import one_time
from weftline.features.identity.accounts import CREDENTIAL
from weftline.features.identity.addresses import checked_address, normal_address
from weftline.features.identity.errors import RegistrationClosed, TokenNotValid
from weftline.features.identity.invitations import Invitations
from weftline.features.identity.notices import notify
from weftline.features.identity.one_time import Ticket
from weftline.features.identity.password_policy import PasswordPolicy
from weftline.features.identity.passwords import Passwords
from weftline.features.mail.outbox import post
from weftline.features.mail.settings import MailSettings
from weftline.features.tenancy.configuration import PlatformConfiguration, Registration
from weftline.features.tenancy.limits import TenantLimits
from weftline.features.tenancy.repository import tenant_named
from weftline.features.tenancy.resolution import TenantHint
from weftline.model.ids import DEFAULT_TENANT, uuid7

VALID_FOR = timedelta(hours=24)
FIRST_ROLE = "viewer"

_PLATFORM = text("SELECT configuration FROM platform_settings")
_USER = text(
    """
    SELECT u.id, u.status, c.user_id IS NOT NULL AS has_password
    FROM users u LEFT JOIN credentials c ON c.user_id = u.id WHERE u.email = :email
    """
)
_PENDING = text(
    """
    SELECT data, expires_at > now() AS is_fresh FROM one_time_tokens
    WHERE email = :email AND purpose = 'register' AND used_at IS NULL ORDER BY created_at DESC LIMIT 1
    """
)
_IS_CONTESTED = text(
    """
    SELECT EXISTS (
        SELECT FROM one_time_tokens
        WHERE email = :email AND purpose = 'register' AND expires_at > now() AND data ->> 'hash' <> :hash
    )
    """
)
_ADD = text(
    """
    INSERT INTO users (id, email, name, email_verified_at) VALUES (:id, :email, :name, now())
    ON CONFLICT (email) DO NOTHING RETURNING id
    """
)
_JOIN = text("INSERT INTO memberships (tenant_id, user_id, roles) VALUES (:tenant, :user, ARRAY[:role])")
_EMAIL = text("SELECT email FROM users WHERE id = :user")
_NEW_ADDRESS = text(
    """
    UPDATE users u SET email = :email, email_verified_at = now(), etag = etag + 1, updated_at = now()
    WHERE u.id = :user AND u.status = 'active' RETURNING u.id
    """
)


@dataclass(frozen=True, slots=True)
class Verified:
    """An address that was confirmed.

    Attributes:
        email: the address.
        has_password: its account has a password; else its owner has to ask for one.
    """

    email: str
    has_password: bool


class Registrations:
    """Registers people, and confirms addresses.

    Args:
        identity: under the role that signs people in.
        passwords: hashes theirs.
        policy: refuses weak ones.
        invitations: sent anew to those who lost theirs.
        cache: tenants' rules.
        limits: of tenants.
        mail: for links.
    """

    def __init__(
        self,
        identity: Database,
        passwords: Passwords,
        policy: PasswordPolicy,
        invitations: Invitations,
        cache: AccessCache,
        limits: TenantLimits,
        mail: MailSettings,
    ) -> None:
        self._identity = identity
        self._passwords = passwords
        self._policy = policy
        self._invitations = invitations
        self._cache = cache
        self._limits = limits
        self._mail = mail

    async def check(self, email: str, name: str, password: str, hint: TenantHint | None) -> tuple[str, UUID | None]:
        """Whether somebody may register, as far as everybody may know.

        Args:
            email, name, password: theirs.
            hint: the tenant they want to belong to.

        Returns:
            The address in its normal form, and the tenant they will belong to, if any.

        Raises:
            RegistrationClosed: nobody may, or not in that tenant, which need not exist.
            InvalidAddress: the address is none.
            WeakPassword: the password is too easy to guess.
        """
        mode = await self._mode()
        if mode == "closed":
            raise RegistrationClosed
        address = checked_address(email)
        tenant_id = None if mode == "invite" else await self._open_tenant(hint)
        await self._policy.check(password, "/password", words=(address, name), tenants=[tenant_id] if tenant_id else [])
        return address, tenant_id

    async def register(self, email: str, name: str, password: str, tenant_id: UUID | None) -> None:
        """Send a link to an address that passed :meth:`check`, or tell its owner that there is an account already.

        It takes longer for some addresses than for others: answer before calling this.
        """
        mode, hashed = await self._mode(), await self._passwords.hash(password)
        async with self._identity.unbound() as session:
            user = (await session.execute(_USER, {"email": email})).mappings().one_or_none()
            if user is not None:
                if user["status"] != "active" or not await one_time.may_mail(session, "register", email=email):
                    return
                # only counted: nothing can be done with it
                await one_time.issue(session, "register", timedelta(0), email=email)
                if user["has_password"]:
                    await notify(session, "account_exists", user["id"], email)
                else:
                    await self._invitations.remind(session, user["id"], email)
            elif mode == "open":
                data = {"name": name, "hash": hashed, "tenant": None if tenant_id is None else str(tenant_id)}
                await self._send(session, email, data)

    async def resend(self, email: str) -> None:
        """Send the link for confirming an address anew, where it waits for that; answer before calling this."""
        address = normal_address(email)
        async with self._identity.unbound() as session:
            pending = (await session.execute(_PENDING, {"email": address})).mappings().one_or_none()
            if pending is not None and pending["is_fresh"]:
                await self._send(session, address, pending["data"])

    async def request_address(self, session: AsyncSession, user_id: UUID, name: str, email: str) -> None:
        """Send a link to the address that somebody wants to have instead of theirs, within a transaction.

        Args:
            session: the transaction.
            user_id, name: who.
            email: the new address, checked.
        """
        if not await one_time.may_mail(session, "change_email", user_id=user_id, email=email):
            return
        owner = (await session.execute(_USER, {"email": email})).mappings().one_or_none()
        token = await one_time.issue(session, "change_email", VALID_FOR, user_id=user_id, email=email)
        if owner is not None:
            await notify(session, "account_exists", owner["id"], email)
            return
        link = self._mail.link("/verify-email", token=token)
        await post(session, "verify_email", email, {"name": name, "link": link, "valid_for": VALID_FOR})

    async def verify(self, token: str) -> Verified:
        """Confirm an address: make the account that waits for it, or give it to the account that wants it.

        Args:
            token: from the message.

        Raises:
            TokenNotValid: the token does not count (any more), or the address has an account by now.
            LimitReached: the tenant that they would join is full.
        """
        has_password = True
        async with self._identity.unbound() as session:
            ticket = await one_time.redeem(session, token, "register", "change_email")
            assert ticket.email is not None
            if ticket.user_id is None:
                has_password = await self._create(session, ticket, ticket.email)
            else:
                await self._change_address(session, ticket.user_id, ticket.email)
        return Verified(ticket.email, has_password)

    async def _create(self, session: AsyncSession, ticket: Ticket, email: str) -> bool:
        """Make an account; whether it has a password."""
        name, tenant = ticket.data["name"], ticket.data["tenant"]
        user_id = (await session.scalars(_ADD, {"id": uuid7(), "email": email, "name": name})).one_or_none()
        if user_id is None:
            raise TokenNotValid
        chosen = {"email": email, "hash": ticket.data["hash"]}
        has_password = not (await session.scalars(_IS_CONTESTED, chosen)).one()
        if has_password:
            await session.execute(CREDENTIAL, {"user": user_id, "hash": ticket.data["hash"]})
        if tenant is not None:
            await self._limits.check_users(session, UUID(tenant))
            await session.execute(_JOIN, {"tenant": UUID(tenant), "user": user_id, "role": FIRST_ROLE})
        after = {"email": email, "roles": [] if tenant is None else [FIRST_ROLE]}
        tenant_id = PLATFORM if tenant is None else UUID(tenant)
        await record(session, "user.registered", "user", user_id, after=after, tenant_id=tenant_id)
        return has_password

    async def _change_address(self, session: AsyncSession, user_id: UUID, email: str) -> None:
        old = (await session.scalars(_EMAIL, {"user": user_id})).one()
        try:
            changed = (await session.execute(_NEW_ADDRESS, {"user": user_id, "email": email})).one_or_none()
        except IntegrityError:
            # somebody has the address by now
            raise TokenNotValid from None
        if changed is None:
            raise TokenNotValid
        await one_time.void(session, user_id, "change_email", "reset_password", "invitation", "second_step")
        await revoke(session, "user", user_id)
        await notify(session, "email_changed", user_id, old, new_email=email)
        await record(
            session, "email.changed", "user", user_id, before={"email": old}, after={"email": email}, tenant_id=PLATFORM
        )
        self._cache.forget("user", user_id)

    async def _send(self, session: AsyncSession, email: str, data: dict[str, Any]) -> None:
        if not await one_time.may_mail(session, "register", email=email):
            return
        token = await one_time.issue(session, "register", VALID_FOR, email=email, data=data)
        link = self._mail.link("/verify-email", token=token)
        await post(session, "verify_email", email, {"name": data["name"], "link": link, "valid_for": VALID_FOR})

    async def _mode(self) -> Registration:
        async with self._identity.unbound() as session:
            return PlatformConfiguration.model_validate((await session.scalars(_PLATFORM)).one()).registration

    async def _open_tenant(self, hint: TenantHint | None) -> UUID | None:
        tenant_id = DEFAULT_TENANT
        if hint is not None:
            async with self._identity.unbound() as session:
                named = await tenant_named(session, hint.value)
            if named is None:
                raise RegistrationClosed
            tenant_id = named
        rules = await self._cache.rules(tenant_id)
        if rules is not None and rules.status == "active" and rules.configuration.security.open_registration:
            return tenant_id
        if hint is not None:
            raise RegistrationClosed
        return None
