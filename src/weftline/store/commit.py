"""Group commit: what many executions decided, in one transaction.

A :class:`Commit` gathers rows by column, since they travel to PostgreSQL as arrays. Either all of it takes effect or
nothing does.
"""

from __future__ import annotations

import re
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg

from weftline.machine.command import EscalationSpec, JobSpec, NoticeSpec, TaskSpec
from weftline.machine.state import State, Step
from weftline.model.event import Event
from weftline.model.secrets import may_hold_markers
from weftline.store.dispatches import Dispatch, DispatchKind, add
from weftline.store.errors import Fenced, translated
from weftline.store.json_text import encode
from weftline.store.queries import queries
from weftline.store.sealing import Seal, dispatch_place, event_place, job_place, notice_place
from weftline.store.statistics import Counted, rows_of

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

_APPEND = queries("events")["append"]
_FEED = queries("feed")["add"]
_COUNT = queries("statistics")["record"]
_RELEASE = queries("executions")["release"]
_COLUMNS, _COUNT_COLUMNS = 7, 6
"""Parameters of ``_APPEND`` and of ``_COUNT``."""


def _after(query: str, parameters: int) -> str:
    """The query, to stand in one statement behind others that have so many parameters."""
    return re.sub(r"[$]([0-9]+)", lambda match: f"${int(match[1]) + parameters}", query)


_APPEND_AND_COUNT = f"WITH fed AS ({_FEED}), counted AS ({_after(_COUNT, _COLUMNS)}) {_APPEND}"
# both at once, in the one round trip that most commits are; where a release is missing, the division by zero undoes it
_APPEND_AND_RELEASE = (
    f"WITH appended AS ({_APPEND}), fed AS ({_FEED}), counted AS ({_after(_COUNT, _COLUMNS)}), "  # noqa: S608  # made of our own files alone
    f"released AS ({_after(_RELEASE, _COLUMNS + _COUNT_COLUMNS)}) "
    f"SELECT 1 / (count(*) = ${_COLUMNS + _COUNT_COLUMNS + 16}::int)::int, "
    "coalesce(bool_or(is_ready), false) AS is_ready FROM released"
)
_CONSUME = queries("inbox")["consume"]
_SUBSCRIBE = queries("subscriptions")["subscribe"]
_UNSUBSCRIBE = queries("subscriptions")["unsubscribe"]
_OPEN_TASK = queries("tasks")["open"]
_CLOSE_TASK = queries("tasks")["close"]
_OPEN_JOB = queries("jobs")["open"]
_HOLD_JOB = queries("jobs")["hold"]
_WITHDRAW_JOB = queries("jobs")["withdraw"]
_NOTIFY = queries("notifications")["add"]
_AUDIT = "SELECT append_audit($1, $2::text::jsonb)"

ROW_BYTES = 100
"""What a row of the log takes besides its data."""


def task_id(execution_id: UUID, key: str) -> UUID:
    """The id of the human task of one step: derived, so that opening it twice opens one."""
    return uuid.uuid5(execution_id, key)


def notice_id(execution_id: UUID, seq: int, number: int) -> UUID:
    """The id of notice ``number`` that event ``seq`` led to: derived, so that writing it twice writes one."""
    return uuid.uuid5(execution_id, f"notice:{seq}:{number}")


def _payload(value: Any, seal: Seal | None, place: str) -> str:
    """JSON text of a payload, sealed where there is a seal.

    Raises:
        Unstorable: see :func:`encode`.
    """
    text = encode(value)
    return text if seal is None else seal.close(text.encode(), place)


class Commit:
    """Rows of one transaction. Every row begins with its tenant's and its execution's id."""

    __slots__ = (
        "_audited",
        "_closed_jobs",
        "_closed_tasks",
        "_consumed",
        "_counted",
        "_dispatched",
        "_events",
        "_held_jobs",
        "_notices",
        "_opened_jobs",
        "_opened_tasks",
        "_releases",
        "_subscribed",
        "_unsubscribed",
    )

    def __init__(self) -> None:
        self._events: list[tuple[UUID, UUID, int, str, str | None, str | None, float]] = []
        self._releases: list[tuple[Any, ...]] = []
        self._counted: list[Counted] = []
        self._consumed: list[tuple[UUID, UUID, int]] = []
        self._subscribed: list[tuple[UUID, UUID, str, str | None, str | None]] = []
        self._unsubscribed: list[tuple[UUID, UUID, str]] = []
        self._opened_tasks: list[tuple[Any, ...]] = []
        self._closed_tasks: list[tuple[UUID, UUID, UUID]] = []
        self._opened_jobs: list[tuple[Any, ...]] = []
        self._held_jobs: list[tuple[UUID, UUID, UUID, bool]] = []
        self._closed_jobs: list[tuple[UUID, UUID, UUID]] = []
        self._dispatched: list[tuple[UUID, UUID, DispatchKind, UUID | None, str]] = []
        self._audited: list[tuple[UUID, UUID, str]] = []
        self._notices: list[tuple[UUID, UUID, UUID, str, str]] = []

    def append(self, tenant_id: UUID, execution_id: UUID, events: list[Event], seal: Seal | None = None) -> int:
        """Append events to an execution's log.

        Args:
            tenant_id, execution_id: whose log.
            events: the facts.
            seal: seals what they tell, where the execution's payloads are sealed; here and below.

        Returns:
            About how many bytes they take.

        Raises:
            Unstorable: an event's data cannot be stored; nothing of ``events`` was added.
        """
        rows: list[tuple[UUID, UUID, int, str, str | None, str | None, float]] = []
        size = ROW_BYTES * len(events)
        for event in events:
            data = None
            if event.data is not None:
                data = encode(event.data)
                if seal is not None:
                    data = seal.close(data.encode(), event_place(event.seq))
                size += len(data)
            rows.append((tenant_id, execution_id, event.seq, event.type, event.step, data, event.at))
        self._events += rows
        return size

    def release(
        self,
        tenant_id: UUID,
        execution_id: UUID,
        state: State,
        inbox_seen: int,
        wake_at: float | None,
        *,
        keep: bool,
        snapshot: bool = True,
        seal: Seal | None = None,
    ) -> int:
        """Write an execution's snapshot, status and wake-up time.

        Args:
            tenant_id, execution_id: which.
            state: as it is after the events of this commit.
            inbox_seen: number of the last message it has seen.
            wake_at: when it is ready again if nothing comes before, Unix seconds; None for never.
            keep: the worker goes on with it; False lets it go.
            snapshot: False where what the log holds since the last snapshot, or since its beginning, is folded again by
                whoever asks.
            seal: see :meth:`append`.

        Returns:
            How many bytes the snapshot takes.

        Raises:
            Unstorable: the state cannot be stored.
        """
        remembered = _payload(state.to_json(), seal, "snapshot") if snapshot else None
        error = state.error if seal is None or state.error is None else seal.close_error(state.error)
        self._releases.append(
            (
                tenant_id,
                execution_id,
                state.resting_status().value,
                None if state.output is None else _payload(state.output, seal, "output"),
                None if error is None else encode(error),
                remembered,
                state.seq if snapshot else None,
                state.version,
                " ".join(state.current_steps()),
                inbox_seen,
                keep,
                wake_at,
                state.completed_at,
            )
        )
        return 0 if remembered is None else len(remembered)

    def count(self, counted: Counted) -> None:
        """Let the statistics count events that :meth:`append` appends, and whether the execution runs."""
        self._counted.append(counted)

    def consume(self, tenant_id: UUID, execution_id: UUID, seq: int) -> None:
        """Remove an execution's messages up to number ``seq``."""
        self._consumed.append((tenant_id, execution_id, seq))

    def subscribe(self, tenant_id: UUID, execution_id: UUID, step: Step) -> None:
        """Let events find a step."""
        self._subscribed.append((tenant_id, execution_id, step.known_as, step.event, step.correlation))

    def unsubscribe(self, tenant_id: UUID, execution_id: UUID, step: Step) -> None:
        """Undo :meth:`subscribe`, also of this very commit."""
        self._unsubscribed.append((tenant_id, execution_id, step.known_as))

    def open_task(
        self,
        tenant_id: UUID,
        execution_id: UUID,
        workflow_id: str,
        step: Step,
        task: TaskSpec,
        *,
        is_sealed: bool = False,
    ) -> None:
        """Put a human task into the inbox. It is as the definition has it, but where ``is_sealed`` its answer is not to
        be stored as it is."""
        escalation = task.escalation
        self._opened_tasks.append(
            (
                tenant_id,
                execution_id,
                task_id(execution_id, step.known_as),
                workflow_id,
                step.known_as,
                task.name,
                None if task.form is None else encode(task.form),
                encode(list(task.assign_to)),
                encode(list(task.outcomes)),
                task.approvals_required,
                encode(list(task.approving_outcomes)),
                task.four_eyes,
                task.notifies,
                None if escalation is None else encode(_told(escalation)),
                None if escalation is None else escalation.at,
                step.started_at,
                task.due_at,
                is_sealed,
            )
        )

    def close_task(self, tenant_id: UUID, execution_id: UUID, step: Step) -> None:
        """Take a human task back, also one of this very commit."""
        self._closed_tasks.append((tenant_id, execution_id, task_id(execution_id, step.known_as)))

    def open_job(
        self,
        tenant_id: UUID,
        execution_id: UUID,
        workflow_id: str,
        step: Step,
        job: JobSpec,
        seal: Seal | None = None,
    ) -> None:
        """Put the current attempt of a step into a task queue.

        Args:
            tenant_id, execution_id, workflow_id, step: whose.
            job: what is to be done.
            seal: see :meth:`append`.

        Raises:
            Unstorable: the input cannot be stored.
        """
        id, input = UUID(step.job), encode(job.input)
        self._opened_jobs.append(
            (
                tenant_id,
                execution_id,
                id,
                workflow_id,
                step.known_as,
                step.attempt,
                job.queue,
                job.action,
                input if seal is None else seal.close(input.encode(), job_place(id)),
                may_hold_markers(input.encode()),
                job.at,
            )
        )

    def hold_job(self, tenant_id: UUID, execution_id: UUID, step: Step, *, is_held: bool) -> None:
        """Let nobody begin a step's job, or let them again."""
        self._held_jobs.append((tenant_id, execution_id, UUID(step.job), is_held))

    def close_job(self, tenant_id: UUID, execution_id: UUID, step: Step) -> None:
        """Take a step's job back, also one of this very commit."""
        self._closed_jobs.append((tenant_id, execution_id, UUID(step.job)))

    @property
    def queues(self) -> set[tuple[UUID, str]]:
        """The task queues, by tenant and name, in which there is more to fetch after the commit."""
        return {(row[0], row[6]) for row in self._opened_jobs}

    def dispatch(
        self,
        tenant_id: UUID,
        execution_id: UUID,
        kind: DispatchKind,
        target: UUID | None,
        payload: dict[str, Any],
        seal: Seal | None = None,
    ) -> None:
        """Let something be carried out for other executions, after the commit.

        Args:
            tenant_id, execution_id: who decided it.
            kind, payload: what it is.
            target: the execution that it concerns, where it is one.
            seal: see :meth:`append`.

        Raises:
            Unstorable: the payload cannot be stored.
        """
        seal = None if seal is None else seal.of(target)
        self._dispatched.append((tenant_id, execution_id, kind, target, _payload(payload, seal, dispatch_place(kind))))

    def notify(
        self,
        tenant_id: UUID,
        execution_id: UUID,
        workflow_id: str,
        id: UUID,
        notice: NoticeSpec,
        seal: Seal | None = None,
    ) -> None:
        """Tell people about an execution, after the commit.

        Args:
            tenant_id, execution_id, workflow_id: which.
            id: the notice's identity; see :func:`notice_id`.
            notice: what they are told.
            seal: see :meth:`append`.

        Raises:
            Unstorable: the notice cannot be stored.
        """
        payload = _payload(asdict(notice), seal, notice_place(id))
        self._notices.append((tenant_id, execution_id, id, workflow_id, payload))

    def audit(self, tenant_id: UUID, execution_id: UUID, entries: Iterable[str]) -> None:
        """Record what steps of an execution did in the tenant's audit log; each entry is JSON text."""
        self._audited += ((tenant_id, execution_id, entry) for entry in entries)

    @property
    def tenants(self) -> set[UUID]:
        """Whose executions have new events."""
        return {row[0] for row in self._events}

    @property
    def has_dispatches(self) -> bool:
        """Whether something is to be carried out after the commit."""
        return bool(self._dispatched)

    def split(self) -> dict[UUID, Commit]:
        """The same rows as one commit for each execution."""
        parts: defaultdict[UUID, Commit] = defaultdict(Commit)
        for name in self.__slots__:
            for row in getattr(self, name):
                getattr(parts[row[1]], name).append(row)
        return parts

    def discard(self, execution_id: UUID) -> None:
        """Take an execution's rows out again."""
        for name in self.__slots__:
            setattr(self, name, [row for row in getattr(self, name) if row[1] != execution_id])

    async def write(
        self,
        connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record],
        worker_id: UUID,
        now: float,
    ) -> bool:
        """Write it all in one transaction, or within the caller's where one is open.

        Args:
            connection: the worker's.
            worker_id: the owner that every released execution must still have.
            now: Unix seconds.

        Returns:
            Whether some execution that was let go is ready at once, for it got a message meanwhile.

        Raises:
            Fenced: another worker has taken over one of the executions; nothing was written.
            Unstorable: PostgreSQL refuses a value; nothing was written.
            StoreUnavailable: the connection broke; whether it was written is unknown.
        """
        with translated():
            # one statement is a transaction of its own
            if self._has_effects() and not connection.is_in_transaction():
                async with connection.transaction():
                    return await self._write(connection, worker_id, now)
            return await self._write(connection, worker_id, now)

    def _has_effects(self) -> bool:
        return bool(
            self._consumed
            or self._subscribed
            or self._unsubscribed
            or self._opened_tasks
            or self._closed_tasks
            or self._opened_jobs
            or self._held_jobs
            or self._closed_jobs
            or self._dispatched
            or self._notices
            or self._audited
        )

    async def _write(
        self,
        connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record],
        worker_id: UUID,
        now: float,
    ) -> bool:
        is_ready = False
        if self._releases:
            # in the order in which rows of executions are always locked
            self._releases.sort(key=_lock_order)
            events: Iterable[Sequence[Any]] = zip(*self._events, strict=True) if self._events else ((),) * _COLUMNS
            releases = zip(*self._releases, strict=True)
            try:
                released = await connection.fetchrow(
                    _APPEND_AND_RELEASE, *events, *self._counts(), worker_id, now, *releases, len(self._releases)
                )
                assert released is not None
                is_ready = released["is_ready"]
            except asyncpg.DivisionByZeroError as error:
                raise Fenced("some of the executions are no longer this worker's") from error
        elif self._events:
            await connection.execute(_APPEND_AND_COUNT, *zip(*self._events, strict=True), *self._counts())
        if self._consumed:
            await connection.execute(_CONSUME, *zip(*self._consumed, strict=True))
        if self._subscribed:
            await connection.execute(_SUBSCRIBE, *zip(*self._subscribed, strict=True))
        if self._unsubscribed:
            await connection.execute(_UNSUBSCRIBE, *zip(*self._unsubscribed, strict=True))
        if self._opened_tasks:
            await connection.execute(_OPEN_TASK, *zip(*self._opened_tasks, strict=True))
        if self._closed_tasks:
            await connection.execute(_CLOSE_TASK, *zip(*self._closed_tasks, strict=True), now)
        if self._opened_jobs:
            await connection.execute(_OPEN_JOB, *zip(*self._opened_jobs, strict=True))
        if self._held_jobs:
            # who paused and resumed within one commit meant the last of it
            held = {row[:3]: row for row in self._held_jobs}.values()
            await connection.execute(_HOLD_JOB, *zip(*held, strict=True))
        if self._closed_jobs:
            await connection.execute(_WITHDRAW_JOB, *zip(*self._closed_jobs, strict=True))
        if self._dispatched:
            await add(connection, [Dispatch(row[0], *row[2:]) for row in self._dispatched])
        if self._notices:
            await connection.execute(_NOTIFY, *zip(*self._notices, strict=True))
        if self._audited:
            await self._write_audit(connection)
        return is_ready

    def _counts(self) -> Iterable[Sequence[Any]]:
        rows = rows_of(self._counted)
        return zip(*rows, strict=True) if rows else ((),) * _COUNT_COLUMNS

    async def _write_audit(
        self, connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]
    ) -> None:
        """Append to the tenants' audit logs: last, for a chain is held until the transaction ends, and in one order,
        for so does every other worker."""
        entries: defaultdict[UUID, list[str]] = defaultdict(list)
        for tenant_id, _, entry in self._audited:
            entries[tenant_id].append(entry)
        for tenant_id in sorted(entries):
            await connection.execute(_AUDIT, tenant_id, f"[{','.join(entries[tenant_id])}]")


def _told(escalation: EscalationSpec) -> dict[str, Any]:
    return {"assignTo": list(escalation.assign_to), "notify": list(escalation.notify)}


def _lock_order(row: tuple[Any, ...]) -> tuple[UUID, UUID]:
    return row[0], row[1]
