"""Systems are imported from OpenAPI documents, brought up to date, and removed."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from tests.api.client import Client, problem, running
from tests.api.conftest import api_options
from tests.api.people import People
from tests.connectors.server import Answer, FakeServer, Request
from tests.connectors.server import running as serving
from weftline import connectors
from weftline.api.app import Application
from weftline.authoring.builtin import HttpSettings

assert connectors.http is not None, "declares integrations by being imported"

IMPORT = "/integrations/import"


class DocumentServer(FakeServer):
    """A system with its own document.

    Attributes:
        text: the document's.
    """

    def __init__(self) -> None:
        super().__init__()
        self.text = ""

    def answer(self, request: Request) -> Answer:
        return Answer(text=self.text) if request.path == "/docs/openapi.yaml" else Answer(404)


@pytest.fixture
async def server() -> AsyncIterator[DocumentServer]:
    async with serving(DocumentServer()) as server:
        yield server


@pytest.fixture
async def application(database: str) -> AsyncIterator[Application]:
    """The API, which may call this machine."""
    options = api_options(database)
    app = Application(replace(options, accounts=replace(options.accounts, http=HttpSettings(True))))
    async with running(app):
        yield app


def document(*operations: tuple[str, str, str], **more: Any) -> dict[str, Any]:
    """A document with these operations: method, path, id."""
    paths: dict[str, Any] = {}
    pet = {"schema": {"$ref": "#/components/schemas/Pet"}}
    for method, path, name in operations:
        given: dict[str, Any] = {
            "operationId": name,
            "summary": f"About {name}",
            "tags": ["pets"],
            "responses": {"200": {"description": "", "content": {"application/json": pet}}},
        }
        if method == "post":
            given["requestBody"] = {"required": True, "content": {"application/json": pet}}
        paths.setdefault(path, {})[method] = given
    return {
        "openapi": "3.0.3",
        "info": {"title": "Pet store", "version": "1.2", "description": "Pets."},
        "servers": [{"url": "https://pets.example.com/v1"}],
        "paths": paths,
        "components": {
            "schemas": {
                "Pet": {
                    "type": "object",
                    "required": ["name"],
                    "properties": {"name": {"type": "string"}, "owner": {"$ref": "#/components/schemas/Owner"}},
                },
                "Owner": {"type": "object", "properties": {"pets": {"items": {"$ref": "#/components/schemas/Pet"}}}},
            },
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}},
        },
        "security": [{"key": []}],
        **more,
    }


PETS = document(("get", "/pets/{id}", "getPet"), ("post", "/pets", "addPet"))


def workflow(action: str, id: str = "adopt") -> dict[str, Any]:
    """A workflow that calls an action."""
    return {
        "id": id,
        "name": "Adopt",
        "startNode": "a",
        "nodes": [{"id": "a", "type": "action", "action": action, "input": {"body": {"name": "Rex"}}}],
    }


async def imported(api: Client, root: Any = PETS, name: str = "pets", **fields: Any) -> dict[str, Any]:
    """What an import comes to."""
    answer = await api.post(IMPORT, {"document": root, "name": name, **fields})
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


async def test_a_document_becomes_an_integration_with_actions(api: Client) -> None:
    answer = await api.post(IMPORT, {"document": PETS, "name": "pets"})
    assert answer.status_code == 201
    assert answer.headers["Location"] == "/api/v1/integrations/pets"
    told = answer.json()
    assert (told["isNew"], told["dryRun"], told["actionCount"], told["leftOutTotal"]) == (True, False, 2, 1)
    assert "id" in told["leftOut"][0]["why"]
    assert [(each["id"], each["method"], each["change"]) for each in told["actions"]] == [
        ("pets.getPet", "GET", "ADDED"),
        ("pets.addPet", "POST", "ADDED"),
    ]
    shown = (await api.get("/integrations/pets")).json()
    assert (shown["displayName"], shown["category"], shown["isBuiltIn"]) == ("Pet store", "imported", False)
    assert shown["authTypes"] == ["API_KEY"]
    assert [each["id"] for each in (await api.get("/integrations", params={"query": "store"})).json()["items"]] == [
        "pets"
    ]


async def test_an_action_is_shown_with_the_schemas_that_it_reaches(api: Client) -> None:
    await imported(api)
    shown = (await api.get("/integrations/pets/actions/addPet")).json()
    assert shown["endpoint"] == "/pets"
    assert shown["inputSchema"]["properties"]["body"] == {"$ref": "#/$defs/Pet"}
    assert sorted(shown["inputSchema"]["$defs"]) == ["Owner", "Pet"]
    assert list(shown["inputSchema"]["$defs"]["Pet"]["properties"]) == ["name", "owner"]
    problem(await api.get("/integrations/pets/actions/nothing"), 404, "action_not_found")


async def test_actions_are_found_by_words(api: Client) -> None:
    await imported(api)
    found = (await api.get("/integrations/actions", params={"query": "pet store getpet"})).json()["items"]
    assert [each["id"] for each in found] == ["pets.getPet"]
    of_it = (await api.get("/integrations/pets/actions")).json()["items"]
    assert {each["id"] for each in of_it} == {"pets.getPet", "pets.addPet"}
    in_catalogue = {each["name"] for each in (await api.get("/catalogue")).json()["actions"]}
    assert {"pets.getPet", "pets.addPet"} <= in_catalogue


async def test_a_dry_run_tells_and_stores_nothing(api: Client) -> None:
    answer = await api.post(IMPORT, {"document": PETS}, params={"dryRun": "true"})
    assert (answer.status_code, answer.json()["name"], answer.json()["dryRun"]) == (200, "pet-store", True)
    problem(await api.get("/integrations/pet-store"), 404, "integration_not_found")


async def test_a_document_is_fetched_from_its_address(api: Client, server: DocumentServer) -> None:
    server.text = "openapi: 3.1.0\ninfo: {title: Fetched}\nservers: [{url: ../api}]\npaths: {/a: {get: {}}}\n"
    told = (await api.post(IMPORT, {"url": f"{server.url}/docs/openapi.yaml?token=s3cret"})).json()
    assert told["name"] == "fetched"
    assert told["baseUrl"] == f"{server.url}/api"
    assert told["sourceUrl"] == f"{server.url}/docs/openapi.yaml"
    assert server.requests[0].query == {"token": ["s3cret"]}


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://127.0.0.1:9/openapi.json", "address_refused"),
        ("http://169.254.169.254/latest", "address_refused"),
        ("http://[::1]/", "address_refused"),
        ("ftp://example.com/a", "invalid_url"),
        ("https://user:pw@example.com/a", "invalid_url"),
        ("nonsense", "invalid_url"),
    ],
)
async def test_addresses_that_may_not_be_reached_are_refused(database: str, url: str, code: str) -> None:
    app = Application(api_options(database))
    async with running(app):
        import httpx

        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http:
            api = Client(http)
            await api.become_first_administrator(app)
            told = problem(await api.post(IMPORT, {"url": url}), 422, "invalid_document")
    assert [(each["pointer"], each["code"]) for each in told["errors"]] == [("/url", code)]


async def test_an_address_without_a_document_is_refused(api: Client, server: DocumentServer) -> None:
    told = problem(await api.post(IMPORT, {"url": f"{server.url}/nothing"}), 422, "invalid_document")
    assert "answered 404" in told["errors"][0]["message"]
    server.text = "<html><title>API</title></html>"
    told = problem(await api.post(IMPORT, {"url": f"{server.url}/docs/openapi.yaml"}), 422, "invalid_document")
    assert "documentation page" in told["errors"][0]["message"]


@pytest.mark.parametrize("text", ["", "[]", "openapi: '4'", "a: &a [*a]", "{", "[" * 100_000])
async def test_what_is_no_document_is_refused(api: Client, text: str) -> None:
    told = problem(await api.post(IMPORT, {"document": text, "name": "x"}), 422, "invalid_document")
    assert told["errors"][0]["pointer"] == "/document"


@pytest.mark.parametrize(
    "body", [{}, {"document": {}, "url": "http://a"}, {"document": {}, "name": "Not Good"}, {"document": 4}]
)
async def test_a_request_that_is_none_is_refused(api: Client, body: dict[str, Any]) -> None:
    problem(await api.post(IMPORT, body), 422, "invalid_request")


async def test_names_of_integrations_that_come_with_the_platform_are_taken(api: Client) -> None:
    problem(await api.post(IMPORT, {"document": PETS, "name": "slack"}), 409, "integration_exists")


async def test_an_import_again_brings_it_up_to_date(api: Client) -> None:
    await imported(api)
    more = document(
        ("get", "/pets/{id}", "fetchPet"), ("post", "/owners", "addOwner"), servers=[{"url": "https://b.io"}]
    )
    told = await imported(api, more)
    assert told["isNew"] is False
    changes = {each["name"]: each["change"] for each in told["actions"]}
    # the operation's id has changed, and its action is called as before
    assert changes == {"getPet": "KEPT", "addOwner": "ADDED", "addPet": "REMOVED"}
    assert (await api.get("/integrations/pets")).json()["baseUrl"] == "https://b.io"
    problem(await api.get("/integrations/pets/actions/addPet"), 404, "action_not_found")
    assert (await api.get("/integrations/pets")).json()["actionCount"] == 2


async def test_a_workflow_may_call_imported_actions_of_its_own_tenant_alone(api: Client, people: People) -> None:
    told = (await api.post("/workflows/validate", workflow("pets.addPet"))).json()
    assert told["valid"] is False
    await imported(api)
    assert (await api.post("/workflows/validate", workflow("pets.addPet"))).json() == {"valid": True, "problems": []}
    [found] = (await api.post("/workflows/validate", workflow("pets.addPte"))).json()["problems"]
    assert "pets.addPet" in found["message"] + str(found["hint"])
    await api.publish(workflow("pets.addPet"))


async def test_actions_that_published_workflows_call_outlive_their_document(api: Client) -> None:
    await imported(api)
    await api.publish(workflow("pets.addPet"))
    told = await imported(api, document(("get", "/pets/{id}", "getPet"), components={}))
    [warning] = told["warnings"]
    assert "'addPet'" in warning and "'adopt'" in warning
    kept = (await api.get("/integrations/pets/actions/addPet")).json()
    assert kept["inputSchema"]["properties"]["body"] is True, "what it referred to is gone"
    found = (await api.get("/integrations/actions", params={"integrationId": "pets"})).json()["items"]
    assert [each["name"] for each in found] == ["getPet"], "it is offered to nobody else"
    assert (await api.post("/workflows/validate", workflow("pets.addPet"))).json()["valid"]
    again = await imported(api)
    assert {each["name"]: each["change"] for each in again["actions"]} == {"getPet": "KEPT", "addPet": "ADDED"}
    back = (await api.get("/integrations/pets/actions/addPet")).json()
    assert back["inputSchema"]["properties"]["body"] == {"$ref": "#/$defs/Pet"}


async def test_what_published_workflows_call_is_removed_by_force_alone(api: Client) -> None:
    await imported(api)
    await api.publish(workflow("pets.addPet"))
    told = problem(await api.http.delete("/api/v1/integrations/pets"), 409, "integration_in_use")
    assert "'adopt'" in told["detail"]
    gone = await api.http.delete("/api/v1/integrations/pets", params={"force": "true"})
    assert gone.json() == {"id": "pets", "name": "pets"}
    problem(await api.get("/integrations/pets"), 404, "integration_not_found")
    problem(await api.http.delete("/api/v1/integrations/pets"), 404, "integration_not_found")


async def test_a_connection_to_an_imported_system_is_set_up_like_any_other(api: Client) -> None:
    await imported(api)
    body = {
        "integrationId": "pets",
        "name": "shop",
        "authType": "API_KEY",
        "credentials": {"apiKey": "s3cret"},
        "test": False,
    }
    made = await api.post("/connections", body)
    assert made.status_code == 201, made.text
    assert "s3cret" not in made.text
    problem(await api.post("/connections", {**body, "name": "b", "credentials": {}}), 422, "invalid_connection")


async def test_imports_are_audited(api: Client) -> None:
    await imported(api)
    await imported(api)
    await api.http.delete("/api/v1/integrations/pets")
    entries = (await api.get("/audit", params={"resourceType": "integration"})).json()["items"]
    assert [each["action"] for each in entries] == [
        "integration.removed",
        "integration.updated",
        "integration.imported",
    ]


async def test_a_thousand_operations_are_imported_and_found(api: Client) -> None:
    root = document(*(("get", f"/things/{n}/{{id}}", f"getThing{n}") for n in range(1_000)))
    began = time.perf_counter()
    told = await imported(api, root, "large")
    assert told["actionCount"] == 1_000
    # far above what it takes: a guard against what grows with the square
    assert time.perf_counter() - began < 30
    found = (await api.get("/integrations/actions", params={"query": "thing777"})).json()["items"]
    assert [each["name"] for each in found] == ["getThing777"]
