"""Paths that name a tenant: ``/t/acme/api/v1/…`` is ``/api/v1/…`` for the tenant ``acme``."""

from __future__ import annotations

import re

from starlette.types import ASGIApp, Receive, Scope, Send

from weftline.features.tenancy.resolution import PATH_KEY

_PREFIX = re.compile(r"/t/([A-Za-z0-9-]{1,63})(?=/)")


class TenantPath:
    """Takes the tenant off a path, and notes it where the resolver looks for it.

    Args:
        app: what answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] in ("http", "websocket") and (match := _PREFIX.match(scope["path"])) is not None:
            raw: bytes = scope.get("raw_path") or b""
            scope = {
                **scope,
                "path": scope["path"][match.end() :],
                # the prefix has no character that would be escaped
                "raw_path": raw[match.end() :] if raw.startswith(match[0].encode()) else raw,
                PATH_KEY: match[1],
            }
        await self._app(scope, receive, send)
