"""Messages to Teams, where a workflow's webhook takes adaptive cards, and one of old answers in its own way."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.connectors.server import Answer, FakeServer, Request, refusal, running
from weftline.authoring import ActionError
from weftline.authoring.builtin import HttpSettings
from weftline.authoring.integrations import OpenedConnection
from weftline.connectors.teams import teams
from weftline.testing.connectors import call, connected

QUERY = "api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sig=s3cret"

FAILED = "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error"


class Flow(FakeServer):
    """The trigger of a workflow: the signature stands in the address."""

    def __init__(self) -> None:
        super().__init__()
        self.cards: list[dict[str, Any]] = []

    def answer(self, request: Request) -> Answer:
        if request.asked("sig") != "s3cret":
            return Answer(401, {"error": {"code": "DirectApiAuthorizationRequired", "message": "no signature"}})
        message = request.json
        if message.get("type") != "message" or not message.get("attachments"):
            return Answer(400, {"error": {"code": "TriggerInputSchemaMismatch", "message": "no attachments"}})
        [attachment] = message["attachments"]
        assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
        self.cards.append(attachment["content"])
        return Answer(202)


@pytest.fixture
async def flow() -> AsyncIterator[Flow]:
    async with running(Flow()) as server:
        yield server


@pytest.fixture
async def connection(flow: Flow) -> AsyncIterator[OpenedConnection]:
    credentials = {"webhookUrl": f"{flow.url}/workflows/1/triggers/manual/paths/invoke?{QUERY}"}
    async with connected(teams, auth="CUSTOM", credentials=credentials) as connection:
        yield connection


async def test_a_message_becomes_an_adaptive_card(flow: Flow, connection: OpenedConnection):
    output = await call(
        "teams.sendMessage",
        connection,
        title="Order A-1001",
        text="It was **approved**.",
        facts=[{"name": "Amount", "value": "139.90"}],
        links=[{"title": "Show", "url": "https://shop.example.com/A-1001"}],
    )
    assert output == {"sent": True}
    [card] = flow.cards
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    assert [block["type"] for block in card["body"]] == ["TextBlock", "TextBlock", "FactSet"]
    assert card["body"][2]["facts"] == [{"title": "Amount", "value": "139.90"}]
    assert card["actions"] == [{"type": "Action.OpenUrl", "title": "Show", "url": "https://shop.example.com/A-1001"}]
    [request] = flow.requests
    assert (request.method, request.path) == ("POST", "/workflows/1/triggers/manual/paths/invoke")


async def test_a_card_of_ones_own_goes_as_it_is(flow: Flow, connection: OpenedConnection):
    card = {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "TextBlock", "text": "hello"}]}
    await call("teams.sendCard", connection, card=card)
    assert flow.cards == [{"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", **card}]


async def test_what_teams_would_drop_is_refused(flow: Flow, connection: OpenedConnection):
    error = await refusal("teams.sendMessage", connection, text="x" * 30_000)
    assert (error.code, error.retryable, flow.requests) == ("invalid_input", False, [])


async def test_refusals_are_told_apart(flow: Flow, connection: OpenedConnection):
    flow.failures = [
        Answer(404, {"error": {"code": "WorkflowNotFound"}}),
        Answer(429, text="slow", headers={"Retry-After": "9"}),
        Answer(200, text=f"{FAILED} 429 with ContextId tcid=0"),
        Answer(200, text=f"{FAILED} 413 with ContextId tcid=0"),
        Answer(200, text="1"),
    ]
    told = [await refusal("teams.sendMessage", connection, text="x") for _ in range(4)]
    assert [error.code for error in told] == ["connection_unauthorized", "rate_limited", "rate_limited", "http_413"]
    assert [error.retryable for error in told] == [True, True, True, False]
    assert await call("teams.sendMessage", connection, text="x") == {"sent": True}


async def test_an_address_without_its_signature_is_told(flow: Flow, connection: OpenedConnection):
    connection.credentials = {"webhookUrl": f"{flow.url}/workflows/1"}
    error = await refusal("teams.sendMessage", connection, text="x")
    assert error.code == "connection_unauthorized"
    assert "s3cret" not in error.message


async def test_a_connection_is_tried_without_a_message(flow: Flow, connection: OpenedConnection):
    assert teams.tester is not None
    assert await teams.tester(connection) is None
    assert flow.requests == []
    connection.settings = HttpSettings()
    with pytest.raises(ActionError, match="not an address of the public internet"):
        await teams.tester(connection)
    connection.credentials = {"webhookUrl": "not an address"}
    with pytest.raises(ActionError) as raised:
        await teams.tester(connection)
    assert raised.value.code == "invalid_connection"
