"""Claims executions that are ready, and puts them into the worker's hands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Protocol
from uuid import UUID

import asyncpg
import structlog

from weftline.authoring.context import Tenant
from weftline.engine.clock import Clock
from weftline.engine.functions import Functions
from weftline.engine.link import Link
from weftline.engine.loop import Loop
from weftline.engine.messages import UnreadableMessage, stimulus_of, target_version
from weftline.engine.programs import Programs, UnusableVersion
from weftline.engine.run import Above, Origin, Run
from weftline.engine.snapshots import Snapshots
from weftline.engine.variables import Variables
from weftline.language.program import Program
from weftline.machine.command import outstanding
from weftline.machine.stimulus import Fault, Migrate, Recovered, Start, TimersDue
from weftline.store.errors import StoreUnavailable, translated
from weftline.store.log import catch_up, state_from_row
from weftline.store.queries import queries
from weftline.store.sealing import UNREADABLE, seal_of

log = structlog.get_logger(__name__)

CLAIM = queries("executions")["claim"]
NEXT_WAKE = queries("executions")["next_wake"]
UNREAD = queries("inbox")["unread"]

COURTESY_SECONDS = 0.25
"""How long an execution that was left to other workers is theirs alone, once it is ready."""

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

    def pass_on(self, ids: list[UUID]) -> None:
        """Executions were claimed whose durable functions this worker does not have."""
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
        functions: the durable functions that this worker has.
        variables: those of the workflows in hand.
        batch: runs claimed at once; it claims fewer only where fewer are ready.
    """

    def __init__(
        self,
        host: Host,
        link: Link,
        clock: Clock,
        programs: Programs,
        functions: Functions,
        variables: Variables,
        *,
        batch: int,
    ) -> None:
        super().__init__("claimer", host.poll_seconds())
        self._host = host
        self._link = link
        self._clock = clock
        self._programs = programs
        self._functions = functions
        self._variables = variables
        self._batch = batch
        self._next_wake: float | None = None
        self._left: set[float] = set()
        self.wants_room = False

    def pause_seconds(self) -> float:
        """Until the next timer, or the next poll."""
        interval = self._host.poll_seconds()
        if self._next_wake is None:
            return interval
        now = self._clock.now()
        self._left = {due for due in self._left if due > now}
        # the database keeps microseconds
        is_left = any(abs(due - self._next_wake) < 1e-3 for due in self._left)
        return min(interval, max(0.0, self._next_wake - now) + (COURTESY_SECONDS if is_left else 0.0))

    def leave(self, due: float) -> None:
        """An execution will be ready at ``due`` that other workers are to claim before this one."""
        self._left.add(due)

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
            try:
                seal = await seal_of(connection, row["tenant_id"], row["id"]) if row["is_sealed"] else None
                context: str | None = row["context"]
                if seal is not None and context is not None:
                    context = seal.open(context, "context").decode()
                state = state_from_row(row, seal)
                if not row["clean"]:
                    await catch_up(connection, row["tenant_id"], row["id"], state)
            except (ValueError, KeyError, AssertionError, *UNREADABLE):
                self._set_aside(row["id"])
                continue
            number: int = row["version_number"] if state.version is None else state.version
            try:
                program, tenant = await self._programs.get(connection, (row["tenant_id"], row["workflow_id"], number))
            except UnusableVersion as unusable:
                program, tenant = NO_PROGRAM, Tenant(row["tenant_id"], "")
                faults[row["id"]] = Fault(unusable.error.to_json())
            size = 0 if row["snapshot"] is None else len(row["snapshot"])
            runs[row["id"]] = Run(
                row["id"],
                tenant,
                row["workflow_id"],
                number,
                program,
                state,
                row["inbox_seen"],
                snapshots=Snapshots(row["snapshot_seq"], size, state.seq),
                above=Above(row["parent_id"], row["parent_step"]) if row["parent_waits"] else None,
                holds_slot=row["concurrency_key"] is not None,
                origin=Origin(row["started_by"], context),
                seal=seal,
            )
        messages = await self._messages(connection, rows)
        targets = await self._targets(connection, runs, messages)
        await self._supply_variables(connection, runs, targets)
        if self._host.abandoned != abandoned:
            # the lease was lost, or the database was away, while these were on their way: they may be others' by now
            self._host.pass_back([row["id"] for row in rows])
            return
        now = self._clock.now()
        refused: list[UUID] = []
        strangers: list[UUID] = []
        for row in rows:
            run = runs.get(row["id"])
            if run is None:
                continue
            if not self._functions.attach(run):
                strangers.append(run.id)
                continue
            try:
                is_new = self._begin(run, row["lost_leases"], faults.get(run.id), now)
                self._hand_out(run, messages[run.id], targets, now)
            except Exception:
                self._set_aside(run.id)
            else:
                if self._host.admits(run):
                    self._host.take(run, is_new=is_new)
                else:
                    refused.append(run.id)
        if refused:
            self._host.pass_back(refused)
        if strangers:
            self._host.pass_on(strangers)

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

    async def _targets(
        self,
        connection: asyncpg.Connection[asyncpg.Record],
        runs: Mapping[UUID, Run],
        messages: Mapping[UUID, list[asyncpg.Record]],
    ) -> dict[tuple[UUID, int], Program]:
        """The versions that messages want runs to go on with, by the message."""
        targets: dict[tuple[UUID, int], Program] = {}
        for run in runs.values():
            for message in messages[run.id]:
                version = target_version(message, run.seal)
                if version is None:
                    continue
                try:
                    program, _ = await self._programs.get(connection, (run.tenant.id, run.workflow_id, version))
                except UnusableVersion:
                    # the machine refuses it, as any program of another workflow
                    program = NO_PROGRAM
                targets[run.id, message["seq"]] = program
        return targets

    async def _supply_variables(
        self,
        connection: asyncpg.Connection[asyncpg.Record],
        runs: dict[UUID, Run],
        targets: Mapping[tuple[UUID, int], Program],
    ) -> None:
        """Give runs the variables that their programs read, also those of the versions that they are to go on with."""
        will_read = {execution_id for (execution_id, _), program in targets.items() if program.reads_variables}
        reading = [run for run in runs.values() if run.program.reads_variables or run.id in will_read]
        if reading:
            for run in await self._variables.supply(connection, reading):
                self._host.set_aside(run.id)
                del runs[run.id]

    def _begin(self, run: Run, lost_leases: int, fault: Fault | None, now: float) -> bool:
        """Let the run begin or go on; returns whether nobody ever held it."""
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
        run.drive(now)
        return is_new

    def _hand_out(
        self,
        run: Run,
        messages: list[asyncpg.Record],
        targets: Mapping[tuple[UUID, int], Program],
        now: float,
    ) -> None:
        """Tell the run what was sent to it, and what became due, while nobody held it."""
        for message in messages:
            try:
                stimulus = stimulus_of(message, targets.get((run.id, message["seq"])), run.seal)
            except UnreadableMessage as error:
                log.error("a message is passed over", execution_id=run.id_text, error=str(error))
            else:
                if isinstance(stimulus, Migrate):
                    run.migrate(stimulus, now)
                    if self._functions.attach(run):
                        run.drive(now)
                else:
                    run.feed(stimulus, now)
            run.inbox_seen = message["seq"]
        due = run.state.next_due()
        if due is not None and due <= now:
            run.feed(TimersDue(), now)
