"""Messages, by a bot's token (https://docs.slack.dev/reference/methods) or an incoming webhook."""

from __future__ import annotations

from typing import Any

from weftline.authoring.context import Context
from weftline.authoring.errors import ActionError, HttpStatusError
from weftline.authoring.integrations import Connection
from weftline.connectors.answers import fields
from weftline.connectors.schema import flag, given, lines, listing, optional, record, text
from weftline.connectors.slack.integration import slack

_UNAUTHORIZED = frozenset(
    {"account_inactive", "invalid_auth", "missing_scope", "not_authed", "token_expired", "token_revoked"}
)
_TRANSIENT = frozenset({"fatal_error", "internal_error", "request_timeout", "service_unavailable"})
_BLOCKS = listing(
    "Blocks of Block Kit, in place of plain text; the text is then what notifications show.",
    {"type": "object"},
    maxItems=50,
)
_MESSAGE = {
    "text": lines("What it says, in Slack's mrkdwn.", maxLength=40_000),
    "blocks": _BLOCKS,
}
_POSTED = record(
    {
        "channel": optional(text("Id of the channel; null where an incoming webhook has sent it.")),
        "ts": optional(text("By which Slack knows the message; null where an incoming webhook has sent it.")),
    },
    ["channel", "ts"],
)


@slack.action(
    "sendMessage",
    title="Send a message",
    input=record(
        {
            "channel": given("Id or name of a channel, or id of a person; an incoming webhook has its own."),
            **_MESSAGE,
            "threadTs": given("The `ts` of a message to answer in its thread."),
            "replyBroadcast": flag("Show an answer in the channel, too.", default=False),
            "unfurlLinks": flag("Show what links lead to.", default=True),
        },
        anyOf=[{"required": ["text"]}, {"required": ["blocks"]}],
    ),
    output=_POSTED,
    example={"channel": "#orders", "text": "Order *A-1001* was approved."},
    compensate="deleteMessage",
)
async def send_message(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Send a message to a channel, to a person or into a thread.

    Slack knows no idempotency keys: where an answer gets lost, the message may be sent twice.
    """
    wanted = ctx.input
    message = {name: wanted[name] for name in ("text", "blocks") if name in wanted}
    if "threadTs" in wanted:
        message["thread_ts"] = wanted["threadTs"]
    if "replyBroadcast" in wanted:
        message["reply_broadcast"] = wanted["replyBroadcast"]
    if "unfurlLinks" in wanted:
        message["unfurl_links"] = wanted["unfurlLinks"]
    if connection.auth_type == "CUSTOM":
        await _post_to_webhook(connection, message)
        return {"channel": None, "ts": None}
    if "channel" not in wanted:
        raise _invalid("'channel' must say where to; only an incoming webhook has a channel of its own")
    answer = await _call(connection, "chat.postMessage", {"channel": wanted["channel"], **message})
    return {"channel": answer["channel"], "ts": answer["ts"]}


@slack.action(
    "updateMessage",
    title="Change a message",
    input=record(
        {
            "channel": given("Id of the channel, as `sendMessage` returned it."),
            "ts": given("The message's, as `sendMessage` returned it."),
            **_MESSAGE,
        },
        ["channel", "ts"],
        anyOf=[{"required": ["text"]}, {"required": ["blocks"]}],
    ),
    output=_POSTED,
    example={"channel": "C0123456789", "ts": "1700000000.000100", "text": "Order *A-1001* was shipped."},
)
async def update_message(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Change a message that the same bot has sent."""
    answer = await _call(connection, "chat.update", ctx.input)
    return {"channel": answer["channel"], "ts": answer["ts"]}


@slack.action(
    "deleteMessage",
    title="Delete a message",
    input=record(
        {
            "channel": given("Id of the channel, as `sendMessage` returned it."),
            "ts": given("The message's, as `sendMessage` returned it."),
        },
        ["channel", "ts"],
    ),
    output=record({"deleted": flag("False: it was gone already.")}, ["deleted"]),
    example={"channel": "C0123456789", "ts": "1700000000.000100"},
)
async def delete_message(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Delete a message that the same bot has sent; one that is gone already is fine."""
    try:
        await _call(connection, "chat.delete", ctx.input)
    except ActionError as error:
        if error.code != "slack_message_not_found":
            raise
        return {"deleted": False}
    return {"deleted": True}


@slack.action(
    "findUser",
    title="Find a person",
    input=record({"email": given("As Slack knows it.", format="email")}, ["email"]),
    output=record(
        {
            "id": text("To send messages to, as a channel."),
            "name": text("The short one."),
            "realName": optional(text("The whole one.")),
            "timeZone": optional(text("Like `Europe/Brussels`.")),
        },
        ["id", "name", "realName", "timeZone"],
    ),
    example={"email": "ada@example.com"},
)
async def find_user(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Find a person by e-mail address; nobody of this address fails the step with code ``slack_users_not_found``."""
    answer = await _call(connection, "users.lookupByEmail", ctx.input, method="GET")
    user = answer["user"]
    return {"id": user["id"], "name": user["name"], "realName": user.get("real_name"), "timeZone": user.get("tz")}


@slack.test
async def test(connection: Connection) -> str | None:
    """Ask who the token belongs to; a webhook is sent nothing, which it refuses in a way of its own if it exists."""
    if connection.auth_type != "CUSTOM":
        answer = await _call(connection, "auth.test", {})
        return f"{answer['user']} in {answer['team']}"
    try:
        await connection.request("POST", "", json={})
    except HttpStatusError as error:
        if error.status != 400:
            raise _refused_by_webhook(error, connection) from None
    return None


async def _call(connection: Connection, name: str, arguments: dict[str, Any], method: str = "POST") -> dict[str, Any]:
    """Call a method of the Web API, which answers errors with status 200 and ``ok: false``."""
    if connection.auth_type == "CUSTOM":
        raise _invalid("an incoming webhook can only send messages; use a connection with a bot token")
    if method == "GET":
        answer = await connection.request("GET", name, query=arguments)
    else:
        answer = await connection.request("POST", name, json=arguments)
    found = fields(answer["body"])
    if not found:
        raise ActionError(f"slack: {name} answered no JSON", code="unexpected_answer")
    if found.get("ok") is True:
        return found
    error = str(found.get("error", "unknown"))
    details = {key: found[key] for key in ("needed", "provided", "response_metadata") if key in found}
    if error in _UNAUTHORIZED:
        raise connection.unauthorized(f"Slack says {error}", **details)
    if error in ("ratelimited", "rate_limited"):
        raise connection.rate_limited(f"slack: {name}: {error}", None)
    raise ActionError(f"slack: {name}: {error}", code=f"slack_{error}", retryable=error in _TRANSIENT, details=details)


async def _post_to_webhook(connection: Connection, message: dict[str, Any]) -> None:
    try:
        await connection.request("POST", "", json=message)
    except HttpStatusError as error:
        raise _refused_by_webhook(error, connection) from None


def _refused_by_webhook(error: HttpStatusError, connection: Connection) -> ActionError:
    """Why an incoming webhook took no message: it says so in a word of text."""
    word = error.body.strip() if isinstance(error.body, str) else ""
    if word in ("invalid_token", "no_service", "no_team", "team_disabled", "action_prohibited"):
        return connection.unauthorized(f"Slack says {word}")
    if error.retryable or not word.replace("_", "").isalnum():
        return error
    return ActionError(f"slack: {word}", code=f"slack_{word}", retryable=False, details=error.details)


def _invalid(problem: str) -> ActionError:
    return ActionError(f"slack: {problem}", code="invalid_input", retryable=False)
