"""The action ``http``: one request to another system."""

from __future__ import annotations

import asyncio
import base64
import sys
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import orjson

from weftline.authoring.action import action
from weftline.authoring.builtin.http_request import RequestSpec, read_request
from weftline.authoring.context import Context
from weftline.authoring.errors import ActionError

if TYPE_CHECKING:
    import httpx

MAX_RETRY_AFTER = 3600.0
"""Seconds: the longest that another system may ask us to wait before the next attempt."""

_TOO_MANY_REQUESTS = 429
_EXCERPT = 2_000
_CLIENT = "weftline.authoring.builtin.http_client"


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """What this process's ``http`` action may do.

    Attributes:
        allow_private_addresses: whether it may call this machine, the private network and metadata services.
        allowed_hosts: the only hosts it may call, see ``is_named``; None for any.
        max_response_bytes: the longest body it accepts, decompressed.
    """

    allow_private_addresses: bool = False
    allowed_hosts: frozenset[str] | None = None
    max_response_bytes: int = 5_000_000


_settings = HttpSettings()


def configure_http(settings: HttpSettings) -> None:
    """Set what the ``http`` action of this process may do. Without it, the defaults hold."""
    global _settings
    _settings = settings


async def close_http() -> None:
    """Close the connections that the ``http`` action has opened on this event loop, if it has any."""
    client = sys.modules.get(_CLIENT)
    if client is not None:
        await client.close_shared_clients()


@action("http")
async def http(ctx: Context) -> dict[str, Any]:
    """Send one HTTP request and return ``{status, headers, body}``.

    The body is parsed where it is JSON, text where it is text, else base64 with ``bodyEncoding: "base64"``.
    The step's idempotency key goes along as ``Idempotency-Key``. Status 429 and 5xx, timeouts and broken
    connections are retried, no sooner than ``Retry-After`` says; any other 4xx ends the step with code
    ``http_<status>``.

    Input:
        method: ``GET`` unless given.
        url: http or https.
        headers, query: objects.
        body: a string is sent as it is, anything else as JSON.
        json: like ``body``, but a string is sent as JSON too.
        timeout: seconds for the whole exchange, 30 unless given.
    """
    request = read_request(ctx.input)
    request.headers.setdefault("idempotency-key", ctx.idempotency_key)
    # imported late: it takes a tenth of a second and ten megabytes that most workers never need
    import httpx

    from weftline.authoring.builtin.http_client import AddressRefused

    try:
        async with asyncio.timeout(request.timeout):
            return await _exchange(request, _settings)
    except AddressRefused as refused:
        raise ActionError(f"http: {refused}", code="http_address_refused", retryable=False) from None
    except (TimeoutError, httpx.TimeoutException):
        raise ActionError(f"http: no answer within {request.timeout:g} s", code="http_timeout") from None
    except httpx.TooManyRedirects as error:
        raise ActionError(f"http: {error}", code="http_too_many_redirects", retryable=False) from None
    except (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL) as error:
        raise ActionError(f"http: {error}", code="invalid_input", retryable=False) from None
    except httpx.HTTPError as error:
        raise ActionError(f"http: {error}", code="http_unreachable") from None


async def _exchange(request: RequestSpec, settings: HttpSettings) -> dict[str, Any]:
    import httpx

    from weftline.authoring.builtin.http_client import read_limited, shared_client

    client = shared_client(allow_private=settings.allow_private_addresses, allowed_hosts=settings.allowed_hosts)
    # merged here: httpx would replace the query that stands in the URL
    url = httpx.URL(request.url).copy_merge_params(request.query)
    async with client.stream(request.method, url, headers=request.headers, content=request.content) as response:
        content = await read_limited(response, settings.max_response_bytes)
    if content is None:
        raise ActionError(
            f"http: the answer is longer than {settings.max_response_bytes} bytes",
            code="http_response_too_large",
            retryable=False,
        )
    output: dict[str, Any] = {"status": response.status_code, "headers": dict(response.headers)}
    output |= _body(response.headers.get("content-type", ""), content)
    if response.is_error:
        raise _refusal(response, output)
    return output


def _body(content_type: str, content: bytes) -> dict[str, Any]:
    if not content:
        return {"body": None}
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type == "application/json" or media_type.endswith("+json"):
        try:
            return {"body": orjson.loads(content)}
        except orjson.JSONDecodeError:
            pass  # it claims to be JSON and is not: given as text, for the workflow to judge
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = "\0"
    # the database stores no NUL in text
    if "\0" in text:
        return {"body": base64.b64encode(content).decode(), "bodyEncoding": "base64"}
    return {"body": text}


def _refusal(response: httpx.Response, output: dict[str, Any]) -> ActionError:
    status = response.status_code
    details = {"status": status, "body": output["body"]}
    if len(orjson.dumps(details)) > _EXCERPT:
        details["body"] = orjson.dumps(output["body"]).decode()[:_EXCERPT]
    return ActionError(
        f"http: {response.url.host} answered {status} {response.reason_phrase}".rstrip(),
        code=f"http_{status}",
        retryable=status == _TOO_MANY_REQUESTS or response.is_server_error,
        retry_after=_retry_after(response.headers.get("retry-after"), time.time()),
        details=details,
    )


def _retry_after(value: str | None, now: float) -> float | None:
    """Seconds from now that a ``Retry-After`` header (a number or an HTTP date) asks for."""
    if value is None:
        return None
    try:
        seconds = float(value) if value.strip().isdigit() else parsedate_to_datetime(value).timestamp() - now
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER)
