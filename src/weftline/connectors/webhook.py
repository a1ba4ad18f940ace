"""``webhook``: messages to any address, and from whoever knows the trigger's, signed as Standard Webhooks 1.0 has it (https://www.standardwebhooks.com)."""

from __future__ import annotations

import hmac
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5

import orjson

from weftline.authoring.context import Context
from weftline.authoring.errors import ActionError, HttpStatusError
from weftline.authoring.integrations import Auth, Connection, Integration, Item, Poll, WebhookCall
from weftline.authoring.integrations.integration import BAD_SIGNATURE, INVALID_CALL, STALE_CALL
from weftline.connectors.schema import anything, given, listing, mapping, optional, record, text, whole
from weftline.model.webhook_signature import webhook_signature

_GONE = 410
_TOLERANCE = 300
"""Seconds that a signed time may be from now."""

_MAX_SIGNATURES = 5
"""Of one call that are looked at; a sender that changes its secret signs with both for a while."""

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
)
async def message(connection: Connection, config: Mapping[str, Any], call: WebhookCall) -> Poll:
    """A message has come whose signature is that of the connection's signing secret."""
    id, stamp = call.headers.get("webhook-id", ""), call.headers.get("webhook-timestamp", "")
    if not connection.credentials.get("signingSecret"):
        raise ActionError("the connection has no signing secret", code="invalid_connection", retryable=False)
    # twelve digits of seconds reach beyond the year 33,000
    if not id or not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        raise ActionError("the call is not signed", code=BAD_SIGNATURE, retryable=False)
    expected = _signed(connection, id, int(stamp), call.body)["webhook-signature"]
    given = call.headers.get("webhook-signature", "").split(" ")[:_MAX_SIGNATURES]
    if not any(hmac.compare_digest(each.encode(), expected.encode()) for each in given):
        raise ActionError("the signature is wrong", code=BAD_SIGNATURE, retryable=False)
    if abs(time.time() - int(stamp)) > _TOLERANCE:
        raise ActionError("the call was signed too long ago", code=STALE_CALL, retryable=False)
    try:
        said = orjson.loads(call.body)
    except orjson.JSONDecodeError as error:
        raise ActionError(f"the body is not JSON: {error}", code=INVALID_CALL, retryable=False) from None
    fields = cast("dict[str, Any]", said) if isinstance(said, dict) else {}
    is_typed = isinstance(fields.get("type"), str) and "data" in fields
    kind: str | None = fields["type"] if is_typed else None
    if config.get("types") and kind not in config["types"]:
        return Poll((), None)
    sent_at = datetime.fromtimestamp(int(stamp), UTC).isoformat().replace("+00:00", "Z")
    payload = {"id": id, "type": kind, "sentAt": sent_at, "data": fields["data"] if is_typed else cast("Any", said)}
    return Poll([Item(id, payload)], None)


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
