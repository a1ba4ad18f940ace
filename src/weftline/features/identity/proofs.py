"""Proving anew who one is, before something that would let a thief of the session in for good."""

from __future__ import annotations

from sqlalchemy import text

from weftline.features.audit.trail import record
from weftline.features.database import Database
from weftline.features.identity.errors import ProofRefused, WrongCode
from weftline.features.identity.linking import Linking
from weftline.features.identity.mfa.codes import Codes
from weftline.features.identity.passwords import Passwords
from weftline.features.identity.person import SignedInPerson
from weftline.features.identity.sessions import EXTERNAL
from weftline.features.identity.throttle import Throttle, Try
from weftline.features.identity.vouching import Vouching

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
        vouching, linking: know those who have no password of the platform's.
    """

    def __init__(
        self,
        identity: Database,
        passwords: Passwords,
        codes: Codes,
        throttle: Throttle,
        vouching: Vouching,
        linking: Linking,
    ) -> None:
        self._identity = identity
        self._vouching = vouching
        self._linking = linking
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

    async def password_of_any_kind(self, person: SignedInPerson, password: str) -> None:
        """Check the password: the platform's own, or, of somebody who has none and whom a provider has vouched for in
        this session, the one that the provider knows. Enough for what gives nobody a way around the provider.

        Raises:
            ProofRefused, TooManyTries: see :meth:`password`.
            SignInUnavailable: the provider does not answer.
        """
        await self._check_any_password(person, password)

    async def everything(
        self, person: SignedInPerson, password: str, code: str | None, *, of_any_kind: bool = False
    ) -> None:
        """Check the password, and a code where there is a second factor.

        Args:
            person, password: see :meth:`password`.
            code: of the second factor.
            of_any_kind: the password may be one as :meth:`password_of_any_kind` takes.

        Raises:
            ProofRefused, SignInUnavailable, TooManyTries: see there.
        """
        if of_any_kind:
            has_factor = await self._check_any_password(person, password)
        else:
            has_factor = await self._check_password(person, password, "/password")
        if not has_factor:
            return
        if code is None:
            raise ProofRefused("/code")
        try:
            await self._codes.check(person.id, person.email, code)
        except WrongCode:
            raise ProofRefused("/code") from None

    async def _check_any_password(self, person: SignedInPerson, password: str) -> bool:
        """Whether there is a second factor, too."""
        async with self._identity.unbound() as session:
            stored = (await session.execute(_STORED, {"user": person.id})).mappings().one()
        known = None
        if stored["password_hash"] is None and EXTERNAL in person.methods and person.tenant_id is not None:
            known = await self._linking.provider_of(person.tenant_id, person.id)
        if known is None or person.tenant_id is None:
            return await self._check_password(person, password, "/password")
        provider, subject, login = known
        tried = await self._throttle.begin("password", person.email, None)
        vouched = await self._vouching.ask_in(person.tenant_id, login, password, provider)
        is_right = vouched is not None and vouched.identity.subject == subject
        await self._note(person, tried, is_right)
        if not is_right:
            raise ProofRefused("/password")
        return stored["has_factor"]

    async def _check_password(self, person: SignedInPerson, password: str, pointer: str) -> bool:
        """Whether there is a second factor, too."""
        async with self._identity.unbound() as session:
            stored = (await session.execute(_STORED, {"user": person.id})).mappings().one()
        tried = await self._throttle.begin("password", person.email, None)
        is_right = await self._passwords.verify(stored["password_hash"], password)
        await self._note(person, tried, is_right)
        if not is_right:
            raise ProofRefused(pointer)
        return stored["has_factor"]

    async def _note(self, person: SignedInPerson, tried: Try, is_right: bool) -> None:
        async with self._identity.unbound() as session:
            if is_right:
                await self._throttle.succeeded(session, tried)
            else:
                await record(session, "user.proof_refused", "user", person.id)
