"""Starting executions: those that arrive while one transaction commits go into the next, together.

Like the engine's group commit, this makes no call wait that could go at once: an idle system commits each start by
itself, a busy one commits as many together as came in meanwhile. Which version is published is read in that same
transaction, so a start that comes after a publish was answered never runs an older version.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

import asyncpg
import orjson

from weftline.features.access.caller import Caller, current_caller
from weftline.features.audit.trail import Entry, append
from weftline.features.errors import DomainError
from weftline.features.executions.context import check_user, stored_context
from weftline.features.executions.demand import StartDemand
from weftline.features.executions.errors import ConcurrencyLimit, InvalidInput, InvalidSettings
from weftline.features.executions.hints import WorkHints
from weftline.features.executions.versions import PublishedVersion, Versions
from weftline.features.http.origin import Origin, current_origin
from weftline.features.workflows.errors import NotPublished, WorkflowArchived, WorkflowNotFound
from weftline.language import ExpressionError
from weftline.machine.admission import Admission, admission
from weftline.model.status import TemplateStatus
from weftline.store.connect import tenant_transaction
from weftline.store.errors import Unstorable, translated
from weftline.store.sealing import UNREADABLE
from weftline.store.starts import DEFAULT_PRIORITY, NewExecution, Published, published_versions, start_executions

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

MAX_GROUP = 500
"""Starts in one transaction."""

NO_SETTINGS = Admission()


class Started(NamedTuple):
    """An execution that was started.

    Attributes:
        id: its identity.
        version_number: the version it is pinned to; of the new one, where the idempotency key found an earlier one.
        priority: the one that it was given, or its workflow's.
        is_new: False where the idempotency key was used before, and ``id`` is the earlier execution's.
        is_deprecated: the workflow should be used no longer.
    """

    id: UUID
    version_number: int
    priority: int
    is_new: bool
    is_deprecated: bool


class _Request:
    """A start that waits for its transaction."""

    __slots__ = ("actor", "answer", "demand", "is_deprecated", "origin", "workflow_id")

    def __init__(self, workflow_id: str, demand: StartDemand, answer: asyncio.Future[Started]) -> None:
        self.workflow_id = workflow_id
        self.demand = demand
        self.answer = answer
        self.is_deprecated = False
        # the transaction runs in a task of its own, which knows nothing of the request
        self.actor = current_caller()
        self.origin = current_origin()

    def entry(self, item: NewExecution) -> Entry:
        """What the audit log tells of the start."""
        after = {"workflowId": item.workflow_id, "versionNumber": item.version_number}
        if item.restarted_from is not None:
            after["restartedFrom"] = str(item.restarted_from)
        return Entry("execution.started", "execution", item.id, after=after, actor=self.actor, origin=self.origin)

    def accept(self, started: Started) -> None:
        # the caller may have gone away meanwhile
        if not self.answer.done():
            self.answer.set_result(started)

    def refuse(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)


class Starter:
    """Starts executions.

    Args:
        pool: connections under the API's role.
        versions: the published versions.
        hints: wakes workers.
    """

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record], versions: Versions, hints: WorkHints) -> None:
        self._pool = pool
        self._versions = versions
        self._hints = hints
        self._queues: dict[UUID, deque[_Request]] = {}
        self._tasks: dict[UUID, asyncio.Task[None]] = {}

    async def start(self, tenant_id: UUID, workflow_id: str, demand: StartDemand) -> Started:
        """Start one execution; it is durable when this returns.

        Raises:
            WorkflowNotFound, WorkflowArchived, NotPublished, InvalidInput, InvalidSettings: it cannot be started.
            ConcurrencyLimit: not as long as others run.
            StoreUnavailable: the database does not answer.
        """
        request = _Request(workflow_id, demand, asyncio.get_running_loop().create_future())
        self._queues.setdefault(tenant_id, deque()).append(request)
        if tenant_id not in self._tasks:
            self._tasks[tenant_id] = asyncio.create_task(self._drain(tenant_id), name="start-executions")
        return await request.answer

    async def start_many(
        self, tenant_id: UUID, workflow_id: str, demands: Sequence[StartDemand]
    ) -> list[Started | DomainError]:
        """Start many executions of one workflow in one transaction.

        Returns:
            For each demand the execution, or why it is refused.

        Raises:
            WorkflowNotFound, WorkflowArchived, NotPublished: none can be started.
            StoreUnavailable: the database does not answer; none was started.
        """
        with translated():
            async with tenant_transaction(self._pool, tenant_id) as connection:
                published = await published_versions(connection, tenant_id, [workflow_id])
                number, is_deprecated = _published(published, workflow_id)
                version = await self._versions.get(connection, tenant_id, workflow_id, number)
                # in a thread, for ten thousand take their time
                checked = await asyncio.to_thread(
                    _check_all, demands, workflow_id, number, version, current_caller(), current_origin()
                )
                new = [item for item in checked if isinstance(item, NewExecution)]
                ids = await start_executions(connection, tenant_id, new, time.time()) if new else []
                if started := [id for id in ids if id is not None]:
                    append(connection, tenant_id, [_batch_entry(workflow_id, started)])
        self._hints.send()
        each = iter(ids)
        return [
            _outcome(item, next(each), is_deprecated) if isinstance(item, NewExecution) else item for item in checked
        ]

    async def close(self) -> None:
        """Wait until everything that was asked for has been answered."""
        await asyncio.gather(*self._tasks.values())

    async def _drain(self, tenant_id: UUID) -> None:
        queue = self._queues[tenant_id]
        try:
            while queue:
                group = [queue.popleft() for _ in range(min(len(queue), MAX_GROUP))]
                await self._start_group(tenant_id, group)
                self._hints.send()
        finally:
            del self._tasks[tenant_id], self._queues[tenant_id]

    async def _start_group(self, tenant_id: UUID, group: Sequence[_Request]) -> None:
        try:
            with translated():
                async with tenant_transaction(self._pool, tenant_id) as connection:
                    admitted = await self._admit(connection, tenant_id, group)
                    new = [item for _, item in admitted]
                    ids = await start_executions(connection, tenant_id, new, time.time()) if new else []
                    entries = [
                        request.entry(item) for (request, item), id in zip(admitted, ids, strict=True) if item.id == id
                    ]
                    if entries:
                        append(connection, tenant_id, entries)
        except (Unstorable, *UNREADABLE) as error:
            # one refused value, or one that cannot be sealed, must not fail the others
            if len(group) == 1:
                group[0].refuse(error)
            else:
                for request in group:
                    await self._start_group(tenant_id, [request])
        except Exception as error:
            # whatever it is: those who wait, and those behind them in the queue, must not do so for nothing
            for request in group:
                request.refuse(error)
        else:
            for (request, item), execution_id in zip(admitted, ids, strict=True):
                outcome = _outcome(item, execution_id, request.is_deprecated)
                if isinstance(outcome, Started):
                    request.accept(outcome)
                else:
                    request.refuse(outcome)

    async def _admit(
        self,
        connection: PoolConnectionProxy[asyncpg.Record],
        tenant_id: UUID,
        group: Sequence[_Request],
    ) -> list[tuple[_Request, NewExecution]]:
        """What of ``group`` can be started; the rest is refused."""
        wanted = {request.workflow_id for request in group}
        published = await published_versions(connection, tenant_id, list(wanted))
        admitted: list[tuple[_Request, NewExecution]] = []
        for request in group:
            try:
                number, request.is_deprecated = _published(published, request.workflow_id)
                number = request.demand.version or number
                version = await self._versions.get(connection, tenant_id, request.workflow_id, number)
                item = _check(request.demand, request.workflow_id, number, version, request.actor, request.origin)
            except DomainError as error:
                request.refuse(error)
            else:
                admitted.append((request, item))
        return admitted


def _published(published: dict[str, Published], workflow_id: str) -> tuple[int, bool]:
    """The version to run, and whether the workflow is deprecated."""
    if workflow_id not in published:
        raise WorkflowNotFound(workflow_id)
    number, status = published[workflow_id]
    if status is TemplateStatus.ARCHIVED:
        raise WorkflowArchived(workflow_id)
    if number is None:
        raise NotPublished(workflow_id)
    return number, status is TemplateStatus.DEPRECATED


def _batch_entry(workflow_id: str, ids: Sequence[UUID]) -> Entry:
    """One act, however many executions it starts; their ids tell when they were made, and so lie between these."""
    after = {"executions": len(ids), "first": str(ids[0]), "last": str(ids[-1])}
    return Entry("execution.batch_started", "workflow", workflow_id, after=after, actor=current_caller())


def _check(
    demand: StartDemand,
    workflow_id: str,
    number: int,
    version: PublishedVersion,
    actor: Caller | None,
    origin: Origin,
) -> NewExecution:
    if version.schema is not None and (errors := version.schema.errors(demand.input, "/input")):
        raise InvalidInput(workflow_id, errors)
    if demand.restarted_from is None:
        check_user(demand.context, actor)
    settings = NO_SETTINGS
    if version.program is not None:
        try:
            settings = admission(version.program, demand.input)
        except ExpressionError as error:
            raise InvalidSettings(workflow_id, error.code, error.message) from error
    priority = settings.priority if demand.priority is None else demand.priority
    own, made = demand.attributes or {}, settings.attributes
    # those of an execution that is repeated may have been made from another input
    attributes = {**made, **own} if demand.restarted_from is None else {**own, **made}
    return NewExecution(
        workflow_id,
        number,
        orjson.dumps(demand.input).decode(),
        DEFAULT_PRIORITY if priority is None else priority,
        demand.tags,
        attributes,
        settings.slot,
        demand.idempotency_key,
        started_by=None if actor is None else actor.id,
        restarted_from=demand.restarted_from,
        context=stored_context(demand.context, origin),
        encrypts=version.encrypts,
    )


def _check_all(
    demands: Sequence[StartDemand],
    workflow_id: str,
    number: int,
    version: PublishedVersion,
    actor: Caller | None,
    origin: Origin,
) -> list[NewExecution | DomainError]:
    checked: list[NewExecution | DomainError] = []
    for demand in demands:
        try:
            checked.append(_check(demand, workflow_id, number, version, actor, origin))
        except DomainError as error:
            checked.append(error)
    return checked


def _outcome(item: NewExecution, execution_id: UUID | None, is_deprecated: bool) -> Started | ConcurrencyLimit:
    if execution_id is None:
        assert item.slot is not None, "only a limit refuses"
        return ConcurrencyLimit(item.workflow_id, item.slot.key, item.slot.limit)
    return Started(execution_id, item.version_number, item.priority, execution_id == item.id, is_deprecated)
