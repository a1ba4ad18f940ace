"""Starts that are sent again under an idempotency key: the execution itself remembers the key.

This costs a start nothing, and lasts as long as the execution is kept.
"""

from __future__ import annotations

from uuid import UUID

from weftline.features.executions.demand import StartDemand
from weftline.features.executions.reader import ExecutionReader
from weftline.features.executions.starter import Started
from weftline.features.idempotency.errors import IdempotencyKeyReused
from weftline.features.idempotency.header import REPLAYED


async def check_repeated(reader: ExecutionReader, tenant_id: UUID, demand: StartDemand, started: Started) -> None:
    """See that a key of the header ``Idempotency-Key`` found what the very same request had started.

    Raises:
        IdempotencyKeyReused: it found an execution with another input.
    """
    if not started.is_new and (await reader.get(tenant_id, started.id)).row.input != demand.input:
        raise IdempotencyKeyReused


def replayed(started: Started) -> dict[str, str]:
    """The header that tells whoever asks again that nothing was started now."""
    return {} if started.is_new else {REPLAYED: "true"}
