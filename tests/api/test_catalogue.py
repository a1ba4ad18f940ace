"""What a definition can be made of, over HTTP."""

from __future__ import annotations

from typing import Any

import jsonschema_rs

from tests.api.client import Client, problem
from tests.api.definitions import GREETING
from tests.api.people import People
from weftline.language import definition_schema

REMOTE: dict[str, Any] = {
    "id": "remote",
    "nodes": [{"id": "score", "type": "action", "action": "scoreRisk", "queue": "risk"}],
}


async def catalogue(api: Client) -> dict[str, Any]:
    answer = await api.get("/catalogue")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def remote_actions(api: Client) -> list[tuple[str, str]]:
    return [(each["name"], each["queue"]) for each in (await catalogue(api))["actions"] if each["queue"]]


async def test_the_catalogue_tells_kinds_of_nodes_and_triggers_with_their_schemas(api: Client) -> None:
    told = await catalogue(api)
    for kind in (*told["nodeTypes"], *told["triggerTypes"]):
        assert jsonschema_rs.validator_for(kind["schema"]).is_valid(kind["example"]), kind["type"]
    categories = {kind["category"] for kind in told["nodeTypes"]}
    assert categories == {"start-end", "flow", "work", "people", "messages"}
    assert "native" in {dialect["name"] for dialect in told["dialects"]}


async def test_the_catalogue_tells_the_actions_that_definitions_may_call(api: Client) -> None:
    actions = {each["name"]: each for each in (await catalogue(api))["actions"]}
    assert actions["echo"]["title"] == "Echo"
    assert actions["echo"]["queue"] is None
    for name in ("echo", "nothingOfTheKind"):
        definition = {"id": "x", "nodes": [{"id": "a", "type": "action", "action": name}]}
        validated = (await api.post("/workflows/validate", definition)).json()
        assert validated["valid"] == (name in actions)


async def test_the_catalogue_tells_the_actions_of_remote_workers_that_definitions_name(api: Client) -> None:
    assert await remote_actions(api) == []
    assert (await api.post("/workflows", REMOTE)).status_code == 201
    assert await remote_actions(api) == [("scoreRisk", "risk")]
    changed = {**REMOTE, "nodes": [{**REMOTE["nodes"][0], "action": "scoreFraud"}]}
    assert (await api.put("/workflows/remote", changed)).status_code == 200
    assert await remote_actions(api) == [("scoreFraud", "risk")]
    assert (await api.post("/workflows/remote/archive")).status_code == 200
    assert await remote_actions(api) == []


async def test_nobody_learns_of_remote_actions_from_workflows_that_they_may_not_see(
    api: Client, people: People
) -> None:
    await api.publish(GREETING)
    await api.publish(REMOTE)
    ann = await people.join("ann")
    grant = {"subjectType": "user", "subjectId": str(ann.id), "permissions": ["workflow:read"]}
    assert (await api.post("/grants", {**grant, "workflowId": "greeting"})).status_code == 201
    assert await remote_actions(ann) == []
    assert await remote_actions(api) == [("scoreRisk", "risk")]


async def test_who_knows_the_catalogue_is_not_sent_it_again(api: Client) -> None:
    for path in ("/catalogue", "/catalogue/definition-schema"):
        first = await api.get(path)
        again = await api.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    (await api.post("/workflows", REMOTE)).raise_for_status()
    changed = await api.get("/catalogue", headers={"If-None-Match": first.headers["etag"]})
    assert changed.status_code == 200


async def test_the_schema_of_definitions_is_given_whole(api: Client) -> None:
    link = (await catalogue(api))["definitionSchema"]
    answer = await api.http.get(link)
    assert answer.json() == definition_schema()
    assert jsonschema_rs.validator_for(answer.json()).is_valid(GREETING)


async def test_whoever_may_not_see_workflows_is_told_nothing(people: People) -> None:
    ann = await people.join("ann")
    problem(await ann.get("/catalogue"), 403, "permission_denied")
    problem(await ann.get("/catalogue/definition-schema"), 403, "permission_denied")
