"""Operations that are on their way out: the headers that say so, and what the OpenAPI document shows of it.

::

    @router.get("/old-things", **deprecated(SINCE, sunset=END, instead="/api/v1/things"))

What is deprecated works as before until its sunset (``docs/reference/versioning.md``).
"""

from __future__ import annotations

from datetime import datetime
from email.utils import format_datetime
from typing import Any

from fastapi.routing import APIRoute

SINCE, SUNSET, SUCCESSOR = "x-deprecated-since", "x-sunset", "x-successor"
"""In the OpenAPI document."""

POLICY = "/docs"
"""Where it is told what this means."""


def deprecated(since: datetime, *, sunset: datetime, instead: str | None = None) -> dict[str, Any]:
    """What the decorator of a deprecated route is given.

    Args:
        since: when it was, or will be, deprecated; in UTC.
        sunset: from when on it may be gone; in UTC.
        instead: path of what takes its place.

    Raises:
        ValueError: it would be gone before it is deprecated.
    """
    if sunset < since:
        raise ValueError("nothing is gone before it is deprecated")
    extra = {SINCE: since.isoformat(), SUNSET: sunset.isoformat()}
    if instead is not None:
        extra[SUCCESSOR] = instead
    return {"deprecated": True, "openapi_extra": extra}


def deprecation_headers(route: APIRoute) -> dict[str, str]:
    """What every answer of a route says of its end; nothing where there is none in sight."""
    extra = route.openapi_extra or {}
    if SINCE not in extra:
        return {}
    links = [f'<{POLICY}>; rel="deprecation"; type="text/html"']
    if SUCCESSOR in extra:
        links.append(f'<{extra[SUCCESSOR]}>; rel="successor-version"')
    return {
        # RFC 9745: a date as RFC 9651 has it
        "Deprecation": f"@{int(datetime.fromisoformat(extra[SINCE]).timestamp())}",
        # RFC 8594: a date of HTTP
        "Sunset": format_datetime(datetime.fromisoformat(extra[SUNSET]), usegmt=True),
        "Link": ", ".join(links),
    }
