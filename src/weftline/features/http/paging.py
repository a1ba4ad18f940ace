"""Pages of a list: ``limit``, ``cursor``, ``nextCursor``."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Annotated, Generic, TypeVar, cast
from uuid import UUID

import orjson
from pydantic import Field

from weftline.features.errors import Malformed
from weftline.features.http.sparse import DESCRIPTION, MAX_LENGTH
from weftline.features.http.wire import Demand, Wire

T = TypeVar("T")

MAX_LIMIT = 200
DEFAULT_LIMIT = 50

MAX_NUMBER = 2**31 - 1
"""PostgreSQL's largest integer."""


class InvalidCursor(Malformed):
    """A cursor that was not handed out by this list."""

    code = "invalid_cursor"
    title = "Invalid cursor"


class ShapeQuery(Demand):
    """What of an answer to show."""

    fields: Annotated[str | None, Field(max_length=MAX_LENGTH, description=DESCRIPTION)] = None


class PageQuery(ShapeQuery):
    """Which part of a list."""

    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT, description="At most so many items.")] = DEFAULT_LIMIT
    cursor: Annotated[str | None, Field(max_length=512, description="The `nextCursor` of the page before.")] = None


class Page(Wire, Generic[T]):
    """A part of a list."""

    items: list[T]
    next_cursor: Annotated[str | None, Field(description="For the next page; null at the end.")] = None


def encode_cursor(position: Sequence[str]) -> str:
    """The cursor of a position: the sort key of a page's last item."""
    return base64.urlsafe_b64encode(orjson.dumps(list(position))).decode().rstrip("=")


def decode_cursor(cursor: str, length: int) -> tuple[str, ...]:
    """The position that a cursor stands for.

    Args:
        cursor: as the caller sent it.
        length: how many parts the list's sort key has.

    Raises:
        InvalidCursor: it is none of this list's.
    """
    try:
        position: object = orjson.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True))
    except (binascii.Error, ValueError):
        position = None
    parts = cast("list[object]", position) if isinstance(position, list) else []
    texts = tuple(part for part in parts if isinstance(part, str) and "\0" not in part)
    if len(texts) != length or len(parts) != length:
        raise InvalidCursor("The cursor was not handed out by this list.")
    return texts


def decode_number(cursor: str) -> int:
    """The position in a list that is sorted by a number.

    Raises:
        InvalidCursor: it is none of this list's.
    """
    (text,) = decode_cursor(cursor, 1)
    if not text.isdecimal() or len(text) > 10 or int(text) > MAX_NUMBER:
        raise InvalidCursor("The cursor was not handed out by this list.")
    return int(text)


def decode_uuid(cursor: str) -> UUID:
    """The position in a list that is sorted by id.

    Raises:
        InvalidCursor: it is none of this list's.
    """
    (text,) = decode_cursor(cursor, 1)
    try:
        return UUID(text)
    except ValueError:
        raise InvalidCursor("The cursor was not handed out by this list.") from None
