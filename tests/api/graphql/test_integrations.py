"""Integrations and connections by GraphQL: as REST shows them, to the same people, and never with a credential."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from tests.api.authorization_server import AuthorizationServer, authorization_server
from tests.api.client import Client, running
from tests.api.conftest import api_options
from tests.api.graphql.client import ask, problem, send
from tests.api.graphql.test_statements import statements
from tests.api.people import People
from tests.api.world import World
from weftline import connectors
from weftline.api.app import Application
from weftline.authoring.builtin import HttpSettings

TOKEN = "correct horse battery staple"
HERE = HttpSettings(allow_private_addresses=True)

ABOUT = """
id userId tenantId integrationId name authType config scopes isDefault isActive hasCredentials hasTokens tokenExpiresAt
status statusDetail testedAt createdBy createdAt updatedAt etag
breaker { state failures openedAt retryAt lastError }
lastUse { at workflowId executionId }
limits { timeoutSeconds ratePerMinute maxConcurrent breakerFailures breakerSeconds retry }
"""
ACT = "mutation ($id: ID!) {{ it: {}(id: $id) {{ {} }} }}"

assert connectors.http is not None, "declares integrations by being imported"


@pytest.fixture
async def application(database: str) -> AsyncIterator[Application]:
    """The API, which may call this machine."""
    options = api_options(database)
    app = Application(replace(options, accounts=replace(options.accounts, http=HERE)))
    async with running(app):
        yield app


@pytest.fixture
async def server() -> AsyncIterator[AuthorizationServer]:
    async with authorization_server() as started:
        yield started


async def connect(api: Client, server: AuthorizationServer, name: str = "shop", **fields: Any) -> dict[str, Any]:
    """A connection to a server that knows one token, as REST shows it."""
    config = {"baseUrl": f"{server.url}/api", "testPath": "me"}
    body = {"integrationId": "http", "name": name, "authType": "BEARER", "config": config, "test": False, **fields}
    answer = await api.post("/connections", {**body, "credentials": {"token": TOKEN}})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_connection_is_shown_as_rest_shows_it_and_without_its_credentials(
    api: Client, server: AuthorizationServer
) -> None:
    limits = {"ratePerMinute": 60, "retry": 5}
    rest = await connect(api, server, limits=limits)
    one = (await ask(api, f"query ($id: ID!) {{ connection(id: $id) {{ {ABOUT} }} }}", id=rest["id"]))["connection"]
    assert {**rest, "etag": "1"} == one
    listed = await ask(api, f"{{ connections {{ nodes {{ {ABOUT} }} }} }}")
    assert listed["connections"]["nodes"] == [one]
    assert one["limits"]["ratePerMinute"] == 60 and one["breaker"]["state"] == "CLOSED"
    assert TOKEN not in str(listed)


async def test_connections_are_filtered_and_go_on_behind_a_cursor(api: Client, server: AuthorizationServer) -> None:
    for name in ("a", "b", "c"):
        await connect(api, server, name)
    await connect(api, server, "own", isPersonal=True)
    query = """
    query ($after: String, $filter: ConnectionFilter) {
      connections(first: 2, after: $after, filter: $filter) { nodes { name } pageInfo { hasNextPage endCursor } }
    }
    """
    wanted = {"integrationId": "http", "isPersonal": False, "sort": "-name"}
    first = (await ask(api, query, filter=wanted))["connections"]
    assert first["nodes"] == [{"name": "c"}, {"name": "b"}] and first["pageInfo"]["hasNextPage"] is True
    then = (await ask(api, query, filter=wanted, after=first["pageInfo"]["endCursor"]))["connections"]
    assert then["nodes"] == [{"name": "a"}] and then["pageInfo"]["hasNextPage"] is False
    own = (await ask(api, query, filter={"isPersonal": True, "status": ["UNTESTED"], "query": "OW"}))["connections"]
    assert own["nodes"] == [{"name": "own"}]
    error = problem(await send(api, query, filter={"sort": "color"}), 422, "invalid_request")
    assert error["errors"][0]["pointer"] == "/filter/sort"


async def test_integrations_and_their_actions_are_what_rest_shows(api: Client) -> None:
    rest = (await api.get("/integrations/slack")).json()
    del rest["actions"]
    whole = """
    id name displayName description category icon logoUrl docsUrl authType authTypes needsConnection isBuiltIn
    actionCount triggerCount connectionCount connectionStatus auth { type title credentialsSchema grants scopes }
    configSchema baseUrl triggers { id name displayName description type inputSchema outputSchema example }
    """
    assert (await ask(api, f'{{ integration(id: "slack") {{ {whole} }} }}'))["integration"] == rest
    listed = await ask(api, f'{{ integrations(filter: {{query: "messages slack"}}) {{ nodes {{ {whole} }} }} }}')
    assert listed["integrations"]["nodes"] == [rest]
    fields = """
    id integrationId name displayName description tags method endpoint inputSchema outputSchema compensate example
    """
    action = (await api.get("/integrations/slack/actions/sendMessage")).json()
    shown = await ask(api, f'{{ integrationAction(id: "slack.sendMessage") {{ {fields} }} }}')
    assert shown["integrationAction"] == action
    found = (await api.get("/integrations/actions", params={"query": "send message", "limit": 3})).json()["items"]
    searched = await ask(
        api, f'{{ integrationActions(first: 3, filter: {{query: "send message"}}) {{ nodes {{ {fields} }} }} }}'
    )
    assert searched["integrationActions"]["nodes"] == found
    for text, code in (
        ('{ integration(id: "nothing") { id } }', "integration_not_found"),
        ('{ integrationAction(id: "nothing") { id } }', "integration_not_found"),
        ('{ integrationAction(id: "slack.nothing") { id } }', "action_not_found"),
    ):
        problem(await send(api, text), 404, code)


async def test_a_connection_is_tested_disabled_enabled_reset_and_deleted(
    api: Client, server: AuthorizationServer, tenant: asyncpg.Connection
) -> None:
    id = (await connect(api, server))["id"]

    async def act(name: str, fields: str) -> dict[str, Any]:
        return (await ask(api, ACT.format(name, fields), id=id))["it"]

    assert await act("testConnection", "status") == {"status": "UNAUTHORIZED"}
    server.access.add(TOKEN)
    assert await act("testConnection", "status") == {"status": "READY"}
    assert await act("disableConnection", "isActive") == {"isActive": False}
    assert await act("enableConnection", "isActive") == {"isActive": True}
    await tenant.execute(
        "INSERT INTO connection_states (tenant_id, connection_id, breaker, failures, opened_at, retry_at, last_error)"
        " SELECT tenant_id, id, 'OPEN', 5, now(), now() + interval '30 s', 'no answer' FROM connections"
    )
    breaker = "breaker { state failures lastError retryAt }"
    seen = (await ask(api, f"query ($id: ID!) {{ connection(id: $id) {{ {breaker} etag }} }}", id=id))["connection"]
    assert (seen["breaker"]["state"], seen["breaker"]["failures"]) == ("OPEN", 5)
    reset = await act("resetConnection", breaker)
    assert (reset["breaker"]["state"], reset["breaker"]["retryAt"]) == ("CLOSED", None)

    step = {"id": "ask", "type": "action", "action": "echo", "connection": "shop"}
    await api.publish({"id": "order", "name": "Order", "nodes": [step]})
    delete = """
    mutation ($id: ID!, $force: Boolean! = false, $etag: String) {
      deleteConnection(id: $id, force: $force, ifMatch: $etag) { id name }
    }
    """
    assert "'order'" in problem(await send(api, delete, id=id), 409, "connection_in_use")["detail"]
    problem(await send(api, delete, id=id, force=True, etag=seen["etag"]), 412, "connection_changed")
    gone = await ask(api, delete, id=id, force=True)
    assert gone["deleteConnection"] == {"id": id, "name": "shop"}
    problem(await send(api, delete, id=id), 404, "connection_not_found")
    problem(await send(api, delete, id="nonsense"), 404, "not_found")
    entries = (await api.get("/audit", params={"resourceType": "connection"})).json()["items"]
    assert [entry["action"].removeprefix("connection.") for entry in entries] == [
        "removed", "reset", "enabled", "disabled", "tested", "tested", "created"
    ]  # fmt: skip


async def test_only_who_may_by_rest_sees_and_changes_connections(
    api: Client, people: People, server: AuthorizationServer
) -> None:
    ours = (await connect(api, server))["id"]
    ann, ben = await people.join("ann", "operator"), await people.join("ben", "viewer")
    own = (await connect(ann, server, "own", isPersonal=True))["id"]
    one = "query ($id: ID!) { connection(id: $id) { name integration { name } } }"
    assert (await ask(ann, one, id=ours))["connection"] == {"name": "shop", "integration": {"name": "http"}}
    problem(await send(api, one, id=own), 404, "connection_not_found")
    for name in ("testConnection", "resetConnection", "enableConnection", "disableConnection", "deleteConnection"):
        problem(await send(ann, ACT.format(name, "id"), id=ours), 403, "permission_denied")
        problem(await send(ben, ACT.format(name, "id"), id=ours), 403, "permission_denied")
        problem(await send(api, ACT.format(name, "id"), id=own), 404, "connection_not_found")
    assert (await ask(ann, ACT.format("disableConnection", "isActive"), id=own))["it"] == {"isActive": False}
    problem(await send(ben, "{ connections { nodes { id } } }"), 403, "permission_denied")
    assert (await ask(ben, '{ integration(id: "http") { id } }'))["integration"] == {"id": "http"}
    stranger = await people.join("stan")
    for text in ("{ integrations { nodes { id } } }", "{ integrationActions { nodes { id } } }"):
        problem(await send(stranger, text), 403, "permission_denied")


async def test_another_tenants_connections_are_not_there(world: World, server: AuthorizationServer) -> None:
    acme, other = await world.found("acme"), await world.found("other")
    id = (await connect(acme, server))["id"]
    problem(await send(other, "query ($id: ID!) { connection(id: $id) { id } }", id=id), 404, "connection_not_found")
    problem(await send(other, ACT.format("deleteConnection", "id"), id=id), 404, "connection_not_found")
    assert (await ask(other, "{ connections { nodes { id } } }"))["connections"]["nodes"] == []


async def test_connections_with_their_integrations_take_four_statements_however_many_there_are(
    api: Client, server: AuthorizationServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = "{ connections(first: 100) { nodes { name breaker { state } integration { displayName } } } }"
    for count in (1, 6):
        await connect(api, server, f"shop-{count}")
        if count > 1:
            for name in "abcd":
                await connect(api, server, name)
        with statements(monkeypatch) as sent:
            found = (await ask(api, query))["connections"]["nodes"]
        # connections, circuit breakers, imported integrations, and how connections stand by integration
        assert len(sent) == 4, "\n".join(sent)
        assert len(found) == count
    assert {each["integration"]["displayName"] for each in found} == {"HTTP"}
