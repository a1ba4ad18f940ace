"""Takes the events of other systems: one transaction starts what they start, remembers them, and notes how far their
trigger has come.

An event whose id was seen before is dropped; one that can start nothing is remembered with the reason, and keeps nobody
from taking those behind it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import structlog

from weftline.engine.clock import Clock
from weftline.engine.firing import Firings, Shot
from weftline.model.errors import WorkflowError
from weftline.model.ids import uuid7
from weftline.store.connect import limit_idleness
from weftline.store.errors import StoreUnavailable, translated
from weftline.store.hints import hint_work
from weftline.store.integration_events import Event
from weftline.store.integration_triggers import (
    Claimed,
    Progress,
    Seen,
    progress,
    remember,
    settle,
    still_held,
)
from weftline.store.keyring import CannotOpen
from weftline.store.sealing import NotReadable
from weftline.store.triggers import Connection, Outcome, StoredTrigger, record_outcomes
from weftline.store.vault import WrongMasterKey

log = structlog.get_logger(__name__)

BATCH = 250
"""Events taken in one transaction."""

AT_ONCE = 2
"""Transactions of one worker at once: triggers leave its connections to others."""

_NOBODYS_FAULT = (StoreUnavailable, CannotOpen, NotReadable, WrongMasterKey)
"""What keeps any event from being taken, and may pass."""


@dataclass(slots=True)
class _Took:
    """What came of a batch."""

    started: set[UUID] = field(default_factory=set[UUID])
    seen: list[Seen] = field(default_factory=list[Seen])

    @property
    def rejected(self) -> int:
        """Events that could start nothing."""
        return sum(each.error is not None for each in self.seen)


class Taking:
    """Takes events.

    Args:
        pool: the worker's connections.
        clock: says what time it is.
        firings: starts what triggers start.
        reached: called with the executions that were started.
    """

    def __init__(
        self,
        pool: asyncpg.Pool[asyncpg.Record],
        clock: Clock,
        firings: Firings,
        reached: Callable[[Collection[UUID]], None],
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._firings = firings
        self._reached = reached
        self._gate = asyncio.Semaphore(AT_ONCE)

    async def take(
        self, claimed: Claimed, events: Sequence[Event], cursor: Any, next_at: Callable[[], float], *, is_last: bool
    ) -> None:
        """Take what one look has found, a batch at a time; the cursor goes with the last one.

        Should the worker be lost in between, the batches that were taken are found again, and dropped.

        Args:
            claimed: the trigger.
            events: what was found, the oldest first.
            cursor: JSON; how far the trigger has come with them.
            next_at: when it is due again, or until when it is still the worker's, Unix seconds.
            is_last: the worker is done with it then.

        Raises:
            LostTrigger: it is somebody else's by now; what was not taken, they find.
            StoreUnavailable: the database does not answer.
        """
        text = orjson.dumps(cursor).decode()
        batches = [events[start : start + BATCH] for start in range(0, len(events), BATCH)] or [events]
        for number, batch in enumerate(batches, 1):
            is_end = number == len(batches)
            async with self._gate:
                started = await self._take(claimed, batch, text if is_end else None, next_at, is_last and is_end)
            if started:
                self._reached(started)
                async with self._pool.acquire() as connection:
                    await hint_work(connection)

    async def _take(
        self,
        claimed: Claimed,
        events: Sequence[Event],
        cursor: str | None,
        next_at: Callable[[], float],
        is_last: bool,
    ) -> set[UUID]:
        with translated():
            async with self._pool.acquire() as connection, connection.transaction():
                await limit_idleness(connection)
                trigger, now = await still_held(connection, claimed), self._clock.now()
                new: list[Event] = []
                took = _Took()
                if events:
                    ids = {each.digest: each.id for each in events}
                    fresh = await remember(connection, claimed.key, ids, now)
                    new = [each for each in events if each.digest in fresh]
                    took = await self._start(connection, trigger, new, now)
                    await settle(connection, claimed.key, took.seen)
                duplicates = len(events) - len(new)
                made = Progress(next_at(), len(events), duplicates, took.rejected, cursor, is_last)
                await progress(connection, claimed, made)
        return took.started

    async def _start(
        self, connection: Connection, trigger: StoredTrigger, events: Sequence[Event], now: float
    ) -> _Took:
        """Start what events start: together, or one by one where one of them keeps the others from it."""
        try:
            with translated():
                async with connection.transaction():
                    return await self._fire(connection, trigger, events, now)
        except _NOBODYS_FAULT:
            raise
        except Exception:
            log.exception("events cannot be taken together; trying one by one", trigger_id=str(trigger.id))
        took = _Took()
        for event in events:
            try:
                with translated():
                    async with connection.transaction():
                        each = await self._fire(connection, trigger, [event], now)
            except _NOBODYS_FAULT:
                raise
            except Exception as error:
                # what it says may hold what the event says, which may be kept sealed
                refused = WorkflowError("not_started", f"it cannot be stored: {type(error).__name__}")
                each = await self._refuse(connection, trigger, [event._replace(error=refused)], now)
            took.started |= each.started
            took.seen += each.seen
        return took

    async def _fire(self, connection: Connection, trigger: StoredTrigger, events: Sequence[Event], now: float) -> _Took:
        took = await self._refuse(connection, trigger, [each for each in events if each.error is not None], now)
        shots = {each.digest: Shot(trigger, uuid7(), event=each.names) for each in events if each.error is None}
        failures: dict[UUID, WorkflowError] = {}
        took.started = await self._firings.carry_out(connection, list(shots.values()), now, failures)
        for digest, shot in shots.items():
            id = shot.execution_id
            took.seen.append(Seen(digest, id if id in took.started else None, failures.get(id)))
        return took

    async def _refuse(
        self, connection: Connection, trigger: StoredTrigger, events: Sequence[Event], now: float
    ) -> _Took:
        """Count events that cannot be used."""
        if not events:
            return _Took()
        outcome = Outcome(trigger.tenant_id, trigger.id, failed=len(events), error=events[-1].error)
        await record_outcomes(connection, [outcome], now)
        return _Took(seen=[Seen(each.digest, None, each.error) for each in events])
