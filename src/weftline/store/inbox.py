"""Messages to executions. They are accepted whoever holds the execution, and take effect between two steps."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import orjson

from weftline.store.errors import translated
from weftline.store.queries import queries

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy


class MessageKind(StrEnum):
    """What a message asks for, and its payload's keys."""

    SIGNAL = "signal"
    """``name``, ``payload``; ``step`` where an event matched that step's subscription."""
    TASK_COMPLETED = "task_completed"
    """``step``, ``data``, ``outcome``, ``by``; ``votes`` where it took several people."""
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    """``reason``."""


async def send(
    connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record],
    tenant_id: UUID,
    execution_id: UUID,
    kind: MessageKind,
    payload: dict[str, Any],
    now: float,
) -> int | None:
    """Put a message into an execution's inbox, within the caller's transaction.

    Args:
        connection: bound to the tenant.
        tenant_id, execution_id: whom it is for.
        kind, payload: what it says.
        now: Unix seconds.

    Returns:
        The message's number (``executions.inbox_seen`` reaches it once the message has taken effect), or None where
        the execution does not exist or has ended.

    Raises:
        Unstorable: the payload holds what JSONB cannot.
    """
    with translated():
        return await connection.fetchval(
            queries("inbox")["send"], tenant_id, execution_id, kind.value, orjson.dumps(payload).decode(), now
        )


async def deliver(
    connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record],
    tenant_id: UUID,
    name: str,
    correlation: str | None,
    payload: Any,
    now: float,
) -> int:
    """Deliver an event to every step that waits for it, within the caller's transaction.

    Args:
        connection: bound to the tenant.
        tenant_id: whose steps.
        name: the event's name.
        correlation: reaches the steps that asked for it, and those that asked for none.
        payload: JSON.
        now: Unix seconds.

    Returns:
        How many steps it was sent to.

    Raises:
        Unstorable: the payload holds what JSONB cannot.
    """
    with translated():
        rows = await connection.fetch(
            queries("inbox")["deliver"], tenant_id, name, correlation, orjson.dumps(payload).decode(), now
        )
    return len(rows)
