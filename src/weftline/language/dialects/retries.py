"""Retries as other systems write them: how many after the first attempt, and a fixed delay before each."""

from __future__ import annotations

from typing import Any

from weftline.language.dialects.base import Document, Path
from weftline.language.dialects.milliseconds import from_milliseconds, to_milliseconds
from weftline.language.dialects.writing import Writer

MAX_RETRIES = 999
_FIXED: Document = {"backoff": 1, "jitter": 0}


def read_retry(retries: int | None, delay: int | float | None) -> Document | None:
    """Our ``retry``; None where neither is given.

    Parameters:
        retries: attempts after the first; None: our default.
        delay: milliseconds before each of them; None: our default, which grows.
    """
    if retries is None and delay is None:
        return None
    retry: Document = {} if retries is None else {"maxAttempts": retries + 1}
    if delay is not None:
        interval = from_milliseconds(delay)
        # our longest interval would otherwise cut it short
        retry |= {"initialInterval": interval, "maxInterval": interval, **_FIXED}
    return retry


def write_retry(retry: dict[str, Any], path: Path, writer: Writer) -> tuple[int, int | float | None]:
    """How often is tried again, and the milliseconds before, for a ``retry`` in its normal form at ``path``."""
    retries = retry.get("maxAttempts", 3) - 1
    rest = {name: value for name, value in retry.items() if name != "maxAttempts"}
    if not rest:
        return retries, None
    delay = to_milliseconds(rest.pop("initialInterval", "1s"))
    is_fixed = all(rest.pop(name, None) == value for name, value in _FIXED.items())
    longest = to_milliseconds(rest.pop("maxInterval", "5m"))
    if not is_fixed or longest != delay:
        writer.refuse(path, "retry", "the delay between attempts is fixed there: `backoff` 1, `jitter` 0")
    writer.refuse_rest(rest, path)
    return retries, delay
