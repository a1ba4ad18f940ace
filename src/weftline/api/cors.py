"""Pages of other sites that may call this server (CORS, the Fetch standard)."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

EXPOSED = (
    "Content-Disposition",
    "Deprecation",
    "ETag",
    "Idempotency-Replayed",
    "Link",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "Sunset",
    "X-Request-ID",
)
"""Headers of answers that such a page may read, besides the few that the standard allows."""

PREFLIGHT_SECONDS = 600
"""How long a browser may remember what it was allowed."""


class Cors:
    """Tells browsers that pages of some other sites may call, and what they may read.

    Pages of sites that are not named are left to the guard, who turns them away. Cookies are let through for sites that
    are named, and never where any site may call.

    Args:
        app: what answers.
        origins: of the sites (``https://app.example.com``); ``*`` for any.
    """

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        self._app = app
        self._is_open = "*" in origins
        self._origins = frozenset(origin.encode() for origin in origins)
        self._answering = CORSMiddleware(
            app,
            allow_origins=("*",) if self._is_open else origins,
            allow_methods=METHODS,
            # whichever a page asks for: they say nothing that the routes do not check
            allow_headers=("*",),
            allow_credentials=not self._is_open,
            expose_headers=EXPOSED,
            max_age=PREFLIGHT_SECONDS,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "http" and self._is_from_another_site(scope):
            await self._answering(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _is_from_another_site(self, scope: Scope) -> bool:
        """Whether a page of a named site sent the request."""
        return any(name == b"origin" and (self._is_open or value in self._origins) for name, value in scope["headers"])
