"""Reading and writing working copies within a transaction of the caller's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from weftline.features.http.listing import Ordering, SortKey, Window
from weftline.features.identity.models import User
from weftline.features.working_copies.models import WorkingCopy

ORDER = Ordering(
    SortKey("updatedAt", WorkingCopy.updated_at, datetime),
    SortKey("createdAt", WorkingCopy.created_at, datetime),
    SortKey("workflowId", WorkingCopy.workflow_id),
    tie=SortKey("id", WorkingCopy.id, UUID),
    default="-updatedAt",
)

_MEMBER = text("SELECT 1 FROM memberships WHERE tenant_id = :tenant AND user_id = :user")
_TELL = text(
    """
    INSERT INTO feed (tenant_id, kind, subjects, names, workflows)
    VALUES (:tenant, 'workflows', ARRAY[CAST(:user AS uuid)], ARRAY['workflow.edited'], ARRAY[CAST(:workflow AS text)])
    """
)


class Place(NamedTuple):
    """Whose working copy of which workflow."""

    tenant_id: UUID
    workflow_id: str
    owner_id: UUID


async def get(session: AsyncSession, place: Place, *, lock: bool = False) -> WorkingCopy | None:
    """A working copy, locked against other changes where ``lock`` says so."""
    return await session.get(WorkingCopy, tuple(place), with_for_update=True if lock else None)


async def save(session: AsyncSession, place: Place, values: Mapping[str, Any], *, replace: bool) -> WorkingCopy | None:
    """Make a working copy, or replace the one that there is; None where there is one that shall not be replaced."""
    statement = insert(WorkingCopy).values(**place._asdict(), **values)
    changed = {
        **{name: statement.excluded[name] for name in ("definition", "based_on_version", "based_on_etag")},
        "etag": WorkingCopy.etag + 1,
        "updated_at": func.now(),
    }
    key = list(Place._fields)
    if replace:
        statement = statement.on_conflict_do_update(index_elements=key, set_=changed)
    else:
        statement = statement.on_conflict_do_nothing(index_elements=key)
    returning = statement.returning(WorkingCopy).execution_options(populate_existing=True)
    return (await session.scalars(returning)).one_or_none()


async def is_member(session: AsyncSession, place: Place) -> bool:
    """Whether the owner belongs to the tenant."""
    found = await session.execute(_MEMBER, {"tenant": place.tenant_id, "user": place.owner_id})
    return found.first() is not None


async def count(session: AsyncSession, tenant_id: UUID, owner_id: UUID) -> int:
    """How many working copies somebody has."""
    statement = select(func.count()).where(WorkingCopy.tenant_id == tenant_id, WorkingCopy.owner_id == owner_id)
    return (await session.scalars(statement)).one()


async def list_copies(
    session: AsyncSession,
    tenant_id: UUID,
    window: Window,
    *,
    owner_id: UUID | None = None,
    workflow_id: str | None = None,
) -> Sequence[WorkingCopy]:
    """Those of the working copies that fit, without their definitions.

    Args:
        session: bound to the tenant.
        tenant_id: whose.
        window: which part of them, in which order.
        owner_id: only somebody's.
        workflow_id: only those of one workflow.
    """
    statement = select(WorkingCopy).where(WorkingCopy.tenant_id == tenant_id)
    if owner_id is not None:
        statement = statement.where(WorkingCopy.owner_id == owner_id)
    if workflow_id is not None:
        statement = statement.where(WorkingCopy.workflow_id == workflow_id)
    return (await session.scalars(window.of(statement).options(defer(WorkingCopy.definition)))).all()


async def names_of(session: AsyncSession, owners: Sequence[UUID]) -> dict[UUID, str]:
    """What members are called, by id."""
    found = await session.execute(select(User.id, User.name).where(User.id.in_(owners)))
    return {row.id: row.name for row in found}


async def tell(session: AsyncSession, place: Place) -> None:
    """Let those who follow the workflow know that somebody edits it, or does so no longer."""
    await session.execute(_TELL, {"tenant": place.tenant_id, "user": place.owner_id, "workflow": place.workflow_id})
