"""Help with expressions over HTTP."""

from __future__ import annotations

from typing import Any

from tests.api.client import Client, problem
from tests.api.definitions import GREETING
from tests.api.people import People
from weftline.authoring import load_actions

UNFINISHED: dict[str, Any] = {
    **GREETING,
    "nodes": [*GREETING["nodes"][:2], {"id": "end", "type": "no such type", "next": 3}, {}],
}


async def scope(api: Client, definition: dict[str, Any], pointer: str) -> dict[str, Any]:
    answer = await api.post("/workflows/scope", {"definition": definition, "pointer": pointer})
    assert answer.status_code == 200, answer.text
    return answer.json()


def named(names: list[dict[str, Any]], *path: str) -> dict[str, Any]:
    for name in path:
        (found,) = (each for each in names if each["name"] == name)
        names = found["members"]
    return found


async def test_the_scope_of_a_place_is_told_though_the_definition_is_unfinished(api: Client) -> None:
    told = await scope(api, UNFINISHED, "/nodes/1/input/text")
    assert told["syntax"] == "template"
    assert named(told["names"], "name")["type"] == "string"
    assert named(told["names"], "input", "name")["isCertain"]
    assert named(told["names"], "execution", "startedAt")["type"] == "string"
    assert "startsWith" in {each["name"] for each in told["functions"]}


async def test_the_variables_of_tenant_and_workflow_are_named_but_not_shown(api: Client) -> None:
    for path, key, type in (
        ("/variables", "API_KEY", "SECRET"),
        ("/variables", "LIMIT", "STRING"),
        ("/workflows/greeting/variables", "LIMIT", "NUMBER"),
    ):
        if path != "/variables" and (await api.get("/workflows/greeting")).status_code == 404:
            assert (await api.post("/workflows", GREETING)).status_code == 201
        body = {"key": key, "type": type, "value": 3 if type == "NUMBER" else "sesame", "description": type}
        assert (await api.post(path, body)).status_code == 201
    answer = await api.post("/workflows/scope", {"definition": GREETING, "pointer": "/nodes/1/when"})
    names = answer.json()["names"]
    assert named(names, "vars", "API_KEY")["isSecret"]
    assert named(names, "vars", "LIMIT")["type"] == "double"
    assert named(names, "vars", "TENANT_SLUG")["type"] == "string"
    assert "sesame" not in answer.text


async def test_whoever_may_not_see_variables_is_not_told_their_names(api: Client, people: People) -> None:
    body = {"key": "API_KEY", "type": "SECRET", "value": "sesame"}
    assert (await api.post("/variables", body)).status_code == 201
    viewer = await people.join("vic", "viewer")
    assert named((await scope(viewer, GREETING, "/nodes/1/when"))["names"], "vars")["members"] == []


async def test_an_expression_is_checked_where_it_is_to_stand(api: Client) -> None:
    async def check(text: str, pointer: str, **more: Any) -> dict[str, Any]:
        body = {"definition": UNFINISHED, "pointer": pointer, "expression": text, **more}
        answer = await api.post("/expressions/check", body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    good = await check("name.startsWith('A')", "/nodes/1/when")
    assert good == {"valid": True, "problems": [], "type": "bool"}
    bad = await check("Hello ${ nam", "/nodes/1/input/text")
    assert (bad["valid"], bad["type"]) == (False, None)
    assert [(each["severity"], each["line"], each["column"]) for each in bad["problems"]] == [("error", 1, 7)]
    doubtful = await check("nmae == 'Ada'", "/nodes/1/input/text", syntax="expression")
    assert (doubtful["valid"], doubtful["problems"][0]["hint"]) == (True, "did you mean `name`?")


async def test_a_pointer_that_is_none_is_refused(api: Client) -> None:
    for path, body in (("/workflows/scope", {}), ("/expressions/check", {"expression": "1"})):
        answer = await api.post(path, {"definition": GREETING, "pointer": "nodes/0", **body})
        assert problem(answer, 422, "invalid_request")["errors"][0]["pointer"] == "/pointer"


async def test_whoever_may_not_see_workflows_gets_no_help(people: People) -> None:
    ann = await people.join("ann")
    body = {"definition": GREETING, "pointer": ""}
    problem(await ann.post("/workflows/scope", body), 403, "permission_denied")
    problem(await ann.post("/expressions/check", {**body, "expression": "1"}), 403, "permission_denied")


async def test_what_imported_actions_and_those_of_integrations_give_can_be_completed(api: Client) -> None:
    load_actions()
    pet = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "owner": {"$ref": "#/components/schemas/Owner"}},
    }
    owner = {"type": "object", "properties": {"email": {"type": "string"}, "pets": {"type": "array", "items": pet}}}
    answer = {"description": "The pet.", "content": {"application/json": {"schema": pet}}}
    root = {
        "openapi": "3.0.3",
        "info": {"title": "Pets", "version": "1"},
        "servers": [{"url": "https://pets.example.com"}],
        "paths": {"/pets/{id}": {"get": {"operationId": "getPet", "responses": {"200": answer}}}},
        "components": {"schemas": {"Owner": owner}},
    }
    assert (await api.post("/integrations/import", {"document": root, "name": "pets"})).status_code == 201
    definition = {
        "id": "adopt",
        "nodes": [
            {"id": "pet", "type": "action", "action": "pets.getPet", "next": "each"},
            {"id": "each", "type": "loop", "forEach": "[1]", "body": {"nodes": [{"action": "pets.gone"}]}},
            {"id": "issue", "type": "action", "action": "github.createIssue", "next": "end"},
            {"id": "end", "type": "end", "dependencies": ["pet", "issue"], "output": {"x": ""}},
        ],
    }
    names = (await scope(api, definition, "/nodes/3/output/x"))["names"]
    assert named(names, "steps", "pet", "output", "name")["type"] == "string"
    # also what a schema that it refers to says, which refers to others
    assert named(names, "steps", "pet", "output", "owner", "email")["type"] == "string"
    assert named(names, "steps", "pet", "output", "owner", "pets")["items"] is not None
    assert named(names, "steps", "issue", "output", "number")["type"] == "int"
