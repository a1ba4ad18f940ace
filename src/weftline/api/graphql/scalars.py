"""Scalars that GraphQL itself does not have."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

from weftline.language.json_values import find_flaw, pointer

JSON = NewType("JSON", object)
"""A value without a fixed form."""

Long = NewType("Long", int)
"""An integer that may be longer than GraphQL's own 32 bits."""

MAX_LONG = 2**63 - 1

JSON_NAME, DATE_TIME_NAME = "JSON", "DateTime"


def _write_time(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _read_time(value: object) -> datetime:
    if not isinstance(value, str):
        raise GraphQLError("a time is written as a string, such as 2026-01-31T12:00:00Z")
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise GraphQLError("a time is written as RFC 3339 says, such as 2026-01-31T12:00:00Z") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _as_it_is(value: object) -> object:
    return value


def _read_json(value: object) -> object:
    if (flaw := find_flaw(value)) is not None:
        raise GraphQLError(f"the value cannot be accepted: {flaw.message} (at '{pointer(flaw.path)}')")
    return value


def _read_long(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not -MAX_LONG <= value <= MAX_LONG:
        raise GraphQLError("a whole number of at most 64 bits is needed")
    return value


SCALARS: Mapping[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name=DATE_TIME_NAME,
        description="A time as RFC 3339 writes it. One without a zone is in UTC; answers always are.",
        serialize=_write_time,
        parse_value=_read_time,
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
    ),
    JSON: strawberry.scalar(
        name=JSON_NAME,
        description="Any JSON value, within the bounds that hold for every body: 64 levels, integers of 64 bits.",
        serialize=_as_it_is,
        parse_value=_read_json,
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259",
    ),
    Long: strawberry.scalar(
        name="Long",
        description="A whole number of up to 64 bits.",
        serialize=int,
        parse_value=_read_long,
    ),
}
