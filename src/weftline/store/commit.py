"""Group commit: what many executions decided, in one transaction.

A :class:`Commit` gathers rows by column, since they travel to PostgreSQL as arrays. Either all of it takes effect or
nothing does.
"""

from __future__ import annotations

import re
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import orjson

from weftline.machine.command import EscalationSpec, TaskSpec
from weftline.machine.state import State, Step
from weftline.model.event import Event
from weftline.store.errors import Fenced, Unstorable, translated
from weftline.store.queries import queries

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

_APPEND = queries("events")["append"]
_RELEASE = queries("executions")["release"]
_COLUMNS = 7
"""Parameters of ``_APPEND``."""
_RELEASE_AFTER = re.sub(r"[$]([0-9]+)", lambda match: f"${int(match[1]) + _COLUMNS}", _RELEASE)
# both at once, in the one round trip that most commits are; where a release is missing, the division by zero undoes it
_APPEND_AND_RELEASE = (
    f"WITH appended AS ({_APPEND}), released AS ({_RELEASE_AFTER}) "  # noqa: S608  # made of our own files alone
    f"SELECT 1 / (count(*) = ${_COLUMNS + 15}::int)::int FROM released"
)
_CONSUME = queries("inbox")["consume"]
_SUBSCRIBE = queries("subscriptions")["subscribe"]
_UNSUBSCRIBE = queries("subscriptions")["unsubscribe"]
_OPEN_TASK = queries("tasks")["open"]
_CLOSE_TASK = queries("tasks")["close"]

NUL = "\\u0000"
"""How JSON text writes the one character that PostgreSQL's text types cannot hold."""

_REAL_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
"""The same where the backslash is not itself escaped."""


def task_id(execution_id: UUID, key: str) -> UUID:
    """The id of the human task of one step: derived, so that opening it twice opens one."""
    return uuid.uuid5(execution_id, key)


def encode(value: Any) -> str:
    """JSON text that PostgreSQL accepts.

    Raises:
        Unstorable: the value is no JSON, or holds a NUL character.
    """
    try:
        text = orjson.dumps(value).decode()
    except (orjson.JSONEncodeError, TypeError, RecursionError) as error:
        raise Unstorable(f"not storable as JSON: {error}") from error
    if NUL in text and _REAL_NUL.search(text):
        raise Unstorable("a string holds the NUL character (U+0000), which PostgreSQL cannot store")
    return text


class Commit:
    """Rows of one transaction. Every row begins with its tenant's and its execution's id."""

    __slots__ = (
        "_closed_tasks",
        "_consumed",
        "_events",
        "_opened_tasks",
        "_releases",
        "_subscribed",
        "_unsubscribed",
    )

    def __init__(self) -> None:
        self._events: list[tuple[UUID, UUID, int, str, str | None, str | None, float]] = []
        self._releases: list[tuple[Any, ...]] = []
        self._consumed: list[tuple[UUID, UUID, int]] = []
        self._subscribed: list[tuple[UUID, UUID, str, str | None, str | None]] = []
        self._unsubscribed: list[tuple[UUID, UUID, str]] = []
        self._opened_tasks: list[tuple[Any, ...]] = []
        self._closed_tasks: list[tuple[UUID, UUID, UUID]] = []

    def append(self, tenant_id: UUID, execution_id: UUID, events: list[Event]) -> None:
        """Append events to an execution's log.

        Raises:
            Unstorable: an event's data cannot be stored; nothing of ``events`` was added.
        """
        self._events += [
            (
                tenant_id,
                execution_id,
                event.seq,
                event.type,
                event.step,
                None if event.data is None else encode(event.data),
                event.at,
            )
            for event in events
        ]

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
    ) -> None:
        """Write an execution's snapshot, status and wake-up time.

        Args:
            tenant_id, execution_id: which.
            state: as it is after the events of this commit.
            inbox_seen: number of the last message it has seen.
            wake_at: when it is ready again if nothing comes before, Unix seconds; None for never.
            keep: the worker goes on with it; False lets it go.
            snapshot: False where the log is short enough to be folded whenever somebody asks; the execution must
                never have had a snapshot then.

        Raises:
            Unstorable: the state cannot be stored.
        """
        self._releases.append(
            (
                tenant_id,
                execution_id,
                state.resting_status().value,
                None if state.output is None else encode(state.output),
                None if state.error is None else encode(state.error),
                encode(state.to_json()) if snapshot else None,
                state.seq if snapshot else 0,
                " ".join(state.current_steps()),
                inbox_seen,
                keep,
                wake_at,
                state.completed_at,
            )
        )

    def consume(self, tenant_id: UUID, execution_id: UUID, seq: int) -> None:
        """Remove an execution's messages up to number ``seq``."""
        self._consumed.append((tenant_id, execution_id, seq))

    def subscribe(self, tenant_id: UUID, execution_id: UUID, step: Step) -> None:
        """Let events find a step."""
        self._subscribed.append((tenant_id, execution_id, step.key, step.event, step.correlation))

    def unsubscribe(self, tenant_id: UUID, execution_id: UUID, step: Step) -> None:
        """Undo :meth:`subscribe`, also of this very commit."""
        self._unsubscribed.append((tenant_id, execution_id, step.key))

    def open_task(self, tenant_id: UUID, execution_id: UUID, workflow_id: str, step: Step, task: TaskSpec) -> None:
        """Put a human task into the inbox."""
        escalation = task.escalation
        self._opened_tasks.append(
            (
                tenant_id,
                execution_id,
                task_id(execution_id, step.key),
                workflow_id,
                step.key,
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
            )
        )

    def close_task(self, tenant_id: UUID, execution_id: UUID, step: Step) -> None:
        """Take a human task back, also one of this very commit."""
        self._closed_tasks.append((tenant_id, execution_id, task_id(execution_id, step.key)))

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
    ) -> None:
        """Write it all in one transaction, or within the caller's where one is open.

        Args:
            connection: the worker's.
            worker_id: the owner that every released execution must still have.
            now: Unix seconds.

        Raises:
            Fenced: another worker has taken over one of the executions; nothing was written.
            Unstorable: PostgreSQL refuses a value; nothing was written.
            StoreUnavailable: the connection broke; whether it was written is unknown.
        """
        with translated():
            # one statement is a transaction of its own
            if self._has_effects() and not connection.is_in_transaction():
                async with connection.transaction():
                    await self._write(connection, worker_id, now)
            else:
                await self._write(connection, worker_id, now)

    def _has_effects(self) -> bool:
        return bool(
            self._consumed or self._subscribed or self._unsubscribed or self._opened_tasks or self._closed_tasks
        )

    async def _write(
        self,
        connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record],
        worker_id: UUID,
        now: float,
    ) -> None:
        if self._releases:
            # in the order in which rows of executions are always locked
            self._releases.sort(key=_lock_order)
            events: Iterable[Sequence[Any]] = zip(*self._events, strict=True) if self._events else ((),) * _COLUMNS
            releases = zip(*self._releases, strict=True)
            try:
                await connection.execute(_APPEND_AND_RELEASE, *events, worker_id, now, *releases, len(self._releases))
            except asyncpg.DivisionByZeroError as error:
                raise Fenced("some of the executions are no longer this worker's") from error
        elif self._events:
            await connection.execute(_APPEND, *zip(*self._events, strict=True))
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


def _told(escalation: EscalationSpec) -> dict[str, Any]:
    return {"assignTo": list(escalation.assign_to), "notify": list(escalation.notify)}


def _lock_order(row: tuple[Any, ...]) -> tuple[UUID, UUID]:
    return row[0], row[1]
