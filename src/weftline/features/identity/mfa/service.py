"""Setting up a second factor, and doing without it again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.audit.trail import PLATFORM, record
from weftline.features.database import Database
from weftline.features.identity.errors import FactorExists, NoFactor, ProofRefused
from weftline.features.identity.mfa.codes import Codes, secret_context
from weftline.features.identity.mfa.recovery_codes import code_hash, new_codes
from weftline.features.identity.mfa.totp import Enrolment, new_enrolment
from weftline.features.identity.notices import notify
from weftline.features.identity.person import SignedInPerson
from weftline.features.identity.proofs import Proofs
from weftline.features.identity.sessions import Sessions, SignedIn
from weftline.store.vault import Vault

_STATUS = text(
    """
    SELECT f.confirmed_at,
           (SELECT count(*) FROM recovery_codes r WHERE r.user_id = f.user_id AND r.used_at IS NULL) AS codes_left
    FROM totp_factors f WHERE f.user_id = :user
    """
)
_BEGIN = text(
    """
    INSERT INTO totp_factors AS f (user_id, secret) VALUES (:user, :secret)
    ON CONFLICT (user_id) DO UPDATE SET secret = :secret, created_at = now() WHERE f.confirmed_at IS NULL
    RETURNING user_id
    """
)
_PENDING = text(
    """
    SELECT secret FROM totp_factors
    WHERE user_id = :user AND confirmed_at IS NULL AND created_at > now() - interval '1 hour' FOR UPDATE
    """
)
_CONFIRM = text("UPDATE totp_factors SET confirmed_at = now(), last_step = :step WHERE user_id = :user")
_REMOVE = text("DELETE FROM totp_factors WHERE user_id = :user AND confirmed_at IS NOT NULL RETURNING user_id")
_REMOVE_CODES = text("DELETE FROM recovery_codes WHERE user_id = :user")
_EMAIL = text("SELECT email FROM users WHERE id = :user")
_ADD_CODE = text("INSERT INTO recovery_codes (user_id, code_hash) VALUES (:user, :hash)")


@dataclass(frozen=True, slots=True)
class FactorStatus:
    """How a person's second factor stands.

    Attributes:
        is_enabled: signing in asks for it.
        enabled_at: since when.
        recovery_codes_left: that were not used yet.
    """

    is_enabled: bool
    enabled_at: datetime | None
    recovery_codes_left: int


class SecondFactors:
    """Sets up and removes second factors.

    Args:
        identity: under the role that signs people in.
        vault: seals the secrets.
        sessions: renews those that go on.
        proofs: asks for the password.
        codes: checks codes.
    """

    def __init__(self, identity: Database, vault: Vault, sessions: Sessions, proofs: Proofs, codes: Codes) -> None:
        self._identity = identity
        self._vault = vault
        self._sessions = sessions
        self._proofs = proofs
        self._codes = codes

    async def status(self, user_id: UUID) -> FactorStatus:
        """How somebody's second factor stands."""
        async with self._identity.unbound() as session:
            row = (await session.execute(_STATUS, {"user": user_id})).mappings().one_or_none()
        if row is None or row["confirmed_at"] is None:
            return FactorStatus(False, None, 0)
        return FactorStatus(True, row["confirmed_at"], row["codes_left"])

    async def begin(self, person: SignedInPerson, password: str) -> Enrolment:
        """Begin to set up an authenticator app. What was begun before and not confirmed counts no more.

        Raises:
            ProofRefused, SignInUnavailable, TooManyTries: see ``Proofs``.
            FactorExists: there is one already.
        """
        await self._proofs.password_of_any_kind(person, password)
        enrolment = new_enrolment(person.email)
        sealed = self._vault.seal(enrolment.secret.encode(), secret_context(person.id))
        async with self._identity.unbound() as session:
            begun = await session.execute(_BEGIN, {"user": person.id, "secret": sealed})
            if begun.one_or_none() is None:
                raise FactorExists
        return enrolment

    async def confirm(self, person: SignedInPerson, code: str) -> tuple[list[str], SignedIn]:
        """Finish with a code of the app: from now on, signing in asks for one. Other sessions end.

        Returns:
            The recovery codes, which are shown this once, and new tokens for this session.

        Raises:
            NoFactor: nothing was begun, or too long ago.
            ProofRefused: the code is wrong.
        """
        async with self._identity.unbound() as session:
            sealed = (await session.scalars(_PENDING, {"user": person.id})).one_or_none()
            if sealed is None:
                raise NoFactor
            step = self._codes.step_of(person.id, sealed, code)
            if step is None:
                raise ProofRefused("/code")
            await session.execute(_CONFIRM, {"user": person.id, "step": step})
            shown = await _replace_codes(session, person.id)
            await self._sessions.end_all(session, person.id, "second factor was set up", spared=person.session_id)
            signed_in = await self._sessions.renew(session, person, sorted({*person.methods, "otp"}))
            change = "A second factor was set up for your account: signing in asks for a code of your authenticator app"
            await notify(session, "second_factor", person.id, person.email, change=change)
            await record(session, "second_factor.enabled", "user", person.id)
        return shown, signed_in

    async def renew_recovery_codes(self, person: SignedInPerson, password: str, code: str | None) -> Sequence[str]:
        """New recovery codes, which are shown this once; the old ones count no more.

        Raises:
            ProofRefused, SignInUnavailable, TooManyTries: see ``Proofs``.
            NoFactor: there is no second factor.
        """
        await self._proofs.everything(person, password, code, of_any_kind=True)
        async with self._identity.unbound() as session:
            status = (await session.execute(_STATUS, {"user": person.id})).mappings().one_or_none()
            if status is None or status["confirmed_at"] is None:
                raise NoFactor
            shown = await _replace_codes(session, person.id)
            await notify(
                session,
                "second_factor",
                person.id,
                person.email,
                change="Your recovery codes were replaced by new ones",
            )
            await record(session, "recovery_codes.replaced", "user", person.id)
        return shown

    async def disable(self, person: SignedInPerson, password: str, code: str | None) -> SignedIn:
        """Remove the second factor. Other sessions end, and this one counts as signed in with the password alone.

        Returns:
            New tokens for this session.

        Raises:
            ProofRefused, SignInUnavailable, TooManyTries: see ``Proofs``.
            NoFactor: there is none.
        """
        await self._proofs.everything(person, password, code, of_any_kind=True)
        async with self._identity.unbound() as session:
            await _remove(session, person.id)
            await self._sessions.end_all(session, person.id, "second factor was removed", spared=person.session_id)
            signed_in = await self._sessions.renew(session, person, sorted(person.methods - {"otp"}))
            change = "The second factor of your account was removed"
            await notify(session, "second_factor", person.id, person.email, change=change)
            await record(session, "second_factor.disabled", "user", person.id)
        return signed_in

    async def reset(self, user_id: UUID, reason: str) -> None:
        """Remove the second factor of somebody who lost it and their recovery codes, and end their sessions.

        Args:
            user_id: whose.
            reason: how the operator made sure who asked.

        Raises:
            NoFactor: there is none, or no such person.
        """
        async with self._identity.unbound() as session:
            await _remove(session, user_id)
            email = (await session.scalars(_EMAIL, {"user": user_id})).one()
            await self._sessions.end_all(session, user_id, "second factor was reset")
            change = "An operator of the platform removed the second factor of your account"
            await notify(session, "second_factor", user_id, email, change=change)
            await record(session, "second_factor.reset", "user", user_id, reason=reason, tenant_id=PLATFORM)


async def _remove(session: AsyncSession, user_id: UUID) -> None:
    if (await session.execute(_REMOVE, {"user": user_id})).one_or_none() is None:
        raise NoFactor
    await session.execute(_REMOVE_CODES, {"user": user_id})


async def _replace_codes(session: AsyncSession, user_id: UUID) -> list[str]:
    shown = new_codes()
    await session.execute(_REMOVE_CODES, {"user": user_id})
    await session.execute(_ADD_CODE, [{"user": user_id, "hash": code_hash(code)} for code in shown])
    return shown
