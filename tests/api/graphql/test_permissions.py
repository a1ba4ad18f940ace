"""GraphQL shows and does what REST would, to the same people."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.api.client import PATIENCE, Client
from tests.api.definitions import GREETING
from tests.api.graphql.client import ask, problem, send
from tests.api.people import People
from tests.api.world import World
from weftline.engine.worker import Worker

SECRET = "ES9121000418450200051332"

EVERYTHING = """
{
  executions { nodes { id input output data state attributes
    steps { nodes { input output } } events { nodes { data } } } }
  workflowTemplates { nodes { id definition executions { nodes { id output data } } } }
}
"""


async def test_nobody_is_answered_who_has_not_signed_in(anonymous: Client) -> None:
    problem(await send(anonymous, "{ __typename }"), 401, "unauthenticated")


async def test_what_field_rules_hide_is_nowhere(api: Client, people: People, worker: Worker) -> None:
    await api.publish(GREETING)
    answer = await api.post("/field-rules", {"field": "iban", "effect": "hide", "visibleTo": ["admin"]})
    assert answer.status_code == 201
    echo = {**GREETING["nodes"][1], "input": {"iban": "${ iban }"}}
    await api.publish({**GREETING, "id": "pay", "nodes": [GREETING["nodes"][0], echo, GREETING["nodes"][2]]})
    id = await api.start("pay", {"name": "Ada", "iban": SECRET})
    await api.when_status(id, "completed")
    assert SECRET in str(await ask(api, EVERYTHING))
    viewer = await people.join("vera", "viewer")
    # a rule counts as soon as the server has heard of it
    async with asyncio.timeout(PATIENCE):
        while SECRET in (await viewer.get(f"/executions/{id}")).text:
            pass
    seen = await ask(viewer, EVERYTHING)
    assert [each["id"] for each in seen["executions"]["nodes"]] == [id]
    assert SECRET not in str(seen)


@pytest.mark.parametrize(
    "operation",
    [
        'mutation { publishWorkflowTemplate(id: "greeting") { versionNumber } }',
        'mutation { startExecution(workflowId: "greeting", input: {input: {name: "Ada"}}) { id } }',
        'mutation { setVariable(key: "A", input: {value: "x"}) { key } }',
        'mutation { inviteUser(input: {email: "eve@example.com"}) { id } }',
        "{ auditEntries { nodes { seq } } }",
    ],
)
async def test_whoever_may_only_look_may_only_look(api: Client, people: People, operation: str) -> None:
    await api.publish(GREETING)
    viewer = await people.join("vera", "viewer")
    problem(await send(viewer, operation), 403, "permission_denied")


async def test_whoever_may_see_one_workflow_sees_that_one(api: Client, people: People) -> None:
    for name in ("greeting", "other"):
        await api.publish({**GREETING, "id": name})
        await api.start(name, {"name": "Ada"})
    guest = await people.join("gus")
    grant = {"subjectType": "user", "subjectId": str(guest.id), "permissions": ["execution:read"]}
    answer = await api.post("/grants", {**grant, "workflowId": "greeting"})
    assert answer.status_code == 201, answer.text
    seen = await ask(guest, "{ executions { nodes { workflowId steps { nodes { stepId } } } } }")
    assert [each["workflowId"] for each in seen["executions"]["nodes"]] == ["greeting"]
    problem(await send(guest, "{ workflowTemplates { nodes { id } } }"), 403, "permission_denied")
    [other] = (await api.get("/executions", params={"workflowId": "other"})).json()["items"]
    problem(
        await send(guest, "query ($id: ID!) { execution(id: $id) { id } }", id=other["id"]), 403, "permission_denied"
    )


async def test_nothing_of_another_tenant_is_there(world: World) -> None:
    acme, umbrella = await world.found("acme"), await world.found("umbrella")
    await acme.publish(GREETING)
    id = await acme.start("greeting", {"name": "Ada"})
    missing: dict[str, Any] = {
        "{ workflowTemplate(id: $id) { id } }": "greeting",
        "{ execution(id: $id) { id } }": id,
        "{ workflow(id: $id) { id state events { nodes { seq } } } }": id,
    }
    for text, name in missing.items():
        answer = await send(umbrella, f"query ($id: ID!) {text}", id=name)
        code = "workflow_not_found" if name == "greeting" else "execution_not_found"
        assert answer.json()["errors"][0]["extensions"]["code"] == code
    act = "mutation ($id: ID!) { pauseExecution(id: $id) { id } }"
    problem(await send(umbrella, act, id=id), 404, "execution_not_found")
    empty = await ask(umbrella, "{ executions { nodes { id } } workflowTemplates { nodes { id } } }")
    assert empty == {"executions": {"nodes": []}, "workflowTemplates": {"nodes": []}}
    answer = await umbrella.http.post("/t/acme/graphql", json={"query": "{ __typename }"})
    problem(answer, 403, "tenant_mismatch")
    answer = await umbrella.http.post("/t/umbrella/graphql", json={"query": "{ me { tenant { slug } } }"})
    assert answer.json() == {"data": {"me": {"tenant": {"slug": "umbrella"}}}}
    mine = (await ask(acme, "{ me { tenant { id } } }"))["me"]["tenant"]["id"]
    create = 'mutation ($id: ID!) { createWorkflow(tenantId: $id, templateId: "greeting") { id } }'
    problem(await send(umbrella, create, id=mine), 403, "tenant_mismatch")


async def test_a_mutation_under_a_key_is_done_once(api: Client) -> None:
    await api.publish(GREETING)
    start = 'mutation { startExecution(workflowId: "greeting", input: {input: {name: "Ada"}}) { id } }'
    headers = {"Idempotency-Key": "start-1"}
    first, second = [await api.http.post("/graphql", json={"query": start}, headers=headers) for _ in range(2)]
    assert first.json() == second.json() and "data" in first.json()
    assert len((await ask(api, "{ executions { nodes { id } } }"))["executions"]["nodes"]) == 1
