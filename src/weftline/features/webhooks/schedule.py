"""When a delivery is tried again, and when a webhook counts as dead."""

from __future__ import annotations

import random
from datetime import timedelta

RETRIES = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
    timedelta(hours=1),
    timedelta(hours=2),
    timedelta(hours=4),
    timedelta(hours=8),
    timedelta(hours=9),
)
"""The pause after each attempt but the last: somewhat more than a day in all."""

MAX_ATTEMPTS = len(RETRIES) + 1

JITTER = 0.2
"""A pause is longer by up to this part, so that what failed together is not tried together."""

DEAD_AFTER = timedelta(hours=24)
"""A webhook is disabled when for so long ..."""

DEAD_ATTEMPTS = 10
"""... at least so many attempts failed, and none succeeded."""


def pause_after(attempt: int, retry_after: float | None) -> timedelta | None:
    """Before the next attempt; None where there is to be none.

    Args:
        attempt: the one that failed, from 1.
        retry_after: seconds that the other side has asked for.
    """
    if attempt >= MAX_ATTEMPTS:
        return None
    pause = RETRIES[attempt - 1] * (1 + JITTER * random.random())  # noqa: S311 - spreads load, and hides nothing
    return max(pause, timedelta(seconds=retry_after or 0.0))
