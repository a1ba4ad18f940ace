"""Plain JSON values, and the bounds within which every part of Weftline can handle one.

Deeper values crash the native libraries that read them, integers beyond 64 bits and non-finite numbers have
no place in PostgreSQL's or CEL's types, and NUL characters can be stored in neither.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

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


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Two objects as one: where both have a key, ``over`` decides, object by object."""
    both = dict(base)
    for name, value in over.items():
        below = both.get(name)
        if isinstance(value, dict) and isinstance(below, dict):
            both[name] = merged(cast("dict[str, Any]", below), cast("dict[str, Any]", value))
        else:
            both[name] = value
    return both


def storable_text(text: str) -> str:
    """A message as PostgreSQL can hold it."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()


def find_flaw(value: object) -> Flaw | None:
    """The first reason why ``value`` is not JSON within bounds, or None. Any depth is safe."""
    if (fault := _fault(value)) is not None:
        return Flaw((), *fault)
    pending: list[tuple[tuple[str | int, ...], object]] = [((), value)]
    while pending:
        path, container = pending.pop()
        if len(path) >= MAX_DEPTH and isinstance(container, dict | list):
            return Flaw(path, f"values nest deeper than {MAX_DEPTH} levels", "too_deep")
        for key, child in _children(container):
            if isinstance(container, dict) and (fault := _key_fault(key)) is not None:
                return Flaw(path, *fault)
            # paths are built for containers and faults only: most values are scalars
            if isinstance(child, dict | list):
                pending.append(((*path, cast("str | int", key)), cast("object", child)))
            elif (fault := _fault(child)) is not None:
                return Flaw((*path, cast("str | int", key)), *fault)
    return None


def pointer(path: tuple[str | int, ...]) -> str:
    """The JSON pointer (RFC 6901) to ``path``."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def _children(container: object) -> Iterable[tuple[object, object]]:
    if isinstance(container, dict):
        return cast("dict[object, object]", container).items()
    return enumerate(cast("list[object]", container)) if isinstance(container, list) else ()


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
