"""Request bodies: JSON from outside, within the bounds that every part of Weftline can handle."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Coroutine
from email.message import Message
from typing import Any

import orjson
from fastapi import Request, Response
from fastapi.routing import APIRoute

from weftline.features.errors import FieldError, Malformed, UnsupportedMediaType
from weftline.language.json_values import MAX_INT, MIN_INT, Json, find_flaw, pointer

# orjson reads an integer beyond 64 bits as a float without a word; a number that long is looked at twice
_LONG_NUMBER = re.compile(rb"\d{19}")


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
    """A route whose JSON body, where it declares one, is read by :func:`parse_json`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler, given a request that reads its body strictly."""
        handle = super().get_route_handler()
        if self.body_field is None:
            return handle

        async def handle_strictly(request: Request) -> Response:
            return await handle(_StrictRequest(request.scope, request.receive))

        return handle_strictly


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
