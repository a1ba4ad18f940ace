"""Hints between processes: "there is work". They may be lost; polling is the truth."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

WORK = "weft_work"
"""The channel of hints that some execution became ready or got a message."""

DISPATCHES = "dispatches"
"""What a hint says where something is to be carried out, too; see ``weftline.store.dispatches``."""

JOBS = "weft_jobs"
"""The channel of hints that task queues have something to fetch; they say which."""


async def hint_work(
    connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record], *, dispatches: bool = False
) -> None:
    """Wake idle workers, and, where ``dispatches`` says so, those who carry dispatches out.

    To be called after the transaction that made the work, not within it: a transaction that notifies holds a
    database-wide lock while it commits.
    """
    await connection.execute(f"NOTIFY {WORK}, '{DISPATCHES}'" if dispatches else f"NOTIFY {WORK}")


async def hint_jobs(
    connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record],
    queues: AbstractSet[tuple[UUID, str]],
) -> None:
    """Wake those who wait for jobs of task queues, by tenant and name; see :func:`hint_work`."""
    names = [queue_hint(tenant_id, queue) for tenant_id, queue in queues]
    await connection.execute("SELECT pg_notify($1, name) FROM unnest($2::text[]) AS name", JOBS, names)


def queue_hint(tenant_id: UUID, queue: str) -> str:
    """What a hint says of a task queue."""
    return f"{tenant_id}/{queue}"
