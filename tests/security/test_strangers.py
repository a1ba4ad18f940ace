"""One tenant's ids mean nothing to another: on every route, they are not there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple
from uuid import UUID

import pytest

from tests.api.client import V1, Client, problem
from tests.api.definitions import GREETING
from tests.conftest import Connect
from tests.security.conftest import House
from tests.security.routes import PARAMETER, declared, every_route, filled
from weftline.api.app import Application
from weftline.api.sharing import operations_in
from weftline.model.ids import uuid7

SECRET = "0d6ff1cb-secret"
"""In everything that the one tenant has, so that it can be looked for in what the other is told."""

EVENT_STREAM = "text/event-stream"

NOT_A_TENANTS: dict[str, str] = {
    "/audit/{seq}": "each tenant's log is numbered from 1: the number is one's own",
    "/task-links/{token}": "a link is a proof by itself, for whoever holds it",
    "/task-queues/{queue}/fetch": "each tenant has its own queues, whatever they are called",
    "/library/{template_id}": "templates ship with the platform; for tenants' own see tests/api/test_publications.py",
    "/library/{template_id}/install": "likewise; what is made is one's own",
    "/plugins/{plugin_id}": "plugins are the platform's; what is set for one is one's own",
    "/plugins/{plugin_id}/configuration": "likewise",
    "/plugins/{plugin_id}/enable": "likewise",
    "/plugins/{plugin_id}/disable": "likewise",
    "/plugins/{plugin_id}/routes/{path}": "likewise; see tests/api/test_plugin_routes.py",
    "PUT /variables/{variable_key}": "makes one's own where there is none of this name",
    "/working-copies/{workflowId}": "everybody has their own; see tests/api/test_working_copies.py",
}
"""Routes, and operations, whose parameters do not name what belongs to a tenant, with why."""

BODIES: dict[str, dict[str, Any]] = {
    "PUT /workflows/{workflow_id}": {**GREETING, "id": SECRET},
    "POST /workflows/{workflow_id}/executions": {"input": {"name": "Ada"}},
}
"""Where the example in the OpenAPI document would be refused whomever it is about."""


class Operation(NamedTuple):
    """A call whose path names something."""

    name: str
    method: str
    path: str
    body: Any
    kind: str


async def treasures(house: House, connect: Connect, operations: list[Operation], collections: dict[str, Any]) -> Any:
    """One of everything that has an id, in a tenant: ids by the names of the parameters."""
    api = house.admin
    trigger = {"id": SECRET.replace("0", "a"), "type": "webhook", "name": SECRET}
    definition = {**GREETING, "id": SECRET, "name": SECRET, "triggers": [trigger]}
    await api.publish(definition)
    execution_id = await api.start(SECRET, {"name": SECRET})
    found = {
        "workflow_id": SECRET,
        "execution_id": execution_id,
        "step_id": "greet",
        "task_id": str(await open_task(connect, house.id, UUID(execution_id))),
        "job_id": str(await open_job(connect, house.id, UUID(execution_id))),
        "tenant_id": str(house.id),
        "user_id": str(house.user_id),
        "number": "1",
        "trigger_id": (await api.get(f"/workflows/{SECRET}/triggers")).json()["items"][0]["id"],
    }
    found |= await imported(api)
    sessions = await api.get("/auth/sessions")
    if sessions.status_code == 200:
        found["session_id"] = sessions.json()["items"][0]["id"]
    for operation in operations:
        collection, _, parameter = operation.path.rpartition("/")
        name = parameter.strip("{}")
        if name in found or not PARAMETER.fullmatch(parameter) or collection not in collections:
            continue
        body = {**collections[collection], **MADE_FROM.get(collection, {})}
        answer = await api.post(collection, {key: value for key, value in body.items() if value is not None})
        assert answer.status_code in (200, 201, 202), f"{collection}: {answer.text}"
        made = answer.json()
        # a key comes with its secret beside it; some things go by their name or key, as the parameter says
        thing = made["key"] if isinstance(made.get("key"), dict) else made
        found[name] = thing[name.rpartition("_")[2]]
    found["delivery_id"] = (await api.post(f"/webhooks/{found['webhook_id']}/test")).json()["id"]
    return found


async def imported(api: Client) -> dict[str, str]:
    """A system that the tenant has imported, and its only action."""
    name = "secretly-imported"
    call = {"operationId": "lookAtWhatIsSecret", "responses": {"200": {"description": "What there is."}}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": SECRET, "version": "1"},
        "servers": [{"url": "https://example.com"}],
        "paths": {"/things": {"get": call}},
    }
    answer = await api.post("/integrations/import", {"name": name, "document": json.dumps(document)})
    assert answer.status_code in (200, 201), answer.text
    return {"integration_name": name, "action_name": "lookAtWhatIsSecret"}


MADE_FROM: dict[str, dict[str, Any]] = {
    "/publications": {
        "workflowId": SECRET,
        "name": {"en": SECRET},
        "visibility": "TENANT",
        "connections": {},
        "variables": [],
    },
    "/roles": {"id": SECRET, "name": SECRET},
    "/policies": {"name": SECRET},
    "/groups": {"name": SECRET},
    "/service-accounts": {"name": SECRET},
    "/message-templates": {"name": SECRET},
}
"""What is changed in the example from which a thing is made."""


async def open_task(connect: Connect, tenant_id: UUID, execution_id: UUID) -> UUID:
    """A task for anybody, as a worker opens it."""
    worker, task_id = await connect("weft_worker"), uuid7()
    await worker.execute(
        "INSERT INTO human_tasks (tenant_id, id, execution_id, workflow_id, step_id, name)"
        " VALUES ($1, $2, $3, $4, 'ask~1@', $4)",
        tenant_id,
        task_id,
        execution_id,
        SECRET,
    )
    return task_id


async def open_job(connect: Connect, tenant_id: UUID, execution_id: UUID) -> UUID:
    """A job that waits in its task queue, as a worker opens it."""
    worker, job_id = await connect("weft_worker"), uuid7()
    await worker.execute(
        "INSERT INTO jobs (tenant_id, id, execution_id, workflow_id, step_id, attempt, queue, action, input, priority,"
        " created_at) VALUES ($1, $2, $3, $4, 'ship', 1, $4, $4, '{}', 5, now())",
        tenant_id,
        job_id,
        execution_id,
        SECRET,
    )
    return job_id


def operations_of(application: Application, document: dict[str, Any]) -> Iterator[Operation]:
    """Every operation whose path names something, with the example of its body."""
    kinds = {name: declared(route)[0].kind for name, route in every_route(application) if declared(route)}
    for full, methods in document["paths"].items():
        path = full.removeprefix(V1)
        if not PARAMETER.search(path) or path in NOT_A_TENANTS:
            continue
        for method, operation in methods.items():
            name = f"{method.upper()} {path}"
            if name in NOT_A_TENANTS:
                continue
            body = BODIES.get(name, example_of(operation))
            yield Operation(name, method.upper(), path, body, kinds[f"{method.upper()} {full}"])


def collections_of(document: dict[str, Any]) -> dict[str, Any]:
    """The examples from which things are made, by the path of their collection."""
    return {
        path.removeprefix(V1): example_of(methods["post"])
        for path, methods in document["paths"].items()
        if "post" in methods and not PARAMETER.search(path)
    }


def content_of(operation: dict[str, Any]) -> dict[str, Any]:
    """What an operation answers, by media type."""
    return operation["responses"]["200"].get("content", {})


def example_of(operation: dict[str, Any]) -> Any:
    """The example of an operation's body; None where it has none."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return None
    if "example" in content:
        return content["example"]
    return next(iter(content["examples"].values()))["value"]


async def test_what_one_tenant_has_is_not_there_for_another(
    application: Application, houses: tuple[House, House], connect: Connect, subtests: pytest.Subtests
) -> None:
    acme, umbrella = houses
    document = (await umbrella.admin.get("/openapi.json")).json()
    operations = list(operations_of(application, document))
    names = await treasures(acme, connect, operations, collections_of(document))
    assert len(operations) > 20
    for operation in operations:
        with subtests.test(operation.name):
            unknown = {found[1] for found in PARAMETER.finditer(operation.path)} - names.keys()
            assert not unknown or operation.kind == "operator", "the test has none of these to try"
            path = filled(operation.path, names, str(acme.id))
            options = {"json": operation.body} if operation.body is not None else {}
            answer = await umbrella.admin.http.request(operation.method, V1 + path, **options)
            if operation.kind == "operator":
                problem(answer, 403, "operators_only")
            else:
                assert answer.status_code == 404, f"{answer.status_code}: {answer.text}"
            assert SECRET not in answer.text.replace(path, "").replace(f"'{SECRET}'", "")


async def test_lists_show_nothing_of_another_tenant(
    application: Application, houses: tuple[House, House], connect: Connect, subtests: pytest.Subtests
) -> None:
    acme, umbrella = houses
    document = (await umbrella.admin.get("/openapi.json")).json()
    operations = list(operations_of(application, document))
    names = await treasures(acme, connect, operations, collections_of(document))
    lists = [
        path.removeprefix(V1)
        for method, path, operation in operations_in(document)
        # live updates have no end; see tests/api/test_live_safety.py
        if method == "get" and not PARAMETER.search(path) and EVENT_STREAM not in content_of(operation)
    ]
    hidden = [SECRET, acme.email, *(id for name, id in names.items() if name != "number")]
    for path in lists:
        with subtests.test(path):
            answer = await umbrella.admin.get(path)
            assert not [text for text in hidden if text in answer.text]


async def test_a_header_that_names_another_tenant_is_refused(houses: tuple[House, House]) -> None:
    acme, umbrella = houses
    for named in (str(acme.id), acme.slug, "no-such-tenant"):
        answer = await umbrella.admin.get("/workflows", headers={"X-Tenant-ID": named})
        problem(answer, 403, "tenant_mismatch")
    for named in (str(umbrella.id), umbrella.slug):
        answer = await umbrella.admin.get("/workflows", headers={"X-Tenant-ID": named})
        assert answer.status_code == 200


async def test_nobody_signs_in_to_a_tenant_they_do_not_belong_to(
    houses: tuple[House, House], anonymous: Client
) -> None:
    acme, umbrella = houses
    for named in (str(acme.id), acme.slug, "no-such-tenant"):
        body = {"email": umbrella.email, "password": "a long enough passphrase", "tenant": named}
        problem(await anonymous.post("/auth/login", body), 403, "no_membership")
