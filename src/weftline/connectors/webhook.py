"""``webhook``: messages to any address, and from whoever knows the trigger's, signed as Standard Webhooks 1.0 has it (https://www.standardwebhooks.com)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5

import orjson

from weftline.authoring.context import Context
from weftline.authoring.errors import ActionError, HttpStatusError
from weftline.authoring.integrations import (
    Auth,
    Connection,
    Header,
    HmacSignature,
    Integration,
    Item,
    Poll,
    Setting,
    Setup,
    Webhook,
    WebhookCall,
)
from weftline.connectors.schema import anything, given, listing, mapping, optional, record, text, whole
from weftline.model.webhook_signature import SECRET_PREFIX, webhook_signature

_GONE = 410
_OWN_HEADERS = frozenset({"content-type", "webhook-id", "webhook-timestamp", "webhook-signature"})

webhook = Integration(
    "webhook",
    title="Webhook",
    description="Signed messages to the webhook of another system, and from one.",
    category="developer",
    icon="webhook",
    auth=(
        Auth(
            type="CUSTOM",
            title="Address and signing secret",
            credentials=record(
                {
                    "url": given(
                        "Where messages go; not needed where they only come from there.",
                        title="URL",
                        format="uri",
                        pattern="^https?://",
                    ),
                    "signingSecret": text(
                        "`whsec_` and a key in base64, which the receiver knows too; absent: nothing is signed.",
                        title="Signing secret",
                        pattern="^(whsec_)?[A-Za-z0-9+/]{16,}={0,2}$",
                    ),
                },
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


@webhook.trigger(
    "message",
    title="Signed message",
    type="WEBHOOK",
    config=record(
        {
            "types": listing(
                "Only messages of these types.", {"type": "string", "minLength": 1, "maxLength": 128}, maxItems=100
            )
        }
    ),
    output=record(
        {
            "id": text("Of the message."),
            "type": optional(text("What has happened, where the message says it.")),
            "sentAt": text("When it was signed, by UTC.", format="date-time"),
            "data": anything("What the message carries."),
        },
        ["id", "type", "sentAt", "data"],
    ),
    example={
        "id": "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W",
        "type": "order.approved",
        "sentAt": "2026-01-31T12:00:00Z",
        "data": {"order": "A-1001"},
    },
    webhook=Webhook(
        verify=HmacSignature(
            credential="signingSecret",
            header="webhook-signature",
            prefix="v1,",
            separator=" ",
            encoding="base64",
            signed="{webhook-id}.{webhook-timestamp}.{body}",
            timestamp="webhook-timestamp",
            key="base64",
            key_prefix=SECRET_PREFIX,
        ),
        delivery=Header("webhook-id"),
        setup=Setup(
            None,
            [Setting("URL", "ADDRESS"), Setting("Signing secret", "CREDENTIAL", "signingSecret")],
            "https://www.standardwebhooks.com",
        ),
    ),
)
async def message(connection: Connection, config: Mapping[str, Any], call: WebhookCall) -> Poll:
    """A message has come whose signature is that of the connection's signing secret."""
    said = call.json()
    fields = cast("dict[str, Any]", said) if isinstance(said, dict) else {}
    is_typed = isinstance(fields.get("type"), str) and "data" in fields
    kind: str | None = fields["type"] if is_typed else None
    if config.get("types") and kind not in config["types"]:
        return Poll((), None)
    stamp = datetime.fromtimestamp(int(call.headers["webhook-timestamp"]), UTC)
    sent_at = stamp.isoformat().replace("+00:00", "Z")
    payload = {
        "id": call.delivery,
        "type": kind,
        "sentAt": sent_at,
        "data": fields["data"] if is_typed else cast("Any", said),
    }
    return Poll([Item(call.delivery, payload)], None)


@webhook.test
async def test(connection: Connection) -> str | None:
    """Look for the host and at the secret. Nothing is sent: receivers would take it for a message."""
    _signed(connection, "msg_test", 0, b"")
    if "url" not in connection.credentials:
        return None
    parts = urlsplit(str(connection.credentials["url"]))
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ActionError("webhook: the URL is no address", code="invalid_connection", retryable=False)
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
