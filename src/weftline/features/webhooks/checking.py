"""What a webhook can be like, and who may make it so."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from weftline.authoring.builtin import HttpSettings
from weftline.features.access.caller import Caller
from weftline.features.access.gate import Gate
from weftline.features.access.policies.request import Resource
from weftline.features.executions.permissions import READ as READ_EXECUTIONS
from weftline.features.live.kinds import PATTERNS, nearest
from weftline.features.webhooks import repository
from weftline.features.webhooks.errors import InvalidWebhook
from weftline.features.webhooks.models import Webhook
from weftline.features.webhooks.targets import check_target


class Checking:
    """Refuses webhooks that cannot be.

    Args:
        gate: knows what callers may see.
        http: what may be called.
    """

    def __init__(self, gate: Gate, http: HttpSettings) -> None:
        self._gate = gate
        self._http = http

    async def check_address(self, url: str) -> None:
        """Refuse an address that this platform may not call; see ``targets.check_target``."""
        await check_target(url, self._http)

    async def check(self, caller: Caller, webhook: Webhook) -> None:
        """Refuse a webhook that cannot be like this, or not by the caller's will.

        Whoever sets up or changes a webhook that is told data could read that data, so they must be allowed to.

        Raises:
            InvalidWebhook: a pattern or a role cannot be used.
            PermissionDenied: the caller may not see the executions whose data the webhook would be told.
        """
        for index, pattern in enumerate(webhook.kinds):
            if pattern not in PATTERNS:
                near = nearest(pattern)
                hint = None if near is None else f"Did you mean '{near}'?"
                raise InvalidWebhook(f"/kinds/{index}", f"There are no events '{pattern}'.", "unknown_kind", hint)
        if not webhook.includes_data:
            return
        if webhook.data_role is not None and webhook.data_role not in caller.authority.roles:
            raise InvalidWebhook("/dataRole", "This must be a role that you have yourself.", "unknown_role")
        for resource in _resources(webhook):
            await self._gate.require(caller, READ_EXECUTIONS, resource)

    async def check_workflows(self, session: AsyncSession, webhook: Webhook) -> None:
        """Refuse a webhook of workflows that do not exist.

        Raises:
            InvalidWebhook: one does not.
        """
        known = await repository.known_workflows(session, webhook.tenant_id, webhook.workflows)
        for index, workflow_id in enumerate(webhook.workflows):
            if workflow_id not in known:
                message = f"There is no workflow '{workflow_id}'."
                raise InvalidWebhook(f"/workflows/{index}", message, "unknown_workflow")


def _resources(webhook: Webhook) -> list[Resource]:
    if not webhook.workflows:
        return [Resource(type="Tenant", id=str(webhook.tenant_id))]
    return [Resource(type="Workflow", id=each, workflow_id=each) for each in webhook.workflows]
