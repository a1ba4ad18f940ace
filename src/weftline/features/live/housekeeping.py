"""Forgetting what nobody can ask for any more."""

from __future__ import annotations

import time

from weftline.features.background import Background
from weftline.features.database import Database, driver
from weftline.store.feed import forget

INTERVAL_SECONDS = 60.0


class FeedHousekeeping:
    """Removes old rows of the feed, a bounded number at a time.

    Args:
        database: under the worker's role.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._loop = Background("feed housekeeping", INTERVAL_SECONDS, self.run_once)

    def start(self) -> None:
        """Begin."""
        self._loop.start()

    async def stop(self) -> None:
        """End."""
        await self._loop.stop()

    async def run_once(self) -> int:
        """Remove some; returns how many."""
        async with self._database.unbound() as session:
            return await forget(await driver(session), time.time())
