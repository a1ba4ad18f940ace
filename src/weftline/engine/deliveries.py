"""What each kind of dispatch comes to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import orjson

from weftline.engine.children import Children
from weftline.engine.clock import Clock
from weftline.engine.fired import Fired
from weftline.engine.firing import Firings
from weftline.engine.programs import Programs
from weftline.machine.state import State
from weftline.model.errors import WorkflowError
from weftline.model.status import ExecutionStatus
from weftline.store.concurrency import release_slot
from weftline.store.dispatches import DispatchKind
from weftline.store.inbox import EventToDeliver, Message, MessageKind, deliver_all, send_all
from weftline.store.log import load_state
from weftline.store.sealing import dispatch_place, opened

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]
    Row = Mapping[str, Any]
    Way = Callable[[Connection, Sequence[Row], float], Awaitable[set[UUID]]]


class Deliveries:
    """Carries dispatches out, within the transaction that removed them.

    Args:
        programs: compiled versions.
        firings: starts what triggers start.
        clock: when what they concern is ready.
    """

    def __init__(self, programs: Programs, firings: Firings, clock: Clock) -> None:
        self._clock = clock
        self._ways: dict[DispatchKind, Way] = {
            DispatchKind.START_CHILD: Children(programs).start,
            DispatchKind.MESSAGE: _send,
            DispatchKind.ROLL_BACK: _roll_back,
            DispatchKind.EVENT: _deliver,
            DispatchKind.TRIGGER: Fired(firings).carry_out,
            DispatchKind.SLOT: _free_slots,
        }

    async def carry_out(
        self, connection: Connection, kind: DispatchKind, dispatches: Sequence[asyncpg.Record]
    ) -> set[UUID]:
        """Carry out dispatches of one kind.

        Args:
            connection: a worker's, within a transaction.
            kind: of all of them.
            dispatches: rows with ``tenant_id``, ``execution_id`` and ``payload``, in order.

        Returns:
            The executions that were started or got messages.

        Raises:
            CannotOpen, NotReadable, WrongMasterKey: a payload is sealed, and cannot be opened.
        """
        rows = [await read(connection, kind, row) for row in dispatches]
        return await self._ways[kind](connection, rows, self._clock.now())


async def read(connection: Connection, kind: DispatchKind, row: asyncpg.Record) -> Row:
    """A dispatch with its payload opened.

    Raises:
        CannotOpen, NotReadable, WrongMasterKey: it cannot be.
    """
    tenant_id, execution_id = row["tenant_id"], row["execution_id"]
    payload = await opened(connection, tenant_id, execution_id, row["payload"], dispatch_place(kind))
    return {"tenant_id": tenant_id, "execution_id": execution_id, "payload": payload}


async def _send(connection: Connection, dispatches: Sequence[Row], now: float) -> set[UUID]:
    messages: list[Message] = []
    for row in dispatches:
        said = orjson.loads(row["payload"])
        payload = orjson.dumps(said["payload"]).decode()
        messages.append(Message(row["tenant_id"], row["execution_id"], MessageKind(said["kind"]), payload))
    return set(await send_all(connection, messages, now))


async def _deliver(connection: Connection, dispatches: Sequence[Row], now: float) -> set[UUID]:
    events: list[EventToDeliver] = []
    for row in dispatches:
        event = orjson.loads(row["payload"])
        payload = orjson.dumps(event["payload"]).decode()
        events.append(EventToDeliver(row["tenant_id"], event["name"], event["correlation"], payload))
    return await deliver_all(connection, events, now)


async def _free_slots(connection: Connection, dispatches: Sequence[Row], now: float) -> set[UUID]:
    ready: set[UUID] = set()
    for row in dispatches:
        ready.update(await release_slot(connection, row["tenant_id"], row["execution_id"], now))
    return ready


async def _roll_back(connection: Connection, dispatches: Sequence[Row], now: float) -> set[UUID]:
    messages: list[Message] = []
    for row in dispatches:
        state = await load_state(connection, row["tenant_id"], row["execution_id"])
        messages.append(_undoing(row, state))
    return set(await send_all(connection, messages, now))


def _undoing(dispatch: Row, state: State | None) -> Message:
    """What is sent so that a child is undone, or to its parent where there is nothing to undo: it could not be started,
    or somebody else has undone it, or is about to."""
    asker = orjson.loads(dispatch["payload"])
    is_undone = state is None or (state.status is ExecutionStatus.ROLLED_BACK and not state.undo)
    if state is None or is_undone or state.status is ExecutionStatus.COMPENSATING:
        answer: dict[str, Any] = {"step": asker["step"], "child": str(dispatch["execution_id"])}
        if state is not None and state.status is ExecutionStatus.COMPENSATING:
            error = WorkflowError("being_undone", "somebody else is undoing the execution at the moment")
            answer["error"] = error.to_json()
        payload = orjson.dumps(answer).decode()
        return Message(dispatch["tenant_id"], UUID(asker["parent"]), MessageKind.CHILD_UNDONE, payload)
    rewind = {
        "to_seq": 0,
        "state": State(state.input).to_json(),
        "expected_rewinds": state.rewinds,
        "halts": True,
        "for_parent": True,
        "reason": "the execution that started it is being undone",
    }
    payload = orjson.dumps(rewind).decode()
    return Message(dispatch["tenant_id"], dispatch["execution_id"], MessageKind.REWIND, payload, revives=True)
