"""Group commit: whatever executions have to record since the last commit goes into the next one, together.

A commit starts as soon as the last one has ended, so an idle system has the latency of one commit and a busy one
large batches. While PostgreSQL writes one batch, Python computes the next: the batch is bounded so that the runs in
hand always fall into several batches that take turns.

What a commit is for a run: its new events; its effects on inbox, subscriptions and tasks; and, where nothing of it is
at work any more, its snapshot and release. Actions start only after the commit that records what led to them.

When a commit fails:

* ``Fenced``: some run was taken over by another worker. The runs of the batch are committed one by one; the losers
  are dropped and touch nothing else.
* ``Unstorable``: PostgreSQL refuses a value. One by one again; the culprit is reloaded and failed.
* ``StoreUnavailable``: whether the batch was written is unknown. Everything in hand is dropped and handed back; the
  log tells whoever claims it next how far it came.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Protocol

import structlog

from weftline.engine.clock import Clock
from weftline.engine.link import Link
from weftline.engine.run import Run
from weftline.machine.command import Command
from weftline.machine.stimulus import ActionCompleted, Stimulus
from weftline.store.commit import Commit
from weftline.store.connect import limit_idleness
from weftline.store.errors import Fenced, StoreUnavailable, Unstorable, translated

if TYPE_CHECKING:
    from uuid import UUID

    import asyncpg
    from asyncpg.pool import PoolConnectionProxy

    from weftline.engine.attempt import Attempt
    from weftline.engine.executor import Outcome

log = structlog.get_logger(__name__)


class Host(Protocol):
    """What the committer needs of its worker."""

    @property
    def worker_id(self) -> UUID:
        """Under which the runs in hand were claimed."""
        ...

    def holds_lease(self) -> bool:
        """Whether the lease has certainly not run out."""
        ...

    def start_action(self, run: Run, command: Command) -> None:
        """Run an action whose step is recorded."""
        ...

    def let_go(self, run: Run) -> None:
        """The run is released in the database."""
        ...

    def wake(self) -> None:
        """There may be work."""
        ...

    def carry_out(self) -> None:
        """Something was decided that concerns other executions."""
        ...

    def announce(self, commit: Commit) -> None:
        """The commit is on disk, and whoever follows may look."""
        ...

    def offer(self, queues: AbstractSet[tuple[UUID, str]]) -> None:
        """There is something to fetch in task queues, by tenant and name."""
        ...

    def feed(self, run: Run, stimulus: Stimulus) -> None:
        """Let something happen to the run, and record what follows."""
        ...

    def watch_timer(self, run: Run) -> None:
        """The run stays; its next timer must be fired here."""
        ...

    def lose(self, run: Run, *, counts: bool) -> None:
        """The run cannot go on from here; where it is still ours let it be claimed again, counted as a loss or not."""
        ...

    def quarantine(self, run: Run, error: Unstorable) -> None:
        """The run's facts cannot be stored; it must fail."""
        ...

    async def abandon(self) -> None:
        """Drop every run in hand, and hand them back as soon as the database answers."""
        ...


class Committer:
    """Commits what runs have to record, many at once.

    Args:
        host: the worker.
        link: the connection for commits.
        clock: for wake-up times.
        batch: runs in one commit, at most.
    """

    def __init__(self, host: Host, link: Link, clock: Clock, *, batch: int) -> None:
        self._host = host
        self._link = link
        self._clock = clock
        self._batch = batch
        self._queue: deque[Run] = deque()
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        if self._task is None:
            self._task = asyncio.create_task(self._loop(), name="committer")

    async def stop(self) -> None:
        """End after the commit under way."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def drained(self) -> None:
        """Wait until nothing is left to commit."""
        await self._idle.wait()

    def submit(self, run: Run) -> None:
        """The run has something to record."""
        if not run.is_queued and not run.is_dropped:
            run.is_queued = True
            self._queue.append(run)
            self._idle.clear()
            self._wake.set()

    def report(self, attempt: Attempt, outcome: Outcome) -> None:
        """An action has ended."""
        run = attempt.run
        if run.is_dropped or run.inflight.get(attempt.step.key) is not attempt:
            return
        del run.inflight[attempt.step.key]
        run.audits += attempt.audits
        self._host.feed(run, outcome)

    # --- the loop ---------------------------------------------------------------------------------------------------

    async def _loop(self) -> None:
        while True:
            if not self._queue:
                self._idle.set()
                self._wake.clear()
                await self._wake.wait()
            runs = self._take()
            if not runs:
                continue
            if not self._host.holds_lease():
                log.warning("the lease ran out before a commit; everything in hand is dropped", runs=len(runs))
                self._finish(runs)
                await self._host.abandon()
                continue
            commit = self._collect(runs)
            try:
                is_ready = await commit.write(await self._link.get(), self._host.worker_id, self._clock.now())
            except (Fenced, Unstorable) as error:
                log.warning("group commit refused; committing one by one", runs=len(runs), error=str(error))
                await self._one_by_one(runs, commit)
            except StoreUnavailable as error:
                log.warning("commit failed: database unavailable", runs=len(runs), error=str(error))
                await self._link.close()
                self._finish(runs)
                await self._host.abandon()
            except Exception:
                log.exception("commit failed", runs=len(runs))
                self._finish(runs)
                for run in runs:
                    self._host.lose(run, counts=True)
            else:
                self._committed(runs, commit, is_ready)

    def _take(self) -> list[Run]:
        """The runs of the next commit. One that is in a joined transaction comes back when that has ended."""
        runs: list[Run] = []
        done = asyncio.get_running_loop().create_future()
        while self._queue and len(runs) < self._batch:
            run = self._queue.popleft()
            run.is_queued = False
            if not run.is_dropped and run.committing is None:
                run.committing = done
                runs.append(run)
        return runs

    def _collect(self, runs: list[Run]) -> Commit:
        """What the runs have to record. A run whose facts cannot be stored is taken out and quarantined."""
        commit = Commit()
        for run in list(runs):
            try:
                run.collect(commit)
            except Unstorable as error:
                commit.discard(run.id)
                runs.remove(run)
                run.committing = None
                self._host.quarantine(run, error)
        return commit

    def _finish(self, runs: list[Run]) -> None:
        """The commit of these runs is over, whatever came of it."""
        for run in runs:
            done, run.committing = run.committing, None
            if done is not None and not done.done():
                done.set_result(None)

    def _committed(self, runs: list[Run], commit: Commit, is_ready: bool) -> None:
        """The commit is on disk: let go what was released (``is_ready``: some of it can be claimed again), start the
        actions that it led to."""
        host = self._host
        self._finish(runs)
        host.announce(commit)
        if commit.has_dispatches:
            host.carry_out()
        if commit.queues:
            host.offer(commit.queues)
        if is_ready:
            host.wake()
        for run in runs:
            if run.is_dropped:
                continue
            if run.is_leaving:
                host.let_go(run)
                continue
            for command in run.take_actions():
                host.start_action(run, command)
            # what was decided meanwhile, or whether it may go on at all
            if run.has_news or run.to_run or run.is_idle:
                self.submit(run)
            if run.state.has_timers:
                host.watch_timer(run)

    async def _one_by_one(self, runs: list[Run], commit: Commit) -> None:
        """Commit each run by itself; those that fail are dealt with, and hurt nobody else."""
        parts = commit.split()
        shared = runs[0].committing if runs else None
        for run in runs:
            # from here on each ends by itself, and whoever waits for one must not be woken by another's end
            run.committing = asyncio.get_running_loop().create_future()
        if shared is not None:
            shared.set_result(None)
        for position, run in enumerate(runs):
            part = parts.get(run.id, Commit())
            try:
                is_ready = await part.write(await self._link.get(), self._host.worker_id, self._clock.now())
            except Fenced:
                log.warning("run taken over by another worker", execution_id=run.id_text)
                self._finish([run])
                self._host.lose(run, counts=False)
            except Unstorable as error:
                self._finish([run])
                self._host.quarantine(run, error)
            except StoreUnavailable:
                await self._link.close()
                self._finish(runs[position:])
                await self._host.abandon()
                return
            else:
                self._committed([run], part, is_ready)

    # --- joined transactions ------------------------------------------------------------------------------------------

    async def commit_joined(
        self, attempt: Attempt, outcome: ActionCompleted, connection: PoolConnectionProxy[asyncpg.Record]
    ) -> bool:
        """Store what an action's result leads to, in the transaction that the action wrote in, and commit it.

        Returns:
            False where it was not committed: the caller must roll back.
        """
        run = attempt.run
        while run.committing is not None:
            await run.committing
        if run.is_dropped or run.inflight.get(attempt.step.key) is not attempt:
            return False
        run.committing = asyncio.get_running_loop().create_future()
        del run.inflight[attempt.step.key]
        run.audits += attempt.audits
        run.feed(outcome, self._clock.now())
        runs = [run]
        try:
            commit = self._collect(runs)
            if not runs or not self._host.holds_lease():
                raise Fenced("the lease ran out" if runs else "the result cannot be stored")
            with translated():
                # the action may have taken its time, but what is written now others may have to wait for
                await limit_idleness(connection)
                is_ready = await commit.write(connection, self._host.worker_id, self._clock.now())
                await connection.execute("COMMIT")
        except Exception as error:
            # whether a COMMIT that broke took effect is unknown: the log will tell whoever claims the run next
            log.warning("joined transaction failed", execution_id=run.id_text, error=str(error))
            self._finish([run])
            self._host.lose(run, counts=not isinstance(error, Fenced | StoreUnavailable))
            return False
        self._committed(runs, commit, is_ready)
        return True
