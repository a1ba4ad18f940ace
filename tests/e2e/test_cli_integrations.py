"""A system is imported from its document, connected to, and called by a workflow: all from the console."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.connectors.server import Answer, FakeServer, Request, running
from tests.e2e.conftest import Command

KEY = "correct horse battery staple"
PET = {"$ref": "#/components/schemas/Pet"}
PETS: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Pet store", "version": "1.2"},
    "servers": [{"url": "/v1"}],
    "security": [{"key": []}],
    "paths": {
        "/pets": {
            "post": {
                "operationId": "addPet",
                "summary": "Add a pet",
                "requestBody": {"required": True, "content": {"application/json": {"schema": PET}}},
                "responses": {"201": {"description": "", "content": {"application/json": {"schema": PET}}}},
            }
        },
        "/pets/{petId}": {
            "get": {
                "operationId": "getPet",
                "parameters": [{"name": "petId", "in": "path", "required": True, "schema": {"type": "integer"}}],
                "responses": {"200": {"description": "", "content": {"application/json": {"schema": PET}}}},
            }
        },
    },
    "components": {
        "schemas": {
            "Pet": {
                "type": "object",
                "required": ["name"],
                "properties": {"id": {"type": "integer", "readOnly": True}, "name": {"type": "string"}},
            }
        },
        "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}},
    },
}


class PetServer(FakeServer):
    """Keeps pets for those who have the key."""

    def __init__(self) -> None:
        super().__init__()
        self.pets: dict[str, dict[str, Any]] = {}

    def answer(self, request: Request) -> Answer:
        if request.path == "/docs/openapi.json":
            return Answer(body=PETS)
        if request.headers.get("x-key") != KEY:
            return Answer(401, {"message": "who are you?"})
        if request.method == "POST":
            self.pets["7"] = {**request.json, "id": 7}
            return Answer(201, self.pets["7"])
        pet = self.pets.get(request.parts[-1])
        return Answer(200, pet) if pet else Answer(404, {"message": "no such pet"})


@pytest.fixture
def server() -> Iterator[PetServer]:
    """The system, on a loop of its own: commands run in this process, each on another."""
    server, started, ended = PetServer(), threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with running(server):
            started.set()
            await ended.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert started.wait(60)
    yield server
    loop.call_soon_threadsafe(ended.set)
    thread.join()
    loop.close()


@pytest.fixture(autouse=True)
def on_database(database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WEFT_DATABASE_URL", database)
    monkeypatch.setenv("WEFT_HOME", str(tmp_path))
    monkeypatch.setenv("WEFT_ALLOW_PRIVATE_ADDRESSES", "true")


def workflow(tmp_path: Path) -> Path:
    """A workflow that adds a pet and gets it again."""
    nodes = [
        {
            "id": "add",
            "type": "action",
            "action": "pet-store.addPet",
            "connection": "shop",
            "input": {"body": {"name": "${input.name}"}, "fullResponse": True},
            "next": "get",
        },
        {
            "id": "get",
            "type": "action",
            "action": "pet-store.getPet",
            "connection": "shop",
            "input": {"petId": "${steps.add.output.body.id}"},
        },
    ]
    output = {"status": "${steps.add.output.status}", "pet": "${steps.get.output}"}
    file = tmp_path / "adopt.json"
    file.write_text(json.dumps({"id": "adopt", "name": "Adopt", "output": output, "nodes": nodes}))
    return file


def test_a_system_is_imported_connected_to_and_called(server: PetServer, command: Command, tmp_path: Path) -> None:
    address = f"{server.url}/docs/openapi.json"
    told = command("integration", "import", address, "--dry-run")
    assert told.code == 0, told.err
    assert "pet-store would be imported from OpenAPI 3.1.0: Pet store 1.2" in told.out
    assert "pet-store.addPet" in told.out
    made = command("integration", "import", address)
    assert (made.code, "actions: 2 added" in made.out) == (0, True), made.err
    assert f"at {server.url}/v1; sign in by API_KEY" in made.out
    assert "pet-store" in command("integration", "list", "pet").out
    assert "GET /pets/{petId}" in command("integration", "show", "pet-store").out
    schemas = command("integration", "show", "pet-store.addPet").json
    assert schemas["inputSchema"]["$defs"]["Pet"]["required"] == ["name"]
    (tmp_path / "key.json").write_text(json.dumps({"apiKey": KEY}))
    file = ("--credentials", tmp_path / "key.json")
    connected = command("connection", "add", "pet-store", "shop", *file, "--no-test")
    assert connected.code == 0, connected.err
    ran = command("run", workflow(tmp_path), "--input", '{"name": "Rex"}', "--json")
    assert ran.code == 0, ran.err
    assert ran.json["output"] == {"status": 201, "pet": {"id": 7, "name": "Rex"}}
    assert KEY not in ran.out + ran.err
    refused = command("integration", "remove", "pet-store")
    assert (refused.code, "'adopt'" in refused.err) == (1, True)
    assert command("integration", "remove", "pet-store", "--force").out == "pet-store is removed.\n"


def test_a_document_that_cannot_be_imported_says_why(command: Command, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<html>")
    told = command("integration", "import", tmp_path / "page.html")
    assert (told.code, "documentation page" in told.err) == (2, True), told.err
    told = command("integration", "import", tmp_path / "nothing.yaml")
    assert (told.code, "No such file" in told.err) == (2, True)
