"""Messages to a workspace that answers as Slack's Web API and its incoming webhooks do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from tests.connectors.server import Answer, FakeServer, Request, refusal, running
from weftline.authoring import ActionError
from weftline.authoring.builtin import HttpSettings
from weftline.authoring.integrations import OpenedConnection
from weftline.authoring.integrations.oauth import fetch_tokens
from weftline.connectors.slack import APP, slack
from weftline.testing.connectors import call, connected

TOKEN = "xoxb-1"
HOOK = "/services/T1/B1/secret"


class Workspace(FakeServer):
    """Methods answer with status 200 and ``ok``; webhooks with a status and a word."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: dict[tuple[str, str], dict[str, Any]] = {}
        self.posted: list[dict[str, Any]] = []
        self.scopes = {"chat:write", "users:read.email"}
        self._stamps = count(1)

    def answer(self, request: Request) -> Answer:
        if request.path.startswith("/services/"):
            return self.webhook(request)
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return Answer(200, {"ok": False, "error": "invalid_auth"})
        asked = {name: value[0] for name, value in request.query.items()}
        if request.body:
            asked = request.json
        return Answer(200, self.method(request.parts[-1], asked))

    def method(self, name: str, asked: dict[str, Any]) -> dict[str, Any]:
        match name:
            case "auth.test":
                return {
                    "ok": True,
                    "url": "https://shop.slack.com/",
                    "team": "Shop",
                    "user": "weftline",
                    "user_id": "U1",
                }
            case "users.lookupByEmail":
                if asked["email"] != "ada@example.com":
                    return {"ok": False, "error": "users_not_found"}
                user = {"id": "U2", "name": "ada", "real_name": "Ada Lovelace", "tz": "Europe/London"}
                return {"ok": True, "user": user}
            case "chat.postMessage" if "chat:write" not in self.scopes:
                return {"ok": False, "error": "missing_scope", "needed": "chat:write", "provided": "users:read.email"}
            case "chat.postMessage" if asked["channel"] not in ("#orders", "C1", "U2"):
                return {"ok": False, "error": "channel_not_found"}
            case "chat.postMessage":
                key = ("C1", f"1700000000.{next(self._stamps):06}")
                self.messages[key] = asked
                return {"ok": True, "channel": key[0], "ts": key[1], "message": {"text": asked.get("text", "")}}
            case "chat.update" | "chat.delete":
                key = (asked["channel"], asked["ts"])
                if key not in self.messages:
                    return {"ok": False, "error": "message_not_found"}
                if name == "chat.delete":
                    del self.messages[key]
                else:
                    self.messages[key] |= asked
                return {"ok": True, "channel": key[0], "ts": key[1]}
            case _:
                return {"ok": False, "error": "unknown_method"}

    def webhook(self, request: Request) -> Answer:
        if request.path != HOOK:
            return Answer(404, text="no_service")
        asked = request.json
        if not asked.get("text") and not asked.get("blocks"):
            return Answer(400, text="no_text")
        self.posted.append(asked)
        return Answer(200, text="ok")


@pytest.fixture
async def workspace() -> AsyncIterator[Workspace]:
    async with running(Workspace()) as server:
        yield server


@pytest.fixture
async def bot(workspace: Workspace) -> AsyncIterator[OpenedConnection]:
    config = {"baseUrl": f"{workspace.url}/api"}
    async with connected(slack, auth="BEARER", config=config, credentials={"token": TOKEN}) as connection:
        yield connection


@pytest.fixture
async def hook(workspace: Workspace) -> AsyncIterator[OpenedConnection]:
    credentials = {"webhookUrl": f"{workspace.url}{HOOK}"}
    async with connected(slack, auth="CUSTOM", credentials=credentials) as connection:
        yield connection


async def test_a_message_is_sent_changed_and_deleted(workspace: Workspace, bot: OpenedConnection):
    sent = await call("slack.sendMessage", bot, channel="#orders", text="hello", unfurlLinks=False)
    assert sent == {"channel": "C1", "ts": "1700000000.000001"}
    key = (sent["channel"], sent["ts"])
    assert workspace.messages[key] == {"channel": "#orders", "text": "hello", "unfurl_links": False}
    assert await call("slack.updateMessage", bot, **sent, text="goodbye") == sent
    assert workspace.messages[key]["text"] == "goodbye"
    # what was sent is undone by what sending returned
    assert await call("slack.deleteMessage", bot, **sent) == {"deleted": True}
    assert workspace.messages == {}
    assert await call("slack.deleteMessage", bot, **sent) == {"deleted": False}


async def test_a_message_answers_in_a_thread_with_blocks(workspace: Workspace, bot: OpenedConnection):
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "*bold*"}}]
    await call("slack.sendMessage", bot, channel="C1", blocks=blocks, threadTs="1.2", replyBroadcast=True)
    [message] = workspace.messages.values()
    assert message == {"channel": "C1", "blocks": blocks, "thread_ts": "1.2", "reply_broadcast": True}


async def test_a_person_is_found_and_written_to(bot: OpenedConnection):
    user = await call("slack.findUser", bot, email="ada@example.com")
    assert user == {"id": "U2", "name": "ada", "realName": "Ada Lovelace", "timeZone": "Europe/London"}
    assert (await call("slack.sendMessage", bot, channel=user["id"], text="hello"))["ts"]
    error = await refusal("slack.findUser", bot, email="nobody@example.com")
    assert (error.code, error.retryable) == ("slack_users_not_found", False)


async def test_an_unknown_channel_is_told_by_slacks_own_word(bot: OpenedConnection):
    error = await refusal("slack.sendMessage", bot, channel="#nowhere", text="hello")
    assert (error.code, error.retryable) == ("slack_channel_not_found", False)


async def test_credentials_that_are_refused_hold_the_step(workspace: Workspace, bot: OpenedConnection):
    bot.credentials = {"token": "old"}
    assert (await refusal("slack.sendMessage", bot, channel="C1", text="x")).code == "connection_unauthorized"
    bot.credentials = {"token": TOKEN}
    workspace.scopes = {"users:read.email"}
    error = await refusal("slack.sendMessage", bot, channel="C1", text="x")
    assert (error.code, error.details["needed"]) == ("connection_unauthorized", "chat:write")


async def test_slack_says_when_to_come_back(workspace: Workspace, bot: OpenedConnection):
    workspace.failures = [
        Answer(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "30"}),
        Answer(200, {"ok": False, "error": "internal_error"}),
        Answer(500, text="oops"),
    ]
    error = await refusal("slack.sendMessage", bot, channel="C1", text="x")
    assert (error.code, error.retry_after) == ("rate_limited", 30.0)
    error = await refusal("slack.sendMessage", bot, channel="C1", text="x")
    assert (error.code, error.retryable) == ("slack_internal_error", True)
    error = await refusal("slack.sendMessage", bot, channel="C1", text="x")
    assert (error.code, error.retryable) == ("http_500", True)


async def test_a_message_needs_a_text_or_blocks_and_a_channel(bot: OpenedConnection):
    assert (await refusal("slack.sendMessage", bot, channel="C1")).code == "invalid_input"
    assert "'channel'" in (await refusal("slack.sendMessage", bot, text="x")).message


async def test_an_incoming_webhook_sends_and_does_nothing_else(workspace: Workspace, hook: OpenedConnection):
    assert await call("slack.sendMessage", hook, text="hello") == {"channel": None, "ts": None}
    assert workspace.posted == [{"text": "hello"}]
    assert [request.path for request in workspace.requests] == [HOOK]
    error = await refusal("slack.updateMessage", hook, channel="C1", ts="1.2", text="x")
    assert (error.code, error.retryable) == ("invalid_input", False)


async def test_an_incoming_webhook_tells_by_a_word_why_it_refuses(workspace: Workspace, hook: OpenedConnection):
    workspace.failures = [
        Answer(400, text="invalid_payload"),
        Answer(410, text="channel_is_archived"),
        Answer(403, text="invalid_token"),
        Answer(500, text="rollup_error"),
    ]
    told = [await refusal("slack.sendMessage", hook, text="x") for _ in range(4)]
    assert [(error.code, error.retryable) for error in told] == [
        ("slack_invalid_payload", False),
        ("slack_channel_is_archived", False),
        ("connection_unauthorized", True),
        ("http_500", True),
    ]


async def test_a_connection_is_tried_without_a_message_in_any_channel(
    workspace: Workspace, bot: OpenedConnection, hook: OpenedConnection
):
    assert slack.tester is not None
    assert await slack.tester(bot) == "weftline in Shop"
    assert await slack.tester(hook) is None
    assert (workspace.messages, workspace.posted) == ({}, [])
    for connection in (bot, hook):
        connection.credentials = {"token": "old", "webhookUrl": f"{workspace.url}/services/gone"}
        with pytest.raises(ActionError) as raised:
            await slack.tester(connection)
        assert raised.value.code == "connection_unauthorized"


async def test_an_app_gets_the_token_of_its_bot(workspace: Workspace):
    app, credentials = replace(APP, token_url="{tokenUrl}"), {"clientId": "c", "clientSecret": "s"}
    granted = {"ok": True, "access_token": TOKEN, "token_type": "bot", "scope": "chat:write,users:read"}
    workspace.failures = [Answer(200, granted), Answer(200, {"ok": False, "error": "invalid_code"})]
    config, form = (
        {"tokenUrl": f"{workspace.url}/api/oauth.v2.access"},
        {"grant_type": "authorization_code", "code": "1"},
    )
    settings = HttpSettings(allow_private_addresses=True)
    tokens = await fetch_tokens(app, config, credentials, form, settings)
    assert (tokens.access_token, tokens.scopes) == (TOKEN, ("chat:write", "users:read"))
    assert workspace.requests[0].body == b"grant_type=authorization_code&code=1&client_id=c&client_secret=s"
    with pytest.raises(ActionError, match="invalid_code") as raised:
        await fetch_tokens(app, config, credentials, form, settings)
    assert raised.value.code == "connection_unauthorized"
