"""Reading and counting variables within a transaction of the caller's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.http.listing import Ordering, SortKey, Window
from weftline.features.variables.models import Variable, VariableType

# in the order in which Python sorts, too: those that the platform gives are sorted in with the others
_KEY = SortKey("key", Variable.key.collate("C"), attribute="key")

ORDER = Ordering(
    _KEY,
    SortKey("createdAt", Variable.created_at, datetime, nullable=True),
    SortKey("updatedAt", Variable.updated_at, datetime, nullable=True),
    tie=_KEY,
    default="key",
    note="Those that the platform gives have no times, and come last where times are sorted by.",
)

# holds up other changes of the tenant's variables until this one is committed
_COUNT_CHANGE = text(
    """
    INSERT INTO variable_versions (tenant_id, number) VALUES (:tenant, 1)
    ON CONFLICT (tenant_id) DO UPDATE SET number = variable_versions.number + 1
    """
)


async def begin_change(session: AsyncSession, tenant_id: UUID) -> None:
    """Let one transaction at a time change a tenant's variables, and those who keep them in memory know that it did."""
    await session.execute(_COUNT_CHANGE, {"tenant": tenant_id})


async def get(session: AsyncSession, tenant_id: UUID, workflow_id: str, key: str) -> Variable | None:
    """A variable."""
    return await session.get(Variable, (tenant_id, workflow_id, key))


async def count(session: AsyncSession, tenant_id: UUID, workflow_id: str) -> int:
    """How many variables there are in a scope."""
    statement = select(func.count()).where(Variable.tenant_id == tenant_id, Variable.workflow_id == workflow_id)
    return (await session.scalars(statement)).one()


async def list_variables(
    session: AsyncSession,
    tenant_id: UUID,
    workflow_id: str,
    window: Window,
    *,
    types: Sequence[VariableType] = (),
    query: str | None = None,
) -> Sequence[Variable]:
    """Those of the variables that fit.

    Args:
        session: bound to the tenant.
        tenant_id, workflow_id: whose; '' for those of the whole tenant.
        window: which part of them, in which order.
        types: only those of these types; all where empty.
        query: only those whose name or description holds this.
    """
    statement = select(Variable).where(Variable.tenant_id == tenant_id, Variable.workflow_id == workflow_id)
    if types:
        statement = statement.where(Variable.type.in_(types))
    if query:
        statement = statement.where(
            Variable.key.icontains(query, autoescape=True) | Variable.description.icontains(query, autoescape=True)
        )
    return (await session.scalars(window.of(statement))).all()
