"""Making deliveries.

Any number of processes may do it at a time: each delivery is one's at a time. A message is sent at least once, under
one id, and again after a success only where a process dies, or loses the database, between the answer and the note of
it. An answer that does not come holds up nobody but the webhook itself: each has a few of the slots.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.authoring.builtin import HttpSettings
from weftline.features.background import Background
from weftline.features.database import Database, driver
from weftline.features.plugins.faults import note_fault
from weftline.features.webhooks import plugin_hooks, queue, repository
from weftline.features.webhooks.disabling import Disabling
from weftline.features.webhooks.messages import without_payload
from weftline.features.webhooks.models import Delivery, DeliveryStatus, DisabledReason, Webhook, WebhookStatus
from weftline.features.webhooks.plugin_hooks import Hooks
from weftline.features.webhooks.schedule import DEAD_AFTER, DEAD_ATTEMPTS, MAX_ATTEMPTS, pause_after
from weftline.features.webhooks.sending import TIMEOUT_SECONDS, Outcome, Sender
from weftline.features.webhooks.signing import secret_context
from weftline.model.cause import Cause
from weftline.store.causes import cause_of
from weftline.store.errors import StoreError
from weftline.store.keyring import Keyring
from weftline.store.sealing import UNREADABLE

log = structlog.get_logger(__name__)

POLL_SECONDS = 1.0

SLOTS = 64
"""Attempts that a process makes at a time."""

SLOTS_EACH = 8
"""Of those, at one webhook; one where its last attempt failed."""

GRACE_SECONDS = 5.0
"""How long stopping waits for the attempts that are being made."""

LOST = "the process that made the last attempt ended before it was done"


class Deliverer:
    """The loop that makes deliveries.

    Args:
        database: under the workers' role, which sees every tenant's deliveries.
        keyring: opens webhooks' secrets.
        disabling: disables webhooks that are of no use.
        http: what webhooks may be.
        hooks: the plugins that are told of events.
        interval: seconds between two turns that found nothing to do.
        timeout: seconds for one attempt.
    """

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        disabling: Disabling,
        http: HttpSettings,
        hooks: Hooks,
        *,
        interval: float = POLL_SECONDS,
        timeout: float = TIMEOUT_SECONDS,
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._disabling = disabling
        self._sender = Sender(http, timeout=timeout)
        self._hooks = hooks
        self._under_way: dict[asyncio.Task[None], tuple[UUID, str | None]] = {}
        self._loop = Background("webhook deliverer", interval, self.run_once)

    def start(self) -> None:
        """Begin; does nothing where it runs already."""
        self._loop.start()

    def wake(self) -> None:
        """There may be something to deliver."""
        self._loop.wake()

    async def stop(self) -> None:
        """End after the attempts that are being made; does nothing where it does not run."""
        await self._loop.stop(GRACE_SECONDS)
        await self.settle(GRACE_SECONDS)
        for task in self._under_way:
            task.cancel()
        await self.settle()
        await self._sender.close()

    async def settle(self, seconds: float | None = None) -> None:
        """Wait for the attempts that are being made.

        Args:
            seconds: at most so long.
        """
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=seconds)

    async def run_once(self) -> int:
        """Begin attempts at what is due, as far as there are slots; returns how many.

        Raises:
            StoreError: the database cannot be used.
        """
        free = SLOTS - len(self._under_way)
        if free <= 0:
            return 0
        busy = Counter(webhook_id for webhook_id, _ in self._under_way.values())
        told = Counter(plugin_id for _, plugin_id in self._under_way.values())
        bounds = {id: plugin_hooks.SLOTS - told[id] for id, kinds in self._hooks.hooks().items() if kinds}
        count = 0
        for plugin_id, bound in {None: free, **bounds}.items():
            limit = min(bound, SLOTS - len(self._under_way))
            if limit <= 0:
                continue
            async with self._database.unbound() as session:
                claimed = await queue.claim(session, busy, each=SLOTS_EACH, limit=limit, plugin_id=plugin_id)
            for delivery in claimed:
                task = asyncio.create_task(self._safe_attempt(delivery), name=f"webhook delivery {delivery.id}")
                self._under_way[task] = delivery.webhook_id, plugin_id
                task.add_done_callback(self._done)
            count += len(claimed)
        return count

    def _done(self, task: asyncio.Task[None]) -> None:
        del self._under_way[task]
        # a slot is free, and what waited for this delivery may be due
        self.wake()

    async def _safe_attempt(self, delivery: Delivery) -> None:
        try:
            await self._attempt(delivery)
        except StoreError as error:
            # somebody takes it up when the lease has passed
            log.warning("delivery not noted", delivery_id=str(delivery.id), error=str(error))
        except Exception:
            log.exception("delivery not attempted", delivery_id=str(delivery.id))

    async def _attempt(self, delivery: Delivery) -> None:
        tries = delivery.attempts - delivery.retries_from
        async with self._database.unbound() as session:
            webhook = await repository.get(session, delivery.tenant_id, delivery.webhook_id)
            if webhook is None:
                return
            # a plugin has none
            secrets = await self._secrets(session, webhook)
            cause = await self._cause(session, delivery) if secrets else None
        if tries > _attempts_at(webhook):
            await self._give_up(delivery)
            return
        if webhook.plugin_id is not None:
            outcome = await plugin_hooks.tell(self._hooks, webhook, delivery)
        else:
            # what was planned with data may be sent when the webhook is told none any more
            body = delivery.body if webhook.includes_data else without_payload(delivery.body)
            outcome = await self._sender.send(webhook.url, delivery.id, body, secrets, cause)
        await self._note(delivery, tries, outcome)

    async def _give_up(self, delivery: Delivery) -> None:
        async with self._database.unbound() as session:
            webhook = await repository.get(session, delivery.tenant_id, delivery.webhook_id, lock=True)
            failed, error = DeliveryStatus.FAILED, delivery.last_error or LOST
            if webhook is not None and await queue.end_attempt(
                session, delivery, failed, last_status=delivery.last_status, error=error
            ):
                await _note_fault(session, webhook, delivery, error)

    async def _note(self, delivery: Delivery, tries: int, outcome: Outcome) -> None:
        """Note what came of an attempt: for the delivery, and for the webhook."""
        async with self._database.unbound() as session:
            webhook = await repository.get(session, delivery.tenant_id, delivery.webhook_id, lock=True)
            if webhook is None:
                return
            pause = None
            if not outcome.is_delivered and not outcome.is_gone and tries < _attempts_at(webhook):
                pause = pause_after(tries, outcome.retry_after)
            if outcome.is_delivered:
                status = DeliveryStatus.DELIVERED
            else:
                status = DeliveryStatus.FAILED if pause is None else DeliveryStatus.DUE
            if not await queue.end_attempt(
                session, delivery, status, last_status=outcome.status, error=outcome.error, pause=pause
            ):
                return
            queue.log_attempt(session, delivery, outcome)
            reason = _count(webhook, outcome)
            await session.flush()
            if status == DeliveryStatus.FAILED:
                await _note_fault(session, webhook, delivery, outcome.error)
            if webhook.plugin_id is None and reason is not None and webhook.status == WebhookStatus.ACTIVE:
                await self._disabling.disable(session, webhook, reason, outcome.error)

    async def _cause(self, session: AsyncSession, delivery: Delivery) -> Cause | None:
        """The request that led to what is told; None where none did, or where that cannot be read."""
        if delivery.execution_id is None:
            return None
        try:
            return await cause_of(await driver(session), delivery.tenant_id, delivery.execution_id)
        except UNREADABLE:
            return None

    async def _secrets(self, session: AsyncSession, webhook: Webhook) -> list[str]:
        """Those that sign now: the webhook's, and the one before while it still may; none of a plugin."""
        if webhook.plugin_id is not None:
            return []
        cipher = await self._keyring.cipher(await driver(session), webhook.tenant_id)
        context = secret_context(webhook.id)
        return [cipher.open(sealed, context).decode() for sealed in webhook.signing_secrets()]


def _attempts_at(webhook: Webhook) -> int:
    """How often a delivery is tried."""
    return MAX_ATTEMPTS if webhook.plugin_id is None else plugin_hooks.MAX_ATTEMPTS


async def _note_fault(session: AsyncSession, webhook: Webhook, delivery: Delivery, error: str | None) -> None:
    """Tell with a plugin that it was given up to tell it of something."""
    if webhook.plugin_id is not None:
        part = f"hook {delivery.kind}"
        await note_fault(session, webhook.tenant_id, webhook.plugin_id, part, f"given up: {error}")


def _count(webhook: Webhook, outcome: Outcome) -> DisabledReason | None:
    """Count an attempt at a webhook; returns why it is of no use any more, where it is none."""
    if outcome.is_delivered:
        if webhook.failures:
            webhook.failures, webhook.failing_since = 0, None
        return None
    since = webhook.failing_since or outcome.started_at
    webhook.failures, webhook.failing_since = webhook.failures + 1, since
    if outcome.is_gone:
        return DisabledReason.GONE
    is_dead = webhook.failures >= DEAD_ATTEMPTS and outcome.started_at - since >= DEAD_AFTER
    return DisabledReason.FAILING if is_dead else None
