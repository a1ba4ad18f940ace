"""Telling plugins of events.

A plugin is told as a webhook is: it has a row of its own among the webhooks of each tenant where it is enabled, planned
for and delivered to in the same way, save that a delivery is a call of its handlers. Nobody sees these rows, or changes
them, but the loop here, which follows what plugins run and where they are enabled.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.authoring.plugin import EventHandler, PluginEvent
from weftline.features.background import Background
from weftline.features.database import Database, driver
from weftline.features.webhooks import repository
from weftline.features.webhooks.messages import PAYLOAD
from weftline.features.webhooks.models import Delivery, Webhook
from weftline.features.webhooks.sending import Outcome
from weftline.store.bus import FEED, Bus
from weftline.store.feed import current_position

log = structlog.get_logger(__name__)

LOOK_SECONDS = 2.0
"""Between two looks where a plugin wants to be told."""

TIMEOUT_SECONDS = 15.0
"""That a plugin may take over one event."""

MAX_ATTEMPTS = 5

SLOTS = 16
"""Attempts that a process makes at one plugin at a time, in all tenants."""

CONFIRMED_EVERY, FORGOTTEN_AFTER = timedelta(minutes=10), timedelta(hours=1)
"""How often it is noted that a plugin still runs somewhere, and after how long without that it is told nothing more."""

_MISSING = text(
    """
    SELECT t.id FROM tenants t
    WHERE t.status <> 'archived'
      AND NOT EXISTS (SELECT FROM plugins p WHERE p.id = :plugin AND NOT p.is_wanted)
      AND coalesce(
        (SELECT s.is_enabled FROM plugin_settings s WHERE s.tenant_id = t.id AND s.plugin_id = :plugin), :is_on
      )
      AND NOT EXISTS (
        SELECT FROM webhooks w
        WHERE w.tenant_id = t.id AND w.plugin_id = :plugin AND w.status = 'active' AND w.kinds = CAST(:kinds AS text[])
          AND w.updated_at > now() - CAST(:every AS interval)
      )
    ORDER BY t.id
    """
)
# who is told already goes on from where they are
_SUBSCRIBE = text(
    """
    INSERT INTO webhooks AS w (tenant_id, id, name, plugin_id, kinds, includes_data, since, created_by)
    SELECT t.id, gen_random_uuid(), :plugin, :plugin, CAST(:kinds AS text[]), true, :now, 'weftline'
    FROM unnest(CAST(:tenants AS uuid[])) AS t(id)
    ON CONFLICT (tenant_id, plugin_id) WHERE plugin_id IS NOT NULL DO UPDATE SET
        kinds = excluded.kinds,
        since = CASE WHEN w.status = 'active' THEN w.since ELSE excluded.since END,
        failures = CASE WHEN w.status = 'active' THEN w.failures ELSE 0 END,
        status = 'active', disabled_reason = NULL, disabled_at = NULL, updated_at = now()
    """
)
# scope: all tenants, because a process runs plugins for every tenant; an index holds the active ones
_UNSUBSCRIBE = text(
    """
    UPDATE webhooks w SET status = 'disabled', disabled_reason = 'manual', disabled_at = now(), updated_at = now()
    WHERE w.status = 'active' AND w.plugin_id IS NOT NULL AND (
        w.plugin_id = ANY(CAST(:silent AS text[]))
        OR w.updated_at < now() - CAST(:forgotten AS interval)
        OR EXISTS (SELECT FROM plugins p WHERE p.id = w.plugin_id AND NOT p.is_wanted)
        OR NOT coalesce(
            (SELECT s.is_enabled FROM plugin_settings s WHERE s.tenant_id = w.tenant_id AND s.plugin_id = w.plugin_id),
            w.plugin_id <> ALL(CAST(:off AS text[]))
        )
    )
    RETURNING 1
    """
)


class Hooks(Protocol):
    """Knows which plugins that run here want to be told of what."""

    def hooks(self) -> Mapping[str, Sequence[str]]:
        """Patterns of kinds by plugin; none of a plugin that wants nothing."""
        ...

    def handlers(self, plugin_id: str, kind: str) -> Sequence[EventHandler]:
        """Those of a plugin for a kind."""
        ...

    def is_enabled_by_default(self, plugin_id: str) -> bool:
        """Whether a plugin is there for tenants that have not chosen."""
        ...


class NoHooks(Hooks):
    """Where there are no plugins."""

    def hooks(self) -> Mapping[str, Sequence[str]]:
        """Nothing."""
        return {}

    def handlers(self, plugin_id: str, kind: str) -> Sequence[EventHandler]:
        """Nobody."""
        return ()

    def is_enabled_by_default(self, plugin_id: str) -> bool:
        """Nothing is there."""
        return False


class Subscriptions:
    """The loop that keeps the rows.

    Args:
        database: under the workers' role.
        hooks: what plugins want.
        bus: tells those who plan that there is somebody else to tell.
    """

    def __init__(self, database: Database, hooks: Hooks, bus: Bus) -> None:
        self._database = database
        self._hooks = hooks
        self._bus = bus
        self._swept_at: float | None = None
        self._loop = Background("subscriptions of plugins", LOOK_SECONDS, self.run_once)

    def start(self) -> None:
        """Begin; does nothing where it runs already."""
        self._loop.start()

    def wake(self) -> None:
        """Other plugins run, or are enabled elsewhere."""
        self._swept_at = None
        self._loop.wake()

    async def stop(self) -> None:
        """End; does nothing where it does not run."""
        await self._loop.stop()

    async def run_once(self) -> int:
        """Look once; returns how many rows that changed.

        Raises:
            StoreError: the database cannot be used.
        """
        wanted = self._hooks.hooks()
        is_due = self._swept_at is None or time.monotonic() - self._swept_at > CONFIRMED_EVERY.total_seconds()
        if not any(wanted.values()) and not is_due:
            return 0
        self._swept_at = time.monotonic()
        changed = 0
        async with self._database.unbound() as session:
            for plugin_id, kinds in wanted.items():
                is_on = self._hooks.is_enabled_by_default(plugin_id)
                bound = {"plugin": plugin_id, "kinds": list(kinds), "is_on": is_on}
                if not kinds or not (tenants := await _missing(session, bound)):
                    continue
                now = str(await current_position(await driver(session)))
                await repository.ensure_position(session, now)
                await session.execute(_SUBSCRIBE, {**bound, "tenants": tenants, "now": now})
                changed += len(tenants)
            silent = [plugin_id for plugin_id, kinds in wanted.items() if not kinds]
            off = [plugin_id for plugin_id in wanted if not self._hooks.is_enabled_by_default(plugin_id)]
            bound = {"silent": silent, "off": off, "forgotten": FORGOTTEN_AFTER}
            ended = await session.execute(_UNSUBSCRIBE, bound)
            changed += len(ended.all())
        if changed:
            self._bus.publish(FEED)
        return changed


async def _missing(session: AsyncSession, bound: dict[str, Any]) -> list[UUID]:
    """The tenants that have no row that says what it should, or where that was not confirmed for a while."""
    return list(await session.scalars(_MISSING, {**bound, "every": CONFIRMED_EVERY}))


async def tell(hooks: Hooks, webhook: Webhook, delivery: Delivery) -> Outcome:
    """Tell a plugin of an event once. Whatever goes wrong is told by the outcome. A plugin that takes too long is not
    waited for, even where it ignores that it is cancelled.

    Args:
        hooks: its handlers.
        webhook: the plugin's row.
        delivery: what it is told.
    """
    assert webhook.plugin_id is not None
    started_at, began = datetime.now(UTC), time.monotonic()
    if webhook.plugin_id not in hooks.hooks():
        return Outcome(started_at, 0.0, {}, error="the plugin was stopped meanwhile")
    event = _event(delivery)
    handlers = hooks.handlers(webhook.plugin_id, delivery.kind)

    async def call() -> None:
        for handler in handlers:
            await handler(event)

    task = asyncio.create_task(call(), name=f"hook of {webhook.plugin_id}")
    task.add_done_callback(_forget)
    try:
        done, _ = await asyncio.wait({task}, timeout=TIMEOUT_SECONDS)
    finally:
        task.cancel()
    error = None
    if not done:
        error = f"not done within {TIMEOUT_SECONDS:g} s"
    elif task.cancelled():
        error = "it was cancelled"
    elif (raised := task.exception()) is not None:
        # its message may hold data that not everybody may see who reads of this
        error = f"it raised {type(raised).__name__}"
        log.warning("a plugin's hook failed", plugin=webhook.plugin_id, kind=delivery.kind, exc_info=raised)
    return Outcome(started_at, time.monotonic() - began, {}, error=error)


def _forget(task: asyncio.Task[None]) -> None:
    if not task.cancelled():
        # what it raised after its time was up is nobody's any more
        task.exception()


def _event(delivery: Delivery) -> PluginEvent:
    told: dict[str, Any] = delivery.body["data"]
    task_id = told.get("taskId")
    return PluginEvent(
        id=UUID(str(delivery.id)),
        tenant_id=UUID(str(delivery.tenant_id)),
        kind=delivery.kind,
        occurred_at=datetime.fromisoformat(delivery.body["timestamp"]),
        workflow_id=told["workflowId"],
        execution_id=None if delivery.execution_id is None else UUID(str(delivery.execution_id)),
        task_id=None if task_id is None else UUID(task_id),
        step_id=told.get("stepId"),
        data=told.get(PAYLOAD),
    )
