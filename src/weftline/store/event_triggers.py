"""From an event to the triggers that it fires: each is a dispatch, noted in the transaction that delivers the event."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import orjson

from weftline.model.ids import uuid7
from weftline.store.connect import keyring_of
from weftline.store.dispatches import Dispatch, DispatchKind, add
from weftline.store.queries import queries
from weftline.store.sealing import dispatch_place, seal_of

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    from weftline.store.inbox import EventToDeliver

    Connection = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]


async def fire_triggers(connection: Connection, events: Sequence[EventToDeliver]) -> int:
    """Note which triggers events fire, within the caller's transaction, for the dispatcher to carry out.

    A tenant without such triggers costs a look into an index.

    Returns:
        How many it was.
    """
    wanted = [
        (event.tenant_id, pattern, number) for number, event in enumerate(events) for pattern in _patterns(event.name)
    ]
    rows = await connection.fetch(queries("triggers")["waiting_for"], *zip(*wanted, strict=True))
    if rows:
        dispatches: list[Dispatch] = []
        for row in rows:
            number: int = row["number"]
            payload = _payload(events[number], row["id"])
            dispatches.append(await trigger_dispatch(connection, row["tenant_id"], uuid7(), payload))
        await add(connection, dispatches)
    return len(rows)


def _patterns(name: str) -> Iterator[str]:
    """What a trigger may say to mean an event: its name, or what it begins with."""
    yield name
    at = name.find(".")
    while at >= 0:
        yield f"{name[:at]}.*"
        at = name.find(".", at + 1)


async def trigger_dispatch(
    connection: Connection, tenant_id: UUID, execution_id: UUID, payload: dict[str, Any]
) -> Dispatch:
    """What lets a trigger fire.

    Args:
        connection: bound to the tenant.
        tenant_id: whose trigger it is.
        execution_id: of what it is to start.
        payload: see :class:`weftline.store.dispatches.DispatchKind`. It is sealed where the connection has keys: what
            it starts may be a workflow whose payloads are kept so.
    """
    text = orjson.dumps(payload).decode()
    if keyring_of(connection) is not None:
        seal = await seal_of(connection, tenant_id, execution_id)
        text = seal.close_text(text, dispatch_place(DispatchKind.TRIGGER))
    return Dispatch(tenant_id, DispatchKind.TRIGGER, execution_id, text)


def _payload(event: EventToDeliver, trigger_id: UUID) -> dict[str, Any]:
    told = {"name": event.name, "correlation": event.correlation, "payload": orjson.Fragment(event.payload)}
    return {"trigger": str(trigger_id), "event": told}
