"""Carrying out acts on many executions.

Any number of processes may do it at a time: whoever has an operation's row lock deals with its next page, and the
others pass it by. A page is one transaction: its acts, their entries in the audit log, and how far the operation has
come; so whoever goes on after a crash goes on exactly there.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import cast
from uuid import UUID

import structlog

from weftline.features.access.caller import Authority, Caller, CallerKind
from weftline.features.audit.trail import append
from weftline.features.background import Background
from weftline.features.database import Database, driver
from weftline.features.executions.bulk import repository
from weftline.features.executions.bulk.acts import BULK_ACTS, Act
from weftline.features.executions.bulk.models import BulkFailure, BulkOperation
from weftline.features.executions.hints import WorkHints
from weftline.store.errors import StoreError

log = structlog.get_logger(__name__)

POLL_SECONDS = 5.0
OPERATIONS = 20
"""Operations of one turn, each of which gets one page on."""

PAGE = 100
"""Executions of one transaction, which holds their rows until it ends."""


class BulkRunner:
    """The loop that carries out what was asked for.

    Args:
        database: under the API's role.
        everywhere: under the workers' role, which sees every tenant's operations.
        hints: wakes workers.
    """

    def __init__(self, database: Database, everywhere: Database, hints: WorkHints) -> None:
        self._database = database
        self._everywhere = everywhere
        self._hints = hints
        self._loop = Background("bulk operations", POLL_SECONDS, self.run_once)

    def start(self) -> None:
        """Begin; does nothing where it runs already."""
        self._loop.start()

    async def stop(self) -> None:
        """End; does nothing where it does not run."""
        await self._loop.stop()

    def wake(self) -> None:
        """Look for operations soon."""
        self._loop.wake()

    async def run_once(self) -> int:
        """Deal with the next page of each operation; returns how many executions it was.

        Raises:
            StoreError: the database cannot be used.
        """
        done = 0
        async with self._everywhere.unbound() as session:
            waiting = await repository.running(session, OPERATIONS)
        for tenant_id, operation_id in waiting:
            try:
                done += await self._page(tenant_id, operation_id)
            except StoreError:
                raise
            except Exception:
                # a defect that one operation brings to light must not keep the others from being carried out
                log.exception("bulk operation failed", tenant_id=str(tenant_id), operation_id=str(operation_id))
        if done:
            self._hints.send()
        return done

    async def _page(self, tenant_id: UUID, operation_id: UUID) -> int:
        async with self._database.transaction(tenant_id) as session:
            operation = await repository.lock(session, tenant_id, operation_id, skip_locked=True)
            if operation is None or operation.status != repository.RUNNING:
                return 0
            items = await repository.items(session, operation, PAGE)
            numbers = {item.execution_id: item.number for item in items}
            perform = BULK_ACTS[Act(operation.act)].perform
            failures, entries = await perform(session, tenant_id, list(numbers), operation.reason, _actor(operation))
            session.add_all(
                BulkFailure(
                    tenant_id=tenant_id,
                    operation_id=operation_id,
                    number=numbers[execution_id],
                    execution_id=execution_id,
                    code=error.code,
                    message=error.detail,
                )
                for execution_id, error in failures.items()
            )
            operation.done += len(items)
            operation.failed += len(failures)
            if operation.done >= operation.total:
                operation.status, operation.completed_at = "completed", datetime.now(UTC)
            await repository.drop_items(session, operation, operation.done)
            await session.flush()
            if entries:
                append(await driver(session), tenant_id, entries)
            return len(items)


def _actor(operation: BulkOperation) -> Caller:
    """Whoever asked for the operation. What they may do was decided then, so it is not told here."""
    kind = cast("CallerKind", operation.actor_kind)
    return Caller(operation.tenant_id, kind, operation.actor_id, operation.actor, Authority())
