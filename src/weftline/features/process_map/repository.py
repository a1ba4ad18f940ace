"""Reading the logs of a workflow's latest executions, past the ORM."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from weftline.features.process_map.folding import TYPES, Fact
from weftline.features.rows import Connection

MAX_EVENTS = 200_000
"""Of all executions together; older executions are left out where there are more."""

# the index of a workflow's executions finds them, the newest first, and the key of the log their events
_FACTS = """
    WITH chosen AS (
        SELECT id, is_sealed, row_number() OVER (ORDER BY created_at DESC, id DESC) AS number
        FROM executions
        WHERE tenant_id = $1 AND workflow_id = $2 AND version_number = $3
          AND created_at >= $4 AND created_at < $5
        ORDER BY created_at DESC, id DESC
        LIMIT $6
    )
    SELECT c.number, e.type, e.step_id, e.data -> 'next', e.data ->> 'case',
           extract(epoch FROM e.occurred_at)::float8, c.is_sealed
    FROM chosen c
    JOIN events e ON e.tenant_id = $1 AND e.execution_id = c.id
    WHERE e.type = ANY ($7)
    ORDER BY c.number, e.seq
    LIMIT $8
"""
_COUNT = """
    SELECT count(*) FROM (
        SELECT FROM executions
        WHERE tenant_id = $1 AND workflow_id = $2 AND version_number = $3
          AND created_at >= $4 AND created_at < $5
        ORDER BY created_at DESC
        LIMIT $6
    ) AS found
"""


async def facts_of(
    connection: Connection,
    tenant_id: UUID,
    workflow_id: str,
    version_number: int,
    since: datetime,
    until: datetime,
    limit: int,
) -> tuple[list[Fact], int, bool]:
    """What the logs of the latest executions of a version tell.

    Args:
        connection: bound to the tenant.
        tenant_id, workflow_id, version_number: which.
        since, until: made from then on, and before then.
        limit: so many executions at most.

    Returns:
        The events in order, how many executions they are of, and whether older ones were left out.
    """
    scope = (tenant_id, workflow_id, version_number, since, until, limit)
    executions: int = await connection.fetchval(_COUNT, *scope)
    rows = await connection.fetch(_FACTS, *scope, [type.value for type in TYPES], MAX_EVENTS + 1)
    facts = [Fact(*row) for row in rows]
    if len(facts) <= MAX_EVENTS:
        return facts, executions, False
    # of the last one some events are missing
    last = facts[-1].execution
    whole = [fact for fact in facts if fact.execution != last]
    return whole, last - 1, True
