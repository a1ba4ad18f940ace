"""What is asked of the server, before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast
from urllib.parse import quote, urlencode

import orjson

from weftline.client.errors import InvalidRequest

KEY_HEADER = "Idempotency-Key"
"""Lets the server act once, however often a request is sent (draft-ietf-httpapi-idempotency-key-header)."""

_UNKEYED = "auth/"
"""Where the server keeps no answers, for they hold tokens."""

_REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
"""Methods that have the same effect when they are sent again (RFC 9110, section 9.2.2)."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request.

    Attributes:
        method: of HTTP.
        target: path and query below ``/api/v1/``, encoded.
        headers: besides those that every request has.
        content: the body; None sends none.
        patience: seconds that the server may take on top of the usual, because it was asked to wait.
        is_repeatable: it may be sent again though the server may have acted on it.
        is_keyed: it may be so with an ``Idempotency-Key``.
        silence: seconds of silence after which the server is given up, where it is not the usual.
    """

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    content: bytes | None = field(default=None, repr=False)
    patience: float = 0.0
    is_repeatable: bool = False
    is_keyed: bool = False
    silence: float | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """A body that is no JSON.

    Attributes:
        content: the text.
        media_type: what it is.
    """

    content: bytes
    media_type: str


def build(
    method: str,
    path: str | Sequence[object],
    *,
    query: Mapping[str, Any] | None = None,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
    is_keyed: bool = True,
    is_repeatable: bool = False,
    patience: float = 0.0,
) -> Request:
    """A request.

    Args:
        method: of HTTP.
        path: below ``/api/v1``: encoded, or its segments, which may hold any text.
        query: parameters; what is None is left out, and a list is sent item by item.
        body: JSON, or a :class:`Text`; None sends none.
        headers: besides those that every request has.
        is_keyed: a POST that brings no ``Idempotency-Key`` may get one.
        is_repeatable: the server acts once anyhow, by what the request itself says.
        patience: seconds that the server may take on top of the usual.

    Raises:
        InvalidRequest: something of it cannot be sent.
    """
    all_headers = dict(headers or {})
    has_key = any(name.lower() == KEY_HEADER.lower() for name in all_headers)
    content, media_type = _encoded(body)
    if media_type is not None:
        all_headers.setdefault("Content-Type", media_type)
    try:
        target = _path(path) + _query(query or {})
    except UnicodeEncodeError:
        raise InvalidRequest("an argument is not text in UTF-8") from None
    return Request(
        method,
        target,
        all_headers,
        content,
        patience,
        is_repeatable=has_key or is_repeatable or method in _REPEATABLE,
        is_keyed=is_keyed and not has_key and method == "POST" and not target.startswith(_UNKEYED),
    )


def _path(path: str | Sequence[object]) -> str:
    return path.lstrip("/") if isinstance(path, str) else "/".join(_segment(part) for part in path)


def _segment(part: object) -> str:
    text = str(part)
    if text in ("", ".", ".."):
        # these would lead to another path, which no encoding prevents everywhere
        raise InvalidRequest(f"this is no id: '{text}'")
    return quote(text, safe="")


def _query(query: Mapping[str, Any]) -> str:
    pairs: list[tuple[str, str]] = []
    for name, value in query.items():
        values = cast("list[Any]", value) if isinstance(value, list) else [value]
        pairs += [(name, _text(each)) for each in values if each is not None]
    return f"?{urlencode(pairs)}" if pairs else ""


def _text(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.isoformat()
        case _:
            return str(value)


def _encoded(body: Any) -> tuple[bytes | None, str | None]:
    if body is None:
        return None, None
    if isinstance(body, Text):
        return body.content, body.media_type
    return to_json(body), "application/json"


def to_json(value: Any) -> bytes:
    """A value as JSON.

    Raises:
        InvalidRequest: it cannot be written so.
    """
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError as error:
        raise InvalidRequest(f"an argument cannot be sent as JSON: {error}") from None
