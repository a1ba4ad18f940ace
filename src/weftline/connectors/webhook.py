"""``webhook``: messages to any address, signed as Standard Webhooks 1.0 has it (https://www.standardwebhooks.com)."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5

import orjson

from weftline.authoring.context import Context
from weftline.authoring.errors import ActionError, HttpStatusError
from weftline.authoring.integrations import Auth, Connection, Integration
from weftline.connectors.schema import anything, given, mapping, record, text, whole
from weftline.model.webhook_signature import webhook_signature

_GONE = 410
_OWN_HEADERS = frozenset({"content-type", "webhook-id", "webhook-timestamp", "webhook-signature"})

webhook = Integration(
    "webhook",
    title="Webhook",
    description="Signed messages to the webhook of another system.",
    category="developer",
    icon="webhook",
    auth=(
        Auth(
            type="CUSTOM",
            title="Address and signing secret",
            credentials=record(
                {
                    "url": given("Where messages go.", title="URL", format="uri", pattern="^https?://"),
                    "signingSecret": text(
                        "`whsec_` and a key in base64, which the receiver knows too; absent: nothing is signed.",
                        title="Signing secret",
                        pattern="^(whsec_)?[A-Za-z0-9+/]{16,}={0,2}$",
                    ),
                },
                ["url"],
            ),
            base_url="{url}",
        ),
    ),
    docs_url="https://www.standardwebhooks.com",
)


@webhook.action(
    "send",
    title="Send a message",
    input=record(
        {
            "type": given(
                "What has happened; the message is then `{type, timestamp, data}`, as Standard Webhooks has it.",
                pattern=r"^[A-Za-z0-9_.-]+$",
                maxLength=128,
            ),
            "data": anything("What the message carries, JSON; without a type, it is the whole message."),
            "headers": mapping("Sent along, by name.", {"type": "string"}),
        },
        ["data"],
    ),
    output=record(
        {
            "id": text("Of the message, the same for each attempt: receivers drop repetitions by it."),
            "status": whole("Of the answer."),
            "body": anything("Of the answer."),
            "sentAt": text("When, by UTC.", format="date-time"),
        },
        ["id", "status", "body", "sentAt"],
    ),
    example={"type": "order.approved", "data": {"order": "A-1001", "amount": 139.9}},
)
async def send(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Send a signed message; each attempt has the same id, so that the receiver can drop repetitions.

    An answer with status 410 fails the step with code ``webhook_gone``: nobody wants these messages any more.
    """
    wanted = ctx.input
    sent_at = int(time.time())
    stamp = datetime.fromtimestamp(sent_at, UTC).isoformat().replace("+00:00", "Z")
    message: Any = wanted["data"]
    if "type" in wanted:
        message = {"type": wanted["type"], "timestamp": stamp, "data": message}
    content = orjson.dumps(message)
    # a dot would part id and timestamp in what is signed, and idempotency keys may hold one
    id = f"msg_{uuid5(NAMESPACE_URL, ctx.idempotency_key).hex}"
    headers = {name: value for name, value in wanted.get("headers", {}).items() if name.lower() not in _OWN_HEADERS}
    if ctx.cause is not None:
        headers |= ctx.cause.headers()
    headers |= {"Content-Type": "application/json", "webhook-id": id, "webhook-timestamp": str(sent_at)}
    headers |= _signed(connection, id, sent_at, content)
    try:
        answer = await connection.request("POST", "", headers=headers, content=content)
    except HttpStatusError as error:
        if error.status == _GONE:
            message = "webhook: the receiver wants no more messages"
            raise ActionError(message, code="webhook_gone", retryable=False, details=error.details) from None
        raise
    return {"id": id, "status": answer["status"], "body": answer["body"], "sentAt": stamp}


@webhook.test
async def test(connection: Connection) -> str | None:
    """Look for the host and at the secret. Nothing is sent: receivers would take it for a message."""
    parts = urlsplit(str(connection.credentials["url"]))
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ActionError("webhook: the URL is no address", code="invalid_connection", retryable=False)
    _signed(connection, "msg_test", 0, b"")
    await connection.address(parts.hostname, parts.port or (443 if parts.scheme == "https" else 80))
    return None


def _signed(connection: Connection, id: str, timestamp: int, content: bytes) -> dict[str, str]:
    secret = connection.credentials.get("signingSecret")
    if not secret:
        return {}
    try:
        return {"webhook-signature": webhook_signature([secret], id, timestamp, content)}
    except ValueError:
        message = "webhook: the signing secret is not base64"
        raise ActionError(message, code="invalid_connection", retryable=False) from None
