"""Brings messages to executions that this worker holds. (The claimer brings those to executions at rest.)"""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol
from uuid import UUID

import asyncpg
import structlog

from weftline.engine.loop import Loop
from weftline.engine.messages import UnreadableMessage, stimulus_of
from weftline.engine.run import Run
from weftline.machine.stimulus import Stimulus
from weftline.store.errors import translated
from weftline.store.inbox import MessageKind
from weftline.store.queries import queries
from weftline.store.sealing import UNREADABLE, Seal, is_sealed, seal_of

log = structlog.get_logger(__name__)

UNREAD = queries("executions")["with_unread_messages"]
LIMIT = 500

KINDS_IN_HAND = frozenset(MessageKind) - {MessageKind.MIGRATE}
"""What a run in hand takes in. Before it is migrated, whatever is at work must end by the old version; and a kind that
only a newer release knows is for another worker."""


class Host(Protocol):
    """What the reader needs of its worker."""

    @property
    def worker_id(self) -> UUID:
        """Whose executions."""
        ...

    def held(self, execution_id: UUID) -> Run | None:
        """The run in hand, if it is there and may go on."""
        ...

    @property
    def holds_any(self) -> bool:
        """Whether there is any run in hand."""
        ...

    @property
    def halted_tenants(self) -> Collection[UUID]:
        """Whose messages wait."""
        ...

    def feed(self, run: Run, stimulus: Stimulus) -> None:
        """Let something happen to the run, and record what follows."""
        ...

    def submit(self, run: Run) -> None:
        """The run has something to record."""
        ...

    def let_leave(self, run: Run) -> None:
        """The run begins nothing new, and is let go when nothing of it is at work; the claimer takes it up again."""
        ...


class InboxReader(Loop):
    """Reads the inboxes of the runs in hand.

    Args:
        host: the worker.
        pool: its connections.
        interval: seconds between polls.
    """

    def __init__(self, host: Host, pool: asyncpg.Pool[asyncpg.Record], *, interval: float) -> None:
        super().__init__("inbox", interval)
        self._host = host
        self._pool = pool

    async def run_once(self) -> int:
        """Hand out what is new; returns how many messages that was."""
        if not self._host.holds_any:
            return 0
        with translated():
            messages = await self._pool.fetch(UNREAD, self._host.worker_id, LIMIT, self._host.halted_tenants)
        count = 0
        for message in messages:
            run = self._host.held(message["id"])
            # a run that is leaving, or must wait, finds the message when it goes on
            if run is None or message["seq"] <= run.inbox_seen:
                continue
            if message["kind"] not in KINDS_IN_HAND:
                self._host.let_leave(run)
                continue
            try:
                seal = await self._seal(run, message["payload"])
                if self._host.held(run.id) is not run:
                    continue
                stimulus = stimulus_of(message, seal=seal)
            except UNREADABLE as error:
                # as with a state that cannot be read: the claimer sets the execution aside
                log.error("a message cannot be opened", execution_id=run.id_text, error=str(error))
                self._host.let_leave(run)
                continue
            except UnreadableMessage as error:
                log.error("a message is passed over", execution_id=run.id_text, error=str(error))
                run.inbox_seen = message["seq"]
                self._host.submit(run)
            else:
                run.inbox_seen = message["seq"]
                self._host.feed(run, stimulus)
            count += 1
        return count

    async def _seal(self, run: Run, payload: str) -> Seal | None:
        """What opens a payload, with the tenant's newest keys: the run may have been in hand for long."""
        if not is_sealed(payload):
            return None
        async with self._pool.acquire() as connection:
            return await seal_of(connection, run.tenant.id, run.id)
