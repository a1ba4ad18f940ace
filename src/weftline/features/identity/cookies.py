"""Sessions that a browser holds in cookies, out of reach of its pages' scripts.

A browser sends cookies along with whatever any page makes it ask (cross-site request forgery). So a request that
proves itself by a cookie is believed only where it is plain that a page of ours, or of a named site, meant it:

- the cookies are ``SameSite=Strict``: pages of other sites do not make the browser send them;
- the guard has refused every ``Origin`` that may not call, and ``Sec-Fetch-Site: cross-site`` is refused here;
- whatever changes something carries ``X-CSRF-Token``: a token sealed with the session's id, which only pages of ours
  can read, from a cookie of its own. One that is planted there fits no session but that of whoever planted it.

That is the signed double submit of the OWASP cheat sheet. Over https the names begin with ``__Host-``, so that no
neighbouring subdomain, and nobody on the way, can set them (RFC 6265bis, section 4.1.3.2).
"""

from __future__ import annotations

import base64
import binascii
from typing import Literal
from uuid import UUID

from fastapi import Response
from starlette.requests import HTTPConnection

from weftline.features.identity.errors import CsrfRefused
from weftline.features.identity.sessions import SignedIn
from weftline.store.vault import Vault, WrongMasterKey

CSRF_HEADER = "X-CSRF-Token"

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_CONTEXT = "csrf token"
_USED_KEY = "weftline.cookies"
_DEVICE_SECONDS = 400 * 24 * 3600
"""The longest that browsers keep a cookie."""

Name = Literal["access", "refresh", "device", "csrf"]


class SessionCookies:
    """Puts sessions into cookies, and takes them out again.

    Args:
        vault: seals CSRF tokens.
        is_https: people reach the platform by https, and the cookies are for nothing else.
    """

    def __init__(self, vault: Vault, *, is_https: bool) -> None:
        self._vault = vault
        self._is_https = is_https
        self._prefix = "__Host-weft_" if is_https else "weft_"

    def read(self, connection: HTTPConnection, name: Name) -> str | None:
        """A cookie that came with a request; None where it did not."""
        return connection.cookies.get(self._prefix + name)

    def believe(self, connection: HTTPConnection, session_id: UUID | None) -> None:
        """See that a page that may do so meant the request, or opened the WebSocket, that a cookie came with.

        Args:
            connection: the request, or the WebSocket's handshake.
            session_id: the session that the cookie belongs to; None where that is not known yet.

        Raises:
            CsrfRefused: it may have been somebody else's.
        """
        headers = connection.headers
        if headers.get("sec-fetch-site") == "cross-site":
            raise CsrfRefused("The browser says that a page of another site sent this request.")
        if connection.scope["type"] == "websocket":
            # no page can add a header to a handshake; but every browser says whose page opens it
            if "origin" not in headers:
                raise CsrfRefused("A WebSocket that is opened with cookies needs an 'Origin'.")
        elif connection.scope["method"] not in _SAFE:
            meant = self._session_of(headers.get(CSRF_HEADER))
            if meant is None or (session_id is not None and meant != session_id):
                raise CsrfRefused(f"Send the value of the cookie '{self._prefix}csrf' as '{CSRF_HEADER}'.")
        connection.scope[_USED_KEY] = True

    def are_used(self, connection: HTTPConnection) -> bool:
        """Whether the request was believed for its cookies."""
        return _USED_KEY in connection.scope

    def give(self, response: Response, signed_in: SignedIn, idle_seconds: int) -> str:
        """Put a session into cookies; returns its CSRF token.

        Args:
            response: sets them.
            signed_in: the session's tokens.
            idle_seconds: how long the session lasts without being refreshed.
        """
        sealed = self._vault.seal(signed_in.session_id.bytes, _CONTEXT)
        csrf_token = base64.urlsafe_b64encode(sealed).decode().rstrip("=")
        self._set(response, "access", signed_in.access_token, signed_in.expires_in)
        self._set(response, "refresh", signed_in.refresh_token, idle_seconds)
        self._set(response, "csrf", csrf_token, idle_seconds)
        if signed_in.device_token is not None:
            self._set(response, "device", signed_in.device_token, _DEVICE_SECONDS)
        return csrf_token

    def take_back(self, response: Response) -> None:
        """Let the browser forget a session; that it is known here stays."""
        for name in ("access", "refresh", "csrf"):
            self._set(response, name, "", 0)

    def _set(self, response: Response, name: Name, value: str, seconds: int) -> None:
        response.set_cookie(
            self._prefix + name,
            value,
            max_age=seconds,
            path="/",
            secure=self._is_https,
            # scripts of our pages read this one, and send it back
            httponly=name != "csrf",
            samesite="strict",
        )

    def _session_of(self, csrf_token: str | None) -> UUID | None:
        if not csrf_token:
            return None
        try:
            sealed = base64.urlsafe_b64decode(csrf_token + "=" * (-len(csrf_token) % 4))
            return UUID(bytes=self._vault.open(sealed, _CONTEXT))
        except (binascii.Error, ValueError, WrongMasterKey):
            return None
