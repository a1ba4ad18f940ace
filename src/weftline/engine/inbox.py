"""Brings messages to executions that this worker holds. (The claimer brings those to executions at rest.)"""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol
from uuid import UUID

import asyncpg

from weftline.engine.loop import Loop
from weftline.engine.messages import stimulus_of
from weftline.engine.run import Run
from weftline.machine.stimulus import Stimulus
from weftline.store.errors import translated
from weftline.store.queries import queries

UNREAD = queries("executions")["with_unread_messages"]
LIMIT = 500


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
            if run is not None and message["seq"] > run.inbox_seen:
                run.inbox_seen = message["seq"]
                self._host.feed(run, stimulus_of(message))
                count += 1
        return count
