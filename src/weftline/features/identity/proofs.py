"""Proving anew who one is, before something that would let a thief of the session in for good."""

from __future__ import annotations

from sqlalchemy import text

from weftline.features.audit.trail import record
from weftline.features.database import Database
from weftline.features.identity.errors import ProofRefused, WrongCode
from weftline.features.identity.mfa.codes import Codes
from weftline.features.identity.passwords import Passwords
from weftline.features.identity.person import SignedInPerson
from weftline.features.identity.throttle import Throttle

_STORED = text(
    """
    SELECT c.password_hash, f.confirmed_at IS NOT NULL AS has_factor
    FROM users u
    LEFT JOIN credentials c ON c.user_id = u.id
    LEFT JOIN totp_factors f ON f.user_id = u.id
    WHERE u.id = :user
    """
)


class Proofs:
    """Asks for the password, and the second factor where there is one.

    Args:
        identity: under the role that signs people in.
        passwords: checks theirs.
        codes: checks those of the second factor.
        throttle: slows down whoever guesses.
    """

    def __init__(self, identity: Database, passwords: Passwords, codes: Codes, throttle: Throttle) -> None:
        self._identity = identity
        self._passwords = passwords
        self._codes = codes
        self._throttle = throttle

    async def password(self, person: SignedInPerson, password: str, pointer: str = "/password") -> None:
        """Check the password.

        Args:
            person: who is signed in.
            password: theirs, they say.
            pointer: where it stands in the request.

        Raises:
            ProofRefused: it is not.
            TooManyTries: there were too many wrong ones.
        """
        await self._check_password(person, password, pointer)

    async def everything(self, person: SignedInPerson, password: str, code: str | None) -> None:
        """Check the password, and a code where there is a second factor; raises like :meth:`password`."""
        if not await self._check_password(person, password, "/password"):
            return
        if code is None:
            raise ProofRefused("/code")
        try:
            await self._codes.check(person.id, person.email, code)
        except WrongCode:
            raise ProofRefused("/code") from None

    async def _check_password(self, person: SignedInPerson, password: str, pointer: str) -> bool:
        """Whether there is a second factor, too."""
        async with self._identity.unbound() as session:
            stored = (await session.execute(_STORED, {"user": person.id})).mappings().one()
        tried = await self._throttle.begin("password", person.email, None)
        is_right = await self._passwords.verify(stored["password_hash"], password)
        async with self._identity.unbound() as session:
            if is_right:
                await self._throttle.succeeded(session, tried)
            else:
                await record(session, "user.proof_refused", "user", person.id)
        if not is_right:
            raise ProofRefused(pointer)
        return stored["has_factor"]
