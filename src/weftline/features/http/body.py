"""Request bodies: JSON from outside, within the bounds that every part of Weftline can handle."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from email.message import Message
from typing import Any

import orjson
from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.types import Receive, Scope, Send

from weftline.features.errors import FieldError, Malformed, UnsupportedMediaType
from weftline.features.http.calling import DirectCall
from weftline.features.http.deprecation import deprecation_headers
from weftline.language.json_values import MAX_INT, MIN_INT, Json, find_flaw, pointer

# orjson reads an integer beyond 64 bits as a float without a word; a number that long is looked at twice
_LONG_NUMBER = re.compile(rb"\d{19}")

_STACKS = ("fastapi_middleware_astack", "fastapi_inner_astack", "fastapi_function_astack")
"""Where FastAPI's handler looks for what it is to close in the end."""


class MalformedJson(Malformed):
    """The body is not JSON, or JSON that cannot be handled: too deep, integers beyond 64 bits, NUL characters."""

    code = "malformed_json"
    title = "Malformed JSON"


def parse_json(raw: bytes) -> Json:
    """The value of a JSON text from outside.

    Raises:
        MalformedJson: it is not JSON, or out of bounds.
    """
    try:
        value: Json = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise MalformedJson(f"The body is not JSON: {error}.") from None
    if _LONG_NUMBER.search(raw):
        json.loads(raw, parse_int=_checked_int)
    if (flaw := find_flaw(value)) is not None:
        place = pointer(flaw.path)
        raise MalformedJson(
            f"The body cannot be accepted: {flaw.message}.", [FieldError(place, flaw.message, flaw.code)]
        )
    return value


def media_type(request: Request) -> str:
    """The body's media type in lower case, without parameters; empty where the caller named none."""
    header = request.headers.get("content-type", "")
    if header == "application/json":
        return header
    message = Message()
    message["content-type"] = header
    return message.get_content_type() if header else ""


def require_json(request: Request) -> None:
    """Refuse a body that says it is something else than JSON.

    Raises:
        UnsupportedMediaType: it is something else.
    """
    kind = media_type(request)
    if kind not in ("", "application/json") and not kind.endswith("+json"):
        raise UnsupportedMediaType("The body must be JSON: send it with 'Content-Type: application/json'.")


class StrictRoute(APIRoute):
    """A route whose JSON body, where it declares one, is read by :func:`parse_json`.

    It is called directly where that is possible, and needs no application around it but for what it raises. Where it
    is deprecated, its answers say so.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        handle = self._handle
        kind = Request if self.body_field is None else _StrictRequest

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            response = await handle(kind(scope, receive))
            await response(scope, receive, send)

        self.app = app

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler; asked for once, while the route is made."""
        self._handle = self._make_handler()
        return self._handle

    def _make_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        direct, thorough = DirectCall.of(self), APIRoute.get_route_handler(self)
        headers = deprecation_headers(self)

        async def handle(request: Request) -> Response:
            response = None if direct is None else await direct(request)
            if response is None:
                async with AsyncExitStack() as stack:
                    request.scope.update(dict.fromkeys(_STACKS, stack))
                    response = await thorough(request)
            if headers:
                response.headers.update(headers)
            return response

        return handle


class _StrictRequest(Request):
    async def body(self) -> bytes:
        body = await super().body()
        if body:
            require_json(self)
        return body

    async def json(self) -> Json:
        return parse_json(await self.body())


def _checked_int(digits: str) -> int:
    # longer than any 64-bit integer: Python would refuse to read thousands of digits at all
    if len(digits) > 20 or not MIN_INT <= int(digits) <= MAX_INT:
        raise MalformedJson("The body cannot be accepted: an integer does not fit in 64 bits.")
    return int(digits)
