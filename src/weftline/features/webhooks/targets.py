"""Which addresses may be webhooks."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import httpcore

from weftline.authoring.builtin import HttpSettings
from weftline.authoring.builtin.addresses import is_named, is_public
from weftline.authoring.builtin.http_client import resolve
from weftline.authoring.builtin.http_request import read_request
from weftline.authoring.errors import ActionError
from weftline.features.webhooks.errors import InvalidWebhook

RESOLVING_SECONDS = 5.0
"""How long a name is looked up; one that takes longer counts as unknown."""

_PORTS = {"http": 80, "https": 443}


async def check_target(url: str, http: HttpSettings) -> None:
    """Refuse what is no address that this platform may call.

    A name may lead elsewhere later: every attempt looks again, where the connection is made. A name that nobody knows
    is taken, as it may be known soon.

    Args:
        url: where a webhook is to be.
        http: what may be called.

    Raises:
        InvalidWebhook: it may not be called.
    """
    try:
        read_request({"method": "POST", "url": url})
    except ActionError:
        raise InvalidWebhook("/url", "This must be an http or https address.", "invalid_url") from None
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    if parts.username is not None or parts.password is not None:
        hint = "Check the signature of what comes in instead."
        raise InvalidWebhook("/url", "The address must not name a user or password.", "invalid_url", hint)
    if http.allowed_hosts is not None and not is_named(host, http.allowed_hosts):
        raise InvalidWebhook("/url", f"{host} is not among the hosts that may be called here.", "address_refused")
    if http.allow_private_addresses:
        return
    try:
        async with asyncio.timeout(RESOLVING_SECONDS):
            addresses = await resolve(host, port)
    except (httpcore.ConnectError, TimeoutError):
        return
    if not any(map(is_public, addresses)):
        raise InvalidWebhook("/url", f"{host} is not an address of the public internet.", "address_refused")
