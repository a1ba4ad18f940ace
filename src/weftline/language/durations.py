"""Durations as authors write them: ``"24h"``, ``"1h30m"``, ISO 8601 ``"PT24H"``, or a number of seconds."""

from __future__ import annotations

import math
import re

from weftline.language.errors import DurationError

MAX_DURATION = 100 * 365.25 * 86_400.0
"""Seconds in a hundred years: nothing may wait longer."""

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0, "w": 604_800.0}
_NUMBER = r"\d{1,18}(?:\.\d{1,9})?"
_UNITS = re.compile(rf"({_NUMBER})\s*(ms|s|m|h|d|w)\s*", re.ASCII)
_PLAIN = re.compile(_NUMBER, re.ASCII)
_ISO = re.compile(
    rf"P(?:({_NUMBER})W)?(?:({_NUMBER})D)?(?:T(?:({_NUMBER})H)?(?:({_NUMBER})M)?(?:({_NUMBER})S)?)?", re.ASCII
)
_ISO_SECONDS = (604_800.0, 86_400.0, 3_600.0, 60.0, 1.0)
_MAX_LENGTH = 100

EXAMPLES = 'write it as "24h", "1h30m", "90s", "500ms", "PT24H" or a number of seconds'


def parse_duration(value: object) -> float:
    """The seconds that ``value`` stands for.

    Parameters:
        value: a string of numbers with units (``ms``, ``s``, ``m``, ``h``, ``d``, ``w``), an ISO 8601
            duration of weeks, days, hours, minutes and seconds, or a number of seconds (also as a string).

    Raises:
        DurationError: it is none of these, negative, not finite, or longer than a hundred years.
    """
    if isinstance(value, bool):
        raise DurationError(f"{value!r} is not a duration; {EXAMPLES}")
    if isinstance(value, int | float):
        return _bounded(value)
    if isinstance(value, str):
        return _bounded(_parse_text(value))
    raise DurationError(f"a {type(value).__name__} is not a duration; {EXAMPLES}")


def _parse_text(text: str) -> float:
    if len(text) > _MAX_LENGTH:
        raise DurationError(f"a duration of {len(text)} characters is too long; {EXAMPLES}")
    stripped = text.strip()
    if _PLAIN.fullmatch(stripped):
        return float(stripped)
    seconds = _parse_iso(stripped) if stripped[:1] in ("P", "p") else _parse_units(stripped)
    if seconds is None:
        raise DurationError(f"{text!r} is not a duration; {EXAMPLES}")
    return seconds


def _parse_units(text: str) -> float | None:
    total, at, seen = 0.0, 0, set[str]()
    while at < len(text):
        match = _UNITS.match(text, at)
        if match is None or match[2] in seen:
            return None
        seen.add(match[2])
        total += float(match[1]) * _SECONDS[match[2]]
        at = match.end()
    return total if seen else None


def _parse_iso(text: str) -> float | None:
    upper = text.upper()
    if re.match(r"P[^T]*[YM]", upper):
        raise DurationError(f"{text!r}: years and months have no fixed length; use days")
    match = _ISO.fullmatch(upper)
    # "P" and "P1DT" satisfy the pattern without saying anything after the letter
    if match is None or upper[-1] in "PT":
        return None
    return sum(float(part) * unit for part, unit in zip(match.groups(), _ISO_SECONDS, strict=True) if part)


def _bounded(seconds: float) -> float:
    # compared before the conversion: an int may be too large for a float
    if isinstance(seconds, float) and not math.isfinite(seconds):
        raise DurationError(f"{seconds} is not a duration; {EXAMPLES}")
    if seconds < 0:
        raise DurationError("a duration cannot be negative")
    if seconds > MAX_DURATION:
        raise DurationError("a duration cannot be longer than a hundred years")
    return float(seconds)
