"""Disabling webhooks that are of no use any more, and telling the tenant's administrators."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.access.caller import almighty
from weftline.features.access.permissions import ADMIN
from weftline.features.audit.trail import record
from weftline.features.mail.outbox import post
from weftline.features.tasks import members
from weftline.features.webhooks.models import DisabledReason, Webhook, WebhookStatus

PAGE = "/webhooks/"
"""Where people find a webhook, before its id."""

_WHY = {
    DisabledReason.GONE: "it answered 410 Gone",
    DisabledReason.FAILING: "nothing got through to it for a day",
}


class Disabling:
    """Disables webhooks.

    Args:
        access: tenants' rules.
        address: makes public addresses of paths.
    """

    def __init__(self, access: members.Access, address: Callable[[str], str]) -> None:
        self._access = access
        self._address = address

    async def disable(self, session: AsyncSession, webhook: Webhook, reason: DisabledReason, error: str | None) -> None:
        """Disable a webhook, and write to whoever administers the tenant, in one transaction.

        Args:
            session: under the workers' role; holds the webhook's lock.
            webhook: which; it is active.
            reason: why.
            error: of the last attempt.
        """
        webhook.status, webhook.disabled_reason = WebhookStatus.DISABLED, reason
        webhook.disabled_at = webhook.updated_at = func.now()
        webhook.etag += 1
        await session.flush()
        rules = await self._access.rules(webhook.tenant_id)
        if rules is not None:
            values = {
                "webhook": webhook.name,
                "tenant": rules.name,
                "reason": _WHY[reason],
                "error": error,
                "link": self._address(f"{PAGE}{webhook.id}"),
            }
            for member in await members.named(session, rules, [ADMIN]):
                await post(session, "webhook_disabled", member.email, {"name": member.name, **values})
        await record(
            session,
            "webhook.disabled",
            "webhook",
            webhook.id,
            before={"status": WebhookStatus.ACTIVE},
            after={"status": WebhookStatus.DISABLED, "reason": reason, "error": error},
            tenant_id=webhook.tenant_id,
            actor=almighty(webhook.tenant_id, "system", "weftline"),
        )
