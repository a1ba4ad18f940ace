"""The worker: claims executions, runs their steps, commits what follows.

::

              claim                 start action              report
    database ───────► Claimer ─► Run ───────► Executor ───────────────► Run.feed (machine)
        ▲                                        ▲                          │ events, commands
        │   events, releases, in one transaction │ after the commit         ▼
        └───────────────────────────────── Committer ◄──────────────── submit

Beside them run the lease (one heartbeat for all that is held), the rescuer (frees what lost workers held), timers and
inbox (for executions in hand), the dispatcher (for what executions send each other), the scheduler (for what is to
start by itself), the sources (look at other systems for triggers), the suspender and the unshelver (for tenants that
are suspended and active again), the compactor (sums statistics), the variables and the connections (keep up with
changes) and the notifier (hints that there is work). All state that matters is in the database; a worker can be killed
at any instant.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import structlog

from weftline.authoring.action import ActionRegistry
from weftline.engine.announcer import Announcer
from weftline.engine.attempt import Attempt
from weftline.engine.claimer import Claimer
from weftline.engine.clock import Clock, SystemClock
from weftline.engine.committer import Committer
from weftline.engine.compactor import Compactor
from weftline.engine.connections import Connections
from weftline.engine.dispatcher import Dispatcher
from weftline.engine.executor import Executor
from weftline.engine.firing import Firings
from weftline.engine.functions import Functions
from weftline.engine.inbox import InboxReader
from weftline.engine.job_offers import JobOffers
from weftline.engine.job_reaper import JobReaper
from weftline.engine.joined import JoinedTransaction
from weftline.engine.lease import Lease
from weftline.engine.link import Link
from weftline.engine.looking import Looking
from weftline.engine.loop import RETRY_SECONDS
from weftline.engine.notifier import Notifier
from weftline.engine.programs import Programs
from weftline.engine.rescuer import Rescuer
from weftline.engine.run import Run
from weftline.engine.scheduler import Scheduler
from weftline.engine.snapshots import Snapshots
from weftline.engine.sources import Sources
from weftline.engine.surroundings import TenantConfigurations
from weftline.engine.suspender import Suspender
from weftline.engine.taking import Taking
from weftline.engine.timers import Timers
from weftline.engine.unshelver import Unshelver
from weftline.engine.variables import Variables
from weftline.machine.command import Command
from weftline.machine.stimulus import ActionFailed, Fault, Stimulus
from weftline.model.errors import WorkflowError
from weftline.store.bus import open_bus
from weftline.store.commit import Commit
from weftline.store.connect import create_pool
from weftline.store.errors import StoreUnavailable, Unstorable, translated
from weftline.store.keyring import Keyring
from weftline.store.log import load_state
from weftline.store.queries import queries
from weftline.store.triggers import TriggerRules

log = structlog.get_logger(__name__)

HAND_BACK = queries("executions")["hand_back"]

START_ATTEMPTS = 5
"""How often a starting worker tries to get its lease."""

INBOX_SECONDS = 0.1
"""Between looks into the inboxes of executions in hand."""

PASS_ON_SECONDS, PASS_ON_ALONE_SECONDS, PASS_ON_DELAY = 60.0, 2.0, 0.5
"""How long a step whose action is unknown here is left to other workers, how long where there is none (one may just be
starting), and how long each turn lasts."""

STATISTICS_SECONDS = 10.0
"""Between two sums of what commits added to the statistics."""

STRANGER_DELAY = 2.0
"""Before an execution whose durable function is unknown here can be claimed again."""

PASS_BACK_DELAY = 0.1
"""Before an execution that was claimed but not taken can be claimed again."""

SUSPICIOUS, SUSPICION_SECONDS = 2, 10.0
"""Lost workers under one attempt that make an execution suspect, and how long one suspect keeps out the others."""

SET_ASIDE_SECONDS = 60.0
"""Before an execution that could not be understood is tried again."""


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """How a worker works.

    Attributes:
        name: for people.
        capacity: executions in hand at most.
        claim_batch: executions claimed at once, at most.
        commit_batch: executions in one commit, at most.
        lanes: async actions that may wait at once.
        threads: plain actions that may run at once.
        lease_seconds: how long others wait before they take over what a lost worker held.
        poll_seconds: between looks for work while hints come through.
        blind_poll_seconds: between looks for work while they do not.
        connections: for joined transactions and housekeeping.
        statistics_days: how long statistics are kept.
        platform_url: where people reach the platform.
    """

    name: str = "worker"
    capacity: int = 1_000
    claim_batch: int = 250
    commit_batch: int = 250
    lanes: int = 1_000
    threads: int = 32
    lease_seconds: float = 10.0
    poll_seconds: float = 1.0
    blind_poll_seconds: float = 0.1
    connections: int = 8
    statistics_days: int = 400
    platform_url: str = ""

    def __post_init__(self) -> None:
        """Check the numbers.

        Raises:
            ValueError: one makes no sense.
        """
        for name in ("capacity", "claim_batch", "commit_batch", "lanes", "threads", "connections", "statistics_days"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1")
        for name in ("lease_seconds", "poll_seconds", "blind_poll_seconds"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be more than 0")


class Worker:
    """Runs workflows until it is stopped. Any number of workers may share a database.

    Args:
        url: a PostgreSQL URL whose role may become ``weft_worker``.
        registry: the actions that it can run.
        options: how it works.
        clock: decides what is due; tests move it.
        keyring: opens tenants' secrets and sealed payloads.
        redis: URL of a Redis server that carries messages between processes; None: PostgreSQL does.
        is_disabled: whether a tenant has disabled a plugin, whose actions then wait.
    """

    def __init__(
        self,
        url: str,
        registry: ActionRegistry,
        options: WorkerOptions | None = None,
        clock: Clock | None = None,
        *,
        keyring: Keyring,
        redis: str | None = None,
        is_disabled: Callable[[UUID, str], bool] = lambda tenant_id, plugin: False,
    ) -> None:
        self._url = url
        self._is_disabled = is_disabled
        self._redis = redis
        self._keyring = keyring
        self._registry = registry
        self._options = options or WorkerOptions()
        self._clock = clock or SystemClock()
        self._runs: dict[UUID, Run] = {}
        self._is_draining = False
        self._suspect: tuple[Run | None, float] = (None, 0.0)
        self.abandoned = 0
        """How often everything in hand was dropped; a claim under way meanwhile must not be taken."""
        self._parts: _Parts | None = None
        self._errands: set[asyncio.Task[None]] = set()

    # --- life --------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Connect and begin to work; does nothing where it works already.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        if self._parts is not None:
            return
        with translated():
            pool = await create_pool(
                self._url,
                "weft_worker",
                name=self._options.name,
                max_size=self._options.connections,
                keyring=self._keyring,
            )
        parts = _Parts(
            self,
            self._url,
            pool,
            self._registry,
            self._options,
            self._clock,
            self._keyring,
            self._redis,
            self._is_disabled,
        )
        await _insist(parts.lease.acquire)
        self._is_draining = False
        self._parts = parts
        await parts.bus.start()
        parts.committer.start()
        for loop in parts.loops:
            loop.start()
        log.info("worker started", worker_id=str(self.worker_id), name=self._options.name)

    async def stop(self, deadline: float = 20.0) -> None:
        """Stop claiming, let running actions end, record their results, hand back the rest; safe to call twice.

        Args:
            deadline: seconds after which actions that still run are abandoned (another worker runs them again).
        """
        parts = self._parts
        if parts is None:
            return
        self._is_draining = True
        await parts.claimer.stop()
        parts.executor.discard_queue()
        try:
            async with asyncio.timeout(deadline):
                await parts.executor.quiet()
                await parts.committer.drained()
        except TimeoutError:
            log.warning("actions still running at the deadline are handed back", count=parts.executor.load)
        for loop in parts.loops:
            await loop.stop()
        for errand in list(self._errands):
            errand.cancel()
        for run in list(self._runs.values()):
            self.drop(run)
        await parts.executor.stop()
        await parts.committer.stop()
        try:
            await self._hand_back(parts, None)
            await parts.lease.retire()
        except StoreUnavailable as error:
            log.warning("stopped without the database: the lease will run out", error=str(error))
        await parts.close()
        self._parts = None
        log.info("worker stopped", name=self._options.name)

    def wake(self) -> None:
        """There may be work."""
        if self._parts is not None:
            self._parts.claimer.wake()

    @property
    def parts(self) -> _Parts:
        """The services of a started worker."""
        assert self._parts is not None, "the worker is not started"
        return self._parts

    # --- what the services ask ---------------------------------------------------------------------------------------

    @property
    def worker_id(self) -> UUID:
        """Identity under which it holds executions; a new one whenever its lease was lost."""
        return self.parts.lease.worker_id

    @property
    def holds_any(self) -> bool:
        """Whether any execution is in hand."""
        return bool(self._runs)

    def holds_lease(self) -> bool:
        """Whether the lease has certainly not run out."""
        return self.parts.lease.is_valid

    def room(self) -> int:
        """How many more executions it takes; none while it stops, or without a lease."""
        if self._is_draining or not self.holds_lease():
            return 0
        return self._options.capacity - len(self._runs)

    def held(self, execution_id: UUID) -> Run | None:
        """The run in hand, if it is there and may go on: neither leaves nor is halted."""
        run = self._runs.get(execution_id)
        return None if run is None or run.is_leaving or run.halted_at is not None else run

    @property
    def runs(self) -> Collection[Run]:
        """Every run in hand."""
        return self._runs.values()

    @property
    def halted_tenants(self) -> Collection[UUID]:
        """The tenants whose runs in hand begin nothing new."""
        return self.parts.suspender.halted

    def halt(self, run: Run) -> None:
        """The run begins nothing new, and is let go when what is at work has ended, unless it may go on before."""
        run.halt(self._clock.now())
        self.parts.executor.withdraw(run)
        if run.is_idle:
            self.parts.committer.submit(run)

    def let_leave(self, run: Run) -> None:
        """The run begins nothing new, and is let go when nothing of it is at work; the claimer takes it up again."""
        run.must_leave = True
        self.halt(run)

    def go_on(self, run: Run) -> None:
        """The run's tenant is active again."""
        run.go_on()
        self.parts.committer.submit(run)
        # its timers may have passed meanwhile
        run.timer_due = None
        self.watch_timer(run)

    def admits(self, run: Run) -> bool:
        """Whether a run may be taken beside those in hand: of those under which workers were lost, one at a time.

        Whatever shared a worker with an action that kills its process looks like a killer itself. Taken one by one,
        the innocent ones get to their end, and the next loss has one culprit.
        """
        if all(step.interruptions < SUSPICIOUS for step in run.state.open.values()):
            return True
        now = self._clock.now()
        suspect, since = self._suspect
        if suspect is not None and self._runs.get(suspect.id) is suspect and now - since < SUSPICION_SECONDS:
            return False
        self._suspect = (run, now)
        return True

    def take(self, run: Run, *, is_new: bool) -> None:
        """A run was claimed and brought up to date."""
        self._runs[run.id] = run
        # What a new execution's first actions depend on, its input, is stored already; a run that goes on without
        # news has all its events stored too. Only what is still to be recorded must be waited for.
        if is_new or not run.has_news:
            run.clear()
            for command in run.take_actions():
                self.start_action(run, command)
        if run.has_news or run.is_idle:
            self.parts.committer.submit(run)
        else:
            self.watch_timer(run)

    def feed(self, run: Run, stimulus: Stimulus) -> None:
        """Let something happen to a run in hand, and record what follows."""
        try:
            run.feed(stimulus, self._clock.now())
        except Exception:
            log.exception(
                "the machine failed; the run is handed back", execution_id=run.id_text, **run.origin.log_fields()
            )
            self.lose(run, counts=True)
        else:
            self.parts.committer.submit(run)

    def submit(self, run: Run) -> None:
        """The run has something to record."""
        self.parts.committer.submit(run)

    def carry_out(self) -> None:
        """Something was decided that concerns other executions."""
        self.parts.dispatcher.wake()

    def announce(self, commit: Commit) -> None:
        """The commit is on disk, and whoever follows may look."""
        self.parts.announcer.tell(commit)

    def offer(self, queues: AbstractSet[tuple[UUID, str]]) -> None:
        """There is something to fetch in task queues, by tenant and name."""
        self.parts.job_offers.offer(queues)

    def reached(self, executions: Collection[UUID]) -> None:
        """Executions were started, or got messages."""
        self.parts.claimer.wake()
        if not self._runs.keys().isdisjoint(executions):
            self.parts.inbox.wake()

    def poll_seconds(self) -> float:
        """Seconds between looks for work: often while hints do not come through."""
        hints_work = self._parts is None or self._parts.notifier.works
        return self._options.poll_seconds if hints_work else self._options.blind_poll_seconds

    def miss(self, attempt: Attempt, outcome: ActionFailed) -> None:
        """An attempt's action is unknown here."""
        self._send_off(lambda: self._pass_on(attempt, outcome))

    def start_action(self, run: Run, command: Command) -> None:
        """Run an action whose step is recorded; not while the worker stops."""
        if not self._is_draining:
            self.parts.executor.submit(run, command.step)

    def watch_timer(self, run: Run) -> None:
        """Fire the next timer of a run that stays in hand."""
        self.parts.timers.watch(run)

    def let_go(self, run: Run) -> None:
        """The run is released in the database."""
        self.drop(run)
        claimer = self.parts.claimer
        # one that was to leave has a message that it did not take in
        due = self._clock.now() if run.must_leave else run.wake_at
        if due is not None:
            claimer.expect(due)
        if claimer.wants_room and self.room() >= min(self._options.claim_batch, self._options.capacity):
            claimer.wake()

    def drop(self, run: Run) -> None:
        """The run is no longer ours; forget it, and stop what it has at work."""
        if self._runs.get(run.id) is run:
            del self._runs[run.id]
        run.is_dropped = True
        if run.driver is not None:
            run.driver.close()
        for attempt in run.inflight.values():
            attempt.abort()

    def lose(self, run: Run, *, counts: bool) -> None:
        """The run cannot go on from here; where it is still ours let it be claimed again, counted as a loss or not."""
        self.drop(run)
        self._send_off(lambda: self._hand_back(self.parts, [run.id], losses=int(counts)))

    def pass_back(self, ids: list[UUID]) -> None:
        """Executions were claimed that cannot be taken."""
        self._send_off(lambda: self._hand_back(self.parts, ids, delay=PASS_BACK_DELAY))

    def pass_on(self, ids: list[UUID]) -> None:
        """Executions were claimed whose durable functions this worker does not have."""
        self._send_off(lambda: self._hand_back(self.parts, ids, delay=STRANGER_DELAY, to_others=True))

    def set_aside(self, execution_id: UUID) -> None:
        """An execution cannot be brought up to date here; let others try, later."""
        self._send_off(lambda: self._hand_back(self.parts, [execution_id], delay=SET_ASIDE_SECONDS))

    def quarantine(self, run: Run, error: Unstorable) -> None:
        """The run's facts cannot be stored: fail it, from what the log says."""
        self.drop(run)
        self._send_off(lambda: self._fail(run, error))

    async def abandon(self) -> None:
        """Drop every run in hand, and hand them back as soon as the database answers."""
        self.abandoned += 1
        for run in list(self._runs.values()):
            self.drop(run)
        while not self._is_draining:
            try:
                await self._hand_back(self.parts, None)
            except StoreUnavailable:
                await asyncio.sleep(RETRY_SECONDS)
            else:
                self.parts.claimer.wake()
                return

    # --- errands -----------------------------------------------------------------------------------------------------

    def _send_off(self, errand: Callable[[], Awaitable[None]]) -> None:
        """Do something in the background, again and again until the database answers."""

        async def insist() -> None:
            while True:
                try:
                    return await errand()
                except StoreUnavailable:
                    await asyncio.sleep(RETRY_SECONDS)

        task = asyncio.create_task(insist())
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    async def _hand_back(
        self,
        parts: _Parts,
        ids: list[UUID] | None,
        *,
        delay: float = 0.0,
        losses: int = 0,
        to_others: bool = False,
    ) -> None:
        ready = self._clock.now() + delay
        if to_others:
            parts.claimer.leave(ready)
        with translated():
            await parts.pool.execute(HAND_BACK, parts.lease.worker_id, ids, ready, losses)
        if not to_others:
            parts.claimer.expect(ready)

    async def _pass_on(self, attempt: Attempt, outcome: ActionFailed) -> None:
        """Leave a step whose action is unknown here to another worker; where there is none, the attempt has failed."""
        parts, run = self.parts, attempt.run
        with translated():
            others = await parts.pool.fetchval(queries("workers")["others"], self.worker_id)
        waited = self._clock.now() - attempt.step.started_at
        if waited < (PASS_ON_SECONDS if others else PASS_ON_ALONE_SECONDS):
            self.drop(run)
            await self._hand_back(parts, [run.id], delay=PASS_ON_DELAY, to_others=bool(others))
        else:
            parts.committer.report(attempt, outcome)

    async def _fail(self, run: Run, error: Unstorable) -> None:
        """Bring a run back to what the log says, and fail it there."""
        with translated():
            async with self.parts.pool.acquire() as connection:
                state = await load_state(connection, run.tenant.id, run.id)
        assert state is not None, "executions are never deleted while they run"
        again = Run(
            run.id,
            run.tenant,
            run.workflow_id,
            run.version_number,
            run.program,
            state,
            run.inbox_seen,
            snapshots=Snapshots(0, 0, state.seq),
            above=run.above,
            holds_slot=run.holds_slot,
            origin=run.origin,
            seal=run.seal,
        )
        again.facts.variables = run.facts.variables
        again.inbox_stored = 0
        failure = WorkflowError("unstorable", f"a value cannot be stored: {error}", retryable=False)
        again.feed(Fault(failure.to_json()), self._clock.now())
        self.take(again, is_new=False)


async def _insist(attempt: Callable[[], Awaitable[None]]) -> None:
    """Try again a few times: a server that was reached a moment ago may just be coming back.

    Raises:
        StoreUnavailable: it does not.
    """
    for _ in range(START_ATTEMPTS - 1):
        try:
            return await attempt()
        except StoreUnavailable as error:
            log.warning("database unavailable", error=str(error))
            await asyncio.sleep(RETRY_SECONDS)
    return await attempt()


class _Parts:
    """The services of a started worker, wired together."""

    def __init__(
        self,
        worker: Worker,
        url: str,
        pool: asyncpg.Pool[asyncpg.Record],
        registry: ActionRegistry,
        options: WorkerOptions,
        clock: Clock,
        keyring: Keyring,
        redis: str | None,
        is_disabled: Callable[[UUID, str], bool],
    ) -> None:
        name = options.name
        self.bus = open_bus(url, "weft_worker", redis)
        self.announcer = Announcer(self.bus)
        self.pool = pool
        self.links = [
            Link(url, f"{name} {purpose}", keyring) for purpose in ("commit", "claim", "listen", "lease", "connect")
        ]
        commit_link, claim_link, listen_link, lease_link, connect_link = self.links
        self.lease = Lease(lease_link, name, options.lease_seconds, worker.abandon)
        self.committer = Committer(worker, commit_link, clock, batch=options.commit_batch)
        self.variables = Variables(pool, keyring, options.platform_url)
        self.connections = Connections(connect_link, keyring, clock)
        self.executor = Executor(
            registry,
            clock,
            self.committer.report,
            worker.miss,
            lambda run: worker.lose(run, counts=True),
            lambda attempt: JoinedTransaction(pool, self.committer, attempt).begin(),
            TenantConfigurations(pool, clock).get,
            self.variables.of,
            self.connections,
            is_disabled,
            lanes=options.lanes,
            threads=options.threads,
        )
        programs = Programs()
        batch = min(options.claim_batch, options.capacity)
        self.claimer = Claimer(worker, claim_link, clock, programs, Functions(registry), self.variables, batch=batch)
        rules = TriggerRules()
        firings = Firings(programs, rules)
        self.dispatcher = Dispatcher(pool, clock, programs, firings, worker.reached, interval=options.poll_seconds)
        self.scheduler = Scheduler(pool, clock, firings, rules, worker.reached, interval=options.poll_seconds)
        taking = Taking(pool, clock, firings, worker.reached)
        self.sources = Sources(
            pool,
            clock,
            Looking(clock, rules, self.connections, taking, is_disabled, options.lease_seconds),
            self.connections.is_current,
            lease_seconds=options.lease_seconds,
            interval=options.poll_seconds,
        )
        self.inbox = InboxReader(worker, pool, interval=INBOX_SECONDS)
        self.timers = Timers(worker, clock, interval=options.poll_seconds)
        self.rescuer = Rescuer(pool, clock, self.claimer.wake, interval=options.lease_seconds / 2)
        self.suspender = Suspender(worker, pool, interval=options.poll_seconds)
        self.unshelver = Unshelver(pool, self.claimer.wake, interval=options.poll_seconds)
        self.compactor = Compactor(pool, clock, interval=STATISTICS_SECONDS, retention_days=options.statistics_days)
        self.job_offers = JobOffers(pool)
        self.job_reaper = JobReaper(
            pool, clock, self.job_offers.offer, self.claimer.wake, interval=options.poll_seconds
        )
        self.notifier = Notifier(listen_link, worker.wake, self.dispatcher.wake, interval=30.0)
        self.loops = (
            self.claimer,
            self.dispatcher,
            self.scheduler,
            self.sources,
            self.inbox,
            self.timers,
            self.rescuer,
            self.suspender,
            self.unshelver,
            self.job_offers,
            self.job_reaper,
            self.compactor,
            self.variables,
            self.connections,
            self.notifier,
            self.lease,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self.connections.close()
        await self.bus.close()
        for link in self.links:
            await link.close()
        self.pool.terminate()


__all__ = ["Attempt", "Worker", "WorkerOptions"]
