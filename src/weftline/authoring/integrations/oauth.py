"""Tokens of OAuth 2.0 (RFC 6749): asked for at an integration's token endpoint."""

from __future__ import annotations

import base64
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote_plus, urlencode

from weftline.authoring.builtin.http import HttpSettings, exchange
from weftline.authoring.builtin.http_request import DEFAULT_TIMEOUT, read_request
from weftline.authoring.errors import ActionError, HttpStatusError
from weftline.authoring.integrations.auth import OAuth2
from weftline.authoring.integrations.opened import UNAUTHORIZED, filled

_TOO_MANY, _SERVER_ERRORS = 429, 500


@dataclass(frozen=True, slots=True)
class Tokens:
    """What an authorization server gave.

    Attributes:
        access_token: goes along with each request.
        refresh_token: gets the next ones; None where there is none.
        expires_in: seconds that the access token lasts; None: it did not say.
        scopes: what is allowed, where it said so.
    """

    access_token: str
    refresh_token: str | None = None
    expires_in: float | None = None
    scopes: tuple[str, ...] | None = None

    def to_json(self) -> dict[str, Any]:
        """The form in which they are kept: names as credentials have them."""
        found = {
            "accessToken": self.access_token,
            "refreshToken": self.refresh_token,
            "expiresIn": self.expires_in,
            "scope": None if self.scopes is None else " ".join(self.scopes),
        }
        return {name: value for name, value in found.items() if value is not None}


def needs_person(auth: OAuth2, values: Mapping[str, Any]) -> bool:
    """Whether somebody has to allow access: where both ways are open, the one that is configured counts.

    Args:
        auth: the integration's way of signing in.
        values: the connection's configuration and credentials.
    """
    if "client_credentials" not in auth.grants:
        return True
    if "authorization_code" not in auth.grants or auth.authorization_url is None:
        return False
    try:
        return bool(filled(auth.authorization_url, values))
    except ActionError:
        return False


def renewal(
    auth: OAuth2, config: Mapping[str, Any], credentials: Mapping[str, Any], scopes: Sequence[str]
) -> dict[str, str] | None:
    """What to ask a token endpoint for to get new tokens; None where nobody but a person can get any.

    Args:
        auth: the integration's way of signing in.
        config: the connection's configuration.
        credentials: the connection's, with the tokens that it has.
        scopes: what it asks for; what the integration asks for where empty.
    """
    if refresh_token := credentials.get("refreshToken"):
        return {"grant_type": "refresh_token", "refresh_token": str(refresh_token)}
    if needs_person(auth, {**credentials, **config}):
        return None
    asked = scopes or auth.scopes
    return {"grant_type": "client_credentials", **({"scope": " ".join(asked)} if asked else {})}


async def fetch_tokens(
    auth: OAuth2,
    config: Mapping[str, Any],
    credentials: Mapping[str, Any],
    form: Mapping[str, str],
    settings: HttpSettings,
    *,
    timeout: float = DEFAULT_TIMEOUT,
) -> Tokens:
    """Ask a token endpoint for tokens.

    Args:
        auth: the integration's way of signing in.
        config: the connection's configuration.
        credentials: the connection's: ``clientId``, and ``clientSecret`` where the client has one.
        form: what is asked for: ``grant_type``, and what goes with it.
        settings: what may be reached from here.
        timeout: seconds for the whole exchange.

    Raises:
        ActionError: code ``connection_unauthorized`` where the server refuses, ``invalid_connection`` where something
            is missing, ``unexpected_answer`` where there are no tokens in its answer; else like the action ``http``.
    """
    url = filled(auth.token_url, {**credentials, **config})
    client_id, secret = str(credentials.get("clientId", "")), credentials.get("clientSecret")
    body, headers = dict(form), {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
    if secret and not auth.is_client_in_body:
        # both are encoded before they are joined (RFC 6749, section 2.3.1)
        pair = f"{quote_plus(client_id)}:{quote_plus(str(secret))}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
    else:
        body["client_id"] = client_id
        if secret:
            body["client_secret"] = str(secret)
    request = read_request({"method": "POST", "url": url, "headers": headers, "timeout": timeout})
    request.content = urlencode(body).encode()
    try:
        answer = await exchange(request, settings, stays_at_origin=True)
    except HttpStatusError as error:
        if error.status == _TOO_MANY or error.status >= _SERVER_ERRORS:
            raise
        raise _refused(error.body, f"it answered {error.status}") from None
    return _tokens(answer["body"], auth.token_types)


def _tokens(body: Any, types: Collection[str]) -> Tokens:
    given = cast("dict[str, Any]", body) if isinstance(body, dict) else {}
    if "error" in given:
        # some answer 200 all the same
        raise _refused(given, "")
    token, kind = given.get("access_token"), given.get("token_type", "bearer")
    if not isinstance(token, str) or not token or str(kind).lower() not in types:
        message = "the token endpoint gave no bearer token"
        raise ActionError(message, code="unexpected_answer", retryable=False)
    refresh, scope = given.get("refresh_token"), given.get("scope")
    return Tokens(
        token,
        refresh if isinstance(refresh, str) and refresh else None,
        _seconds(given.get("expires_in")),
        # by the standard, spaces part them; some put commas
        tuple(scope.replace(",", " ").split()) if isinstance(scope, str) else None,
    )


def _seconds(value: Any) -> float | None:
    """How long a token lasts; some say it as text."""
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        return None
    return seconds if 0 < seconds < float("inf") else None


def _refused(body: Any, otherwise: str) -> ActionError:
    """The error for what a token endpoint refused (RFC 6749, section 5.2)."""
    given = cast("dict[str, Any]", body) if isinstance(body, dict) else {}
    code, description = given.get("error"), given.get("error_description")
    said = ": ".join(str(each)[:200] for each in (code, description) if isinstance(each, str)) or otherwise
    details = {"error": code} if isinstance(code, str) else {}
    return ActionError(f"the authorization server refused: {said}", code=UNAUTHORIZED, details=details)
