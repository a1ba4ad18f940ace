"""What can be done to executions: every act is a message, which takes effect between two of their steps."""

from __future__ import annotations

import time
from typing import Any, NamedTuple
from uuid import UUID

from weftline.features.audit.trail import record
from weftline.features.database import Database, driver
from weftline.features.executions import repository
from weftline.features.executions.errors import ExecutionEnded, ExecutionNotFound
from weftline.features.executions.hints import WorkHints
from weftline.features.executions.reader import ExecutionReader, Snapshot
from weftline.features.executions.watcher import Watcher
from weftline.store.inbox import MessageKind, deliver, send

_ACTIONS = {
    MessageKind.CANCEL: "execution.cancelled",
    MessageKind.PAUSE: "execution.paused",
    MessageKind.RESUME: "execution.resumed",
    MessageKind.SIGNAL: "execution.signalled",
}
"""What the audit log calls each message."""

PATIENCE = 5.0
"""Seconds that an act waits for its effect."""


class Acted(NamedTuple):
    """What an act led to.

    Attributes:
        snapshot: the execution afterwards.
        is_effective: False where no worker has taken the message in yet; it will take effect.
    """

    snapshot: Snapshot
    is_effective: bool


class Steering:
    """Sends messages to executions.

    Args:
        database: where they are.
        reader: shows what came of it.
        watcher: waits for the effect.
        hints: wakes workers.
    """

    def __init__(self, database: Database, reader: ExecutionReader, watcher: Watcher, hints: WorkHints) -> None:
        self._database = database
        self._reader = reader
        self._watcher = watcher
        self._hints = hints

    async def cancel(self, tenant_id: UUID, execution_id: UUID, reason: str | None = None) -> Acted:
        """End an execution before its time.

        Raises:
            ExecutionNotFound, ExecutionEnded: there is nothing to cancel.
        """
        return await self._act(tenant_id, execution_id, MessageKind.CANCEL, {"reason": reason})

    async def pause(self, tenant_id: UUID, execution_id: UUID) -> Acted:
        """Let an execution begin nothing new; raises like :meth:`cancel`."""
        return await self._act(tenant_id, execution_id, MessageKind.PAUSE, {})

    async def resume(self, tenant_id: UUID, execution_id: UUID) -> Acted:
        """Let a paused execution go on; raises like :meth:`cancel`."""
        return await self._act(tenant_id, execution_id, MessageKind.RESUME, {})

    async def signal(self, tenant_id: UUID, execution_id: UUID, name: str, payload: Any) -> int:
        """Send a signal: it resumes a step that waits for this name, or is kept for one that will.

        Returns:
            The message's number.

        Raises:
            ExecutionNotFound, ExecutionEnded: nobody is there to receive it.
        """
        return await self._send(tenant_id, execution_id, MessageKind.SIGNAL, {"name": name, "payload": payload})

    async def deliver(self, tenant_id: UUID, name: str, correlation: str | None, payload: Any) -> int:
        """Deliver an event to every step that waits for it.

        Args:
            tenant_id: whose steps.
            name: the event's name.
            correlation: reaches the steps that ask for it, and those that ask for none.
            payload: JSON.

        Returns:
            How many steps it was sent to.
        """
        async with self._database.transaction(tenant_id) as session:
            delivered = await deliver(await driver(session), tenant_id, name, correlation, payload, time.time())
            after = {"correlation": correlation, "delivered": delivered}
            await record(session, "event.delivered", "event", name, after=after, tenant_id=tenant_id)
        if delivered:
            self._hints.send()
        return delivered

    async def _act(self, tenant_id: UUID, execution_id: UUID, kind: MessageKind, payload: dict[str, Any]) -> Acted:
        seq = await self._send(tenant_id, execution_id, kind, payload)
        is_effective = await self._watcher.took(tenant_id, execution_id, seq, PATIENCE)
        return Acted(await self._reader.get(tenant_id, execution_id), is_effective)

    async def _send(self, tenant_id: UUID, execution_id: UUID, kind: MessageKind, payload: dict[str, Any]) -> int:
        async with self._database.transaction(tenant_id) as session:
            seq = await send(await driver(session), tenant_id, execution_id, kind, payload, time.time())
            if seq is None:
                row = await repository.get(session, tenant_id, execution_id)
                if row is None:
                    raise ExecutionNotFound
                raise ExecutionEnded(row.status)
            # what a signal carries is the workflow's data, which the audit log does not repeat
            await record(
                session,
                _ACTIONS[kind],
                "execution",
                execution_id,
                after={"name": payload["name"]} if "name" in payload else None,
                reason=payload.get("reason"),
                tenant_id=tenant_id,
            )
        self._hints.send()
        return seq
