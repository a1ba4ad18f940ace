"""What can be done to executions: every act is a message, which takes effect between two of their steps."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from weftline.features.access.caller import current_caller
from weftline.features.audit.trail import append, record
from weftline.features.database import Database, driver
from weftline.features.errors import DomainError, FieldError
from weftline.features.executions import repository
from weftline.features.executions.commands import Command
from weftline.features.executions.errors import ExecutionEnded, ExecutionNotFound, NotNow, OwnSubmission
from weftline.features.executions.hints import WorkHints
from weftline.features.executions.reader import ExecutionReader, Snapshot
from weftline.features.executions.watcher import Watcher
from weftline.features.rows import Connection
from weftline.model.event import EventType
from weftline.store.concurrency import letting_in
from weftline.store.connect import tenant_transaction
from weftline.store.errors import translated
from weftline.store.inbox import MessageKind, Receipt, deliver, send_all
from weftline.store.log import events_of_type

PATIENCE = 5.0
"""Seconds that an act waits for its effect."""


class Acted(NamedTuple):
    """What an act led to.

    Attributes:
        snapshot: the execution afterwards.
        is_effective: False where no worker has taken the message in yet; it will take effect.
        after: number of the last event before it.
    """

    snapshot: Snapshot
    is_effective: bool
    after: int


class Steering:
    """Sends messages to executions.

    Args:
        database: where they are.
        pool: connections under the API's role, over which messages are sent.
        reader: shows what came of it.
        watcher: waits for the effect.
        hints: wakes workers.
    """

    def __init__(
        self,
        database: Database,
        pool: asyncpg.Pool[asyncpg.Record],
        reader: ExecutionReader,
        watcher: Watcher,
        hints: WorkHints,
    ) -> None:
        self._database = database
        self._pool = pool
        self._reader = reader
        self._watcher = watcher
        self._hints = hints

    async def act(self, tenant_id: UUID, execution_id: UUID, command: Command) -> Acted:
        """Ask something of an execution, and wait a while for the effect.

        Args:
            tenant_id, execution_id: which.
            command: what to ask.

        Raises:
            ExecutionNotFound, ExecutionEnded: nobody is there to ask.
            NotNow: the execution refused it, and nothing happened.
        """
        sent = await self._send(tenant_id, execution_id, command)
        # none other is taken in before the execution's turn in a queue has come
        can_wait = command.kind is MessageKind.CANCEL or not sent.is_queued
        is_effective = can_wait and await self._watcher.took(tenant_id, execution_id, sent.seq, PATIENCE)
        if is_effective:
            await self._check(tenant_id, execution_id, sent)
        return Acted(await self._reader.get(tenant_id, execution_id), is_effective, sent.after)

    async def signal(self, tenant_id: UUID, execution_id: UUID, name: str, payload: Any) -> int:
        """Send a signal: it resumes a step that waits for this name, or is kept for one that will.

        Returns:
            The message's number.

        Raises:
            ExecutionNotFound, ExecutionEnded: nobody is there to receive it.
        """
        command = Command(MessageKind.SIGNAL, {"name": name, "payload": payload})
        return (await self._send(tenant_id, execution_id, command)).seq

    async def deliver(self, tenant_id: UUID, name: str, correlation: str | None, payload: Any) -> int:
        """Deliver an event to every step that waits for it, and to the triggers that it fires.

        Args:
            tenant_id: whose steps.
            name: the event's name.
            correlation: reaches the steps that ask for it, and those that ask for none.
            payload: JSON.

        Returns:
            How many steps and triggers it was sent to.
        """
        async with self._database.transaction(tenant_id) as session:
            delivered = await deliver(await driver(session), tenant_id, name, correlation, payload, time.time())
            after = {"correlation": correlation, "delivered": delivered}
            await record(session, "event.delivered", "event", name, after=after, tenant_id=tenant_id)
        if delivered:
            self._hints.send(dispatches=True)
        return delivered

    async def _send(self, tenant_id: UUID, execution_id: UUID, command: Command) -> Receipt:
        with translated():
            async with tenant_transaction(self._pool, tenant_id, plan_once=True) as connection:
                now = time.time()
                async with _in_turn(connection, tenant_id, [execution_id], [command], now):
                    sent = await send_all(connection, [command.message(tenant_id, execution_id)], now)
                receipt = sent.get(execution_id)
                if receipt is None:
                    raise (await _unreachable(connection, tenant_id, [execution_id]))[execution_id]
                if receipt.is_queued:
                    # being resumed may have given it its turn
                    is_queued = await repository.is_queued(connection, tenant_id, execution_id)
                    receipt = receipt._replace(is_queued=is_queued)
                append(connection, tenant_id, [command.entry(execution_id, current_caller())])
        self._hints.send()
        return receipt

    async def _check(self, tenant_id: UUID, execution_id: UUID, sent: Receipt) -> None:
        """See that a message that was taken in was not refused.

        Raises:
            NotNow: it was.
        """
        async with self._database.reading(tenant_id) as reading:
            found = await events_of_type(reading, tenant_id, execution_id, EventType.COMMAND_REFUSED, sent.after)
        refusals = [event.data for event in found if event.data is not None and event.data["message"] == sent.seq]
        if not refusals:
            return
        error = refusals[0]["error"]
        told = {"command": refusals[0]["command"], "code": error["code"]}
        async with self._database.transaction(tenant_id) as session:
            await record(session, "execution.refused", "execution", execution_id, after=told)
        raise _refused(error)


def _refused(error: Mapping[str, Any]) -> DomainError:
    """What an execution's refusal says to whoever asked.

    Args:
        error: a WorkflowError's JSON; where its details have ``errors``, each has a message and names a step.
    """
    if error["code"] == OwnSubmission.code:
        return OwnSubmission()
    errors = [
        FieldError(f"/{each['stepId']}{each.get('pointer', '')}", each["message"], each.get("code", error["code"]))
        for each in error.get("details", {}).get("errors", ())
    ]
    return NotNow(error["code"], error["message"], errors)


async def send_to_each(
    connection: Connection, tenant_id: UUID, commands: Mapping[UUID, Command]
) -> dict[UUID, DomainError]:
    """Ask something of many executions, within the caller's transaction, which has locked none of them yet.

    The audit log is the caller's to write, see :meth:`Command.entry`, and workers are the caller's to wake.

    Args:
        connection: bound to the tenant.
        tenant_id: whose executions.
        commands: what to ask, by execution.

    Returns:
        Why some of them did not get it.
    """
    now = time.time()
    messages = [command.message(tenant_id, execution_id) for execution_id, command in commands.items()]
    async with _in_turn(connection, tenant_id, list(commands), list(commands.values()), now):
        reached = await send_all(connection, messages, now)
    return await _unreachable(connection, tenant_id, [id for id in commands if id not in reached])


@asynccontextmanager
async def _in_turn(
    connection: Connection,
    tenant_id: UUID,
    execution_ids: Sequence[UUID],
    commands: Sequence[Command],
    now: float,
) -> AsyncGenerator[None]:
    """Around messages: one that lets executions go on gives those that wait for a slot another try."""
    if any(command.kind is MessageKind.RESUME for command in commands):
        async with letting_in(connection, tenant_id, execution_ids, now):
            yield
    else:
        yield


async def _unreachable(
    connection: Connection, tenant_id: UUID, execution_ids: Sequence[UUID]
) -> dict[UUID, DomainError]:
    """Why no message reaches these executions."""
    statuses = await repository.statuses(connection, tenant_id, execution_ids) if execution_ids else {}
    return {id: ExecutionEnded(statuses[id]) if id in statuses else ExecutionNotFound() for id in execution_ids}
