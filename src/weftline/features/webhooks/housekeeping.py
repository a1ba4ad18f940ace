"""Removing what nobody needs to know any more of what webhooks were told."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text

from weftline.features.background import Background
from weftline.features.database import Database

INTERVAL_SECONDS = 600.0
BATCH = 1000

KEEP = timedelta(days=14)
"""How long a delivery is kept after it was made or given up."""

# scope: all tenants, because one loop serves them all; an index holds what is done
_PURGE = text(
    """
    DELETE FROM webhook_deliveries WHERE (tenant_id, id) IN (
        SELECT tenant_id, id FROM webhook_deliveries
        WHERE status <> 'due' AND settled_at < now() - CAST(:keep AS interval)
        ORDER BY settled_at LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    RETURNING 1
    """
)


class DeliveryHousekeeper:
    """Does it in the background. Any number of processes may do it at a time.

    Args:
        database: under the workers' role.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._loop = Background("webhook housekeeping", INTERVAL_SECONDS, self.run_once)

    def start(self) -> None:
        """Begin; does nothing where it runs already."""
        self._loop.start()

    async def stop(self) -> None:
        """End; does nothing where it does not run."""
        await self._loop.stop()

    async def run_once(self) -> int:
        """Remove one batch of what is old; returns how many deliveries.

        Raises:
            StoreError: the database cannot be used.
        """
        async with self._database.unbound() as session:
            return len((await session.execute(_PURGE, {"keep": KEEP, "limit": BATCH})).all())
