"""Messages to executions. They are accepted whoever holds the execution, and take effect between two steps."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import asyncpg
import orjson

from weftline.store.errors import translated
from weftline.store.event_triggers import fire_triggers
from weftline.store.queries import queries
from weftline.store.sealing import message_place, seal_of

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy


class MessageKind(StrEnum):
    """What a message says. Each is named after the stimulus of the machine that it becomes, and its payload's keys are
    that one's attributes, without ``message`` (the inbox numbers it) and, where nothing is said, left out.

    ``MIGRATE`` names the version by its number; the engine finds the program.
    """

    SIGNAL = "signal"
    TASK_COMPLETED = "task_completed"
    JOB_COMPLETED = "job_completed"
    JOB_FAILED = "job_failed"
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    BEGIN = "begin"
    REWIND = "rewind"
    RETRY_COMPENSATION = "retry_compensation"
    RETRY_STEP = "retry_step"
    SKIP = "skip"
    CHANGE_DATA = "change_data"
    AMEND = "amend"
    VALIDATE = "validate"
    SUBMIT = "submit"
    APPROVE = "approve"
    REJECT = "reject"
    MIGRATE = "migrate"
    CHILD_ENDED = "child_ended"
    CHILD_UNDONE = "child_undone"
    CONNECTION_RENEWED = "connection_renewed"


class Message(NamedTuple):
    """A message to an execution.

    Attributes:
        tenant_id, execution_id: whom it is for.
        kind, payload: what it says; the payload is JSON text of an object.
        revives: it is for an execution that has ended, too.
    """

    tenant_id: UUID
    execution_id: UUID
    kind: MessageKind
    payload: str
    revives: bool = False


class Receipt(NamedTuple):
    """What is known of a message that was sent.

    Attributes:
        seq: its number; ``executions.inbox_seen`` reaches it once the message has taken effect.
        is_queued: the execution waits for a slot.
        after: number of the execution's last event before it; 0 where there is none.
    """

    seq: int
    is_queued: bool
    after: int


class EventToDeliver(NamedTuple):
    """An event for whichever steps wait for it.

    Attributes:
        tenant_id: whose steps.
        name: the event's name.
        correlation: reaches the steps that asked for it, and those that asked for none.
        payload: JSON text.
    """

    tenant_id: UUID
    name: str
    correlation: str | None
    payload: str


async def send(
    connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record],
    tenant_id: UUID,
    execution_id: UUID,
    kind: MessageKind,
    payload: dict[str, Any],
    now: float,
    *,
    revives: bool = False,
) -> int | None:
    """Put a message into an execution's inbox, within the caller's transaction.

    Args:
        connection: bound to the tenant.
        tenant_id, execution_id: whom it is for.
        kind, payload: what it says.
        now: Unix seconds.
        revives: an execution that has ended takes it, too.

    Returns:
        The message's number, or None where the execution does not exist or has ended.

    Raises:
        Unstorable: the payload holds what JSONB cannot.
        NotReadable, WrongMasterKey: it is to be sealed, and the tenant's key cannot be used.
    """
    message = Message(tenant_id, execution_id, kind, orjson.dumps(payload).decode(), revives)
    rows = await _send(connection, [message], now)
    return rows[0]["seq"] if rows else None


async def send_all(
    connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record],
    messages: Sequence[Message],
    now: float,
) -> dict[UUID, Receipt]:
    """Put messages into the inboxes of many executions, in their order; otherwise as :func:`send`.

    Returns:
        The executions that got some, each with what is known of one of its messages.
    """
    return {
        row["execution_id"]: Receipt(row["seq"], row["is_queued"], row["after"])
        for row in await _send(connection, messages, now)
    }


async def _send(
    connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record],
    messages: Sequence[Message],
    now: float,
) -> list[asyncpg.Record]:
    """The executions that got messages, with the number of each."""
    rows = await _insert(connection, messages, now, is_sealed=False)
    sealing = {row["execution_id"] for row in rows if row["seq"] is None}
    if not sealing:
        return rows
    sealed = [await _sealed(connection, message) for message in messages if message.execution_id in sealing]
    sent = [row for row in rows if row["seq"] is not None]
    return sent + await _insert(connection, sealed, now, is_sealed=True)


async def _insert(
    connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record],
    messages: Sequence[Message],
    now: float,
    *,
    is_sealed: bool,
) -> list[asyncpg.Record]:
    with translated():
        return await connection.fetch(
            queries("inbox")["send"],
            [message.tenant_id for message in messages],
            [message.execution_id for message in messages],
            [message.kind.value for message in messages],
            [message.payload for message in messages],
            [message.revives for message in messages],
            now,
            is_sealed,
        )


async def _sealed(
    connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record], message: Message
) -> Message:
    seal = await seal_of(connection, message.tenant_id, message.execution_id)
    return message._replace(payload=seal.close_text(message.payload, message_place(message.kind)))


async def deliver(
    connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record],
    tenant_id: UUID,
    name: str,
    correlation: str | None,
    payload: Any,
    now: float,
) -> int:
    """Deliver an event to every step that waits for it, and to the triggers, within the caller's transaction.

    Args:
        connection: bound to the tenant.
        tenant_id: whose steps.
        name: the event's name.
        correlation: reaches the steps that asked for it, and those that asked for none.
        payload: JSON.
        now: Unix seconds.

    Returns:
        How many steps and triggers it was sent to.

    Raises:
        Unstorable: the payload holds what JSONB cannot.
    """
    event = EventToDeliver(tenant_id, name, correlation, orjson.dumps(payload).decode())
    with translated():
        fired = await fire_triggers(connection, [event])
    return fired + len(await _deliver(connection, [event], now))


async def deliver_all(
    connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record],
    events: Sequence[EventToDeliver],
    now: float,
) -> set[UUID]:
    """Deliver many events, in their order; otherwise as :func:`deliver`.

    Returns:
        The executions that got some.
    """
    with translated():
        await fire_triggers(connection, events)
    return {row["execution_id"] for row in await _deliver(connection, events, now)}


async def _deliver(
    connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record],
    events: Sequence[EventToDeliver],
    now: float,
) -> list[asyncpg.Record]:
    """A row for each message that was sent."""
    with translated():
        rows = await connection.fetch(
            queries("inbox")["deliver"],
            [event.tenant_id for event in events],
            [event.name for event in events],
            [event.correlation for event in events],
            [event.payload for event in events],
            now,
        )
    unsent = [row for row in rows if row["ordinal"] is not None]
    if not unsent:
        return rows
    sealed: list[Message] = []
    for execution_id, step, ordinal in unsent:
        event = events[int(ordinal) - 1]
        payload = {"name": event.name, "payload": orjson.Fragment(event.payload), "step": step}
        text = orjson.dumps(payload).decode()
        sealed.append(await _sealed(connection, Message(event.tenant_id, execution_id, MessageKind.SIGNAL, text)))
    sent = [row for row in rows if row["ordinal"] is None]
    return sent + await _insert(connection, sealed, now, is_sealed=True)
