"""Limits on executions that run at once: slots, and the queues in front of them.

An execution that counts towards a limit has a row in ``concurrency_slots`` from its start to its end, also while it
waits or is paused: in a slot, or in the queue. The row of its key, which is locked by whoever starts, ends or lets in
an execution, makes these take turns. A key whose row is gone has every slot free.

Whoever is in the queue is not ready (``wake_at`` is empty), and only cancelling it wakes it; any other message waits in
its inbox. An execution that goes on after its end, because somebody rolls it back or retries it, has given its slot up
and runs beside the limit: a repair must not wait behind what it repairs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

import asyncpg
import orjson

from weftline.store.errors import translated
from weftline.store.inbox import Message, MessageKind, send_all
from weftline.store.queries import queries

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    from weftline.store.starts import NewExecution

_SQL = queries("concurrency")

_SUPERSEDED = orjson.dumps({"reason": "Another execution with the same concurrency key takes its place."}).decode()


class Key(NamedTuple):
    """What executions count towards together."""

    workflow_id: str
    key: str


async def lock_keys(
    connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record],
    tenant_id: UUID,
    new: Sequence[NewExecution],
) -> list[NewExecution]:
    """Lock the keys that new executions count towards, until the caller's transaction ends.

    Returns:
        Those of ``new`` that the limit refuses.
    """
    limits = {_key_of(item): item.slot.limit for item in new if item.slot is not None}
    keys = sorted(limits)
    await connection.execute(_SQL["lock"], tenant_id, *_columns(keys), [limits[key] for key in keys])
    if not any(_may_be_refused(item) for item in new):
        return []
    rows = await connection.fetch(_SQL["occupied"], tenant_id, *_columns(keys))
    occupied = Counter({Key(row["workflow_id"], row["key"]): row["executions"] for row in rows})
    refused: list[NewExecution] = []
    for item in new:
        key = _key_of(item)
        if _may_be_refused(item) and occupied[key] >= limits[key]:
            refused.append(item)
        else:
            occupied[key] += 1
    return refused


async def take_slots(
    connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record],
    tenant_id: UUID,
    new: Sequence[NewExecution],
    now: float,
) -> None:
    """Let new executions into the slots that are free, or make room for them, or have them wait.

    Args:
        connection: within the transaction that inserted them, after :func:`lock_keys`.
        tenant_id: whose they are.
        new: each with a slot that it asks for.
        now: Unix seconds.
    """
    keys = [_key_of(item) for item in new]
    priorities = [item.priority for item in new]
    await connection.execute(_SQL["enqueue"], tenant_id, [item.id for item in new], *_columns(keys), priorities, now)
    crowded = {_key_of(item) for item in new if item.slot is not None and item.slot.policy == "cancel_running"}
    if crowded:
        evicted = await connection.fetch(_SQL["evict"], tenant_id, *_columns(sorted(crowded)), now)
        cancel = [Message(tenant_id, row["execution_id"], MessageKind.CANCEL, _SUPERSEDED) for row in evicted]
        await send_all(connection, cancel, now)
    await _admit(connection, tenant_id, sorted(set(keys)), now)


async def release_slot(
    connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record],
    tenant_id: UUID,
    execution_id: UUID,
    now: float,
) -> list[UUID]:
    """Take an execution that has ended out of its slot or queue, and let in whoever is next.

    Doing it again does nothing.

    Args:
        connection: within a transaction.
        tenant_id, execution_id: which has ended.
        now: Unix seconds.

    Returns:
        The executions that are ready now.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with translated():
        keys = await _lock_keys_of(connection, tenant_id, [execution_id])
        if not keys:
            return []
        await connection.execute(_SQL["free"], tenant_id, execution_id)
        admitted = await _admit(connection, tenant_id, keys, now)
        await connection.execute(_SQL["forget"], tenant_id, *_columns(keys))
        return admitted


@asynccontextmanager
async def letting_in(
    connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record],
    tenant_id: UUID,
    execution_ids: Sequence[UUID],
    now: float,
) -> AsyncGenerator[None]:
    """Let those of the executions that wait for a slot try again once something was done to them within the context.

    Args:
        connection: within a transaction that has not locked rows of executions yet.
        tenant_id, execution_ids: which; they are asked to resume within the context.
        now: Unix seconds.
    """
    with translated():
        keys = await _lock_keys_of(connection, tenant_id, execution_ids)
    yield
    if keys:
        with translated():
            await _admit(connection, tenant_id, keys, now)


async def reprioritize(
    connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record],
    tenant_id: UUID,
    execution_id: UUID,
    priority: int,
) -> None:
    """Give an execution another place in the queue, where it is in one. Comes before its row is locked."""
    with translated():
        await connection.execute(_SQL["reprioritize"], tenant_id, execution_id, priority)


def _key_of(item: NewExecution) -> Key:
    """What a new execution that asks for a slot counts towards."""
    assert item.slot is not None
    return Key(item.workflow_id, item.slot.key)


async def _lock_keys_of(
    connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record],
    tenant_id: UUID,
    execution_ids: Sequence[UUID],
) -> list[Key]:
    rows = await connection.fetch(_SQL["lock_of"], tenant_id, execution_ids)
    return [Key(row["workflow_id"], row["key"]) for row in rows]


async def _admit(
    connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record],
    tenant_id: UUID,
    keys: Sequence[Key],
    now: float,
) -> list[UUID]:
    rows = await connection.fetch(_SQL["admit"], tenant_id, *_columns(keys), now)
    return [row["id"] for row in rows]


def _may_be_refused(item: NewExecution) -> bool:
    return item.slot is not None and item.slot.policy == "reject"


def _columns(keys: Iterable[Key]) -> tuple[list[str], list[str]]:
    pairs = list(keys)
    return [key.workflow_id for key in pairs], [key.key for key in pairs]
