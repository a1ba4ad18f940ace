"""Changing a password, and choosing another where it was forgotten."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.audit.trail import PLATFORM, record
from weftline.features.database import Database
from weftline.features.identity import one_time
from weftline.features.identity.accounts import tenants_of
from weftline.features.identity.addresses import normal_address
from weftline.features.identity.devices import Devices
from weftline.features.identity.errors import TokenNotValid, WeakPassword
from weftline.features.identity.notices import notify
from weftline.features.identity.password_policy import PasswordPolicy
from weftline.features.identity.passwords import Passwords
from weftline.features.identity.person import SignedInPerson
from weftline.features.identity.proofs import Proofs
from weftline.features.identity.sessions import Sessions
from weftline.features.mail.outbox import post
from weftline.features.mail.settings import MailSettings

VALID_FOR = timedelta(hours=1)

_PERSON = text("SELECT id, email, name FROM users WHERE id = :user AND status = 'active'")
# whoever signs in by a provider of a plugin, and has no password, gets none around it
# scope: all tenants, because a person may be known in several, and the query names the person
_BY_EMAIL = text(
    """
    SELECT u.id, u.email, u.name FROM users u
    WHERE u.email = :email AND u.status = 'active' AND (
        EXISTS (SELECT FROM credentials c WHERE c.user_id = u.id)
        OR NOT EXISTS (SELECT FROM linked_identities l WHERE l.user_id = u.id)
    )
    """
)
_SET = text(
    """
    INSERT INTO credentials (user_id, password_hash) VALUES (:user, :hash)
    ON CONFLICT (user_id) DO UPDATE SET password_hash = :hash, changed_at = now()
    """
)
_VERIFIED = text("UPDATE users SET email_verified_at = coalesce(email_verified_at, now()) WHERE id = :user")


class PasswordChanges:
    """Lets people choose another password.

    Args:
        identity: under the role that signs people in.
        passwords: hashes them.
        policy: refuses weak ones.
        proofs: asks for the current one.
        sessions: ends those that others may have opened.
        devices: makes the one known from which a forgotten password was replaced.
        mail: for links.
    """

    def __init__(
        self,
        identity: Database,
        passwords: Passwords,
        policy: PasswordPolicy,
        proofs: Proofs,
        sessions: Sessions,
        devices: Devices,
        mail: MailSettings,
    ) -> None:
        self._identity = identity
        self._passwords = passwords
        self._policy = policy
        self._proofs = proofs
        self._sessions = sessions
        self._devices = devices
        self._mail = mail

    async def change(self, person: SignedInPerson, current: str, new: str) -> int:
        """Replace the password; returns how many other sessions that ended.

        Raises:
            ProofRefused, TooManyTries: see ``Proofs``.
            WeakPassword: the new one is too easy to guess, or the old one.
        """
        await self._proofs.password(person, current, "/currentPassword")
        if new == current:
            raise WeakPassword("/newPassword", "is the current password")
        hashed = await self._checked(person.id, new)
        async with self._identity.unbound() as session:
            ended = await self._replace(session, person.id, person.email, hashed, spared=person.session_id)
            await record(session, "password.changed", "user", person.id)
        return len(ended)

    async def forgot(self, email: str) -> None:
        """Send a link for choosing another password, where the address has an account.

        It takes longer where it has one: answer before calling this.
        """
        async with self._identity.unbound() as session:
            found = await session.execute(_BY_EMAIL, {"email": normal_address(email)})
            person = found.mappings().one_or_none()
            if person is None or not await one_time.may_mail(session, "reset_password", user_id=person["id"]):
                return
            token = await one_time.issue(session, "reset_password", VALID_FOR, user_id=person["id"])
            link = self._mail.link("/reset-password", token=token)
            values = {"name": person["name"], "link": link, "valid_for": VALID_FOR}
            await post(session, "reset_password", person["email"], values)
            await record(session, "password.reset_requested", "user", person["id"], tenant_id=PLATFORM)

    async def reset(self, token: str, new: str) -> str:
        """Replace a forgotten password. Every session ends; a second factor stays.

        Args:
            token: from the message.
            new: the new one.

        Returns:
            A device token, so that whoever guesses passwords meanwhile does not keep the owner waiting.

        Raises:
            TokenNotValid: the token does not count (any more).
            WeakPassword: the password is too easy to guess.
        """
        async with self._identity.unbound() as session:
            ticket = await one_time.look(session, token, "reset_password")
            person = (await session.execute(_PERSON, {"user": ticket.user_id})).mappings().one_or_none()
        if person is None:
            raise TokenNotValid
        hashed = await self._checked(person["id"], new)
        async with self._identity.unbound() as session:
            await one_time.redeem(session, token, "reset_password")
            await session.execute(_VERIFIED, {"user": person["id"]})
            await self._replace(session, person["id"], person["email"], hashed, spared=None)
            await record(session, "password.reset", "user", person["id"], tenant_id=PLATFORM)
        return self._devices.token_for(person["id"], None)

    async def _checked(self, user_id: UUID, new: str) -> str:
        async with self._identity.unbound() as session:
            person = (await session.execute(_PERSON, {"user": user_id})).mappings().one()
            tenants = await tenants_of(session, user_id)
        words = (person["email"], person["name"])
        await self._policy.check(new, "/newPassword", words=words, tenants=tenants)
        return await self._passwords.hash(new)

    async def _replace(
        self, session: AsyncSession, user_id: UUID, email: str, hashed: str, *, spared: UUID | None
    ) -> list[UUID]:
        await session.execute(_SET, {"user": user_id, "hash": hashed})
        await one_time.void(session, user_id, "reset_password", "second_step", "change_email")
        ended = await self._sessions.end_all(session, user_id, "password was changed", spared=spared)
        await notify(session, "password_changed", user_id, email)
        return ended
