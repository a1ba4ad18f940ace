"""Claims executions that are ready, and puts them into the worker's hands."""

from __future__ import annotations

from collections import defaultdict
from typing import Protocol
from uuid import UUID

import asyncpg
import structlog

from weftline.authoring.context import Tenant
from weftline.engine.clock import Clock
from weftline.engine.link import Link
from weftline.engine.loop import Loop
from weftline.engine.messages import stimulus_of
from weftline.engine.programs import Programs, UnusableVersion
from weftline.engine.run import Run
from weftline.language.program import Program
from weftline.machine.command import outstanding
from weftline.machine.stimulus import Fault, Recovered, Start, TimersDue
from weftline.store.errors import StoreUnavailable, translated
from weftline.store.log import catch_up, state_from_row
from weftline.store.queries import queries

log = structlog.get_logger(__name__)

CLAIM = queries("executions")["claim"]
NEXT_WAKE = queries("executions")["next_wake"]
UNREAD = queries("inbox")["unread"]

NO_PROGRAM = Program("", "", {}, (), {})
"""Stands in where a version cannot be used: the run can only fail."""


class Host(Protocol):
    """What the claimer needs of its worker."""

    @property
    def worker_id(self) -> UUID:
        """Under which runs are claimed."""
        ...

    def room(self) -> int:
        """How many more runs the worker takes."""
        ...

    def poll_seconds(self) -> float:
        """Seconds between looks for work."""
        ...

    async def abandon(self) -> None:
        """Drop every run in hand, and hand them back as soon as the database answers."""
        ...

    @property
    def abandoned(self) -> int:
        """How often everything in hand was dropped."""
        ...

    def pass_back(self, ids: list[UUID]) -> None:
        """Executions were claimed that cannot be taken."""
        ...

    def admits(self, run: Run) -> bool:
        """Whether a run may be taken beside those in hand."""
        ...

    def set_aside(self, execution_id: UUID) -> None:
        """An execution cannot be brought up to date here; let others try, later."""
        ...

    def take(self, run: Run, *, is_new: bool) -> None:
        """A claimed run, brought up to date; ``is_new`` where this is the first time anybody holds it."""
        ...


class Claimer(Loop):
    """Claims in batches, the most urgent first, for as long as there is room.

    When nothing is ready it sleeps until a hint comes, the next timer is due, or the poll interval is over.

    Args:
        host: the worker.
        link: the connection for claims.
        clock: decides what is due.
        programs: compiled versions.
        batch: runs claimed at once; it claims fewer only where fewer are ready.
    """

    def __init__(self, host: Host, link: Link, clock: Clock, programs: Programs, *, batch: int) -> None:
        super().__init__("claimer", host.poll_seconds())
        self._host = host
        self._link = link
        self._clock = clock
        self._programs = programs
        self._batch = batch
        self._next_wake: float | None = None
        self.wants_room = False

    def pause_seconds(self) -> float:
        """Until the next timer, or the next poll."""
        interval = self._host.poll_seconds()
        if self._next_wake is None:
            return interval
        return min(interval, max(0.0, self._next_wake - self._clock.now()))

    def expect(self, due: float) -> None:
        """An execution was just released that will be ready at ``due``, Unix seconds."""
        if self._next_wake is None or due < self._next_wake:
            self._next_wake = due
            self.wake()

    async def run_once(self) -> int:
        """Claim one batch; returns how many executions it brought."""
        self._next_wake = None
        # claiming a handful whenever a handful has ended would cost a statement for each
        self.wants_room = self._host.room() < self._batch
        if self.wants_room:
            return 0
        connection = await self._link.get()
        abandoned = self._host.abandoned
        try:
            with translated():
                rows = await connection.fetch(CLAIM, self._host.worker_id, self._clock.now(), self._batch)
                if rows:
                    await self._take(connection, rows, abandoned)
                else:
                    self._next_wake = await connection.fetchval(NEXT_WAKE)
        except Exception as error:
            # executions may have been claimed in the database that never arrived here
            if isinstance(error, StoreUnavailable):
                await self._link.close()
            await self._host.abandon()
            raise
        return len(rows)

    async def _take(
        self, connection: asyncpg.Connection[asyncpg.Record], rows: list[asyncpg.Record], abandoned: int
    ) -> None:
        runs: dict[UUID, Run] = {}
        faults: dict[UUID, Fault] = {}
        for row in rows:
            version = (row["tenant_id"], row["workflow_id"], row["version_number"])
            try:
                program, tenant = await self._programs.get(connection, version)
            except UnusableVersion as unusable:
                program, tenant = NO_PROGRAM, Tenant(row["tenant_id"], "")
                faults[row["id"]] = Fault(unusable.error.to_json())
            try:
                state = state_from_row(row)
                if not row["clean"]:
                    await catch_up(connection, row["tenant_id"], row["id"], state)
            except (ValueError, KeyError, AssertionError):
                self._set_aside(row["id"])
                continue
            runs[row["id"]] = Run(
                row["id"],
                tenant,
                row["workflow_id"],
                row["version_number"],
                program,
                state,
                row["inbox_seen"],
            )
        messages = await self._messages(connection, rows)
        if self._host.abandoned != abandoned:
            # the lease was lost, or the database was away, while these were on their way: they may be others' by now
            self._host.pass_back([row["id"] for row in rows])
            return
        now = self._clock.now()
        refused: list[UUID] = []
        for row in rows:
            run = runs.get(row["id"])
            if run is None:
                continue
            try:
                is_new = self._bring_up_to_date(run, row["lost_leases"], faults.get(run.id), messages[run.id], now)
            except Exception:
                self._set_aside(run.id)
            else:
                if self._host.admits(run):
                    self._host.take(run, is_new=is_new)
                else:
                    refused.append(run.id)
        if refused:
            self._host.pass_back(refused)

    def _set_aside(self, execution_id: UUID) -> None:
        """One execution that cannot be understood must not keep the others from being claimed."""
        log.exception("execution cannot be brought up to date; set aside", execution_id=str(execution_id))
        self._host.set_aside(execution_id)

    async def _messages(
        self, connection: asyncpg.Connection[asyncpg.Record], rows: list[asyncpg.Record]
    ) -> dict[UUID, list[asyncpg.Record]]:
        """The messages that the claimed executions have not seen."""
        messages: defaultdict[UUID, list[asyncpg.Record]] = defaultdict(list)
        waiting = [row for row in rows if row["inbox_seq"] > row["inbox_seen"]]
        if waiting:
            tenants = [row["tenant_id"] for row in waiting]
            with translated():
                unread = await connection.fetch(UNREAD, tenants, [row["id"] for row in waiting])
            for message in unread:
                messages[message["execution_id"]].append(message)
        return messages

    def _bring_up_to_date(
        self, run: Run, lost_leases: int, fault: Fault | None, messages: list[asyncpg.Record], now: float
    ) -> bool:
        """Tell the run what happened while nobody held it; returns whether nobody ever did."""
        state = run.state
        is_new = state.seq == 0 and lost_leases == 0
        if fault is not None:
            run.feed(fault, now)
        elif state.seq == 0:
            run.feed(Start(), now)
        else:
            run.to_run = outstanding(state)
        if lost_leases > state.lost_leases:
            run.feed(Recovered(lost_leases), now)
        for message in messages:
            run.feed(stimulus_of(message), now)
            run.inbox_seen = message["seq"]
        due = state.next_due()
        if due is not None and due <= now:
            run.feed(TimersDue(), now)
        return is_new
