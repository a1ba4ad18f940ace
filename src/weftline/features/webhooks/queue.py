"""The queue of deliveries: what is made next.

Of the deliveries of one webhook about one subject, an execution as a rule, only the first that is not done yet has a
time at which it is due; the others wait at ``infinity``, so that looking for what is due never comes across them.
Whoever adds to a queue, or ends a delivery, holds the webhook's row lock, and then calls :func:`advance`.

An attempt takes a delivery by counting it and making it due again a little later, commits, and only then talks to
others. A process that dies meanwhile leaves a delivery that another takes up when that time has passed; what it would
still write is void, because the count has moved on.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.webhooks.models import Attempt, Delivery, DeliveryStatus
from weftline.features.webhooks.sending import Outcome

LEASE = timedelta(minutes=1)
"""How long an attempt may take before the delivery goes to somebody else; much longer than one can take."""

_ADVANCE = text(
    """
    UPDATE webhook_deliveries d SET due_at = now()
    FROM unnest(CAST(:subjects AS text[])) AS s(subject)
    CROSS JOIN LATERAL (
        SELECT q.id, q.due_at FROM webhook_deliveries q
        WHERE q.tenant_id = :tenant AND q.webhook_id = :webhook AND q.subject = s.subject AND q.status = 'due'
        ORDER BY q.number LIMIT 1
    ) AS first
    WHERE d.tenant_id = :tenant AND d.id = first.id AND first.due_at = 'infinity'
    """
)

# A webhook whose last attempt failed is tried one delivery at a time: those that hang must not fill every slot. What is
# planned for a tenant that is not active, or has disabled the plugin, waits until it is.
# scope: all tenants, because one loop serves them all; an index holds the active webhooks, another what is due
_CLAIM = text(
    """
    UPDATE webhook_deliveries d SET attempts = d.attempts + 1, due_at = now() + CAST(:lease AS interval)
    FROM (
        SELECT n.tenant_id, n.id
        FROM webhooks w
        JOIN tenants t ON t.id = w.tenant_id AND t.status = 'active'
        LEFT JOIN unnest(CAST(:busy AS uuid[]), CAST(:counts AS int[])) AS b(id, count) ON b.id = w.id
        CROSS JOIN LATERAL (
            SELECT q.tenant_id, q.id, q.due_at FROM webhook_deliveries q
            WHERE q.tenant_id = w.tenant_id AND q.webhook_id = w.id AND q.status = 'due' AND q.due_at <= now()
            ORDER BY q.due_at
            LIMIT greatest(CASE WHEN w.failures > 0 THEN 1 ELSE :each END - coalesce(b.count, 0), 0)
            FOR UPDATE SKIP LOCKED
        ) AS n
        WHERE w.status = 'active' AND w.plugin_id IS NOT DISTINCT FROM CAST(:plugin AS text)
          AND NOT EXISTS (
            SELECT FROM plugin_settings s
            WHERE s.tenant_id = w.tenant_id AND s.plugin_id = w.plugin_id AND NOT s.is_enabled
          )
        ORDER BY n.due_at
        LIMIT :limit
    ) AS due
    WHERE d.tenant_id = due.tenant_id AND d.id = due.id
    RETURNING d.*
    """
).columns(*Delivery.__table__.columns)


async def add(session: AsyncSession, deliveries: Sequence[Mapping[str, Any]]) -> None:
    """Plan deliveries of one webhook, in their order.

    Args:
        session: holds the webhook's lock.
        deliveries: values of columns.
    """
    await session.execute(insert(Delivery), list(deliveries))
    first = deliveries[0]
    await advance(session, first["tenant_id"], first["webhook_id"], {each["subject"] for each in deliveries})


async def advance(session: AsyncSession, tenant_id: UUID, webhook_id: UUID, subjects: Collection[str]) -> None:
    """Let the first delivery about each subject be tried, where it waited.

    Args:
        session: holds the webhook's lock.
        tenant_id, webhook_id: of which webhook.
        subjects: about which something was added or done.
    """
    parameters = {"tenant": tenant_id, "webhook": webhook_id, "subjects": list(subjects)}
    await session.execute(_ADVANCE, parameters)


async def claim(
    session: AsyncSession, busy: Mapping[UUID, int], *, each: int, limit: int, plugin_id: str | None = None
) -> Sequence[Delivery]:
    """Begin attempts at what has been due longest.

    Args:
        session: under the workers' role.
        busy: how many attempts at which webhook this process makes already.
        each: at most so many at one webhook.
        limit: at most so many in all.
        plugin_id: what this plugin is to be told; None: what webhooks are.
    """
    parameters = {
        "lease": LEASE,
        "busy": list(busy),
        "counts": list(busy.values()),
        "each": each,
        "limit": limit,
        "plugin": plugin_id,
    }
    # scope: all tenants, because one loop serves them all
    statement = select(Delivery).from_statement(_CLAIM)
    return (await session.scalars(statement, parameters)).all()


async def end_attempt(
    session: AsyncSession,
    delivery: Delivery,
    status: DeliveryStatus,
    *,
    last_status: int | None,
    error: str | None,
    pause: timedelta | None = None,
) -> bool:
    """Note what became of an attempt; False where it was no longer the latest, and so nothing was noted.

    Args:
        session: holds the webhook's lock.
        delivery: as the attempt took it.
        status: where it stands now.
        last_status: of the answer.
        error: why it failed.
        pause: before the next attempt, where there is to be one.
    """
    values: dict[str, Any] = {"status": status, "last_status": last_status, "last_error": error}
    values |= {"settled_at": func.now()} if pause is None else {"due_at": func.now() + pause}
    statement = (
        update(Delivery)
        .where(
            Delivery.tenant_id == delivery.tenant_id,
            Delivery.id == delivery.id,
            Delivery.attempts == delivery.attempts,
            Delivery.status == DeliveryStatus.DUE,
        )
        .values(**values)
    )
    result = await session.execute(statement, execution_options={"synchronize_session": False})
    if cast("CursorResult[Any]", result).rowcount != 1:
        return False
    if pause is None:
        await advance(session, delivery.tenant_id, delivery.webhook_id, [delivery.subject])
    return True


def log_attempt(session: AsyncSession, delivery: Delivery, outcome: Outcome) -> None:
    """Add an attempt to the delivery's log."""
    session.add(
        Attempt(
            tenant_id=delivery.tenant_id,
            delivery_id=delivery.id,
            number=delivery.attempts,
            started_at=outcome.started_at,
            duration_ms=round(outcome.duration * 1000),
            request_headers=dict(outcome.headers),
            status=outcome.status,
            response=outcome.response,
            error=outcome.error,
        )
    )
