"""Writes scalars and enumerations into an answer, and counts what the answer comes to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeAlias
from uuid import UUID

import orjson
from graphql import GraphQLEnumType, GraphQLID, GraphQLLeafType, GraphQLString

from weftline.api.graphql.scalars import DATE_TIME_NAME, JSON_NAME

Write: TypeAlias = Callable[[Any], Any]
"""From a value that is not null to what the answer says."""

Complete: TypeAlias = Callable[[GraphQLLeafType, Any], Any]
"""The library's way from a value to what the answer says."""

JSON_OPTIONS = orjson.OPT_UTC_Z
"""How times within an answer are written."""

PUNCTUATION = 4
"""Bytes of a field besides its name and value, and at least of any value: quotes, a colon, a comma."""


class Size:
    """What an answer may still come to.

    Args:
        limit: bytes; an answer that leaves less than none of them is too large.
    """

    __slots__ = ("left", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.left = limit


class Leaves:
    """Writes scalars and enumerations.

    Args:
        complete: the library's way, for what is not as usual.
        size: what the answer may come to.
    """

    def __init__(self, complete: Complete, size: Size) -> None:
        self._complete = complete
        self._size = size
        self._known: dict[str, Write] = {}

    def of(self, type: GraphQLLeafType) -> Write:
        """What writes the values of a type."""
        write = self._known.get(type.name)
        if write is None:
            write = self._known[type.name] = self._of(type)
        return write

    def _of(self, type: GraphQLLeafType) -> Write:
        complete, size = self._complete, self._size

        def otherwise(value: Any) -> Any:
            written = complete(type, value)
            size.left -= len(written) if isinstance(written, str) else PUNCTUATION
            return written

        if type.name in (GraphQLString.name, GraphQLID.name):
            return _text(size, otherwise)
        if type.name == JSON_NAME:
            return _json(size)
        if type.name == DATE_TIME_NAME:
            return _time(otherwise)
        return _member(type, otherwise) if isinstance(type, GraphQLEnumType) else otherwise


def _text(size: Size, otherwise: Write) -> Write:
    def write(value: Any) -> Any:
        if type(value) is UUID:
            value = str(value)
        if type(value) is not str:
            return otherwise(value)
        size.left -= len(value)
        return value

    return write


def _json(size: Size) -> Write:
    def write(value: Any) -> Any:
        if size.left < 0:
            # the answer is not sent: it must not become still larger
            return value
        text = orjson.dumps(value, option=JSON_OPTIONS)
        size.left -= len(text)
        return orjson.Fragment(text)

    return write


def _time(otherwise: Write) -> Write:
    def write(value: Any) -> Any:
        # whoever writes the answer writes these as the scalar would
        return value if type(value) is datetime and value.tzinfo is UTC else otherwise(value)

    return write


def _member(type: GraphQLEnumType, otherwise: Write) -> Write:
    names: dict[Any, str] = {value.value: name for name, value in type.values.items()}

    def write(value: Any) -> Any:
        name = names.get(value)
        return otherwise(value) if name is None else name

    return write
