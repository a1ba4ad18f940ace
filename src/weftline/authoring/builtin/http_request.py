"""What an ``http`` step asks for, checked before anything is sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

import orjson

from weftline.authoring.errors import ActionError

DEFAULT_TIMEOUT = 30.0
MAX_TIMEOUT = 3600.0

_FIELDS = frozenset({"method", "url", "headers", "query", "body", "json", "timeout"})
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_URL = re.compile(r"https?://[^\s/?#]+(?:[/?#].*)?", re.IGNORECASE)
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e]*")
_OWN_HEADERS = frozenset({"host", "connection", "content-length", "transfer-encoding"})


@dataclass(slots=True)
class RequestSpec:
    """One request.

    Attributes:
        method, url: what to call.
        headers: by lower-case name.
        query: values by name, added to those of the URL.
        content: the body's bytes, or None.
        timeout: seconds for the whole exchange.
    """

    method: str
    url: str
    headers: dict[str, str]
    query: dict[str, list[str]]
    content: bytes | None
    timeout: float


def read_request(input: Mapping[str, Any]) -> RequestSpec:
    """Read the action's input.

    Raises:
        ActionError: not retryable, code ``invalid_input``; the message names the field.
    """
    unknown = sorted(input.keys() - _FIELDS)
    if unknown:
        raise _invalid(f"has no field '{unknown[0]}'; it takes {', '.join(sorted(_FIELDS))}")
    headers = _headers(input.get("headers"))
    content = _content(input, headers)
    return RequestSpec(
        _method(input.get("method", "GET")),
        _url(input.get("url")),
        headers,
        _query(input.get("query")),
        content,
        _timeout(input.get("timeout")),
    )


def _invalid(problem: str) -> ActionError:
    return ActionError(f"http: {problem}", code="invalid_input", retryable=False)


def _method(value: Any) -> str:
    method = value.upper() if isinstance(value, str) else ""
    if method not in _METHODS:
        raise _invalid(f"'method' must be one of {', '.join(sorted(_METHODS))}")
    return method


def _url(value: Any) -> str:
    if isinstance(value, str) and _URL.fullmatch(value) and _has_port(value):
        return value
    raise _invalid("'url' must be an http or https address")


def _has_port(url: str) -> bool:
    """Whether the port is one, or is left out."""
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def _headers(value: Any) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, content in _pairs("headers", value):
        lower = name.lower()
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(content):
            raise _invalid(f"header '{name}' holds a character that headers cannot carry")
        if lower in _OWN_HEADERS:
            raise _invalid(f"header '{name}' is set by the client itself")
        headers[lower] = content
    return headers


def _query(value: Any) -> dict[str, list[str]]:
    query: dict[str, list[str]] = {}
    for name, content in _pairs("query", value):
        query.setdefault(name, []).append(content)
    return query


def _pairs(field: str, value: Any) -> list[tuple[str, str]]:
    """Names and values of an object whose values are scalars, or lists of them; nulls are left out."""
    if value is None:
        return []
    if not isinstance(value, dict):
        raise _invalid(f"'{field}' must be an object")
    pairs: list[tuple[str, str]] = []
    for name, content in cast("dict[str, Any]", value).items():
        items: list[Any] = cast("list[Any]", content) if isinstance(content, list) else [content]
        pairs += [(name, _scalar(field, name, item)) for item in items if item is not None]
    return pairs


def _scalar(field: str, name: str, value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str() | int() | float():
            return str(value)
        case _:
            raise _invalid(f"'{field}.{name}' must be a string, a number or a boolean")


def _content(input: Mapping[str, Any], headers: dict[str, str]) -> bytes | None:
    if "json" in input and "body" in input:
        raise _invalid("takes 'body' or 'json', not both")
    value = input.get("json", input.get("body"))
    if "json" not in input:
        if value is None:
            return None
        if isinstance(value, str):
            headers.setdefault("content-type", "text/plain; charset=utf-8")
            return value.encode()
    headers.setdefault("content-type", "application/json")
    return orjson.dumps(value)


def _timeout(value: Any) -> float:
    if value is None:
        return DEFAULT_TIMEOUT
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= MAX_TIMEOUT:
        raise _invalid(f"'timeout' must be a number of seconds up to {MAX_TIMEOUT:g}")
    return float(value)
