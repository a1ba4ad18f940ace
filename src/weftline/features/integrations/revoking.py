"""Giving tokens back (RFC 7009)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_plus, urlencode

import structlog

from weftline.authoring.builtin import HttpSettings
from weftline.authoring.builtin.http import exchange
from weftline.authoring.builtin.http_request import read_request
from weftline.authoring.errors import ActionError
from weftline.authoring.integrations import OAuth2
from weftline.authoring.integrations.opened import filled

log = structlog.get_logger(__name__)

REVOKING_SECONDS = 10.0
"""That giving a token back may take."""


async def revoke(
    auth: OAuth2,
    config: Mapping[str, Any],
    credentials: Mapping[str, Any],
    tokens: Mapping[str, Any],
    http: HttpSettings,
) -> None:
    """Give tokens back, where the integration says how. Where that fails they are forgotten all the same.

    Args:
        auth: how the connection signs in.
        config, credentials: the connection's.
        tokens: those that it has.
        http: what may be reached.
    """
    # with a refresh token go the access tokens that it has given
    token = tokens.get("refreshToken") or tokens.get("accessToken")
    if auth.revocation_url is None or not token:
        return
    form = {"token": str(token), "token_type_hint": "refresh_token" if "refreshToken" in tokens else "access_token"}
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    client, secret = str(credentials["clientId"]), str(credentials.get("clientSecret") or "")
    if auth.is_client_in_body or not secret:
        form |= {"client_id": client, **({"client_secret": secret} if secret else {})}
    else:
        pair = f"{quote_plus(client)}:{quote_plus(secret)}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
    try:
        url = filled(auth.revocation_url, {**credentials, **config})
        spec = read_request({"method": "POST", "url": url, "headers": headers, "timeout": REVOKING_SECONDS})
        spec.content = urlencode(form).encode()
        await exchange(spec, http, stays_at_origin=True)
    except ActionError as error:
        log.warning("a token could not be given back", code=error.code)
