"""Connectors within executions: a worker on a real database, and the systems beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from tests.connectors.server import Answer, FakeServer, Request, running
from tests.connectors.test_kong import TOKEN as ADMIN_TOKEN
from tests.connectors.test_kong import Gateway
from tests.connectors.test_slack import TOKEN as BOT_TOKEN
from tests.connectors.test_slack import Workspace
from tests.engine.harness import MASTER_KEY, Harness, action, harness
from weftline.authoring import load_actions
from weftline.authoring.builtin import HttpSettings, configure_http
from weftline.model.ids import DEFAULT_TENANT, uuid7
from weftline.store.connect import tenant_transaction
from weftline.store.connections import credentials_context
from weftline.store.keyring import Keyring


@pytest.fixture
async def engine(database: str) -> AsyncIterator[Harness]:
    configure_http(HttpSettings(allow_private_addresses=True))
    try:
        async with harness(database) as made:
            made.registry = load_actions()
            yield made
    finally:
        configure_http(HttpSettings())


@pytest.fixture
async def gateway(engine: Harness) -> AsyncIterator[Gateway]:
    async with running(Gateway()) as server:
        await connect(engine, "kong", "gateway", "API_KEY", {"adminUrl": server.url}, {"apiKey": ADMIN_TOKEN})
        yield server


@pytest.fixture
async def workspace(engine: Harness) -> AsyncIterator[Workspace]:
    async with running(Workspace()) as server:
        await connect(engine, "slack", "team", "BEARER", {"baseUrl": f"{server.url}/api"}, {"token": BOT_TOKEN})
        yield server


async def connect(
    engine: Harness, integration: str, name: str, auth: str, config: dict[str, Any], credentials: dict[str, Any]
) -> None:
    """Store a connection of the tenant's."""
    id = uuid7()
    async with tenant_transaction(engine.pool, DEFAULT_TENANT) as connection:
        cipher = await Keyring(MASTER_KEY).cipher(connection, DEFAULT_TENANT)
        await connection.execute(
            """INSERT INTO connections (tenant_id, id, integration, name, auth_type, config, sealed, created_by, status)
               VALUES ($1, $2, $3, $4, $5, $6, $7, 'test', 'READY')""",
            DEFAULT_TENANT,
            id,
            integration,
            name,
            auth,
            orjson.dumps(config).decode(),
            cipher.seal(orjson.dumps(credentials), credentials_context(id)),
        )


ONBOARDING = (
    action(
        "create",
        "kong.createConsumer",
        "join",
        connection="gateway",
        input={"username": "${ input.company }", "tags": ["brp"]},
        output={"consumer": "${ result }"},
        compensate={"action": "kong.deleteConsumer", "connection": "gateway", "input": {"id": "${ result.id }"}},
    ),
    action(
        "join",
        "kong.addToGroup",
        "key",
        connection="gateway",
        input={"consumer": "${ consumer.id }", "group": "brp"},
        compensate={
            "action": "kong.removeFromGroup",
            "connection": "gateway",
            "input": {"consumer": "${ result.consumer }", "group": "${ result.group }"},
        },
    ),
    action("key", "kong.createKey", "tell", connection="gateway", input={"consumer": "${ consumer.id }"}),
    # the only connection to Slack need not be named
    action("tell", "slack.sendMessage", input={"channel": "${ input.channel }", "text": "${ input.company } is in."}),
)
UNDOING = {"errorHandling": {"strategy": "compensate"}}


async def test_a_market_participant_gets_its_access(engine: Harness, gateway: Gateway, workspace: Workspace):
    await engine.publish(*ONBOARDING, settings=UNDOING)
    async with engine.worker():
        execution = await engine.start_one({"company": "engie", "channel": "#orders"})
        assert (await engine.reach(execution))["status"] == "completed"
    [consumer] = gateway.tables["consumers"].values()
    assert (consumer["username"], consumer["tags"]) == ("engie", ["brp"])
    assert [row["group"] for row in gateway.tables["acls"].values()] == ["brp"]
    assert len(gateway.tables["key-auth"]) == 1
    assert [message["text"] for message in workspace.messages.values()] == ["engie is in."]


async def test_what_was_done_is_undone_when_a_later_step_fails(engine: Harness, gateway: Gateway, workspace: Workspace):
    await engine.publish(*ONBOARDING, settings=UNDOING)
    async with engine.worker():
        execution = await engine.start_one({"company": "engie", "channel": "#nowhere"})
        row = await engine.reach(execution)
    assert (row["status"], orjson.loads(row["error"])["code"]) == ("failed", "slack_channel_not_found")
    undone = [kind for kind in await engine.types(execution) if kind.startswith("STEP_COMPENSATED")]
    assert undone == ["STEP_COMPENSATED join", "STEP_COMPENSATED create"]
    assert (gateway.tables["consumers"], gateway.tables["acls"], gateway.tables["key-auth"]) == ({}, {}, {})


class Gossip(FakeServer):
    """Tells whoever asks how they signed in."""

    def answer(self, request: Request) -> Answer:
        status = 404 if request.path == "/missing" else 200
        return Answer(status, {"you": request.headers["authorization"]})


async def test_no_credential_stands_in_what_an_execution_leaves(engine: Harness):
    async with running(Gossip()) as server:
        await connect(engine, "http", "gossip", "BEARER", {"baseUrl": server.url}, {"token": "t-0123456789"})
        await engine.publish(
            action("ask", "http.request", "fail", connection="gossip", output={"told": "${ result.body.you }"}),
            action("fail", "http.request", connection="gossip", input={"path": "missing"}),
        )
        async with engine.worker():
            execution = await engine.start_one()
            row = await engine.reach(execution)
    assert "Bearer t-0123456789" in [request.headers["authorization"] for request in server.requests]
    error = orjson.loads(row["error"])
    assert (error["code"], error["details"]["body"]) == ("http_404", {"you": "Bearer ***"})
    left = str([dict(each) for each in await engine.fetch("SELECT * FROM executions")])
    left += str(await engine.events(execution))
    assert "Bearer ***" in left
    assert "t-0123456789" not in left
