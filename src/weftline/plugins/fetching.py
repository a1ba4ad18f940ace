"""Reading an index and its packages: files, or over https. What is read is bounded, and nothing is trusted yet."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import quote, urljoin, urlsplit

import httpx

from weftline.authoring.builtin.http_client import AddressRefused, open_client, read_limited
from weftline.plugins.facts import BadPackage
from weftline.plugins.package import read_file

TOTAL_SECONDS, SILENT_SECONDS = 300.0, 30.0
"""How long a download may take, and how long the server may say nothing."""

MAX_REDIRECTS = 5


class _Unreadable(Exception):
    """What a server answered is not what was asked for."""


def is_address(place: str) -> bool:
    """Whether a place is an https address, and not a path."""
    parts = urlsplit(place)
    return parts.scheme == "https" and bool(parts.hostname)


def beside(index: str, location: str) -> str:
    """Where a package is.

    Args:
        index: place of the index.
        location: as the index says it, a path beside the index or an https address.
    """
    if is_address(location):
        return location
    return urljoin(index, quote(location)) if is_address(index) else str(Path(index).parent / location)


async def read_place(place: str, limit: int) -> bytes:
    """What is at a path or an https address.

    Args:
        place: of which.
        limit: bytes that it may have.

    Raises:
        BadPackage: it cannot be read, is larger, or leads elsewhere than to https; names the place.
    """
    if not is_address(place):
        return await asyncio.to_thread(read_file, Path(place), limit)
    # without what may be a secret in it
    shown = place.partition("?")[0]
    try:
        async with asyncio.timeout(TOTAL_SECONDS):
            content = await _download(place, limit)
    except TimeoutError:
        raise BadPackage(f"{shown} could not be read within {TOTAL_SECONDS:g} s") from None
    except (httpx.HTTPError, httpx.InvalidURL, AddressRefused, _Unreadable) as error:
        raise BadPackage(f"{shown} cannot be read: {str(error) or type(error).__name__}") from None
    if content is None:
        raise BadPackage(f"{shown} is larger than it may be: {limit} bytes")
    return content


async def _download(url: str, limit: int) -> bytes | None:
    # whoever runs the platform names this address: it may well be in the private network
    async with open_client(allow_private=True, allowed_hosts=None, follow_redirects=False) as client:
        timeout = httpx.Timeout(SILENT_SECONDS)
        for _ in range(MAX_REDIRECTS + 1):
            async with client.stream("GET", url, timeout=timeout) as response:
                if response.next_request is not None:
                    url = str(response.next_request.url)
                    if not is_address(url):
                        where = url.partition("?")[0]
                        raise _Unreadable(f"{response.url.host} redirects to {where}, which is no https address")
                    continue
                if not response.is_success:
                    raise _Unreadable(f"{response.url.host} answered {response.status_code}")
                return await read_limited(response, limit)
    raise _Unreadable(f"{urlsplit(url).hostname} redirects more than {MAX_REDIRECTS} times")
