"""Consumers, groups and credentials of a gateway that answers as Kong's Admin API does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.connectors.server import Answer, FakeServer, Request, refusal, running
from weftline.authoring import ActionError
from weftline.authoring.integrations import OpenedConnection
from weftline.connectors.kong import kong
from weftline.testing.connectors import call, connected

TOKEN = "admin-1"
Row = dict[str, Any]

# fields that no two rows may share, and those that Kong makes up, by collection
UNIQUE = {
    "consumers": ("username", "custom_id"),
    "key-auth": ("key",),
    "basic-auth": ("username",),
    "jwt": ("key",),
    "oauth2": ("client_id",),
}
MADE_UP = {"key-auth": ("key",), "jwt": ("key", "secret"), "oauth2": ("client_id", "client_secret")}
REQUIRED = {"basic-auth": ("username", "password"), "oauth2": ("name",)}


def is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


class Gateway(FakeServer):
    """The Admin API: PUT makes or replaces, errors carry a name and a code."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: dict[str, dict[str, Row]] = {name: {} for name in (*UNIQUE, "acls", "services", "routes")}

    def answer(self, request: Request) -> Answer:
        if request.headers.get("kong-admin-token") != TOKEN:
            return Answer(401, {"message": "Invalid credentials. Token or User credentials required"})
        body: Row = request.json if request.body else {}
        match request.method, request.parts:
            case "GET", [""]:
                return Answer(200, {"version": "3.9.0", "tagline": "Welcome to kong"})
            case "GET", [("consumers" | "services" | "routes") as table]:
                return self.page(request, self.tables[table].values())
            case method, ["consumers" as table, key]:
                return self.entity(method, table, key, body)
            case "GET", [("services" | "routes") as table, key]:
                return self.entity("GET", table, key, body)
            case "GET", ["services", key, "routes"]:
                service = self.find("services", key)
                if service is None:
                    return Answer(404, {"message": "Not found"})
                routes = [row for row in self.tables["routes"].values() if row["service"]["id"] == service["id"]]
                return self.page(request, routes)
            case method, ["consumers", consumer, nested, *rest]:
                owner = self.find("consumers", consumer)
                if owner is None:
                    return Answer(404, {"message": "Not found"})
                if not rest:
                    owned = [row for row in self.tables[nested].values() if row["consumer"]["id"] == owner["id"]]
                    return self.page(request, owned)
                if nested == "acls":
                    return self.membership(method, owner, rest[0], body)
                return self.entity(method, nested, rest[0], {**body, "consumer": {"id": owner["id"]}})
            case _:
                return Answer(404, {"message": "Not found"})

    def find(self, table: str, key: str) -> Row | None:
        if is_id(key):
            return self.tables[table].get(key)
        return next((row for row in self.tables[table].values() if row.get("username", row.get("name")) == key), None)

    def entity(self, method: str, table: str, key: str, body: Row) -> Answer:
        present = self.find(table, key)
        if method == "DELETE":
            if present is not None:
                self.remove(table, present["id"])
            # of a consumer, Kong does not say whether it was there
            return Answer(204) if present is not None or table == "consumers" else Answer(404, {"message": "Not found"})
        if method == "GET" or (method == "PATCH" and present is None):
            return Answer(200, present) if present is not None else Answer(404, {"message": "Not found"})
        id = present["id"] if present is not None else key
        row = {**(present or {}), **body, "id": id} if method == "PATCH" else {**body, "id": id}
        missing = {name: "required field missing" for name in REQUIRED.get(table, ()) if not row.get(name)}
        if missing:
            text = "; ".join(f"{name}: {problem}" for name, problem in missing.items())
            return self.error(400, 2, "schema violation", f"schema violation ({text})", missing)
        for name in UNIQUE[table]:
            others = (each for each in self.tables[table].values() if each["id"] != id)
            if row.get(name) is not None and any(each.get(name) == row[name] for each in others):
                text = f"UNIQUE violation detected on '{{{name}=\"{row[name]}\"}}'"
                return self.error(409, 5, "unique constraint violation", text, {name: row[name]})
        row |= {name: uuid4().hex for name in MADE_UP.get(table, ()) if row.get(name) is None}
        if table == "jwt":
            row.setdefault("algorithm", "HS256")
        if table == "basic-auth":
            row["password"] = "hashed"
        if table == "oauth2" and row.get("hash_secret"):
            row["client_secret"] = "$pbkdf2-sha512$"
        self.tables[table][id] = row
        return Answer(200, row)

    def membership(self, method: str, owner: Row, group: str, body: Row) -> Answer:
        table = self.tables["acls"]
        found = next(
            (row for row in table.values() if row["group"] == group and row["consumer"]["id"] == owner["id"]), None
        )
        if method == "DELETE":
            if found is None:
                return Answer(404, {"message": "Not found"})
            del table[found["id"]]
            return Answer(204)
        assert method == "PUT"
        row = {"id": found["id"] if found else str(uuid4()), "group": group, "consumer": {"id": owner["id"]}, **body}
        table[row["id"]] = row
        return Answer(200, row)

    def remove(self, table: str, id: str) -> None:
        del self.tables[table][id]
        if table == "consumers":
            for name, rows in self.tables.items():
                if name not in ("services", "routes"):
                    self.tables[name] = {
                        each: row for each, row in rows.items() if row.get("consumer", {}).get("id") != id
                    }

    def page(self, request: Request, rows: Any) -> Answer:
        wanted = set((request.asked("tags") or "").split(",")) - {""}
        custom_id = request.asked("custom_id")
        found = [
            row for row in rows if wanted <= set(row.get("tags") or ()) and custom_id in (None, row.get("custom_id"))
        ]
        size, start = int(request.asked("size") or 100), int(request.asked("offset") or 0)
        assert size <= 1000
        page: Row = {"data": found[start : start + size], "next": None}
        if start + size < len(found):
            page["offset"] = str(start + size)
        return Answer(200, page)

    def error(self, status: int, code: int, name: str, message: str, fields: Row) -> Answer:
        return Answer(status, {"code": code, "name": name, "message": message, "fields": fields})


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    async with running(Gateway()) as server:
        yield server


@pytest.fixture
async def connection(gateway: Gateway) -> AsyncIterator[OpenedConnection]:
    config, credentials = {"adminUrl": gateway.url}, {"apiKey": TOKEN}
    async with connected(kong, auth="API_KEY", config=config, credentials=credentials) as connection:
        yield connection


@pytest.fixture
async def consumer(gateway: Gateway) -> Row:
    row = {"id": str(uuid4()), "username": "engie", "custom_id": None, "tags": ["brp"]}
    gateway.tables["consumers"][row["id"]] = row
    return row


async def test_a_consumer_is_created_changed_and_deleted(gateway: Gateway, connection: OpenedConnection):
    created = await call("kong.createConsumer", connection, username="engie", customId="BE0403170701", tags=["brp"])
    assert created == {"id": created["id"], "username": "engie", "customId": "BE0403170701", "tags": ["brp"]}
    assert await call("kong.getConsumer", connection, consumer="engie") == created
    changed = await call("kong.updateConsumer", connection, consumer="engie", tags=["brp", "bsp"])
    assert changed == {**created, "tags": ["brp", "bsp"]}
    # what was created is undone by what creating returned
    assert await call("kong.deleteConsumer", connection, **created) == {"deleted": True}
    assert await call("kong.deleteConsumer", connection, **created) == {"deleted": True}
    assert gateway.tables["consumers"] == {}
    assert (await refusal("kong.getConsumer", connection, consumer="engie")).code == "http_404"


async def test_a_second_attempt_finds_its_own_consumer(gateway: Gateway, connection: OpenedConnection):
    first = await call("kong.createConsumer", connection, username="engie")
    again = await call("kong.createConsumer", connection, username="engie")
    assert again == first
    assert len(gateway.tables["consumers"]) == 1


async def test_another_consumer_of_the_name_is_a_conflict(connection: OpenedConnection, consumer: Row):
    error = await refusal("kong.createConsumer", connection, username=consumer["username"])
    assert (error.code, error.retryable) == ("kong_conflict", False)
    assert error.details == {"status": 409, "name": "unique constraint violation", "fields": {"username": "engie"}}


async def test_consumers_are_listed_page_by_page(gateway: Gateway, connection: OpenedConnection, consumer: Row):
    for number in range(1500):
        id = str(uuid4())
        gateway.tables["consumers"][id] = {"id": id, "username": f"c{number}", "tags": None}
    found = await call("kong.listConsumers", connection, limit=1200)
    assert (len(found["consumers"]), found["isMore"], len(gateway.requests)) == (1200, True, 2)
    found = await call("kong.listConsumers", connection, tags=["brp"])
    assert ([each["username"] for each in found["consumers"]], found["isMore"]) == (["engie"], False)


async def test_a_consumer_joins_a_group_and_leaves_it(gateway: Gateway, connection: OpenedConnection, consumer: Row):
    joined = await call("kong.addToGroup", connection, consumer="engie", group="brp / be")
    assert joined == {"id": joined["id"], "consumer": consumer["id"], "group": "brp / be"}
    assert await call("kong.addToGroup", connection, consumer="engie", group="brp / be") == joined
    await call("kong.addToGroup", connection, consumer="engie", group="bsp")
    listed = await call("kong.listGroups", connection, consumer="engie")
    assert listed == {"groups": ["brp / be", "bsp"], "isMore": False}
    assert await call("kong.removeFromGroup", connection, **joined) == {"deleted": True}
    assert await call("kong.removeFromGroup", connection, **joined) == {"deleted": True}
    assert [row["group"] for row in gateway.tables["acls"].values()] == ["bsp"]


CREDENTIALS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "createKey": ({"key": "k-1"}, {"kind": "key-auth", "key": "k-1"}),
    "createBasicAuth": ({"username": "engie", "password": "p"}, {"kind": "basic-auth", "username": "engie"}),
    "createJwt": (
        {"key": "iss", "algorithm": "RS256", "publicKey": "-----BEGIN PUBLIC KEY-----"},
        {"kind": "jwt", "key": "iss", "algorithm": "RS256", "secret": None},
    ),
    "createOAuth2": (
        {
            "name": "Portal",
            "clientId": "c",
            "clientSecret": "s",
            "redirectUris": ["https://x.example"],
            "hashSecret": True,
        },
        {"kind": "oauth2", "name": "Portal", "clientId": "c", "clientSecret": "s"},
    ),
}


@pytest.mark.parametrize("action", CREDENTIALS)
async def test_credentials_are_created_once_and_deleted(
    gateway: Gateway, connection: OpenedConnection, consumer: Row, action: str
):
    given, expected = CREDENTIALS[action]
    created = await call(f"kong.{action}", connection, consumer="engie", **given)
    assert created == {"id": created["id"], "consumer": consumer["id"], **expected}
    assert await call(f"kong.{action}", connection, consumer="engie", **given) == created
    [row] = gateway.tables[expected["kind"]].values()
    assert row["consumer"] == {"id": consumer["id"]}
    assert await call("kong.deleteCredential", connection, **created) == {"deleted": True}
    assert await call("kong.deleteCredential", connection, **created) == {"deleted": True}
    assert gateway.tables[expected["kind"]] == {}


async def test_kong_makes_up_what_is_not_given(connection: OpenedConnection, consumer: Row):
    assert len((await call("kong.createKey", connection, consumer="engie"))["key"]) == 32
    token = await call("kong.createJwt", connection, consumer="engie")
    assert (token["algorithm"], len(token["secret"])) == ("HS256", 32)
    client = await call("kong.createOAuth2", connection, consumer="engie", name="Portal")
    assert (len(client["clientId"]), len(client["clientSecret"])) == (32, 32)


async def test_a_public_key_belongs_to_an_algorithm_with_two(gateway: Gateway, connection: OpenedConnection):
    error = await refusal("kong.createJwt", connection, consumer="engie", algorithm="RS256")
    assert (error.code, gateway.requests) == ("invalid_input", [])


async def test_credentials_of_nobody_are_refused(connection: OpenedConnection):
    error = await refusal("kong.createKey", connection, consumer="nobody")
    assert (error.code, error.retryable) == ("http_404", False)


async def test_what_kong_does_not_take_is_told_in_its_words(gateway: Gateway, connection: OpenedConnection):
    gateway.failures = [
        gateway.error(400, 2, "schema violation", "schema violation (tags.1: invalid tag)", {"tags": ["invalid tag"]})
    ]
    error = await refusal("kong.createConsumer", connection, username="x", tags=["a,b"])
    assert (error.code, error.message) == ("http_400", "kong: schema violation (tags.1: invalid tag)")
    gateway.failures = [Answer(500, {"message": "An unexpected error occurred"})]
    assert (await refusal("kong.createConsumer", connection, username="x")).retryable is True


async def test_services_and_routes_are_read(gateway: Gateway, connection: OpenedConnection):
    service, route = str(uuid4()), str(uuid4())
    gateway.tables["services"][service] = {
        "id": service, "name": "market-data", "protocol": "https", "host": "md.internal", "port": 443,
        "path": None, "enabled": True, "tags": None,
    }  # fmt: skip
    gateway.tables["routes"][route] = {
        "id": route, "name": "v1", "service": {"id": service}, "protocols": ["https"], "methods": None,
        "hosts": None, "paths": ["/v1"], "tags": ["public"],
    }  # fmt: skip
    found = await call("kong.getService", connection, service="market-data")
    assert (found["id"], found["host"], found["tags"]) == (service, "md.internal", [])
    assert await call("kong.listServices", connection) == {"services": [found], "isMore": False}
    read = await call("kong.getRoute", connection, route="v1")
    assert (read["service"], read["paths"], read["methods"]) == (service, ["/v1"], [])
    for asked in ({}, {"service": "market-data"}):
        assert await call("kong.listRoutes", connection, **asked) == {"routes": [read], "isMore": False}


async def test_a_workspace_stands_before_every_path(gateway: Gateway, connection: OpenedConnection):
    connection.config = {"adminUrl": gateway.url, "workspace": "market ops"}
    await refusal("kong.getConsumer", connection, consumer="engie")
    assert gateway.requests[0].path == "/market%20ops/consumers/engie"


async def test_a_connection_is_tried(connection: OpenedConnection):
    tester: Any = kong.tester
    assert await tester(connection) == "Kong 3.9.0"
    connection.credentials = {"apiKey": "old"}
    with pytest.raises(ActionError) as raised:
        await tester(connection)
    assert raised.value.code == "connection_unauthorized"
