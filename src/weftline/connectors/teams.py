"""``teams``: messages to channels and chats of Microsoft Teams, by the webhook of a workflow
(https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook) or by an
incoming webhook of old.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import orjson

from weftline.authoring.context import Context
from weftline.authoring.errors import ActionError, HttpStatusError
from weftline.authoring.integrations import Auth, Connection, Integration, secrets
from weftline.connectors.schema import address, flag, given, lines, listing, record, text

MAX_BYTES = 28_000
"""Of a message; Teams drops longer ones without a word."""

_CARD_VERSION = "1.4"
_OLD_ANSWER = re.compile(r"HTTP error (\d{3})")
"""How incoming webhooks of old tell of a failure, with status 200."""

teams = Integration(
    "teams",
    title="Microsoft Teams",
    description="Messages and cards to channels and chats of Microsoft Teams.",
    category="messaging",
    icon="messages-square",
    auth=(
        Auth(
            type="CUSTOM",
            title="Webhook",
            credentials=secrets(webhookUrl="Webhook URL"),
            base_url="{webhookUrl}",
        ),
    ),
    docs_url="https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook",
)

_SENT = record({"sent": flag("Teams has taken the message; it shows it a little later.")}, ["sent"])


@teams.action(
    "sendMessage",
    title="Send a message",
    input=record(
        {
            "title": text("In bold, above the text."),
            "text": lines("What it says; bold, lists and links as in Markdown.", minLength=1),
            "facts": listing(
                "Names and values, as a table.",
                record({"name": text("On the left."), "value": text("On the right.")}, ["name", "value"]),
                maxItems=30,
            ),
            "links": listing(
                "Buttons below.",
                record({"title": given("On the button."), "url": address("Where it leads.")}, ["title", "url"]),
                maxItems=6,
            ),
        },
        ["text"],
    ),
    output=_SENT,
    example={
        "title": "Order A-1001",
        "text": "The order was **approved**.",
        "facts": [{"name": "Amount", "value": "139.90 EUR"}],
        "links": [{"title": "Show the order", "url": "https://shop.example.com/orders/A-1001"}],
    },
)
async def send_message(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Send a message with a title, facts and buttons to the webhook's channel or chat.

    Teams knows no idempotency keys: where an answer gets lost, the message may be sent twice.
    """
    return await _send(connection, _card(ctx.input))


@teams.action(
    "sendCard",
    title="Send an adaptive card",
    input=record(
        {
            "card": {
                "type": "object",
                "description": "An adaptive card (https://adaptivecards.io).",
                "required": ["type", "body"],
                "properties": {
                    "type": {"const": "AdaptiveCard"},
                    "body": {"type": "array", "description": "Its blocks."},
                },
            }
        },
        ["card"],
    ),
    output=_SENT,
    example={
        "card": {
            "type": "AdaptiveCard",
            "version": "1.4",
            "body": [{"type": "TextBlock", "text": "The order was approved.", "wrap": True}],
        }
    },
)
async def send_card(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Send an adaptive card of one's own making to the webhook's channel or chat."""
    return await _send(connection, ctx.input["card"])


@teams.test
async def test(connection: Connection) -> str | None:
    """Look for the host. Whether the webhook exists shows only when a message is sent."""
    parts = urlsplit(str(connection.credentials["webhookUrl"]))
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ActionError("teams: the webhook URL is no address", code="invalid_connection", retryable=False)
    await connection.address(parts.hostname, parts.port or (443 if parts.scheme == "https" else 80))
    return None


def _card(message: dict[str, Any]) -> dict[str, Any]:
    body: list[dict[str, Any]] = []
    if message.get("title"):
        body.append({"type": "TextBlock", "text": message["title"], "weight": "Bolder", "size": "Medium", "wrap": True})
    body.append({"type": "TextBlock", "text": message["text"], "wrap": True})
    if message.get("facts"):
        facts = [{"title": fact["name"], "value": fact["value"]} for fact in message["facts"]]
        body.append({"type": "FactSet", "facts": facts})
    card: dict[str, Any] = {"type": "AdaptiveCard", "version": _CARD_VERSION, "body": body}
    if message.get("links"):
        card["actions"] = [{"type": "Action.OpenUrl", **link} for link in message["links"]]
    return card


async def _send(connection: Connection, card: dict[str, Any]) -> dict[str, Any]:
    card = {"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "version": _CARD_VERSION, **card}
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    content = orjson.dumps({"type": "message", "attachments": [attachment]})
    if len(content) > MAX_BYTES:
        message = f"teams: the message has {len(content)} bytes; Teams takes {MAX_BYTES}"
        raise ActionError(message, code="invalid_input", retryable=False)
    try:
        answer = await connection.request("POST", "", headers={"Content-Type": "application/json"}, content=content)
    except HttpStatusError as error:
        if error.status in (403, 404, 410):
            # the address holds the signature that lets in, and the workflow behind it can be taken away
            raise connection.unauthorized(f"Teams answered {error.status}") from None
        raise
    body = answer["body"]
    if isinstance(body, str) and (failed := _OLD_ANSWER.search(body)) is not None:
        status = int(failed[1])
        if status == 429:
            raise connection.rate_limited("teams: too many messages", None)
        raise ActionError(f"teams: {body[:300]}", code=f"http_{status}", retryable=status >= 500)
    return {"sent": True}
