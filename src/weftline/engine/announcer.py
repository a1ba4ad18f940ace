"""Tells those who follow tenants' feeds that these have grown, while there is anybody."""

from __future__ import annotations

import time

from weftline.store.bus import ASKED, FEED, WATCHED, Bus
from weftline.store.commit import Commit

HEARD_SECONDS = 40.0
"""How long somebody who followed is taken to follow still; they say so every 15 seconds."""

MANY = 50
"""Of more tenants at once it is not told which."""


class Announcer:
    """Tells of commits.

    Args:
        bus: carries it, and brings word of those who follow.
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._until = 0.0
        bus.listen(WATCHED, self._hear)

    def tell(self, commit: Commit) -> None:
        """A commit is on disk."""
        if time.monotonic() >= self._until:
            return
        tenants = commit.tenants
        for tenant in map(str, tenants) if len(tenants) <= MANY else ("",):
            self._bus.publish(FEED, tenant)

    def _hear(self, message: str | None) -> None:
        if message is None:
            self._bus.publish(ASKED)
        else:
            self._until = time.monotonic() + HEARD_SECONDS
