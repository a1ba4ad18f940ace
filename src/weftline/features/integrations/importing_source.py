"""Fetching the document that is to be imported."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from urllib.parse import urlsplit, urlunsplit

import httpx

from weftline.authoring.builtin import HttpSettings
from weftline.authoring.builtin.http_client import AddressRefused, open_client, read_limited
from weftline.authoring.builtin.http_request import read_request
from weftline.authoring.errors import ActionError
from weftline.features.integrations.importing_errors import InvalidDocument
from weftline.openapi.bounds import MAX_BYTES

TIMEOUT_SECONDS = 20.0
"""For the whole exchange."""

_ACCEPT = "application/json, application/yaml, text/yaml, */*;q=0.5"
_PLACE = "/url"


async def fetch(url: str, http: HttpSettings) -> bytes:
    """The document at an address.

    Args:
        url: http or https; it names no user.
        http: what may be reached.

    Raises:
        InvalidDocument: it is no address that may be reached, or there is no document that could be read.
    """
    try:
        read_request({"url": url})
        parts = urlsplit(url)
    except (ActionError, ValueError):
        raise InvalidDocument(_PLACE, "This must be an http or https address.", "invalid_url") from None
    if parts.username is not None or parts.password is not None:
        message = "The address must not name a user or password. Download the document, and send it itself."
        raise InvalidDocument(_PLACE, message, "invalid_url")
    settings = replace(http, max_response_bytes=MAX_BYTES)
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            return await _read(url, settings)
    except TimeoutError:
        raise InvalidDocument(_PLACE, f"There was no answer within {TIMEOUT_SECONDS:g} s.", "unreachable") from None
    except AddressRefused as refused:
        raise InvalidDocument(_PLACE, f"{refused}.", "address_refused") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise InvalidDocument(_PLACE, f"It cannot be reached: {error}.", "unreachable") from None


def shown(url: str) -> str:
    """An address as it may be kept: without its query, which may hold a key."""
    return urlunsplit(urlsplit(url)._replace(query="", fragment=""))


async def _read(url: str, settings: HttpSettings) -> bytes:
    # imports are rare: nothing is kept open for the next
    client = open_client(allow_private=settings.allow_private_addresses, allowed_hosts=settings.allowed_hosts)
    async with client, client.stream("GET", url, headers={"accept": _ACCEPT}) as response:
        if response.is_error:
            raise InvalidDocument(_PLACE, f"{response.url.host} answered {response.status_code}.", "unreachable")
        content = await read_limited(response, settings.max_response_bytes)
    if content is None:
        raise InvalidDocument(_PLACE, f"The document is longer than {MAX_BYTES // 1_000_000} MB.", "too_large")
    return content
