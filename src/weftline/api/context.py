"""What belongs to one request, and its end: ids in and out, log context, security headers, the access log."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Sequence
from contextvars import ContextVar

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from weftline.api.forwarding import HEADER as FORWARDED
from weftline.api.forwarding import Network, client_address
from weftline.api.web_app import FILES
from weftline.features.http.origin import MAX_USER_AGENT, Origin, set_origin

log = structlog.get_logger("weftline.access")

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._:/+=-]{1,128}")
_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")

_TOKEN = re.compile(r"/(task-links|hooks)/.*", re.DOTALL)

_current: ContextVar[str] = ContextVar("request_id", default="")

SECURITY_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'unsafe-inline'; img-src data:; object-src 'none'; base-uri 'none';"
        b" form-action 'self'; frame-ancestors 'none'",
    ),
)

STRICT_TRANSPORT = (b"strict-transport-security", b"max-age=63072000; includeSubDomains")
"""Two years of nothing but https, for the whole domain."""

NO_STORE = (b"cache-control", b"no-store")
"""Of every answer that does not say otherwise."""


def request_id() -> str:
    """The id of the request that is being answered."""
    return _current.get()


def loggable(path: str) -> str:
    """A path without what would let whoever reads the log act: the token of a link to a task, or of a webhook."""
    # a look costs less than the pattern, and almost no path has one
    return _TOKEN.sub(r"/\1/…", path) if "/task-links/" in path or "/hooks/" in path else path


class RequestContext:
    """Gives every request its id, and writes the access log.

    A caller's ``X-Request-ID``, or ``X-Correlation-ID``, is taken over where it is harmless, and
    ``traceparent`` (W3C Trace Context) is answered as it came.

    Args:
        app: what answers.
        is_https_only: people reach this platform by https; browsers are told to use nothing else.
        proxies: networks of reverse proxies in front of this server, whose word on the client's address counts.
    """

    def __init__(self, app: ASGIApp, *, is_https_only: bool = False, proxies: Sequence[Network] = ()) -> None:
        self._app = app
        self._headers = (*SECURITY_HEADERS, STRICT_TRANSPORT) if is_https_only else SECURITY_HEADERS
        self._proxies = tuple(proxies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or a WebSocket until it ends."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        identity = correlation = trace = agent = b""
        forwarded: list[bytes] = []
        for name, value in scope["headers"]:
            if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
                identity = value
            elif name == b"x-correlation-id" and _REQUEST_ID.fullmatch(value):
                correlation = value
            elif name == b"traceparent" and _TRACEPARENT.fullmatch(value):
                trace = value
            elif name == b"user-agent":
                agent = value[:MAX_USER_AGENT]
            elif name == FORWARDED:
                forwarded.append(value)
        if not identity:
            identity = correlation or trace[3:35] or os.urandom(16).hex().encode()
        text = identity.decode()
        _current.set(text)
        client = scope.get("client")
        address = client_address(client[0] if client else None, forwarded, self._proxies)
        set_origin(Origin(text, address, agent.decode("latin-1") or None, trace.decode() or None))
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=text)
        if trace:
            structlog.contextvars.bind_contextvars(trace_id=trace[3:35].decode())
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                own = {name for name, _ in message["headers"]}
                headers = [*message["headers"], (b"x-request-id", identity)]
                # a page may have a policy of its own
                headers += [each for each in self._headers if each[0] not in own]
                if b"cache-control" not in own:
                    headers.append(NO_STORE)
                if trace:
                    headers.append((b"traceparent", trace))
                message["headers"] = headers
            elif message["type"] == "websocket.accept":
                status = 101
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        finally:
            # a page of the web app asks for dozens of files, which tell nothing
            record = log.debug if scope["path"].startswith(FILES) else log.info
            record(
                "request",
                method=scope.get("method", "WEBSOCKET"),
                path=loggable(scope["path"]),
                status=status,
                address=address,
                ms=round((time.perf_counter() - started) * 1000, 2),
            )
