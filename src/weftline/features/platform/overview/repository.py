"""Reading across tenants, in a transaction under the role of operators.

The lists follow primary keys, by tenant and within it the newest first, so that a page costs the same however many
tenants there are. None shows anybody's data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, func, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from weftline.features.executions.models import Execution
from weftline.features.identity.models import Membership
from weftline.features.platform.reach import Reach
from weftline.features.tasks.models import HumanTask
from weftline.features.tenancy.models import Tenant
from weftline.features.workflows.models import WorkflowTemplate
from weftline.model.status import TERMINAL, ExecutionStatus, TaskStatus

OPEN_TASKS = (TaskStatus.OPEN.value, TaskStatus.CLAIMED.value)
UNENDED = tuple(sorted(status.value for status in ExecutionStatus if status not in TERMINAL))

_WORKERS = text("SELECT count(*) FROM workers WHERE lease_until > now()")


@dataclass(frozen=True, slots=True)
class Filter:
    """What to list.

    Attributes:
        reach: the tenants that the operator may see.
        tenant_id: only this tenant's.
        status: only what stands here.
    """

    reach: Reach
    tenant_id: UUID | None = None
    status: str | None = None


class Position(NamedTuple):
    """A place in a list."""

    tenant_id: UUID
    id: UUID


class Counts(NamedTuple):
    """What a tenant has of some things."""

    members: int
    workflows: int


async def list_executions(
    session: AsyncSession, wanted: Filter, *, before: Position | None, limit: int
) -> Sequence[Row[Any]]:
    """Executions by tenant, the newest first, after the one at ``before``."""
    # scope: all tenants, because operators see those that ``wanted`` names, and ``_page`` adds that
    statement = select(
        Execution.tenant_id,
        _slug(Execution.tenant_id),
        Execution.id,
        Execution.workflow_id,
        Execution.version_number,
        Execution.status,
        Execution.started_by,
        Execution.created_at,
        Execution.started_at,
        Execution.completed_at,
    )
    place = (Execution.tenant_id, Execution.id)
    return await _page(session, statement, place, Execution.status, wanted, before, limit)


async def list_tasks(
    session: AsyncSession, wanted: Filter, *, before: Position | None, limit: int
) -> Sequence[Row[Any]]:
    """Human tasks by tenant, the newest first, after the one at ``before``."""
    # scope: all tenants, because operators see those that ``wanted`` names, and ``_page`` adds that
    statement = select(
        HumanTask.tenant_id,
        _slug(HumanTask.tenant_id),
        HumanTask.id,
        HumanTask.execution_id,
        HumanTask.workflow_id,
        HumanTask.name,
        HumanTask.status,
        HumanTask.created_at,
        HumanTask.due_at,
    )
    place = (HumanTask.tenant_id, HumanTask.id)
    return await _page(session, statement, place, HumanTask.status, wanted, before, limit)


async def counts(session: AsyncSession, tenant_ids: Sequence[UUID]) -> dict[UUID, Counts]:
    """How many members and workflows each of some tenants has."""
    members = await _by_tenant(session, Membership.tenant_id, tenant_ids)
    workflows = await _by_tenant(session, WorkflowTemplate.tenant_id, tenant_ids)
    return {id: Counts(members.get(id, 0), workflows.get(id, 0)) for id in tenant_ids}


async def tenants_by_status(session: AsyncSession, reach: Reach) -> dict[str, int]:
    """How many tenants there are."""
    return await _by_status(session, Tenant.status, Tenant.id, reach)


async def executions_by_status(session: AsyncSession, reach: Reach) -> dict[str, int]:
    """How many executions have not ended."""
    return await _by_status(session, Execution.status, Execution.tenant_id, reach, UNENDED)


async def tasks_by_status(session: AsyncSession, reach: Reach) -> dict[str, int]:
    """How many human tasks are to be done."""
    return await _by_status(session, HumanTask.status, HumanTask.tenant_id, reach, OPEN_TASKS)


async def total(session: AsyncSession, column: InstrumentedAttribute[UUID], reach: Reach) -> int:
    """How many rows there are of a table, given its column of the tenant."""
    statement = select(func.count(column))
    if reach.tenants is not None:
        statement = statement.where(column.in_(reach.tenants))
    return (await session.scalars(statement)).one()


async def workers(session: AsyncSession) -> int:
    """How many workers are alive."""
    return (await session.execute(_WORKERS)).scalar_one()


def _slug(column: InstrumentedAttribute[UUID]) -> ColumnElement[str]:
    return select(Tenant.slug).where(Tenant.id == column).scalar_subquery().label("tenant_slug")


async def _page(
    session: AsyncSession,
    statement: Select[*tuple[Any, ...]],
    place: tuple[InstrumentedAttribute[UUID], InstrumentedAttribute[UUID]],
    status: InstrumentedAttribute[str],
    wanted: Filter,
    before: Position | None,
    limit: int,
) -> Sequence[Row[Any]]:
    tenant, id = place
    if wanted.reach.tenants is not None:
        statement = statement.where(tenant.in_(wanted.reach.tenants))
    if wanted.tenant_id is not None:
        statement = statement.where(tenant == wanted.tenant_id)
    if wanted.status is not None:
        statement = statement.where(status == wanted.status)
    if before is not None:
        statement = statement.where(tuple_(tenant, id) < tuple_(*before))
    return (await session.execute(statement.order_by(tenant.desc(), id.desc()).limit(limit))).all()


async def _by_tenant(
    session: AsyncSession, column: InstrumentedAttribute[UUID], tenant_ids: Sequence[UUID]
) -> dict[UUID, int]:
    statement = select(column, func.count()).where(column.in_(tenant_ids)).group_by(column)
    return dict((await session.execute(statement)).all())


async def _by_status(
    session: AsyncSession,
    status: InstrumentedAttribute[str],
    tenant: InstrumentedAttribute[UUID],
    reach: Reach,
    statuses: Sequence[str] = (),
) -> dict[str, int]:
    statement = select(status, func.count()).group_by(status)
    if statuses:
        statement = statement.where(status.in_(statuses))
    if reach.tenants is not None:
        statement = statement.where(tenant.in_(reach.tenants))
    return dict((await session.execute(statement)).all())
