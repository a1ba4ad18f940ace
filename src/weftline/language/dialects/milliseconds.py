"""Durations between our texts and the milliseconds that other systems write."""

from __future__ import annotations

from weftline.language.durations import parse_duration
from weftline.language.fields import is_template

_UNITS = (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000))


def from_milliseconds(value: int | float) -> str:
    """The duration as we write it, in the largest unit that divides it: ``"24h"`` is ``"1d"``."""
    if value and isinstance(value, int):
        for unit, size in _UNITS:
            if value % size == 0:
                return f"{value // size}{unit}"
    return f"{value}ms"


def to_milliseconds(duration: object) -> int | float | None:
    """The milliseconds of a valid duration; None for a template, which only running it shows."""
    if is_template(duration):
        return None
    value = round(parse_duration(duration) * 1000, 6)
    return int(value) if value.is_integer() else value
