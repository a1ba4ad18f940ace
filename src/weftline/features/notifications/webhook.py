"""Messages to programs: one ``POST`` of JSON."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from weftline.authoring.builtin import HttpSettings, exchange
from weftline.authoring.builtin.http_request import RequestSpec, read_request
from weftline.features.notifications.words import Words


def webhook_body(
    words: Words, *, data: Any, execution_id: UUID, workflow_id: str, step_id: str | None, tenant: str
) -> dict[str, Any]:
    """What a webhook is told.

    Args:
        words: the message.
        data: whatever else the sender has to say, JSON.
        execution_id, workflow_id, step_id: what it is about; no step where it is the whole execution.
        tenant: the tenant's slug.
    """
    return {
        "subject": words.subject,
        "message": words.message or None,
        "data": data,
        "executionId": str(execution_id),
        "workflowId": workflow_id,
        "stepId": step_id,
        "tenant": tenant,
    }


def webhook_request(url: str, body: dict[str, Any], idempotency_key: str) -> RequestSpec:
    """The request that tells a webhook.

    Args:
        url: whose; http or https.
        body: see :func:`webhook_body`.
        idempotency_key: the same for every attempt, so that the other side can drop repetitions.

    Raises:
        ActionError: it is no such URL; not retryable.
    """
    headers = {"idempotency-key": idempotency_key}
    return read_request({"method": "POST", "url": url, "headers": headers, "json": body})


async def call_webhook(request: RequestSpec, settings: HttpSettings | None = None) -> None:
    """Send it; the answer's body does not matter.

    Args:
        request: see :func:`webhook_request`.
        settings: what it may reach; what was configured for this process where not given.

    Raises:
        ActionError: it was not sent, or was refused; ``retryable`` says whether trying again may help.
    """
    await exchange(request, settings)
