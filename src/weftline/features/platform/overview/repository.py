"""Reading across tenants, in a transaction under the role of operators.

Each tenant is looked up by itself, along an index that begins with it: a page, or a count of what has not ended, costs
some probes a tenant, however much has ended. None shows anybody's data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVarTuple
from uuid import UUID

from sqlalchemy import BigInteger, Row, Select, cast, func, or_, select, text, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from weftline.features.executions.models import Execution
from weftline.features.http.listing import Ordering, SortKey, Window
from weftline.features.identity.models import Membership
from weftline.features.platform.reach import Reach
from weftline.features.tasks.models import HumanTask
from weftline.features.tenancy.models import Tenant
from weftline.features.workflows.models import WorkflowTemplate
from weftline.model.status import TERMINAL, ExecutionStatus, TaskStatus

OPEN_TASKS = (TaskStatus.OPEN.value, TaskStatus.CLAIMED.value)
UNENDED = tuple(sorted(status.value for status in ExecutionStatus if status not in TERMINAL))

Columns = TypeVarTuple("Columns")

_ID = SortKey("id", "id", UUID)
ORDER = Ordering(
    SortKey("tenantId", Tenant.id, UUID, attribute="tenant_id"),
    tie=_ID,
    default="-tenantId",
    note="A tenant's own are sorted by their ids, the same way.",
)

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


class Counts(NamedTuple):
    """What a tenant has of some things."""

    members: int
    workflows: int


async def list_executions(session: AsyncSession, wanted: Filter, window: Window) -> Sequence[Row[Any]]:
    """Those of the executions that fit, by tenant."""
    columns = (
        Execution.id,
        Execution.workflow_id,
        Execution.version_number,
        Execution.status,
        Execution.started_by,
        Execution.created_at,
        Execution.started_at,
        Execution.completed_at,
    )
    return await _page(session, Execution, columns, wanted, window)


async def list_tasks(session: AsyncSession, wanted: Filter, window: Window) -> Sequence[Row[Any]]:
    """Those of the human tasks that fit, by tenant."""
    columns = (
        HumanTask.id,
        HumanTask.execution_id,
        HumanTask.workflow_id,
        HumanTask.name,
        HumanTask.status,
        HumanTask.created_at,
        HumanTask.due_at,
    )
    return await _page(session, HumanTask, columns, wanted, window)


async def counts(session: AsyncSession, tenant_ids: Sequence[UUID]) -> dict[UUID, Counts]:
    """How many members and workflows each of some tenants has."""
    members = await _by_tenant(session, Membership.tenant_id, tenant_ids)
    workflows = await _by_tenant(session, WorkflowTemplate.tenant_id, tenant_ids)
    return {id: Counts(members.get(id, 0), workflows.get(id, 0)) for id in tenant_ids}


async def tenants_by_status(session: AsyncSession, reach: Reach) -> dict[str, int]:
    """How many tenants there are."""
    statement = _reached(select(Tenant.status, func.count()), reach).group_by(Tenant.status)
    return dict((await session.execute(statement)).all())


async def executions_by_status(session: AsyncSession, reach: Reach) -> dict[str, int]:
    """How many executions have not ended."""
    return await _by_status(session, Execution, UNENDED, reach)


async def tasks_by_status(session: AsyncSession, reach: Reach) -> dict[str, int]:
    """How many human tasks are to be done."""
    return await _by_status(session, HumanTask, OPEN_TASKS, reach)


async def total(session: AsyncSession, column: InstrumentedAttribute[UUID], reach: Reach) -> int:
    """How many rows there are of a table, given its column of the tenant."""
    statement = select(func.count(column))
    if reach.tenants is not None:
        statement = statement.where(column.in_(reach.tenants))
    return (await session.scalars(statement)).one()


async def workers(session: AsyncSession) -> int:
    """How many workers are alive."""
    return (await session.execute(_WORKERS)).scalar_one()


async def _page(
    session: AsyncSession,
    table: type[Execution] | type[HumanTask],
    columns: Sequence[InstrumentedAttribute[Any]],
    wanted: Filter,
    window: Window,
) -> Sequence[Row[Any]]:
    of_tenant = select(*columns).where(table.tenant_id == Tenant.id)
    if wanted.status is not None:
        of_tenant = of_tenant.where(table.status == wanted.status)
    is_descending = window.terms[0].descending
    if window.after is not None:
        # says nothing new, but lets each tenant's index be entered where the page begins
        last_tenant, last = window.after
        of_tenant = of_tenant.where(
            or_(Tenant.id < last_tenant, table.id < last)
            if is_descending
            else or_(Tenant.id > last_tenant, table.id > last)
        )
    in_order = of_tenant.order_by(table.id.desc() if is_descending else table.id)
    part = in_order.limit(window.limit + 1).lateral("part")
    statement = select(Tenant.id.label("tenant_id"), Tenant.slug.label("tenant_slug"), *part.c).join(part, true())
    if wanted.tenant_id is not None:
        statement = statement.where(Tenant.id == wanted.tenant_id)
    if window.after is not None:
        # the same for the tenants before
        statement = statement.where(Tenant.id <= window.after[0] if is_descending else Tenant.id >= window.after[0])
    return (await session.execute(window.of(_reached(statement, wanted.reach), {_ID: part.c.id}))).all()


async def _by_status(
    session: AsyncSession, table: type[Execution] | type[HumanTask], statuses: Sequence[str], reach: Reach
) -> dict[str, int]:
    of_tenant = (
        select(table.status, func.count().label("number"))
        .where(table.tenant_id == Tenant.id, table.status.in_(statuses))
        .group_by(table.status)
        .lateral("of_tenant")
    )
    totals = select(of_tenant.c.status, cast(func.sum(of_tenant.c.number), BigInteger)).select_from(Tenant)
    statement = _reached(totals.join(of_tenant, true()), reach).group_by(of_tenant.c.status)
    return dict((await session.execute(statement)).all())


async def _by_tenant(
    session: AsyncSession, column: InstrumentedAttribute[UUID], tenant_ids: Sequence[UUID]
) -> dict[UUID, int]:
    statement = select(column, func.count()).where(column.in_(tenant_ids)).group_by(column)
    return dict((await session.execute(statement)).all())


def _reached(statement: Select[*Columns], reach: Reach) -> Select[*Columns]:
    return statement if reach.tenants is None else statement.where(Tenant.id.in_(reach.tenants))
