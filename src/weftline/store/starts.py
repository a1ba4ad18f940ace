"""Starting executions, many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg
import orjson

from weftline.model.ids import uuid7
from weftline.store.errors import translated
from weftline.store.queries import queries

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

DEFAULT_PRIORITY = 5


@dataclass(slots=True)
class NewExecution:
    """An execution to be started.

    Attributes:
        workflow_id, version_number: what it is pinned to.
        input: JSON text of an object.
        priority: 0 (last) to 9 (first).
        tags: free labels.
        idempotency_key: a second start of the same workflow under the same key finds the first.
        started_by: the person or service account that asked for it; None where nobody in particular did.
        id: its identity.
    """

    workflow_id: str
    version_number: int
    input: str = "{}"
    priority: int = DEFAULT_PRIORITY
    tags: Sequence[str] | None = None
    idempotency_key: str | None = None
    started_by: UUID | None = None
    id: UUID = field(default_factory=uuid7)


async def published_versions(
    connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record],
    tenant_id: UUID,
    workflow_ids: Sequence[str],
) -> dict[str, int | None]:
    """The published version number of each workflow that exists; None where none is published."""
    rows = await connection.fetch(queries("versions")["published"], tenant_id, list(workflow_ids))
    return {row["id"]: row["published_version"] for row in rows}


async def start_executions(
    connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record],
    tenant_id: UUID,
    new: Sequence[NewExecution],
    now: float,
) -> list[UUID]:
    """Insert executions within the caller's transaction.

    Args:
        connection: bound to the tenant.
        tenant_id: whose executions they are.
        new: what to start.
        now: Unix seconds, when they become ready.

    Returns:
        The ids, in the order of ``new``; where an idempotency key was used before, the earlier execution's.

    Raises:
        Unstorable: an input holds what JSONB cannot (a NUL character).
    """
    with translated():
        inserted = await connection.fetch(
            queries("executions")["start"],
            tenant_id,
            now,
            [item.id for item in new],
            [item.workflow_id for item in new],
            [item.version_number for item in new],
            [item.priority for item in new],
            [item.input for item in new],
            [None if item.tags is None else orjson.dumps(list(item.tags)).decode() for item in new],
            [item.idempotency_key for item in new],
            [item.started_by for item in new],
        )
        if len(inserted) == len(new):
            return [item.id for item in new]
        taken = {row["id"] for row in inserted}
        repeated = [item for item in new if item.id not in taken]
        rows = await connection.fetch(
            queries("executions")["by_idempotency_key"],
            tenant_id,
            [item.workflow_id for item in repeated],
            [item.idempotency_key for item in repeated],
        )
    earlier: dict[tuple[str, str], UUID] = {(row["workflow_id"], row["idempotency_key"]): row["id"] for row in rows}
    return [item.id if item.id in taken else earlier[item.workflow_id, item.idempotency_key or ""] for item in new]
