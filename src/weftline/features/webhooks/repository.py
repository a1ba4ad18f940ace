"""Reading and writing webhooks within a transaction of the caller's.

Whoever changes the queue of a webhook's deliveries holds the webhook's row lock, so that one transaction at a time
does; see ``queue``.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.http.listing import Ordering, SortKey, Window
from weftline.features.webhooks.models import Webhook, WebhookStatus
from weftline.features.workflows.models import WorkflowTemplate

ORDER = Ordering(
    SortKey("createdAt", Webhook.created_at, datetime),
    SortKey("updatedAt", Webhook.updated_at, datetime),
    SortKey("name", Webhook.name),
    tie=SortKey("id", Webhook.id, UUID),
    default="createdAt",
)

# locks the position until the webhook is committed: whoever plans deliveries then knows of it, or comes later
_ENSURE_POSITION = text(
    """
    INSERT INTO webhook_position (position) VALUES (:now)
    ON CONFLICT (is_only) DO UPDATE SET position = webhook_position.position
    """
)
_TAKE_POSITION = text("SELECT position FROM webhook_position FOR UPDATE SKIP LOCKED")
_MOVE_POSITION = text("UPDATE webhook_position SET position = :position")
_DROP_POSITION = text("DELETE FROM webhook_position")


async def get(session: AsyncSession, tenant_id: UUID, webhook_id: UUID, *, lock: bool = False) -> Webhook | None:
    """A webhook, locked where ``lock`` says so."""
    return await session.get(Webhook, (tenant_id, webhook_id), with_for_update=lock or None, populate_existing=lock)


async def list_webhooks(session: AsyncSession, tenant_id: UUID, window: Window) -> Sequence[Webhook]:
    """A part of a tenant's webhooks; plugins are not among them."""
    statement = select(Webhook).where(Webhook.tenant_id == tenant_id, Webhook.plugin_id.is_(None))
    return (await session.scalars(window.of(statement))).all()


async def count(session: AsyncSession, tenant_id: UUID) -> int:
    """How many webhooks a tenant has; plugins do not count."""
    statement = select(func.count()).where(Webhook.tenant_id == tenant_id, Webhook.plugin_id.is_(None))
    return (await session.scalars(statement)).one()


async def known_workflows(session: AsyncSession, tenant_id: UUID, ids: Collection[str]) -> frozenset[str]:
    """Those of the ids that are workflows'."""
    statement = select(WorkflowTemplate.id).where(WorkflowTemplate.tenant_id == tenant_id, WorkflowTemplate.id.in_(ids))
    return frozenset((await session.scalars(statement)).all())


async def active(session: AsyncSession) -> Sequence[Webhook]:
    """Every webhook that is told of events, and every plugin."""
    # scope: all tenants, because one loop serves them all; an index holds the active ones
    statement = select(Webhook).where(Webhook.status == WebhookStatus.ACTIVE)
    return (await session.scalars(statement)).all()


async def lock_active(session: AsyncSession, keys: Collection[tuple[UUID, UUID]]) -> Sequence[Webhook]:
    """Those of the webhooks that are still active, locked.

    Args:
        session: under the workers' role.
        keys: tenants and ids.
    """
    # scope: all tenants, because deliveries are planned for all of them at once
    statement = (
        select(Webhook)
        .where(tuple_(Webhook.tenant_id, Webhook.id).in_(list(keys)), Webhook.status == WebhookStatus.ACTIVE)
        .order_by(Webhook.tenant_id, Webhook.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await session.scalars(statement)).all()


async def ensure_position(session: AsyncSession, now: str) -> None:
    """Let the feed be followed, from ``now`` on where nobody does yet. Comes before a webhook becomes active."""
    await session.execute(_ENSURE_POSITION, {"now": now})


async def take_position(session: AsyncSession) -> str | None:
    """How far the feed was read; this transaction alone may go on. None where another has it, or nobody needs it."""
    return (await session.execute(_TAKE_POSITION)).scalar_one_or_none()


async def move_position(session: AsyncSession, position: str) -> None:
    """The feed was read up to here."""
    await session.execute(_MOVE_POSITION, {"position": position})


async def drop_position(session: AsyncSession) -> None:
    """Nobody follows the feed any more."""
    await session.execute(_DROP_POSITION)
