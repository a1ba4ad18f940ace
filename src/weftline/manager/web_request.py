"""What a workflow is told of a web request, taken from its ASGI scope."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request
from starlette.types import Message, Receive, Scope

from weftline.authoring import RequestInfo
from weftline.features.executions.context import CREDENTIALS

HEADERS = frozenset(
    {"accept", "accept-language", "content-type", "host", "origin", "traceparent", "user-agent", "x-request-id"}
)
"""Those that are kept: none of them lets anybody act."""

SECRET_PARAMETERS = frozenset(
    {"access_token", "api_key", "apikey", "code", "key", "password", "secret", "sig", "signature", "state", "token"}
)
"""Parameters of the query that are not kept."""

MAX_TEXT = 2_000
MAX_BODY = 1024 * 1024
"""Bytes of a body that becomes a workflow's input."""


class UnusableBody(Exception):
    """A request's body cannot become the input of a workflow.

    Attributes:
        status: of HTTP.
        code: stable, in snake_case.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def request_info(scope: Scope, headers: Collection[str] = ()) -> RequestInfo:
    """A request as it is kept with the execution: without credentials.

    Args:
        scope: ASGI's.
        headers: names of more headers to keep.
    """
    kept = HEADERS | {name.lower() for name in headers} - CREDENTIALS
    found: dict[str, str] = {}
    for raw_name, value in scope["headers"]:
        name = raw_name.decode("latin-1").lower()
        if name in kept:
            found[name] = value.decode("latin-1")[:MAX_TEXT]
    pairs = parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
    query = {name: value[:MAX_TEXT] for name, value in pairs if name.lower() not in SECRET_PARAMETERS}
    client = scope.get("client")
    return RequestInfo(scope["method"], scope["path"], found, client[0] if client else None, query)


async def read_body(request: Request) -> bytes:
    """The whole body of a request.

    Raises:
        UnusableBody: it is too long.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise UnusableBody(413, "too_large", f"The body is longer than {MAX_BODY} bytes.")
    return bytes(body)


def input_of(body: bytes) -> dict[str, Any]:
    """A body as the input of a workflow; an absent one is an empty object.

    Raises:
        UnusableBody: it is no JSON object.
    """
    if not body:
        return {}
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise UnusableBody(400, "malformed", f"The body is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise UnusableBody(422, "invalid_input", "The body must be a JSON object.")
    return value  # type: ignore[reportUnknownVariableType]


def replayed(body: bytes, receive: Receive) -> Receive:
    """A ``receive`` that hands out a body that was read already, and then what comes after it."""
    is_handed_out = False

    async def again() -> Message:
        nonlocal is_handed_out
        if is_handed_out:
            return await receive()
        is_handed_out = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
