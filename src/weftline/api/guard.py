"""What is refused before anything is read: requests meant for another host, from another site, or too large."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from weftline.api.context import loggable
from weftline.api.problems import internal_error_body, refuse, send_problem
from weftline.features.errors import DomainError, TooLarge

log = structlog.get_logger(__name__)

MEGABYTE = 1_000_000
BATCH_LIMIT = 16 * MEGABYTE
BODY_LIMIT = 5 * MEGABYTE

HEADERS_LIMIT = 32_768
"""Bytes of all headers together."""

KNOWN_HOSTS = 64
"""Names under which the server was called, of which is remembered whether they are its own."""

TARGET_LIMIT = 8_192
"""Bytes of path and query; what RFC 9110, section 4.1, asks for."""

_BATCH = re.compile(r"/(?:executions/batch|integrations/import)$")


class BodyTooLarge(TooLarge):
    """More came in than is allowed; raised into whoever reads the body."""

    code = "body_too_large"
    title = "Body too large"

    def __init__(self, limit: int) -> None:
        super().__init__(f"The body of this request may have {limit:,} bytes.")


class HeadersTooLarge(DomainError):
    """The headers hold more than anything needs (RFC 6585, section 5)."""

    status = 431
    code = "headers_too_large"
    title = "Headers too large"

    def __init__(self) -> None:
        super().__init__(f"The headers of a request may have {HEADERS_LIMIT:,} bytes together.")


class TargetTooLong(DomainError):
    """Path and query are longer than anything needs."""

    status = 414
    code = "uri_too_long"
    title = "URI too long"

    def __init__(self) -> None:
        super().__init__(f"Path and query of a request may have {TARGET_LIMIT:,} bytes together.")


class Misdirected(DomainError):
    """The request is meant for another host."""

    status = 421
    code = "misdirected_request"
    title = "Misdirected request"

    def __init__(self) -> None:
        super().__init__("This server does not answer under this name; its operators can allow it (WEFT_PUBLIC_URL).")


class CrossSite(DomainError):
    """A page of another site sent the request."""

    status = 403
    code = "cross_site_request"
    title = "Cross-site request"

    def __init__(self) -> None:
        super().__init__("Requests from pages of other web sites are refused.")


class Guard:
    """Refuses what must not be looked at, and turns faults of ours into an answer.

    A page of another site that makes the browser call this server, under its own name (DNS rebinding) or ours
    (cross-site request), is turned away, also where it would open a WebSocket, for which browsers ask nobody. So
    cookies that a browser sends along are worth nothing to other sites.

    Args:
        app: what answers.
        hosts: names under which this server may be called, besides loopback addresses; with a leading dot, a domain
            and everything below it. None for any name.
        origins: of other sites whose pages may send requests (``https://app.example.com``); ``*`` for any.
    """

    def __init__(self, app: ASGIApp, hosts: Sequence[str] | None = (), origins: Collection[str] = ()) -> None:
        self._app = app
        self._origins = frozenset(origin.encode() for origin in origins)
        self._any_origin = "*" in origins
        self._hosts = None if hosts is None else frozenset({"localhost", *hosts})
        self._domains = tuple(host for host in hosts or () if host.startswith("."))
        # almost every request names the same host
        self._is_ours = lru_cache(maxsize=KNOWN_HOSTS)(self._find_out)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        limit = BATCH_LIMIT if _BATCH.search(scope["path"]) else BODY_LIMIT
        refusal = self._check(scope, limit)
        if refusal is not None:
            await refuse(scope, send, refusal)
        elif scope["type"] == "websocket":
            # what a connection may send is bounded by whoever reads it
            await self._app(scope, receive, send)
        else:
            await self._answer(scope, receive, send, limit)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, limit: int) -> None:
        read = 0
        has_begun = False

        async def receive_within_limit() -> Message:
            nonlocal read
            message = await receive()
            if message["type"] == "http.request":
                read += len(message.get("body", b""))
                if read > limit:
                    raise BodyTooLarge(limit)
            return message

        async def watch(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive_within_limit, watch)
        except Exception:
            log.exception("request failed", path=loggable(scope["path"]))
            if not has_begun:
                await send_problem(send, 500, internal_error_body(scope["path"]))

    def _check(self, scope: Scope, limit: int) -> DomainError | None:
        host = origin = b""
        length = size = 0
        for name, value in scope["headers"]:
            size += len(name) + len(value)
            if name == b"host":
                host = value
            elif name == b"origin":
                origin = value
            elif name == b"content-length" and value.isdigit():
                length = int(value[:12])
        if not self._is_ours(host.decode("latin-1")):
            return Misdirected()
        if origin and origin not in self._origins and not self._any_origin:
            authority = origin.rpartition(b"//")[2]
            if authority != host and (self._hosts is None or not self._is_ours(authority.decode("latin-1"))):
                return CrossSite()
        if size > HEADERS_LIMIT:
            return HeadersTooLarge()
        if len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"]) > TARGET_LIMIT:
            return TargetTooLong()
        return BodyTooLarge(limit) if length > limit else None

    def _find_out(self, authority: str) -> bool:
        """Whether ``host[:port]`` names this server."""
        if self._hosts is None:
            return True
        try:
            name = urlsplit(f"//{authority}").hostname or ""
        except ValueError:
            return False
        if name in self._hosts or f".{name}".endswith(self._domains):
            return True
        try:
            return ip_address(name).is_loopback
        except ValueError:
            return False
