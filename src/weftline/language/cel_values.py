"""Values on their way into and out of an expression."""

from __future__ import annotations

import base64
import math
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from weftline.language.json_values import MAX_DEPTH, MAX_INT
from weftline.language.program import ExpressionError


def copy_json(value: Any, depth: int = 0) -> Any:
    """A copy of ``value`` that shares nothing with it, within what the runtime bears.

    Raises:
        ExpressionError: it nests deeper than 64 levels, or holds text with NUL characters.
    """
    if isinstance(value, str):
        if "\0" in value:
            raise ExpressionError("nul_character", "text holds a NUL character")
        return value
    if not isinstance(value, dict | list):
        return value
    if depth >= MAX_DEPTH:
        raise ExpressionError("too_deep", f"values nest deeper than {MAX_DEPTH} levels")
    if isinstance(value, list):
        return [copy_json(item, depth + 1) for item in cast("list[Any]", value)]
    fields = cast("dict[str, Any]", value)
    return {copy_json(key): copy_json(item, depth + 1) for key, item in fields.items()}


def to_json(value: Any) -> Any:
    """The JSON value of what an expression came to.

    Times become RFC 3339 text, durations seconds, bytes base64.

    Raises:
        ExpressionError: it has no JSON form: a type, a number that is not finite, a key that is not text.
    """
    match value:
        case None | bool() | str():
            return value
        case int():
            if value > MAX_INT:
                raise ExpressionError("out_of_range", "the integer does not fit in 64 bits")
            return value
        case float():
            if not math.isfinite(value):
                raise ExpressionError("out_of_range", f"{value} is not a JSON number")
            return value
        case list():
            return [to_json(item) for item in cast("list[Any]", value)]
        case dict():
            fields = cast("dict[Any, Any]", value)
            return {_key(key): to_json(item) for key, item in fields.items()}
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case timedelta():
            return value.total_seconds()
        case bytes() | bytearray():
            return base64.b64encode(value).decode()
        case _:
            raise ExpressionError("type_mismatch", f"the result is a {value}, which is no JSON value")


def _key(key: Any) -> str:
    if isinstance(key, str):
        return key
    raise ExpressionError("type_mismatch", f"the key {key!r} of an object is not text")
