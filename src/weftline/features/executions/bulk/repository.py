"""Reading and writing acts on many executions within a transaction of the caller's."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.executions.bulk.models import BulkFailure, BulkItem, BulkOperation
from weftline.features.http.listing import Ordering, SortKey, Window

# ids are in the order in which operations were made, and have the index
_AGE = SortKey("createdAt", BulkOperation.id, UUID)
_NUMBER = SortKey("number", BulkFailure.number, int)

ORDER = Ordering(_AGE, tie=_AGE, default="-createdAt")
FAILURES = Ordering(_NUMBER, tie=_NUMBER, default="number", note="Executions are numbered the oldest first.")

RUNNING = "running"

_ADD_ITEMS = text(
    """
    INSERT INTO bulk_items (tenant_id, operation_id, number, execution_id)
    SELECT :tenant, :operation, chosen.number, chosen.id
    FROM unnest(CAST(:ids AS uuid[])) WITH ORDINALITY AS chosen(id, number)
    """
)


async def add(session: AsyncSession, operation: BulkOperation, execution_ids: Sequence[UUID]) -> None:
    """Store a new operation with the executions that it is to deal with, in their order."""
    session.add(operation)
    await session.flush()
    await session.execute(
        _ADD_ITEMS, {"tenant": operation.tenant_id, "operation": operation.id, "ids": list(execution_ids)}
    )


async def get(session: AsyncSession, tenant_id: UUID, operation_id: UUID) -> BulkOperation | None:
    """An operation."""
    return await session.get(BulkOperation, (tenant_id, operation_id))


async def list_operations(session: AsyncSession, tenant_id: UUID, window: Window) -> Sequence[BulkOperation]:
    """A part of a tenant's operations."""
    statement = select(BulkOperation).where(BulkOperation.tenant_id == tenant_id)
    return (await session.scalars(window.of(statement))).all()


async def lock(
    session: AsyncSession, tenant_id: UUID, operation_id: UUID, *, skip_locked: bool = False
) -> BulkOperation | None:
    """An operation for changing it; None where it does not exist, or somebody else has it and ``skip_locked``."""
    statement = (
        select(BulkOperation)
        .where(BulkOperation.tenant_id == tenant_id, BulkOperation.id == operation_id)
        .with_for_update(skip_locked=skip_locked)
    )
    return (await session.scalars(statement)).one_or_none()


async def running(session: AsyncSession, limit: int) -> Sequence[tuple[UUID, UUID]]:
    """Tenants and ids of operations that are not done, the oldest first."""
    # scope: all tenants, because one loop serves them all
    statement = select(BulkOperation.tenant_id, BulkOperation.id).where(BulkOperation.status == RUNNING)
    rows = await session.execute(statement.order_by(BulkOperation.id).limit(limit))
    return [(row.tenant_id, row.id) for row in rows]


async def items(session: AsyncSession, operation: BulkOperation, limit: int) -> Sequence[BulkItem]:
    """The next executions that an operation is to deal with."""
    statement = (
        select(BulkItem)
        .where(
            BulkItem.tenant_id == operation.tenant_id,
            BulkItem.operation_id == operation.id,
            BulkItem.number > operation.done,
        )
        .order_by(BulkItem.number)
        .limit(limit)
    )
    return (await session.scalars(statement)).all()


async def drop_items(session: AsyncSession, operation: BulkOperation, up_to: int | None = None) -> None:
    """Forget the items up to a number, or all."""
    statement = delete(BulkItem).where(BulkItem.tenant_id == operation.tenant_id, BulkItem.operation_id == operation.id)
    await session.execute(statement if up_to is None else statement.where(BulkItem.number <= up_to))


async def failures(session: AsyncSession, tenant_id: UUID, operation_id: UUID, window: Window) -> Sequence[BulkFailure]:
    """A part of what could not be done."""
    statement = select(BulkFailure).where(BulkFailure.tenant_id == tenant_id, BulkFailure.operation_id == operation_id)
    return (await session.scalars(window.of(statement))).all()
