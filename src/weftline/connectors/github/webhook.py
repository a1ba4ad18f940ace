"""Deliveries of GitHub's webhooks (https://docs.github.com/webhooks/webhook-events-and-payloads).

They are signed with the webhook's secret (X-Hub-Signature-256, HMAC over the body); each has an id, which it keeps when
somebody has GitHub send it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import parse_qs

import orjson

from weftline.authoring.integrations import (
    Connection,
    Handshake,
    Header,
    HmacSignature,
    Item,
    Poll,
    Setting,
    Setup,
    Webhook,
    WebhookCall,
)
from weftline.authoring.integrations.webhook_calls import unreadable
from weftline.connectors.answers import fields
from weftline.connectors.github.integration import github
from weftline.connectors.schema import anything, given, listing, optional, record, text

MAX_BODY = 5_000_000
"""Bytes of a delivery. GitHub's may have 25 MB; only pushes of thousands of commits come near."""

_EVENT = Header("X-GitHub-Event")
_FORM = "application/x-www-form-urlencoded"


@github.trigger(
    "event",
    title="Event (webhook)",
    type="WEBHOOK",
    config=record(
        {
            "events": listing(
                "Only these, like `push`, `issues` or, with what was done, `issues.opened`.",
                given("An event.", pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$", maxLength=128),
                maxItems=100,
            ),
            "repositories": listing(
                "Only of these, like `octo-org/shop`.",
                given("A repository.", pattern="^[^/ ]+/[^/ ]+$", maxLength=200),
                maxItems=100,
            ),
        }
    ),
    output=record(
        {
            "id": text("Of the delivery."),
            "event": text("What it is about, like `issues`."),
            "action": optional(text("What was done, like `opened`, where there are several things.")),
            "repository": optional(text("Owner and name, like `octo-org/shop`; null where it is about none.")),
            "sender": optional(text("Who did it.")),
            "payload": anything("All that GitHub tells."),
        },
        ["id", "event", "action", "repository", "sender", "payload"],
    ),
    example={
        "id": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
        "event": "issues",
        "action": "opened",
        "repository": "octo-org/shop",
        "sender": "ada",
        "payload": {
            "action": "opened",
            "issue": {"number": 7, "title": "Order A-1001 is stuck"},
            "repository": {"full_name": "octo-org/shop"},
            "sender": {"login": "ada"},
        },
    },
    webhook=Webhook(
        verify=HmacSignature(credential="webhookSecret", header="X-Hub-Signature-256", prefix="sha256="),
        delivery=Header("X-GitHub-Delivery"),
        handshake=Handshake(_EVENT, equals="ping"),
        setup=Setup(
            "Settings › Webhooks › Add webhook",
            [
                Setting("Payload URL", "ADDRESS"),
                Setting("Content type", "TEXT", "application/json"),
                Setting("Secret", "CREDENTIAL", "webhookSecret"),
                Setting("Which events?", "TEXT", "Let me select individual events"),
            ],
            "https://docs.github.com/webhooks/using-webhooks/creating-webhooks",
        ),
        max_body=MAX_BODY,
    ),
)
async def event(connection: Connection, config: Mapping[str, Any], call: WebhookCall) -> Poll:
    """Something has happened in a repository or organisation, and GitHub tells it at once."""
    name = _EVENT.find(call)
    if name is None:
        raise unreadable(f"{_EVENT} is missing")
    payload = _payload(call)
    action = payload.get("action")
    action = action if isinstance(action, str) else None
    repository = fields(payload.get("repository")).get("full_name")
    wanted, of = config.get("events"), config.get("repositories")
    if wanted and name not in wanted and f"{name}.{action}" not in wanted:
        return Poll((), None)
    # GitHub's names know no case
    if of and str(repository).lower() not in {each.lower() for each in of}:
        return Poll((), None)
    told = {
        "id": call.delivery,
        "event": name,
        "action": action,
        "repository": repository,
        "sender": fields(payload.get("sender")).get("login"),
        "payload": payload,
    }
    return Poll([Item(call.delivery, told)], None)


def _payload(call: WebhookCall) -> dict[str, Any]:
    """What GitHub tells: the body, or the field of a form where the webhook was not set to JSON."""
    if call.headers.get("content-type", "").lower().startswith(_FORM):
        try:
            said = orjson.loads(parse_qs(call.body.decode(), max_num_fields=10).get("payload", [""])[0])
        except ValueError as error:
            raise unreadable(f"the form's field 'payload' is not JSON: {error}") from None
    else:
        said = call.json()
    if not isinstance(said, dict):
        raise unreadable("what GitHub tells is an object")
    return cast("dict[str, Any]", said)
