"""Plain JSON values, and the bounds within which every part of Weftline can handle one.

Deeper values crash the native libraries that read them, integers beyond 64 bits and non-finite numbers have
no place in PostgreSQL's or CEL's types, and NUL characters can be stored in neither.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias, cast

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

MAX_DEPTH = 64
MIN_INT = -(2**63)
MAX_INT = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Flaw:
    """What makes a value unfit.

    Attributes:
        path: keys and indexes from the root to it.
        message: what is wrong, without the place.
        code: ``too_deep``, ``out_of_range``, ``nul_character``, ``invalid_text`` or ``not_json``.
    """

    path: tuple[str | int, ...]
    message: str
    code: str


def find_flaw(value: object) -> Flaw | None:
    """The first reason why ``value`` is not JSON within bounds, or None. Any depth is safe."""
    stack: list[tuple[tuple[str | int, ...], object]] = [((), value)]
    while stack:
        path, current = stack.pop()
        if (fault := _fault(current)) is not None:
            return Flaw(path, *fault)
        if isinstance(current, dict | list):
            container = cast("dict[object, object] | list[object]", current)
            if len(path) >= MAX_DEPTH:
                return Flaw(path, f"values nest deeper than {MAX_DEPTH} levels", "too_deep")
            for key, child in _children(container):
                if isinstance(container, dict) and (fault := _key_fault(key)) is not None:
                    return Flaw(path, *fault)
                # scalars are judged without a round trip over the stack: most values are scalars
                if type(child) is bool or child is None:
                    continue
                stack.append(((*path, cast("str | int", key)), child))
    return None


def pointer(path: tuple[str | int, ...]) -> str:
    """The JSON pointer (RFC 6901) to ``path``."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def _children(container: dict[object, object] | list[object]) -> Iterator[tuple[object, object]]:
    return iter(container.items()) if isinstance(container, dict) else enumerate(container)


def _key_fault(key: object) -> tuple[str, str] | None:
    if not isinstance(key, str):
        return f"the key {key!r} is not a string", "not_json"
    return _text_fault(key)


def _fault(value: object) -> tuple[str, str] | None:
    if isinstance(value, str):
        return _text_fault(value)
    if value is None or isinstance(value, bool | dict | list):
        return None
    if isinstance(value, int):
        return None if MIN_INT <= value <= MAX_INT else ("the integer does not fit in 64 bits", "out_of_range")
    if isinstance(value, float):
        return None if math.isfinite(value) else (f"{value} is not a JSON number", "out_of_range")
    return f"a {type(value).__name__} is not a JSON value", "not_json"


def _text_fault(text: str) -> tuple[str, str] | None:
    if "\0" in text:
        return "text holds a NUL character", "nul_character"
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            return "text holds half a surrogate pair", "invalid_text"
    return None
