"""Sending one message to one address, and what came of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import httpx
import orjson

from weftline.authoring.builtin import HttpSettings
from weftline.authoring.builtin.http import read_retry_after
from weftline.authoring.builtin.http_client import AddressRefused, open_client
from weftline.features.mail.text import one_line
from weftline.model.cause import Cause
from weftline.model.webhook_signature import webhook_signature

TIMEOUT_SECONDS = 15.0
"""For the whole exchange."""

MAX_RESPONSE = 2_000
"""Bytes of an answer that are read and kept."""

GONE = 410

_MAX_ERROR = 300


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attempt.

    Attributes:
        started_at: when it began.
        duration: how long it took, seconds.
        headers: of the request, without the signature.
        status: of the answer; None where there was none.
        response: how the answer's body begins.
        error: why it failed; None where it succeeded.
        retry_after: seconds that the other side has asked to be left alone.
    """

    started_at: datetime
    duration: float
    headers: Mapping[str, str]
    status: int | None = None
    response: str | None = None
    error: str | None = None
    retry_after: float | None = None

    @property
    def is_delivered(self) -> bool:
        """Whether the other side has taken the message."""
        return self.error is None

    @property
    def is_gone(self) -> bool:
        """Whether the other side wants nothing more, ever."""
        return self.status == GONE


class Sender:
    """Sends messages, as Standard Webhooks 1.0 has them. Redirects are not followed.

    Args:
        http: what it may reach.
        timeout: seconds for a whole exchange.
    """

    def __init__(self, http: HttpSettings, *, timeout: float = TIMEOUT_SECONDS) -> None:
        self._http = http
        self._timeout = timeout
        self._client: httpx.AsyncClient | None = None

    async def close(self) -> None:
        """Close every connection; a later message opens new ones."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def send(
        self, url: str, id: UUID, body: object, secrets: Sequence[str], cause: Cause | None = None
    ) -> Outcome:
        """Send a message once. Whatever goes wrong is told by the outcome.

        Args:
            url: where to; http or https.
            id: the message's, the same for each attempt.
            body: JSON.
            secrets: sign it; see ``webhook_signature``.
            cause: the request that it goes back to.
        """
        content = orjson.dumps(body)
        started_at, began = datetime.now(UTC), time.monotonic()
        sent_at = int(started_at.timestamp())
        headers = {"content-type": "application/json", "webhook-id": str(id), "webhook-timestamp": str(sent_at)}
        if cause is not None:
            headers |= cause.headers()
        signed = {**headers, "webhook-signature": webhook_signature(secrets, str(id), sent_at, content)}
        status, response, error, retry_after = None, None, None, None
        try:
            async with (
                asyncio.timeout(self._timeout),
                self._opened().stream("POST", url, headers=signed, content=content) as answer,
            ):
                status = answer.status_code
                retry_after = read_retry_after(answer.headers.get("retry-after"), time.time())
                response = await _beginning(answer)
        except TimeoutError:
            # the status that came before a body without end is no answer
            error = f"no answer within {self._timeout:g} s"
        except (AddressRefused, httpx.HTTPError, httpx.InvalidURL) as refused:
            error = one_line(str(refused) or type(refused).__name__, _MAX_ERROR)
        if error is None and not httpx.codes.is_success(status or 0):
            error = f"answered {status}" + (", a redirect, which is not followed" if _redirects(status) else "")
        return Outcome(started_at, time.monotonic() - began, headers, status, response, error, retry_after)

    def _opened(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = open_client(
                allow_private=self._http.allow_private_addresses,
                allowed_hosts=self._http.allowed_hosts,
                follow_redirects=False,
            )
        return self._client


async def _beginning(answer: httpx.Response) -> str:
    """How the body begins, undecoded: what a few bytes unpack to has no bound."""
    start = b""
    async for part in answer.aiter_raw():
        start += part
        if len(start) >= MAX_RESPONSE:
            break
    # the database stores no NUL in text
    return start[:MAX_RESPONSE].decode(errors="replace").replace("\0", "�")


def _redirects(status: int | None) -> bool:
    return httpx.codes.is_redirect(status or 0)
