"""Reading and changing notices of failure.

An attempt takes a notice by counting it and making it due again a little later, commits, and only then talks to others.
A process that dies meanwhile leaves a notice that another takes up when that time has passed; what it would still write
is void, because the count has moved on.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, cast
from uuid import UUID

from sqlalchemy import CursorResult, func, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import set_committed_value

from weftline.features.database import driver
from weftline.features.http.listing import Ordering, SortKey, Window
from weftline.features.notifications.models import Notification, NotificationStatus
from weftline.store.sealing import is_sealed_value, notice_place, seal_of

LEASE = timedelta(minutes=2)
"""How long an attempt may take before the notice goes to somebody else."""

ORDER = Ordering(
    SortKey("createdAt", Notification.created_at, datetime),
    tie=SortKey("id", Notification.id, UUID),
    default="-createdAt",
)

_ORIGIN = text(
    """
    SELECT t.slug, coalesce(w.name, :workflow)
    FROM tenants t LEFT JOIN workflow_templates w ON w.tenant_id = t.id AND w.id = :workflow
    WHERE t.id = :tenant
    """
)


class Origin(NamedTuple):
    """Where a notice comes from, in people's words."""

    tenant: str
    workflow: str


async def claim(session: AsyncSession, limit: int) -> Sequence[Notification]:
    """Begin an attempt at the notices that have been due longest.

    Args:
        session: under the workers' role.
        limit: at most so many.
    """
    # scope: all tenants, because one loop serves them all; an index holds what is due
    due = (
        select(Notification.tenant_id, Notification.id)
        .where(Notification.status == NotificationStatus.DUE, Notification.due_at <= func.now())
        .order_by(Notification.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    # scope: all tenants, because these are the rows just found
    statement = (
        update(Notification)
        .where(tuple_(Notification.tenant_id, Notification.id).in_(due))
        .values(attempts=Notification.attempts + 1, due_at=func.now() + LEASE)
        .returning(Notification)
    )
    return (await session.scalars(statement, execution_options={"synchronize_session": False})).all()


async def origin(session: AsyncSession, notice: Notification) -> Origin:
    """Where a notice comes from."""
    parameters = {"tenant": notice.tenant_id, "workflow": notice.workflow_id}
    return Origin(*(await session.execute(_ORIGIN, parameters)).one())


async def end_attempt(
    session: AsyncSession,
    notice: Notification,
    status: NotificationStatus,
    *,
    delivered: Sequence[str],
    error: str | None,
    pause: timedelta | None = None,
) -> bool:
    """Note what became of an attempt; False where it was no longer the latest, and so nothing was noted.

    Args:
        session: under the workers' role.
        notice: as the attempt took it.
        status: where it stands now.
        delivered: everybody who was told.
        error: what went wrong.
        pause: before the next attempt, where there is to be one.
    """
    values: dict[str, Any] = {"status": status, "delivered": list(delivered), "last_error": error}
    if pause is not None:
        values["due_at"] = func.now() + pause
    statement = (
        update(Notification)
        .where(
            Notification.tenant_id == notice.tenant_id,
            Notification.id == notice.id,
            Notification.attempts == notice.attempts,
            Notification.status == NotificationStatus.DUE,
        )
        .values(**values)
    )
    result = await session.execute(statement, execution_options={"synchronize_session": False})
    return cast("CursorResult[Any]", result).rowcount == 1


async def list_notifications(
    session: AsyncSession, tenant_id: UUID, execution_id: UUID, window: Window
) -> Sequence[Notification]:
    """An execution's notices.

    Args:
        session: bound to the tenant.
        tenant_id: whose.
        execution_id: which execution's.
        window: which part of them, in which order.
    """
    statement = select(Notification).where(
        Notification.tenant_id == tenant_id, Notification.execution_id == execution_id
    )
    notices = (await session.scalars(window.of(statement))).all()
    for notice in notices:
        await open_notice(session, notice)
    return notices


async def open_notice(session: AsyncSession, notice: Notification) -> None:
    """Open what a notice says, where its execution's payloads are sealed. It is not written back.

    Raises:
        CannotOpen, NotReadable, WrongMasterKey: it cannot be opened.
    """
    if is_sealed_value(notice.payload):
        seal = await seal_of(await driver(session), notice.tenant_id, notice.execution_id)
        set_committed_value(notice, "payload", seal.open_value(notice.payload, notice_place(notice.id)))
