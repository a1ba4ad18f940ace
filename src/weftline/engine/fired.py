"""Triggers that something fired: an event, or somebody who asks for what a schedule would have fired."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson

from weftline.engine.firing import Firings, Shot
from weftline.store.triggers import lock_triggers

if TYPE_CHECKING:
    from weftline.store.triggers import Connection


class Fired:
    """Carries out dispatches of the kind ``trigger``.

    Args:
        firings: starts what triggers start.
    """

    def __init__(self, firings: Firings) -> None:
        self._firings = firings

    async def carry_out(self, connection: Connection, dispatches: Sequence[Mapping[str, Any]], now: float) -> set[UUID]:
        """Start what the triggers start. One that is declared no longer, or has been stopped, starts nothing.

        Args:
            connection: a worker's, within a transaction.
            dispatches: rows with ``tenant_id``, ``execution_id`` and ``payload``.
            now: Unix seconds.

        Returns:
            The executions that were started.
        """
        wanted = [(row["tenant_id"], row["execution_id"], orjson.loads(row["payload"])) for row in dispatches]
        triggers = await lock_triggers(connection, [(tenant, UUID(said["trigger"])) for tenant, _, said in wanted])
        shots = [
            Shot(trigger, execution_id, said.get("scheduledAt"), said.get("event"), is_late="scheduledAt" in said)
            for tenant, execution_id, said in wanted
            if (trigger := triggers.get((tenant, UUID(said["trigger"])))) is not None
        ]
        return await self._firings.carry_out(connection, shots, now)
