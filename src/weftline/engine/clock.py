"""Where the engine's time comes from, so that tests can move it."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """A source of time."""

    def now(self) -> float:
        """Seconds since the Unix epoch, in whole microseconds: what the log remembers is what was decided by."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        """Seconds since the Unix epoch, in whole microseconds."""
        return time.time_ns() // 1_000 / 1_000_000
