"""Points in time, as definitions write them: RFC 3339 (``2030-01-31T08:00:00Z``)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any


class TimestampError(ValueError):
    """A value is not a point in time."""


def parse_timestamp(value: Any) -> float:
    """Seconds since the Unix epoch of an RFC 3339 time; one without an offset is taken as UTC.

    Raises:
        TimestampError: the value is not such a string, or out of range.
    """
    if not isinstance(value, str):
        raise TimestampError(f"expected an RFC 3339 time such as 2030-01-31T08:00:00Z, not {value!r}")
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise TimestampError(f"{value!r} is not an RFC 3339 time such as 2030-01-31T08:00:00Z") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.timestamp()
