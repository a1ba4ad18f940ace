"""What is refused before anything is read: requests meant for another host, from another site, or too large."""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from weftline.api.context import loggable
from weftline.api.problems import MEDIA_TYPE, internal_error_body, problem_body
from weftline.features.errors import DomainError, TooLarge

log = structlog.get_logger(__name__)

MEGABYTE = 1_000_000
BATCH_LIMIT = 16 * MEGABYTE
BODY_LIMIT = 5 * MEGABYTE

_BATCH = re.compile(r"/executions/batch$")


class BodyTooLarge(TooLarge):
    """More came in than is allowed; raised into whoever reads the body."""

    code = "body_too_large"
    title = "Body too large"

    def __init__(self, limit: int) -> None:
        super().__init__(f"The body of this request may have {limit:,} bytes.")


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
    (cross-site request), is turned away. It has no token anyhow; this keeps it from probing.

    Args:
        app: what answers.
        hosts: names under which this server may be called, besides loopback addresses; with a leading dot, a domain
            and everything below it. None for any name.
    """

    def __init__(self, app: ASGIApp, hosts: Sequence[str] | None = ()) -> None:
        self._app = app
        self._hosts = None if hosts is None else frozenset({"localhost", *hosts})
        self._domains = tuple(host for host in hosts or () if host.startswith("."))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = BATCH_LIMIT if _BATCH.search(scope["path"]) else BODY_LIMIT
        refusal = self._check(scope, limit)
        if refusal is not None:
            await _refuse(scope, send, refusal)
            return
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
                await _send(send, 500, internal_error_body(scope["path"]))

    def _check(self, scope: Scope, limit: int) -> DomainError | None:
        host = origin = b""
        length = 0
        for name, value in scope["headers"]:
            if name == b"host":
                host = value
            elif name == b"origin":
                origin = value
            elif name == b"content-length" and value.isdigit():
                length = int(value[:12])
        if not self._is_ours(host.decode("latin-1")):
            return Misdirected()
        if origin:
            authority = origin.rpartition(b"//")[2]
            if authority != host and (self._hosts is None or not self._is_ours(authority.decode("latin-1"))):
                return CrossSite()
        return BodyTooLarge(limit) if length > limit else None

    def _is_ours(self, authority: str) -> bool:
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


async def _refuse(scope: Scope, send: Send, error: DomainError) -> None:
    structlog.contextvars.bind_contextvars(problem=error.code)
    await _send(send, error.status, problem_body(scope["path"], error.status, error.code, error.title, error.detail))


async def _send(send: Send, status: int, body: bytes) -> None:
    headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
