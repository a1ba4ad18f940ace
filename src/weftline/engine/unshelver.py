"""Lets executions go on whose tenant is active again.

The claimer's statement shelves the ready executions of a suspended tenant: ``shelved_wake_at`` takes over their
``wake_at``, and no claim comes across them again. A claim may do so the moment after the tenant became active. That is
why nothing here rests on being told of the change: each turn looks at what is shelved.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import asyncpg
import structlog

from weftline.engine.loop import Loop
from weftline.store.errors import translated
from weftline.store.queries import queries

log = structlog.get_logger(__name__)

SHELVED_TENANTS = queries("executions")["shelved_tenants"]
UNSHELVE = queries("executions")["unshelve"]
BATCH = 2_000
"""Executions unshelved by one statement."""

TENANTS = 500
"""Tenants looked at in one turn."""

FIRST = UUID(int=0)
"""Comes before every tenant's id."""


class Unshelver(Loop):
    """Every worker unshelves; row locks keep them from doing it twice.

    Args:
        pool: the worker's connections.
        found: called when executions became ready.
        interval: seconds between looks.
    """

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record], found: Callable[[], None], *, interval: float) -> None:
        super().__init__("unshelver", interval)
        self._pool = pool
        self._found = found
        self._after = FIRST

    async def run_once(self) -> int:
        """Unshelve one batch of each tenant that is active again; returns how many executions it was."""
        with translated():
            tenants = await self._pool.fetch(SHELVED_TENANTS, self._after, TENANTS)
            count = 0
            for tenant in tenants:
                if tenant["is_active"]:
                    count += await self._unshelve(tenant["tenant_id"])
        if not count:
            # the next turn looks at the tenants after these; after the last it begins anew
            self._after = tenants[-1]["tenant_id"] if len(tenants) == TENANTS else FIRST
        return count

    async def _unshelve(self, tenant_id: UUID) -> int:
        tag = await self._pool.execute(UNSHELVE, tenant_id, BATCH)
        count = int(tag.rpartition(" ")[2])
        if count:
            log.info("executions of a tenant that is active again go on", tenant_id=str(tenant_id), count=count)
            self._found()
        return count
