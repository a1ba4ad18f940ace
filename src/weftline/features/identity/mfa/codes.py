"""Checking the codes of a second factor, each of which works once."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.audit.trail import PLATFORM, record
from weftline.features.database import Database
from weftline.features.identity.devices import Device
from weftline.features.identity.errors import WrongCode
from weftline.features.identity.mfa.recovery_codes import LENGTH, code_hash, normal
from weftline.features.identity.mfa.totp import matching_step
from weftline.features.identity.notices import notify
from weftline.features.identity.throttle import Throttle
from weftline.store.vault import Vault

Clock = Callable[[], float]

MAX_CODE = 64
"""Characters of the longest code that is looked at."""

_SECRET = text("SELECT secret FROM totp_factors WHERE user_id = :user AND confirmed_at IS NOT NULL")
_USE_STEP = text(
    """
    UPDATE totp_factors SET last_step = :step
    WHERE user_id = :user AND confirmed_at IS NOT NULL AND last_step < :step RETURNING user_id
    """
)
_USE_RECOVERY = text(
    """
    UPDATE recovery_codes SET used_at = now()
    WHERE user_id = :user AND code_hash = :hash AND used_at IS NULL RETURNING user_id
    """
)
_LEFT = text("SELECT count(*) FROM recovery_codes WHERE user_id = :user AND used_at IS NULL")


def secret_context(user_id: UUID) -> str:
    """What the vault is told that a sealed secret is."""
    return f"second factor {user_id}"


class Codes:
    """Checks codes.

    Args:
        identity: under the role that signs people in.
        vault: opens the secrets.
        throttle: slows down whoever guesses.
        clock: Unix seconds.
    """

    def __init__(self, identity: Database, vault: Vault, throttle: Throttle, clock: Clock) -> None:
        self._identity = identity
        self._vault = vault
        self._throttle = throttle
        self._clock = clock

    async def check(self, user_id: UUID, email: str, code: str, device: Device | None = None) -> None:
        """Accept a code, which then counts no more: of the authenticator app, or a recovery code.

        Args:
            user_id, email: whose.
            code: as it was typed in.
            device: the device, where it is known to be theirs.

        Raises:
            WrongCode: it is wrong, or was used before.
            TooManyTries: there were too many wrong ones.
        """
        tried = await self._throttle.begin("code", email, device)
        async with self._identity.unbound() as session:
            is_right = await self._use(session, user_id, email, normal(code))
            if is_right:
                await self._throttle.succeeded(session, tried)
            else:
                await record(session, "user.code_refused", "user", user_id, tenant_id=PLATFORM)
        if not is_right:
            raise WrongCode

    def step_of(self, user_id: UUID, sealed: bytes, code: str) -> int | None:
        """The time step whose code it is; None where it is none of about now."""
        secret = self._vault.open(sealed, secret_context(user_id)).decode()
        return matching_step(secret, normal(code), self._clock())

    async def _use(self, session: AsyncSession, user_id: UUID, email: str, code: str) -> bool:
        if len(code) == LENGTH:
            bound = {"user": user_id, "hash": code_hash(code)}
            if (await session.execute(_USE_RECOVERY, bound)).one_or_none() is None:
                return False
            left = (await session.scalars(_LEFT, {"user": user_id})).one()
            change = f"A recovery code was used in place of your authenticator app; {left} are left"
            await notify(session, "second_factor", user_id, email, change=change)
            await record(session, "user.recovery_code_used", "user", user_id, after={"left": left}, tenant_id=PLATFORM)
            return True
        sealed = (await session.scalars(_SECRET, {"user": user_id})).one_or_none()
        step = None if sealed is None else self.step_of(user_id, sealed, code)
        if step is None:
            return False
        return (await session.execute(_USE_STEP, {"user": user_id, "step": step})).one_or_none() is not None
