"""What people do with webhooks."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.access.caller import Caller
from weftline.features.audit.trail import record
from weftline.features.database import Database, driver
from weftline.features.http.listing import Window
from weftline.features.webhooks import repository
from weftline.features.webhooks.checking import Checking
from weftline.features.webhooks.errors import OutgoingWebhookNotFound, TooManyWebhooks, WebhookChanged
from weftline.features.webhooks.models import DisabledReason, Webhook, WebhookStatus
from weftline.features.webhooks.signing import new_secret, secret_context
from weftline.model.ids import uuid7
from weftline.store.bus import FEED, Bus
from weftline.store.feed import current_position
from weftline.store.keyring import Keyring

MAX_WEBHOOKS = 100
"""Of a tenant."""


@dataclass(frozen=True, slots=True)
class WebhookDraft:
    """What somebody wants a webhook to be.

    Attributes:
        url: where it is.
        name: for people; the URL's host where not given.
        kinds: patterns of the kinds of events that it is told.
        workflows: the only ones whose events it is told; all where empty.
        includes_data: it is told events' own data, too.
        data_role: that data is what somebody of this role may see; else what somebody without a role may.
    """

    url: str
    name: str | None
    kinds: Sequence[str]
    workflows: Sequence[str] = ()
    includes_data: bool = False
    data_role: str | None = None


class WebhookService:
    """Setting up webhooks.

    Args:
        database: where they are.
        keyring: seals secrets.
        checking: refuses what cannot be.
        bus: tells those who plan what webhooks are told that these have changed.
    """

    def __init__(self, database: Database, keyring: Keyring, checking: Checking, bus: Bus) -> None:
        self._database = database
        self._keyring = keyring
        self._checking = checking
        self._bus = bus

    async def get(self, tenant_id: UUID, webhook_id: UUID) -> Webhook:
        """A webhook.

        Raises:
            OutgoingWebhookNotFound: there is none of this id.
        """
        async with self._database.transaction(tenant_id) as session:
            return await existing(session, tenant_id, webhook_id)

    async def list(self, tenant_id: UUID, window: Window) -> Sequence[Webhook]:
        """A part of a tenant's webhooks."""
        async with self._database.transaction(tenant_id) as session:
            return await repository.list_webhooks(session, tenant_id, window)

    async def create(self, caller: Caller, draft: WebhookDraft) -> tuple[Webhook, str]:
        """Set up a webhook, which is told what happens from now on.

        Returns:
            It, and its secret, which nobody is shown again.

        Raises:
            InvalidWebhook: it cannot be like this.
            PermissionDenied: it would be told data that the caller may not see.
            TooManyWebhooks: there are as many as there may be.
        """
        webhook = Webhook(tenant_id=caller.tenant_id, id=uuid7(), created_by=caller.name, status=WebhookStatus.ACTIVE)
        _fill(webhook, _values(draft))
        await self._checking.check_address(webhook.url)
        await self._checking.check(caller, webhook)
        secret = new_secret()
        async with self._database.transaction(caller.tenant_id) as session:
            await self._checking.check_workflows(session, webhook)
            if await repository.count(session, caller.tenant_id) >= MAX_WEBHOOKS:
                raise TooManyWebhooks(MAX_WEBHOOKS)
            webhook.secret_sealed = await self._sealed(session, webhook, secret)
            await _begin(session, webhook)
            session.add(webhook)
            await session.flush()
            await session.refresh(webhook)
            await record(session, "webhook.created", "webhook", webhook.id, after=_facts(webhook))
        self._bus.publish(FEED)
        return webhook, secret

    async def change(
        self, caller: Caller, webhook_id: UUID, values: dict[str, Any], *, expected_etag: str | None = None
    ) -> Webhook:
        """Change some of a webhook.

        Args:
            caller: who asks.
            webhook_id: which.
            values: by the names of ``WebhookDraft``.
            expected_etag: the state it must be in.

        Raises:
            OutgoingWebhookNotFound, WebhookChanged: there is none of this id, or not in this state.
            InvalidWebhook, PermissionDenied: see :meth:`create`.
        """
        if "url" in values:
            await self._checking.check_address(values["url"])
        async with self._changing(caller, webhook_id, "webhook.changed", expected_etag) as (session, webhook):
            # what it still is to be told already would go wherever they want
            await self._checking.check(caller, webhook)
            _fill(webhook, values)
            with session.no_autoflush:
                await self._checking.check(caller, webhook)
                await self._checking.check_workflows(session, webhook)
        return webhook

    async def remove(self, caller: Caller, webhook_id: UUID, *, expected_etag: str | None = None) -> Webhook:
        """Remove a webhook with everything that it was told, and return what it was.

        Raises:
            OutgoingWebhookNotFound, WebhookChanged: see :meth:`change`.
        """
        async with self._database.transaction(caller.tenant_id) as session:
            webhook = await existing(session, caller.tenant_id, webhook_id, expected_etag, lock=True)
            await session.delete(webhook)
            await session.flush()
            await record(session, "webhook.removed", "webhook", webhook.id, before=_facts(webhook))
        return webhook

    async def enable(self, caller: Caller, webhook_id: UUID) -> Webhook:
        """Tell a webhook again what happens, from now on, and what it still was to be told when it was disabled.

        Nothing happens where it is active.

        Raises:
            OutgoingWebhookNotFound: there is none of this id.
        """
        async with self._changing(caller, webhook_id, "webhook.enabled") as (session, webhook):
            if webhook.status == WebhookStatus.DISABLED:
                await _begin(session, webhook)
                webhook.status, webhook.disabled_reason, webhook.disabled_at = WebhookStatus.ACTIVE, None, None
                webhook.failures, webhook.failing_since = 0, None
        return webhook

    async def disable(self, caller: Caller, webhook_id: UUID, reason: str | None = None) -> Webhook:
        """Send a webhook nothing any more. Nothing happens where it is disabled.

        Raises:
            OutgoingWebhookNotFound: there is none of this id.
        """
        async with self._changing(caller, webhook_id, "webhook.disabled", reason=reason) as (_, webhook):
            if webhook.status == WebhookStatus.ACTIVE:
                webhook.status, webhook.disabled_reason = WebhookStatus.DISABLED, DisabledReason.MANUAL
                webhook.disabled_at = func.now()
        return webhook

    async def rotate_secret(self, caller: Caller, webhook_id: UUID, overlap: timedelta) -> tuple[Webhook, str]:
        """Give a webhook another secret.

        Args:
            caller: who asks.
            webhook_id: which.
            overlap: for how long messages are signed with the one before, too.

        Returns:
            The webhook, and the new secret, which nobody is shown again.

        Raises:
            OutgoingWebhookNotFound: there is none of this id.
        """
        secret = new_secret()
        async with self._changing(caller, webhook_id, "webhook.secret-rotated") as (session, webhook):
            webhook.previous_sealed = webhook.secret_sealed if overlap else None
            webhook.previous_until = func.now() + overlap if overlap else None
            webhook.secret_sealed = await self._sealed(session, webhook, secret)
        return webhook, secret

    async def _sealed(self, session: AsyncSession, webhook: Webhook, secret: str) -> bytes:
        cipher = await self._keyring.cipher(await driver(session), webhook.tenant_id)
        return cipher.seal(secret.encode(), secret_context(webhook.id))

    @asynccontextmanager
    async def _changing(
        self,
        caller: Caller,
        webhook_id: UUID,
        action: str,
        expected_etag: str | None = None,
        *,
        reason: str | None = None,
    ) -> AsyncGenerator[tuple[AsyncSession, Webhook]]:
        """A transaction in which a webhook is changed, and the audit log told."""
        async with self._database.transaction(caller.tenant_id) as session:
            webhook = await existing(session, caller.tenant_id, webhook_id, expected_etag, lock=True)
            before = _facts(webhook)
            yield session, webhook
            webhook.etag += 1
            webhook.updated_at = func.now()
            await session.flush()
            await session.refresh(webhook)
            await record(session, action, "webhook", webhook.id, before=before, after=_facts(webhook), reason=reason)
        self._bus.publish(FEED)


async def existing(
    session: AsyncSession, tenant_id: UUID, webhook_id: UUID, expected_etag: str | None = None, *, lock: bool = False
) -> Webhook:
    """A webhook that must be there.

    Raises:
        OutgoingWebhookNotFound, WebhookChanged: there is none of this id, or not in this state.
    """
    webhook = await repository.get(session, tenant_id, webhook_id, lock=lock)
    if webhook is None or webhook.plugin_id is not None:
        raise OutgoingWebhookNotFound
    if expected_etag is not None and expected_etag != str(webhook.etag):
        raise WebhookChanged
    return webhook


async def _begin(session: AsyncSession, webhook: Webhook) -> None:
    """Let a webhook be told what is committed from now on."""
    now = str(await current_position(await driver(session)))
    await repository.ensure_position(session, now)
    webhook.since = now


def _values(draft: WebhookDraft) -> dict[str, Any]:
    return {
        "url": draft.url,
        "name": draft.name,
        "kinds": draft.kinds,
        "workflows": draft.workflows,
        "includes_data": draft.includes_data,
        "data_role": draft.data_role,
    }


def _fill(webhook: Webhook, values: dict[str, Any]) -> None:
    for name, value in values.items():
        match name:
            case "kinds" | "workflows":
                setattr(webhook, name, list(dict.fromkeys(value)))
            case "name":
                webhook.name = value or urlsplit(webhook.url).netloc
            case _:
                setattr(webhook, name, value)


def _facts(webhook: Webhook) -> dict[str, Any]:
    """What the audit log may know: addresses may hold secrets after their path."""
    return {
        "name": webhook.name,
        "url": urlsplit(webhook.url)._replace(query="", fragment="").geturl(),
        "kinds": webhook.kinds,
        "workflows": webhook.workflows,
        "includesData": webhook.includes_data,
        "dataRole": webhook.data_role,
        "status": webhook.status,
    }
