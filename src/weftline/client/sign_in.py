"""How the server learns who asks."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, cast

from weftline.client.answer import Answer
from weftline.client.errors import InvalidAnswer, SecondFactorNeeded, Unauthenticated
from weftline.client.plan import Alone, Plan
from weftline.client.request import build

if TYPE_CHECKING:
    from weftline.client.session import Session

FRESHNESS = 30.0
"""Seconds that an access token must still be good for."""


class SignIn(Protocol):
    """Knows a token that says who asks."""

    def token(self, session: Session) -> Plan[str]:
        """The token to send with a request.

        Raises:
            ApiError: signing in is refused.
        """
        ...

    def renewed(self, session: Session, refused: str) -> Plan[str | None]:
        """Another token than the one that the server has just refused; None where there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Token:
    """A token that stays what it is.

    Attributes:
        value: an API key or an access token.
    """

    value: str = field(repr=False)

    def token(self, session: Session) -> Plan[str]:
        """See :meth:`SignIn.token`."""
        yield from ()
        return self.value

    def renewed(self, session: Session, refused: str) -> Plan[str | None]:
        """See :meth:`SignIn.renewed`."""
        yield from ()


@dataclass(frozen=True, slots=True)
class _Tokens:
    access: str = field(repr=False)
    refresh: str = field(repr=False)
    ends_at: float

    @property
    def is_fresh(self) -> bool:
        return time.monotonic() + FRESHNESS < self.ends_at


class Password:
    """Signs in with e-mail and password when the first request is made, and renews the tokens before they end.

    A refresh token works once. So only one caller renews at a time; and where the answer to a renewal is lost, the
    password is used again.

    Args:
        email: who asks.
        password: theirs.
        tenant: slug or id of the tenant to work in; None for the only one.
        code: asks for a code of the second factor.
    """

    def __init__(
        self, email: str, password: str, *, tenant: str | None = None, code: Callable[[], str] | None = None
    ) -> None:
        self._email = email
        self._password = password
        self._tenant = tenant
        self._code = code
        self._tokens: _Tokens | None = None

    def __repr__(self) -> str:
        return f"Password({self._email!r})"

    def token(self, session: Session) -> Plan[str]:
        """See :meth:`SignIn.token`."""
        tokens = self._tokens
        if tokens is None or not tokens.is_fresh:
            tokens = yield Alone(self._newer(session, tokens))
        return tokens.access

    def renewed(self, session: Session, refused: str) -> Plan[str | None]:
        """See :meth:`SignIn.renewed`."""
        tokens = self._tokens
        if tokens is not None and tokens.access == refused:
            # this machine's clock may be wrong, or somebody has ended the session
            tokens = yield Alone(self._newer(session, tokens))
        return None if tokens is None else tokens.access

    def _newer(self, session: Session, known: _Tokens | None) -> Plan[_Tokens]:
        """Other tokens than those that were known; another caller may have got them meanwhile."""
        if self._tokens is None or self._tokens is known:
            refresh, self._tokens = None if known is None else known.refresh, None
            # taken before the request, so that the tokens never seem to last longer than they do
            now = time.monotonic()
            answer = yield from self._granted(session, refresh)
            try:
                body = answer.body
                self._tokens = _Tokens(body["accessToken"], body["refreshToken"], now + body["expiresIn"])
            except (KeyError, TypeError):
                raise InvalidAnswer(answer.host) from None
        return self._tokens

    def _granted(self, session: Session, refresh: str | None) -> Plan[Answer]:
        if refresh is not None:
            try:
                return (yield from _post(session, "refresh", {"refreshToken": refresh}))
            except Unauthenticated:
                pass
        body = {"email": self._email, "password": self._password}
        answer = yield from _post(session, "login", body if self._tenant is None else {**body, "tenant": self._tenant})
        granted: Any = answer.body
        token = cast("dict[str, Any]", granted).get("mfaToken") if isinstance(granted, dict) else None
        if token is None:
            return answer
        if self._code is None:
            raise SecondFactorNeeded
        return (yield from _post(session, "mfa/verify", {"mfaToken": token, "code": self._code()}))


def _post(session: Session, name: str, body: dict[str, Any]) -> Plan[Answer]:
    return session.exchange(build("POST", f"auth/{name}", body=body), is_signed_in=False)
