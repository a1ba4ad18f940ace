"""Integrations and connections over HTTP: what people enter, what is shown of it, and what becomes of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import httpx
import orjson
import pytest

from tests.api.authorization_server import CLIENT_ID, CLIENT_SECRET, AuthorizationServer, authorization_server
from tests.api.client import EMAIL, PATIENCE, Client, problem, running
from tests.api.conftest import MASTER_KEY, api_options
from tests.api.ledger import Ledger
from tests.api.mailbox import Mailbox
from tests.api.people import People
from tests.api.world import World
from weftline import connectors
from weftline.api.app import Application
from weftline.authoring import registry
from weftline.authoring.builtin import HttpSettings, close_http, configure_http
from weftline.authoring.integrations import Connection, OAuth2, integrations
from weftline.engine.worker import Worker
from weftline.features.integrations.authorizing import CALLBACK
from weftline.model.ids import DEFAULT_TENANT
from weftline.store.connections import credentials_context, tokens_context
from weftline.store.keyring import Keyring

TOKEN = "correct horse battery staple"
HERE = HttpSettings(allow_private_addresses=True)

assert connectors.http is not None, "declares integrations by being imported"


@pytest.fixture
async def application(database: str) -> AsyncIterator[Application]:
    """The API, which may call this machine."""
    options = api_options(database)
    actions = [*(options.actions or ()), "http.request"]
    app = Application(replace(options, accounts=replace(options.accounts, http=HERE), actions=actions))
    async with running(app):
        yield app


@pytest.fixture
async def server() -> AsyncIterator[AuthorizationServer]:
    async with authorization_server() as started:
        yield started


def shop(server: AuthorizationServer, name: str = "shop", **fields: Any) -> dict[str, Any]:
    """A connection to the API beside the authorization server, by a token."""
    return {
        "integrationId": "http",
        "name": name,
        "authType": "BEARER",
        "config": {"baseUrl": f"{server.url}/api", "testPath": "me"},
        "credentials": {"token": TOKEN},
        **fields,
    }


def by_oauth(server: AuthorizationServer, name: str = "shop", **fields: Any) -> dict[str, Any]:
    """The same by OAuth 2.0 with an authorization code."""
    urls = {"tokenUrl": f"{server.url}/token", "authorizationUrl": f"{server.url}/authorize"}
    return {
        **shop(server, name),
        "authType": "OAUTH2",
        "config": {"baseUrl": f"{server.url}/api", "testPath": "me", **urls},
        "credentials": {"clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET},
        **fields,
    }


async def made(api: Client, body: dict[str, Any]) -> dict[str, Any]:
    """A new connection."""
    answer = await api.post("/connections", body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def patch(api: Client, path: str, body: dict[str, Any], **options: Any) -> httpx.Response:
    return await api.http.patch(f"/api/v1{path}", json=body, **options)


# --- integrations ----------------------------------------------------------------------------------------------------


async def test_integrations_are_listed_by_words_category_and_way_of_signing_in(api: Client) -> None:
    everything = (await api.get("/integrations")).json()["items"]
    assert {"http", "slack", "github"} <= {each["name"] for each in everything}
    found = (await api.get("/integrations", params={"query": "messages slack"})).json()["items"]
    assert [each["id"] for each in found] == ["slack"]
    category = found[0]["category"]
    assert found[0] in (await api.get("/integrations", params={"category": category})).json()["items"]
    basic = (await api.get("/integrations", params={"authType": "BASIC"})).json()["items"]
    assert basic and all("BASIC" in each["authTypes"] for each in basic)


async def test_an_integration_shows_how_to_sign_in_and_what_it_can_do(api: Client) -> None:
    shown = (await api.get("/integrations/http")).json()
    assert shown["displayName"] == "HTTP"
    [basic] = [each for each in shown["auth"] if each["type"] == "BASIC"]
    assert {"username", "password"} == set(basic["credentialsSchema"]["properties"])
    assert "baseUrl" in shown["configSchema"]["properties"]
    [request] = [each for each in shown["actions"] if each["name"] == "request"]
    assert request["id"] == "http.request" and request["inputSchema"]["type"] == "object"
    listed = (await api.get("/integrations/http/actions")).json()["items"]
    assert request in listed
    assert (await api.get("/integrations/http/actions/request")).json() == request
    problem(await api.get("/integrations/http/actions/nothing"), 404, "action_not_found")
    problem(await api.get("/integrations/nothing"), 404, "integration_not_found")


async def test_actions_are_found_across_integrations_the_closest_first(api: Client) -> None:
    found = (await api.get("/integrations/actions", params={"query": "http request"})).json()["items"]
    assert found[0]["id"] == "http.request"
    assert found[0]["inputSchema"] is None, "lists of thousands carry no schemas"
    only = (await api.get("/integrations/actions", params={"integrationId": "slack"})).json()["items"]
    assert only and {each["integrationId"] for each in only} == {"slack"}
    first = (await api.get("/integrations/actions", params={"limit": 1})).json()
    then = (await api.get("/integrations/actions", params={"limit": 1, "cursor": first["nextCursor"]})).json()
    assert first["items"] != then["items"]


async def test_a_list_shows_which_integrations_are_connected_and_how_these_stand(
    api: Client, server: AuthorizationServer
) -> None:
    await made(api, shop(server))
    [listed] = (await api.get("/integrations", params={"isConnected": True})).json()["items"]
    assert (listed["id"], listed["connectionCount"], listed["connectionStatus"]) == ("http", 1, "UNAUTHORIZED")
    others = (await api.get("/integrations", params={"isConnected": False})).json()["items"]
    assert "http" not in {each["id"] for each in others}


# --- connections -----------------------------------------------------------------------------------------------------


async def test_a_connection_is_made_tried_read_changed_and_removed(
    api: Client, server: AuthorizationServer, tenant: asyncpg.Connection
) -> None:
    server.access.add(TOKEN)
    answer = await api.post("/connections", shop(server, limits={"ratePerMinute": 60, "retry": 5}))
    assert answer.status_code == 201, answer.text
    connection = answer.json()
    path = f"/connections/{connection['id']}"
    assert answer.headers["location"] == f"/api/v1{path}"
    assert (connection["status"], connection["userId"]) == ("READY", None)
    assert connection["limits"]["ratePerMinute"] == 60 and connection["limits"]["breakerFailures"] == 5
    assert connection["limits"]["retry"]["maxAttempts"] == 5
    assert connection["testedAt"] is not None
    assert (await api.get(path)).json() == connection
    assert (await api.get("/connections")).json()["items"] == [connection]
    tag = {"If-Match": answer.headers["etag"]}
    changed = await patch(api, path, {"name": "store"}, headers=tag)
    assert changed.json() == {**connection, "name": "store", "updatedAt": changed.json()["updatedAt"]}
    problem(await patch(api, path, {"name": "x"}, headers=tag), 412, "connection_changed")
    number = await tenant.fetchval("SELECT number FROM connection_changes")
    assert (await api.http.delete(f"/api/v1{path}")).status_code == 200
    assert await tenant.fetchval("SELECT number FROM connection_changes") > number
    problem(await api.get(path), 404, "connection_not_found")
    entries = (await api.get("/audit", params={"resourceType": "connection"})).json()["items"]
    assert [each["action"] for each in entries] == ["connection.removed", "connection.changed", "connection.created"]
    assert TOKEN not in str(entries)


async def test_nobody_is_shown_credentials_and_the_database_holds_them_sealed(
    api: Client, server: AuthorizationServer, tenant: asyncpg.Connection
) -> None:
    connection = await made(api, shop(server))
    assert connection["hasCredentials"] is True
    row = await tenant.fetchrow("SELECT * FROM connections")
    assert row is not None and TOKEN not in str(dict(row)) and TOKEN.encode() not in row["sealed"]
    cipher = await Keyring(MASTER_KEY).cipher(tenant, DEFAULT_TENANT)
    assert orjson.loads(cipher.open(row["sealed"], credentials_context(row["id"]))) == {"token": TOKEN}
    everything = (await api.get("/connections")).text + (await api.get(f"/connections/{connection['id']}")).text
    assert TOKEN not in everything


async def test_a_connection_whose_test_fails_is_kept_and_says_why(api: Client, server: AuthorizationServer) -> None:
    refused = await made(api, shop(server, "refused"))
    assert refused["status"] == "UNAUTHORIZED" and "401" in refused["statusDetail"]
    assert TOKEN not in refused["statusDetail"]
    away = shop(server, "away", config={"baseUrl": "http://127.0.0.1:1", "testPath": "me"})
    assert (await made(api, away))["status"] == "FAILING"
    untried = await made(api, shop(server, "untried", test=False))
    assert (untried["status"], untried["testedAt"]) == ("UNTESTED", None)
    server.access.add(TOKEN)
    assert (await api.post(f"/connections/{refused['id']}/test")).json()["status"] == "READY"


async def test_a_connection_that_works_says_as_whom_it_got_in_and_not_how(
    api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def whoever_asks(connection: Connection) -> str:
        return f"{connection.credentials['username']} by {connection.credentials['password']}"

    monkeypatch.setattr(integrations.get("http"), "tester", whoever_asks)
    config = {"baseUrl": "http://127.0.0.1:1"}
    credentials = {"username": "ada.lovelace", "password": TOKEN}
    body = {"integrationId": "http", "name": "shop", "authType": "BASIC", "config": config, "credentials": credentials}
    assert (await made(api, body))["statusDetail"] == "Signed in as ada.lovelace by ***."


async def test_everything_that_is_wrong_with_a_connection_is_said_at_once(api: Client) -> None:
    body = {
        "integrationId": "http",
        "name": "shop",
        "authType": "BASIC",
        "config": {"baseUrl": 1, "color": "red"},
        "credentials": {"username": "", "pass": "x"},
    }
    told = problem(await api.post("/connections", body), 422, "invalid_connection")["errors"]
    places = {each["pointer"] for each in told}
    assert {"/config/baseUrl", "/config", "/credentials/username", "/credentials"} <= places
    told = problem(await api.post("/connections", {**body, "authType": "CUSTOM"}), 422, "invalid_connection")
    assert "/authType" in {each["pointer"] for each in told["errors"]}
    problem(await api.post("/connections", {**body, "integrationId": "nothing"}), 404, "integration_not_found")
    problem(await api.post("/connections", {**body, "name": "a b"}), 422, "invalid_request")
    personal = {**body, "isPersonal": True, "isDefault": True}
    problem(await api.post("/connections", personal), 422, "invalid_connection")


async def test_credentials_are_changed_one_by_one_and_a_connection_that_leads_elsewhere_needs_all_of_them(
    api: Client, server: AuthorizationServer, tenant: asyncpg.Connection
) -> None:
    body = shop(server, authType="BASIC", credentials={"username": "ada", "password": TOKEN}, test=False)
    path = f"/connections/{(await made(api, body))['id']}"
    assert (await patch(api, path, {"credentials": {"username": "bob"}})).status_code == 200
    row = await tenant.fetchrow("SELECT * FROM connections")
    assert row is not None
    cipher = await Keyring(MASTER_KEY).cipher(tenant, DEFAULT_TENANT)
    assert orjson.loads(cipher.open(row["sealed"], credentials_context(row["id"]))) == {
        "username": "bob",
        "password": TOKEN,
    }
    theirs = {"baseUrl": "http://localhost:9"}
    told = problem(await patch(api, path, {"config": theirs}), 422, "invalid_connection")["errors"]
    assert {each["pointer"] for each in told} == {"/credentials/username", "/credentials/password"}
    whole = {"config": theirs, "credentials": {"username": "bob", "password": "another password"}, "test": False}
    assert (await patch(api, path, whole)).json()["config"]["baseUrl"] == theirs["baseUrl"]


async def test_names_are_unique_and_one_connection_is_an_integrations_default(
    api: Client, server: AuthorizationServer
) -> None:
    one = await made(api, shop(server, "one", isDefault=True, test=False))
    problem(await api.post("/connections", shop(server, "one")), 409, "connection_exists")
    two = await made(api, shop(server, "two", isDefault=True, test=False))
    assert two["isDefault"] is True
    assert (await api.get(f"/connections/{one['id']}")).json()["isDefault"] is False
    problem(await patch(api, f"/connections/{two['id']}", {"name": "one"}), 409, "connection_exists")


async def test_a_connection_that_published_workflows_name_is_kept_unless_somebody_insists(
    api: Client, server: AuthorizationServer
) -> None:
    connection = await made(api, shop(server, test=False))
    step = {"id": "ask", "type": "action", "action": "echo", "connection": "shop"}
    await api.publish({"id": "order", "name": "Order", "nodes": [step]})
    path = f"/connections/{connection['id']}"
    told = problem(await api.http.delete(f"/api/v1{path}"), 409, "connection_in_use")
    assert "'order'" in told["detail"]
    problem(await patch(api, path, {"name": "store"}), 409, "connection_in_use")
    assert (await api.http.delete(f"/api/v1{path}", params={"force": True})).status_code == 200


async def test_a_connection_is_disabled_and_enabled_and_its_breaker_is_reset(
    api: Client, server: AuthorizationServer, tenant: asyncpg.Connection
) -> None:
    connection = await made(api, shop(server, test=False))
    path = f"/connections/{connection['id']}"
    assert (await api.post(f"{path}/disable")).json()["isActive"] is False
    assert (await api.post(f"{path}/enable")).json()["isActive"] is True
    await tenant.execute(
        "INSERT INTO connection_states (tenant_id, connection_id, breaker, failures, opened_at, retry_at, last_error)"
        " SELECT tenant_id, id, 'OPEN', 5, now(), now() + interval '30 s', 'no answer' FROM connections"
    )
    shown = (await api.get(path)).json()["breaker"]
    assert (shown["state"], shown["failures"], shown["lastError"]) == ("OPEN", 5, "no answer")
    reset = (await api.post(f"{path}/reset")).json()["breaker"]
    assert (reset["state"], reset["failures"], reset["retryAt"]) == ("CLOSED", 0, None)


# --- who may ---------------------------------------------------------------------------------------------------------


async def test_a_persons_own_connection_is_nobody_elses(
    api: Client, people: People, server: AuthorizationServer
) -> None:
    ann = await people.join("ann", "operator")
    own = await made(ann, shop(server, isPersonal=True, test=False))
    assert own["userId"] == str(ann.id)
    assert (await ann.get("/connections", params={"isPersonal": True})).json()["items"] == [own]
    problem(await api.get(f"/connections/{own['id']}"), 404, "connection_not_found")
    assert (await api.get("/connections")).json()["items"] == []
    assert (await made(api, shop(server, isPersonal=True, test=False)))["name"] == own["name"]
    assert (await ann.post(f"/connections/{own['id']}/disable")).json()["isActive"] is False


async def test_only_managers_touch_the_tenants_connections(
    api: Client, people: People, server: AuthorizationServer
) -> None:
    connection = await made(api, shop(server, test=False))
    path = f"/connections/{connection['id']}"
    ann, ben = await people.join("ann", "operator"), await people.join("ben", "viewer")
    assert (await ann.get(path)).json()["name"] == "shop"
    problem(await ann.post("/connections", shop(server, "mine")), 403, "permission_denied")
    problem(await patch(ann, path, {"name": "mine"}), 403, "permission_denied")
    for act in ("test", "reset", "enable", "disable"):
        problem(await ann.post(f"{path}/{act}"), 403, "permission_denied")
    problem(await ann.http.delete(f"/api/v1{path}"), 403, "permission_denied")
    problem(await ben.get(path), 403, "permission_denied")
    assert (await ben.get("/integrations")).status_code == 200


async def test_another_tenants_connections_are_not_there(world: World, server: AuthorizationServer) -> None:
    acme, other = await world.found("acme"), await world.found("other")
    connection = await acme.made("/connections", shop(server, test=False))
    problem(await other.get(f"/connections/{connection['id']}"), 404, "connection_not_found")
    assert (await other.get("/connections")).json()["items"] == []


async def test_a_members_own_connections_go_with_the_membership(
    api: Client, people: People, server: AuthorizationServer, tenant: asyncpg.Connection
) -> None:
    ann = await people.join("ann", "operator")
    await made(ann, shop(server, isPersonal=True, test=False))
    number = await tenant.fetchval("SELECT number FROM connection_changes")
    removed = await api.http.delete(f"/api/v1/users/{ann.id}")
    assert removed.status_code in (200, 204), removed.text
    assert await tenant.fetchval("SELECT count(*) FROM connections") == 0
    assert await tenant.fetchval("SELECT number FROM connection_changes") > number


# --- OAuth 2.0 -------------------------------------------------------------------------------------------------------


async def go(api: Client, server: AuthorizationServer, id: str) -> httpx.Response:
    """Begin, and allow access at the authorization server; gives where the browser is sent."""
    begun = await api.post(f"/connections/{id}/authorize")
    assert begun.status_code == 200, begun.text
    url = begun.json()["authorizationUrl"]
    server.redirects.add(parse_qs(urlsplit(url).query)["redirect_uri"][0])
    async with httpx.AsyncClient() as browser:
        return await browser.get(url)


def back(allowed: httpx.Response) -> str:
    """The path and the query that a browser is sent back to."""
    parts = urlsplit(allowed.headers["location"])
    assert parts.path == CALLBACK
    return f"{parts.path}?{parts.query}"


async def test_access_is_allowed_in_a_browser_and_tokens_are_kept_sealed(
    api: Client, server: AuthorizationServer, tenant: asyncpg.Connection
) -> None:
    connection = await made(api, by_oauth(server, scopes=["orders.read", "orders.write"]))
    assert (connection["status"], connection["hasTokens"]) == ("UNAUTHORIZED", False)
    assert server.grants == [], "somebody has to allow it"
    allowed = await go(api, server, connection["id"])
    assert server.scopes == "orders.read orders.write"
    came = await api.http.get(back(allowed))
    assert came.status_code == 303, came.text
    assert came.headers["location"].endswith(f"/connections/{connection['id']}?authorized=1")
    shown = (await api.get(f"/connections/{connection['id']}")).json()
    assert (shown["status"], shown["hasTokens"]) == ("READY", True)
    assert shown["tokenExpiresAt"] is not None
    row = await tenant.fetchrow("SELECT * FROM connections")
    assert row is not None
    cipher = await Keyring(MASTER_KEY).cipher(tenant, DEFAULT_TENANT)
    tokens = orjson.loads(cipher.open(row["tokens"], tokens_context(row["id"])))
    assert tokens["accessToken"] in server.access and tokens["refreshToken"] in server.refresh
    [entry] = (await api.get("/audit", params={"action": "connection.authorized"})).json()["items"]
    assert entry["actor"]["name"] == EMAIL if "actor" in entry else entry["actorName"] == EMAIL
    # the way back works once
    again = await api.http.get(back(allowed))
    assert again.status_code == 400 and "used already" in again.text


async def test_whoever_comes_back_in_another_browser_is_asked_first(
    api: Client, server: AuthorizationServer, application: Application
) -> None:
    connection = await made(api, by_oauth(server))
    allowed = await go(api, server, connection["id"])
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as other:
        asked = await other.get(back(allowed))
        assert asked.status_code == 200 and "Connect to this account?" in asked.text
        assert asked.headers["cache-control"] == "no-store"
        assert (await api.get(f"/connections/{connection['id']}")).json()["hasTokens"] is False
        query = parse_qs(urlsplit(allowed.headers["location"]).query)
        form = {"state": query["state"][0], "code": query["code"][0]}
        assert (await other.post(CALLBACK, data=form)).status_code == 303
    assert (await api.get(f"/connections/{connection['id']}")).json()["status"] == "READY"


@pytest.mark.parametrize("state", ["", "x", "A" * 86, "%00", "ä"])
async def test_a_state_that_nobody_handed_out_leads_nowhere(anonymous: Client, state: str) -> None:
    came = await anonymous.http.get(CALLBACK, params={"code": "c", "state": state})
    assert came.status_code == 400
    assert "Begin again" in came.text


async def test_a_state_that_is_too_old_leads_nowhere(
    api: Client, server: AuthorizationServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = await made(api, by_oauth(server))
    monkeypatch.setattr("weftline.features.integrations.authorizing.LIFETIME", timedelta(0))
    allowed = await go(api, server, connection["id"])
    assert (await api.http.get(back(allowed))).status_code == 400


async def test_somebody_who_refuses_access_is_told_and_nothing_is_lost(
    api: Client, server: AuthorizationServer
) -> None:
    connection = await made(api, by_oauth(server))
    path = f"/connections/{connection['id']}"
    await api.http.get(back(await go(api, server, connection["id"])))
    begun = (await api.post(f"{path}/authorize")).json()
    state = parse_qs(urlsplit(begun["authorizationUrl"]).query)["state"][0]
    came = await api.http.get(CALLBACK, params={"error": "access_denied", "state": state})
    assert came.status_code == 303
    assert (await api.get(path)).json()["status"] == "READY", "the tokens that there were go on working"


async def test_client_credentials_get_a_token_when_a_connection_is_saved(
    api: Client, server: AuthorizationServer
) -> None:
    body = by_oauth(server)
    del body["config"]["authorizationUrl"]
    connection = await made(api, body)
    assert (connection["status"], connection["hasTokens"]) == ("READY", True)
    assert server.grants == ["client_credentials"]
    problem(await api.post(f"/connections/{connection['id']}/authorize"), 422, "invalid_connection")
    other = await made(api, shop(server, "plain", test=False))
    problem(await api.post(f"/connections/{other['id']}/authorize"), 409, "not_authorizable")


async def test_a_test_renews_an_access_token_that_has_expired(
    api: Client, server: AuthorizationServer, tenant: asyncpg.Connection
) -> None:
    connection = await made(api, by_oauth(server))
    path = f"/connections/{connection['id']}"
    await api.http.get(back(await go(api, server, connection["id"])))
    server.access.clear()
    await tenant.execute("UPDATE connections SET token_expires_at = now()")
    assert (await api.post(f"{path}/test")).json()["status"] == "READY"
    assert server.grants == ["authorization_code", "refresh_token"]
    server.refresh.clear()
    await tenant.execute("UPDATE connections SET token_expires_at = now()")
    refused = (await api.post(f"{path}/test")).json()
    assert refused["status"] == "UNAUTHORIZED" and "invalid_grant" in refused["statusDetail"]


async def test_access_that_a_person_allowed_is_never_had_in_the_name_of_the_client(
    api: Client, server: AuthorizationServer, tenant: asyncpg.Connection
) -> None:
    server.gives_refresh_tokens = False
    connection = await made(api, by_oauth(server))
    await api.http.get(back(await go(api, server, connection["id"])))
    await tenant.execute("UPDATE connections SET token_expires_at = now()")
    assert (await api.post(f"/connections/{connection['id']}/test")).json()["status"] == "UNAUTHORIZED"
    assert server.grants == ["authorization_code"]


async def test_disconnecting_forgets_the_tokens_and_gives_them_back_where_the_system_takes_them(
    api: Client, server: AuthorizationServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = integrations.get("http")
    assert known is not None
    ways = tuple(
        replace(each, revocation_url=f"{server.url}/revoke") if isinstance(each, OAuth2) else each
        for each in known.auth
    )
    monkeypatch.setattr(known, "auth", ways)
    connection = await made(api, by_oauth(server))
    await api.http.get(back(await go(api, server, connection["id"])))
    [token] = server.refresh
    shown = (await api.post(f"/connections/{connection['id']}/disconnect")).json()
    assert (shown["status"], shown["hasTokens"], shown["tokenExpiresAt"]) == ("UNAUTHORIZED", False, None)
    assert server.revoked == [token]
    assert server.access == set()


# --- steps that wait -------------------------------------------------------------------------------------------------


@pytest.fixture
async def calling(worker: Worker, ledger: Ledger) -> AsyncIterator[None]:
    """Workers call other systems, this machine among them."""
    configure_http(HERE)
    action = registry.get("http.request")
    ledger.registry.register(action.name, action.function, action.facts)
    yield
    await close_http()
    configure_http(HttpSettings())


@pytest.mark.usefixtures("calling")
async def test_a_step_whose_connection_is_refused_waits_until_somebody_renews_it(
    api: Client, server: AuthorizationServer
) -> None:
    connection = await made(api, shop(server, test=False))
    step = {"id": "ask", "type": "action", "action": "http.request", "connection": "shop", "input": {"path": "me"}}
    await api.publish(
        {"id": "order", "name": "Order", "nodes": [step], "output": {"who": "${steps.ask.output.body.login}"}}
    )
    execution = await api.start("order")

    async def standing() -> str:
        return (await api.get(f"/connections/{connection['id']}")).json()["status"]

    async with asyncio.timeout(PATIENCE):
        while await standing() != "UNAUTHORIZED":
            pass
    assert (await api.when_status(execution, "waiting"))["error"] is None
    server.access.add("a token that is known there")
    credentials = {"credentials": {"token": "a token that is known there"}}
    renewed = await patch(api, f"/connections/{connection['id']}", credentials)
    assert renewed.json()["status"] == "READY"
    ended = await api.when_status(execution, "completed")
    assert ended["output"] == {"who": "ada"}


# --- telling of refusals ---------------------------------------------------------------------------------------------


async def test_the_owner_of_a_connection_that_was_refused_is_told_once(
    application: Application,
    api: Client,
    people: People,
    server: AuthorizationServer,
    mailbox: Mailbox,
    tenant: asyncpg.Connection,
) -> None:
    ann = await people.join("ann", "operator")
    await made(ann, shop(server, "own", isPersonal=True, test=False))
    await made(api, shop(server, "tenants", test=False))
    assert application.services is not None
    notices = application.services.renewal_notices
    await tenant.execute("UPDATE connections SET status = 'UNAUTHORIZED', status_detail = 'token_revoked'")
    while await notices.run_once():
        pass
    [letter] = [each for each in await mailbox.to("ann@example.com") if each.template == "connection_refused"]
    assert "token_revoked" in letter.text and "own" in letter.subject
    assert "connection_refused" in await mailbox.templates(EMAIL)
    assert await notices.run_once() == 0
    count = len(await mailbox.to("ann@example.com"))
    # whoever tests it sees by themselves that it is refused
    [own] = (await ann.get("/connections", params={"isPersonal": True})).json()["items"]
    assert (await ann.post(f"/connections/{own['id']}/test")).json()["status"] == "UNAUTHORIZED"
    assert await notices.run_once() == 0
    assert len(await mailbox.to("ann@example.com")) == count
