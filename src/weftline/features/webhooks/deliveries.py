"""What webhooks were told, as people see it, and telling them again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql import ColumnElement

from weftline.features.access.caller import Caller
from weftline.features.audit.trail import record
from weftline.features.database import Database
from weftline.features.http.listing import Ordering, SortKey, Window
from weftline.features.tenancy.models import Tenant
from weftline.features.webhooks import queue
from weftline.features.webhooks.errors import DeliveryNotFound, DeliveryPending, WebhookDisabled
from weftline.features.webhooks.messages import TEST, test_message
from weftline.features.webhooks.models import Attempt, Delivery, DeliveryStatus, Webhook, WebhookStatus
from weftline.features.webhooks.service import existing
from weftline.model.ids import uuid7

MAX_REDELIVERED = 1_000
"""Deliveries that one call makes due again."""

# numbers are in the order in which deliveries were planned, and have the index
_AGE = SortKey("createdAt", Delivery.number, int)

ORDER = Ordering(_AGE, tie=_AGE, default="-createdAt")

_NEVER: ColumnElement[datetime] = literal_column("'infinity'::timestamptz")


@dataclass(frozen=True, slots=True)
class Filter:
    """Which deliveries to list: those that fit every field that is given.

    Attributes:
        statuses, kinds: in one of these, of one of these.
        execution_id: about this execution.
        since: planned then or later.
    """

    statuses: Sequence[DeliveryStatus] = ()
    kinds: Sequence[str] = ()
    execution_id: UUID | None = None
    since: datetime | None = None


class DeliveryService:
    """Reading deliveries, and making them again.

    Args:
        database: where they are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self, tenant_id: UUID, webhook_id: UUID, wanted: Filter, window: Window) -> Sequence[Delivery]:
        """Those of a webhook's deliveries that fit.

        Args:
            tenant_id, webhook_id: whose.
            wanted: which.
            window: which part of them, in which order.

        Raises:
            OutgoingWebhookNotFound: there is no such webhook.
        """
        statement = select(Delivery).where(Delivery.tenant_id == tenant_id, Delivery.webhook_id == webhook_id)
        statement = statement.where(*_conditions(wanted))
        async with self._database.transaction(tenant_id) as session:
            await existing(session, tenant_id, webhook_id)
            return (await session.scalars(window.of(statement))).all()

    async def get(self, tenant_id: UUID, webhook_id: UUID, delivery_id: UUID) -> tuple[Delivery, Sequence[Attempt]]:
        """A delivery, and its attempts, the first one first.

        Raises:
            OutgoingWebhookNotFound, DeliveryNotFound: there is no such webhook, or it has no such delivery.
        """
        statement = select(Attempt).where(Attempt.tenant_id == tenant_id, Attempt.delivery_id == delivery_id)
        async with self._database.transaction(tenant_id) as session:
            await existing(session, tenant_id, webhook_id)
            delivery = await _delivery(session, tenant_id, webhook_id, delivery_id)
            return delivery, (await session.scalars(statement.order_by(Attempt.number))).all()

    async def test(self, caller: Caller, webhook_id: UUID) -> Delivery:
        """Send a webhook a message that tells of nothing, to try it out.

        Raises:
            OutgoingWebhookNotFound, WebhookDisabled: there is no such webhook, or nothing is sent to it.
        """
        id = uuid7()
        async with self._database.transaction(caller.tenant_id) as session:
            webhook = await _active(session, caller.tenant_id, webhook_id)
            slug = (await session.scalars(select(Tenant.slug).where(Tenant.id == caller.tenant_id))).one()
            row: dict[str, Any] = {
                "tenant_id": caller.tenant_id,
                "id": id,
                "webhook_id": webhook.id,
                "kind": TEST,
                "subject": str(id),
                "body": test_message(id, slug, webhook),
                "status": DeliveryStatus.DUE,
            }
            await queue.add(session, [row])
            delivery = await _delivery(session, caller.tenant_id, webhook_id, id)
            await record(session, "webhook.tested", "webhook", webhook.id, after={"deliveryId": str(id)})
        return delivery

    async def redeliver(self, caller: Caller, webhook_id: UUID, delivery_id: UUID) -> Delivery:
        """Make a delivery again, under the same id, with as many attempts as a new one has.

        Raises:
            OutgoingWebhookNotFound, DeliveryNotFound: there is no such webhook, or it has no such delivery.
            WebhookDisabled: nothing is sent to it.
            DeliveryPending: it is tried anyway.
        """
        async with self._database.transaction(caller.tenant_id) as session:
            webhook = await _active(session, caller.tenant_id, webhook_id)
            delivery = await _delivery(session, caller.tenant_id, webhook_id, delivery_id)
            if delivery.status == DeliveryStatus.DUE:
                raise DeliveryPending
            await _make_due(session, webhook, [delivery])
            await session.refresh(delivery)
            after = {"deliveryId": str(delivery.id), "kind": delivery.kind}
            await record(session, "webhook.redelivered", "webhook", webhook.id, after=after)
        return delivery

    async def redeliver_failed(self, caller: Caller, webhook_id: UUID, since: datetime) -> int:
        """Make what was given up since a time again, the oldest first, at most ``MAX_REDELIVERED`` at once.

        Returns:
            How many deliveries that are.

        Raises:
            OutgoingWebhookNotFound, WebhookDisabled: there is no such webhook, or nothing is sent to it.
        """
        async with self._database.transaction(caller.tenant_id) as session:
            webhook = await _active(session, caller.tenant_id, webhook_id)
            statement = (
                select(Delivery)
                .where(Delivery.tenant_id == caller.tenant_id, Delivery.webhook_id == webhook_id)
                .where(*_conditions(Filter([DeliveryStatus.FAILED], since=since)))
                .order_by(Delivery.number)
                .limit(MAX_REDELIVERED)
            )
            deliveries = (await session.scalars(statement)).all()
            if deliveries:
                await _make_due(session, webhook, deliveries)
                after = {"since": since.isoformat(), "deliveries": len(deliveries)}
                await record(session, "webhook.redelivered", "webhook", webhook.id, after=after)
        return len(deliveries)


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.statuses:
        conditions.append(Delivery.status.in_(wanted.statuses))
    if wanted.kinds:
        conditions.append(Delivery.kind.in_(wanted.kinds))
    if wanted.execution_id is not None:
        conditions.append(Delivery.execution_id == wanted.execution_id)
    if wanted.since is not None:
        conditions.append(Delivery.created_at >= wanted.since)
    return conditions


async def _active(session: AsyncSession, tenant_id: UUID, webhook_id: UUID) -> Webhook:
    """A webhook that something can be sent to, locked."""
    webhook = await existing(session, tenant_id, webhook_id, lock=True)
    if webhook.status != WebhookStatus.ACTIVE:
        raise WebhookDisabled
    return webhook


async def _delivery(session: AsyncSession, tenant_id: UUID, webhook_id: UUID, delivery_id: UUID) -> Delivery:
    delivery = await session.get(Delivery, (tenant_id, delivery_id))
    if delivery is None or delivery.webhook_id != webhook_id:
        raise DeliveryNotFound
    return delivery


async def _make_due(session: AsyncSession, webhook: Webhook, deliveries: Sequence[Delivery]) -> None:
    """Let deliveries that are done be made again, in their order."""
    statement = (
        update(Delivery)
        .where(Delivery.tenant_id == webhook.tenant_id, Delivery.id.in_([each.id for each in deliveries]))
        .values(
            status=DeliveryStatus.DUE,
            due_at=literal_column("'infinity'::timestamptz"),
            retries_from=Delivery.attempts,
            settled_at=None,
        )
    )
    await session.execute(statement, execution_options={"synchronize_session": False})
    await queue.advance(session, webhook.tenant_id, webhook.id, {each.subject for each in deliveries})
