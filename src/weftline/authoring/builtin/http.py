"""The action ``http``: one request to another system."""

from __future__ import annotations

import asyncio
import base64
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, cast

import orjson

from weftline.authoring.action import action
from weftline.authoring.builtin.http_request import RequestSpec, read_request
from weftline.authoring.context import Context
from weftline.authoring.errors import ActionError, HttpStatusError

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


def http_settings() -> HttpSettings:
    """What this process may do by HTTP."""
    return _settings


async def close_http() -> None:
    """Close the connections that the ``http`` action has opened on this event loop, if it has any."""
    client = sys.modules.get(_CLIENT)
    if client is not None:
        await client.close_shared_clients()


_INPUT: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["url"],
    "properties": {
        "url": {"type": "string", "description": "An http or https address, or a path of the connection's."},
        "method": {"enum": ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"], "default": "GET"},
        "headers": {"type": "object", "description": "By name."},
        "query": {"type": "object", "description": "Parameters to add to the address; a list gives one several times."},
        "body": {"description": "Text as it is, anything else as JSON."},
        "json": {"description": "Sent as JSON, text too; instead of `body`."},
        "timeout": {"type": "number", "description": "Seconds for the whole exchange.", "default": 30},
    },
}
_OUTPUT: dict[str, Any] = {
    "type": "object",
    "required": ["status", "headers", "body"],
    "properties": {
        "status": {"type": "integer"},
        "headers": {"type": "object", "additionalProperties": {"type": "string"}},
        "body": {"description": "Parsed where it is JSON, else text, or base64 with `bodyEncoding`."},
        "bodyEncoding": {"const": "base64"},
    },
}


@action("http", title="HTTP request", input=_INPUT, output=_OUTPUT)
async def http(ctx: Context) -> dict[str, Any]:
    """Send one HTTP request and return ``{status, headers, body}``; signed in where the step names a connection.

    The body is parsed where it is JSON, text where it is text, else base64 with ``bodyEncoding: "base64"``.
    The step's idempotency key goes along as ``Idempotency-Key``, and the id of the request that started the execution
    as ``X-Correlation-ID``, with its ``traceparent`` where it had one. Status 429 and 5xx, timeouts and broken
    connections are retried, no sooner than ``Retry-After`` says; any other 4xx ends the step with code
    ``http_<status>``.

    Input:
        method: ``GET`` unless given.
        url: http or https; where the step names a connection, a path below its base URL too.
        headers, query: objects.
        body: a string is sent as it is, anything else as JSON.
        json: like ``body``, but a string is sent as JSON too.
        timeout: seconds for the whole exchange, 30 unless given.
    """
    own = {"idempotency-key": ctx.idempotency_key, **({} if ctx.cause is None else ctx.cause.headers())}
    if ctx.connection is not None:
        async with ctx.connected() as connection:
            return await connection.send({**ctx.input, "headers": _with(ctx.input.get("headers"), own)})
    request = read_request(ctx.input)
    for name, value in own.items():
        request.headers.setdefault(name, value)
    return await exchange(request)


def _with(given: Any, own: Mapping[str, str]) -> Any:
    """A step's headers with those of ours that it does not set; what is no object stays, to be refused."""
    if given is not None and not isinstance(given, dict):
        return given
    headers = cast("dict[str, Any]", given or {})
    set_by_step = {name.lower() for name in headers}
    return {**{name: value for name, value in own.items() if name.lower() not in set_by_step}, **headers}


async def exchange(
    request: RequestSpec,
    settings: HttpSettings | None = None,
    *,
    stays_at_origin: bool = False,
    client: httpx.AsyncClient | None = None,
) -> dict[str, Any]:
    """Send one request, as the action ``http`` does.

    Args:
        request: what to send.
        settings: what it may do; what was configured for this process where not given.
        stays_at_origin: redirects to other origins are refused, for they are no place for credentials.
        client: sends it; where absent, the one that this event loop shares.

    Returns:
        The action's output.

    Raises:
        ActionError: it was not sent, or its answer is an error.
    """
    # imported late: it takes a tenth of a second and ten megabytes that most workers never need
    import httpx

    from weftline.authoring.builtin.http_client import AddressRefused

    try:
        async with asyncio.timeout(request.timeout):
            return await _exchange(request, settings or _settings, stays_at_origin, client)
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


async def _exchange(
    request: RequestSpec, settings: HttpSettings, stays_at_origin: bool, client: httpx.AsyncClient | None
) -> dict[str, Any]:
    import httpx

    from weftline.authoring.builtin.http_client import read_limited, send_at_origin, shared_client

    if client is None:
        client = shared_client(allow_private=settings.allow_private_addresses, allowed_hosts=settings.allowed_hosts)
    # merged here: httpx would replace the query that stands in the URL
    url = httpx.URL(request.url).copy_merge_params(request.query)
    built = client.build_request(request.method, url, headers=request.headers, content=request.content)
    response = await (send_at_origin(client, built) if stays_at_origin else client.send(built, stream=True))
    try:
        content = await read_limited(response, settings.max_response_bytes)
    finally:
        await response.aclose()
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


def _refusal(response: httpx.Response, output: dict[str, Any]) -> HttpStatusError:
    status = response.status_code
    details = {"status": status, "body": output["body"]}
    if len(orjson.dumps(details)) > _EXCERPT:
        details["body"] = orjson.dumps(output["body"]).decode()[:_EXCERPT]
    return HttpStatusError(
        f"http: {response.url.host} answered {status} {response.reason_phrase}".rstrip(),
        status=status,
        headers=output["headers"],
        body=output["body"],
        retryable=status == _TOO_MANY_REQUESTS or response.is_server_error,
        retry_after=read_retry_after(response.headers.get("retry-after"), time.time()),
        details=details,
    )


def read_retry_after(value: str | None, now: float) -> float | None:
    """Seconds from now that a ``Retry-After`` header (RFC 9110, section 10.2.3) asks for; None where there is none.

    Args:
        value: a number or an HTTP date.
        now: Unix seconds.

    Returns:
        At most ``MAX_RETRY_AFTER``.
    """
    if value is None:
        return None
    try:
        seconds = float(value) if value.strip().isdigit() else parsedate_to_datetime(value).timestamp() - now
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER)
