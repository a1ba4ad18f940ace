"""What webhooks are told."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson

from weftline.features.access.fields.masking import FieldMask
from weftline.features.access.rules import TenantRules
from weftline.features.webhooks.models import Webhook

if TYPE_CHECKING:
    from weftline.features.live.happenings import Happening

TEST = "webhook.test"
"""What a webhook is told when somebody tries it out. No pattern names it."""

MAX_PAYLOAD = 65_536
"""Bytes of an event's data that are told; what is longer is left out."""

PAYLOAD = "payload"
"""Where a message's ``data`` has the event's own data, where the webhook is told it."""


def message(webhook: Webhook, id: UUID, happening: Happening, rules: TenantRules) -> dict[str, Any]:
    """The body of a message about something that happened.

    Args:
        webhook: who is told.
        id: the message's.
        happening: what happened.
        rules: the tenant's.
    """
    told = {
        "executionId": None if happening.execution_id is None else str(happening.execution_id),
        "workflowId": happening.workflow_id,
        "seq": happening.seq,
        "stepId": happening.step_id,
        "scope": happening.scope or None,
        "visit": happening.visit if happening.visit > 1 else None,
        "taskId": None if happening.task_id is None else str(happening.task_id),
    }
    data: dict[str, Any] = {name: value for name, value in told.items() if value is not None}
    if webhook.includes_data and (happening.is_sealed or happening.data is not None):
        data |= _payload(happening, mask_of(webhook, happening, rules))
    return envelope(id, happening.kind, happening.occurred_at, rules.slug, data)


def test_message(id: UUID, tenant: str, webhook: Webhook) -> dict[str, Any]:
    """The body of a message that somebody sends to try a webhook out."""
    return envelope(id, TEST, datetime.now(UTC), tenant, {"webhookId": str(webhook.id)})


def envelope(id: UUID, kind: str, at: datetime, tenant: str, data: dict[str, Any]) -> dict[str, Any]:
    """What every message has."""
    moment = at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return {"id": str(id), "type": kind, "timestamp": moment, "tenant": tenant, "data": data}


def without_payload(body: dict[str, Any]) -> dict[str, Any]:
    """A message's body without the event's own data."""
    return {**body, "data": {name: value for name, value in body["data"].items() if name != PAYLOAD}}


def mask_of(webhook: Webhook, happening: Happening, rules: TenantRules) -> FieldMask | None:
    """What the webhook must not see of the workflow's data: what its role must not, or somebody without a role."""
    roles = rules.expand([] if webhook.data_role is None else [webhook.data_role])
    return rules.fields.for_roles(happening.workflow_id, roles)


def _payload(happening: Happening, mask: FieldMask | None) -> dict[str, Any]:
    if happening.is_sealed:
        # what is encrypted here is told to nobody outside
        return {"payloadOmitted": "encrypted"}
    text = orjson.dumps(happening.data if mask is None else mask.apply(happening.data), option=orjson.OPT_UTC_Z)
    return {"payloadOmitted": "too_large"} if len(text) > MAX_PAYLOAD else {PAYLOAD: orjson.loads(text)}
