"""Asking for an act on many executions, and following it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple, cast
from uuid import UUID

from weftline.features.access.caller import Caller
from weftline.features.access.errors import PermissionDenied
from weftline.features.access.gate import Gate
from weftline.features.access.permissions import Permission
from weftline.features.access.policies.request import Resource
from weftline.features.access.resources import RunRow, resource_of_run
from weftline.features.audit.trail import record
from weftline.features.database import Database
from weftline.features.executions.bulk import repository
from weftline.features.executions.bulk.acts import BULK_ACTS, Act
from weftline.features.executions.bulk.errors import BulkOperationEnded, BulkOperationNotFound, TooManyExecutions
from weftline.features.executions.bulk.models import BulkFailure, BulkOperation
from weftline.features.executions.listing import Filter, newest
from weftline.features.executions.models import Execution
from weftline.features.executions.repository import ids, list_executions
from weftline.features.http.listing import Window
from weftline.model.ids import uuid7

MAX_EXECUTIONS = 100_000
"""Executions that one operation takes."""

LOOK_BATCH = 1_000
"""Executions that are decided on one by one between two reads."""


class Demand(NamedTuple):
    """What is asked for.

    Attributes:
        act: what to do.
        wanted: to which executions.
        asked: the filter as the caller wrote it, JSON.
        reason: why, where somebody said.
    """

    act: Act
    wanted: Filter
    asked: dict[str, Any]
    reason: str | None = None


class BulkOperations:
    """Acts on many executions.

    The executions are chosen when the operation is asked for, and the caller's permission on each is decided then;
    what starts later is not among them.

    Args:
        database: under the API's role.
        gate: decides what a caller may do to what.
        wake: lets the runner begin soon.
    """

    def __init__(self, database: Database, gate: Gate, wake: Callable[[], None]) -> None:
        self._database = database
        self._gate = gate
        self._wake = wake

    async def count(self, caller: Caller, demand: Demand) -> int:
        """How many executions the act would be done to; raises as :meth:`create`."""
        return len(await self._chosen(caller, demand))

    async def create(self, caller: Caller, demand: Demand) -> BulkOperation:
        """Begin an operation; it is durable when this returns.

        Raises:
            PermissionDenied: the caller may not do this to any execution.
            TooManyExecutions: too many fit.
        """
        chosen = await self._chosen(caller, demand)
        now = datetime.now(UTC)
        operation = BulkOperation(
            tenant_id=caller.tenant_id,
            id=uuid7(),
            act=demand.act.value,
            filter=demand.asked,
            reason=demand.reason,
            status=repository.RUNNING if chosen else "completed",
            total=len(chosen),
            done=0,
            failed=0,
            actor_kind=caller.kind,
            actor_id=caller.id,
            actor=caller.name,
            created_at=now,
            completed_at=None if chosen else now,
        )
        async with self._database.transaction(caller.tenant_id) as session:
            await repository.add(session, operation, chosen)
            after = {"act": demand.act.value, "filter": demand.asked, "total": len(chosen)}
            await record(
                session, "bulk_operation.started", "bulk_operation", operation.id, after=after, reason=demand.reason
            )
        self._wake()
        return operation

    async def get(self, tenant_id: UUID, operation_id: UUID) -> BulkOperation:
        """An operation as it is now.

        Raises:
            BulkOperationNotFound: there is none of this id.
        """
        async with self._database.transaction(tenant_id) as session:
            operation = await repository.get(session, tenant_id, operation_id)
        if operation is None:
            raise BulkOperationNotFound
        return operation

    async def list(self, tenant_id: UUID, window: Window) -> Sequence[BulkOperation]:
        """A part of a tenant's operations."""
        async with self._database.transaction(tenant_id) as session:
            return await repository.list_operations(session, tenant_id, window)

    async def failures(self, tenant_id: UUID, operation_id: UUID, window: Window) -> Sequence[BulkFailure]:
        """A part of what could not be done; raises as :meth:`get`."""
        async with self._database.transaction(tenant_id) as session:
            found = await repository.failures(session, tenant_id, operation_id, window)
            if not found and await repository.get(session, tenant_id, operation_id) is None:
                raise BulkOperationNotFound
            return found

    async def cancel(self, tenant_id: UUID, operation_id: UUID) -> BulkOperation:
        """End an operation before its time; what was done stays done.

        Raises:
            BulkOperationNotFound: there is none of this id.
            BulkOperationEnded: there is nothing left to cancel.
        """
        async with self._database.transaction(tenant_id) as session:
            operation = await repository.lock(session, tenant_id, operation_id)
            if operation is None:
                raise BulkOperationNotFound
            if operation.status != repository.RUNNING:
                raise BulkOperationEnded(operation.status)
            operation.status, operation.completed_at = "cancelled", datetime.now(UTC)
            await repository.drop_items(session, operation)
            after = {"done": operation.done, "total": operation.total}
            await record(session, "bulk_operation.cancelled", "bulk_operation", operation_id, after=after)
            return operation

    async def _chosen(self, caller: Caller, demand: Demand) -> Sequence[UUID]:
        """The executions that fit, and to which the caller may do it, the oldest first."""
        permission = BULK_ACTS[demand.act].permission
        if await self._gate.looks_at_each(caller, permission):
            chosen = await self._looked_at(caller, permission, demand.wanted)
        else:
            workflows = caller.workflows_where(permission)
            if workflows is not None and not workflows:
                raise PermissionDenied(permission)
            wanted = replace(demand.wanted, workflow_ids=workflows)
            async with self._database.reading(caller.tenant_id, plan_anew=True) as connection:
                chosen = await ids(connection, caller.tenant_id, wanted, limit=MAX_EXECUTIONS + 1)
        if len(chosen) > MAX_EXECUTIONS:
            raise TooManyExecutions(MAX_EXECUTIONS)
        return chosen

    async def _looked_at(self, caller: Caller, permission: Permission, wanted: Filter) -> list[UUID]:
        """The same where the tenant's policies decide on each."""
        chosen: list[UUID] = []
        window: Window | None = newest(LOOK_BATCH)
        while window is not None and len(chosen) <= MAX_EXECUTIONS:
            async with self._database.reading(caller.tenant_id, plan_anew=True) as connection:
                found = await list_executions(connection, caller.tenant_id, wanted, window, with_input=True)
            visible = await self._gate.visible(caller, permission, window.cut(found), _resource)
            chosen += [row.id for row in visible]
            window = window.next(found)
        return chosen[::-1]


def _resource(row: Execution) -> Resource:
    return resource_of_run("Execution", cast("RunRow", row))
