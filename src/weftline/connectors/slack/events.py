"""Events that Slack tells of (https://docs.slack.dev/apis/events-api).

Calls are signed with the app's signing secret, together with their time (v0, HMAC over ``v0:TIME:BODY``). Slack tries
the address by a challenge when it is entered, and sends what was not taken up to three times more, with the same id.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from weftline.authoring.integrations import (
    BodyField,
    Connection,
    Handshake,
    HmacSignature,
    Item,
    Poll,
    Setting,
    Setup,
    Webhook,
    WebhookCall,
)
from weftline.connectors.answers import fields
from weftline.connectors.schema import flag, given, listing, optional, record, text
from weftline.connectors.slack.integration import slack


@slack.trigger(
    "event",
    title="Event",
    type="WEBHOOK",
    config=record(
        {
            "types": listing(
                "Only of these types, like `app_mention`, `message` or `reaction_added`.",
                given("A type of event.", pattern=r"^[a-z][a-z0-9_.]*$", maxLength=128),
                maxItems=100,
            ),
            "channels": listing(
                "Only in these channels, by their ids, like `C0123456789`.",
                given("A channel's id.", maxLength=64),
                maxItems=100,
            ),
            "includeBots": flag(
                "What bots write counts, too; beware of a workflow that answers itself.", default=False
            ),
        }
    ),
    output=record(
        {
            "id": text("Of the event."),
            "type": text("What has happened."),
            "at": text("When, by UTC.", format="date-time"),
            "team": optional(text("Id of the workspace.")),
            "channel": optional(text("Id of the channel, where it is about one.")),
            "user": optional(text("Id of the person, where somebody did it.")),
            "text": optional(text("What was written, in Slack's mrkdwn.")),
            "ts": optional(text("By which Slack knows the message.")),
            "threadTs": optional(text("The thread's, where the message is in one; for an answer in it.")),
            "event": record({}, is_open=True, description="All that Slack tells of it."),
        },
        ["id", "type", "at", "team", "channel", "user", "text", "ts", "threadTs", "event"],
    ),
    example={
        "id": "Ev0123456789",
        "type": "app_mention",
        "at": "2026-01-31T12:00:00Z",
        "team": "T0123456789",
        "channel": "C0123456789",
        "user": "U0123456789",
        "text": "<@U0987654321> approve A-1001",
        "ts": "1769860800.000100",
        "threadTs": None,
        "event": {
            "type": "app_mention",
            "channel": "C0123456789",
            "user": "U0123456789",
            "text": "<@U0987654321> approve A-1001",
            "ts": "1769860800.000100",
        },
    },
    webhook=Webhook(
        verify=HmacSignature(
            credential="signingSecret",
            header="X-Slack-Signature",
            prefix="v0=",
            signed="v0:{X-Slack-Request-Timestamp}:{body}",
            timestamp="X-Slack-Request-Timestamp",
        ),
        delivery=BodyField("event_id"),
        handshake=Handshake(BodyField("type"), equals="url_verification", answer=BodyField("challenge")),
        setup=Setup(
            "api.slack.com/apps › Event Subscriptions",
            [
                Setting("Enable Events", "TEXT", "On"),
                Setting("Request URL", "ADDRESS"),
                Setting("Subscribe to bot events", "TEXT", "app_mention, message.channels, …"),
                Setting("Basic Information › Signing Secret", "CREDENTIAL", "signingSecret"),
            ],
            "https://docs.slack.dev/apis/events-api",
        ),
    ),
)
async def event(connection: Connection, config: Mapping[str, Any], call: WebhookCall) -> Poll:
    """Something has happened in a workspace, like a message in a channel that the app is in, and Slack tells it."""
    told = fields(call.json())
    found = fields(told.get("event"))
    kind = found.get("type")
    if told.get("type") != "event_callback" or not isinstance(kind, str):
        # like app_rate_limited: about the app, not of the workspace
        return Poll((), None)
    channel, user = _id(found.get("channel") or fields(found.get("item")).get("channel")), _id(found.get("user"))
    if config.get("types") and kind not in config["types"]:
        return Poll((), None)
    if config.get("channels") and channel not in config["channels"]:
        return Poll((), None)
    if not config["includeBots"] and (found.get("bot_id") or found.get("subtype") == "bot_message"):
        return Poll((), None)
    payload = {
        "id": call.delivery,
        "type": kind,
        "at": _time(told.get("event_time")),
        "team": _id(told.get("team_id")),
        "channel": channel,
        "user": user,
        "text": _id(found.get("text")),
        "ts": _id(found.get("ts")),
        "threadTs": _id(found.get("thread_ts")),
        "event": found,
    }
    return Poll([Item(call.delivery, payload)], None)


def _id(value: Any) -> str | None:
    """A text, or the id of a whole object, as some events have it."""
    found = fields(value).get("id") if isinstance(value, dict) else value
    return found if isinstance(found, str) else None


def _time(seconds: Any) -> str:
    """Unix seconds as a time; now, where Slack tells no time that can be one."""
    is_time = isinstance(seconds, int) and not isinstance(seconds, bool) and 0 <= seconds < 1e11
    moment = datetime.fromtimestamp(seconds, UTC) if is_time else datetime.now(UTC)
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
