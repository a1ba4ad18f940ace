"""Grants over HTTP: permissions for one subject, in the tenant or on one workflow."""

from __future__ import annotations

from typing import Any

from tests.api.client import problem
from tests.api.definitions import GREETING
from tests.api.world import Person, World
from weftline.model.ids import uuid7

GRANTER: dict[str, Any] = {
    "id": "granter",
    "name": "Granter",
    "permissions": ["grant:read", "grant:manage"],
    "inherits": ["viewer"],
}


def to(person: Person, *permissions: str, workflow: str | None = None) -> dict[str, Any]:
    """A grant to a member."""
    return {"subjectType": "user", "subjectId": person.id, "permissions": permissions, "workflowId": workflow}


async def test_a_grant_on_one_workflow_is_good_for_that_one(world: World) -> None:
    admin = await world.found("acme")
    grace = await world.join("acme", "grace")
    for id in ("one", "two"):
        await admin.publish({**GREETING, "id": id})
    grant = await admin.made("/grants", to(grace, "workflow:read", "execution:start", workflow="one"))
    assert (await grace.get("/workflows/one")).status_code == 200
    me = (await grace.get("/auth/me")).json()
    assert (me["permissions"], me["permissionsOnWorkflows"]) == ([], ["execution:start", "workflow:read"])
    await grace.start("one", {"name": "Ada"})
    assert [each["id"] for each in (await grace.get("/workflows")).json()["items"]] == ["one"]
    both = await grace.get("/workflows", params={"id": ["one", "two"]})
    assert [each["id"] for each in both.json()["items"]] == ["one"]
    problem(await grace.get("/workflows/two"), 403, "permission_denied")
    assert (await admin.delete(f"/grants/{grant['id']}")).json() == grant
    problem(await grace.get("/workflows/one"), 403, "permission_denied")
    problem(await admin.get(f"/grants/{grant['id']}"), 404, "grant_not_found")
    assert len(await admin.log("grant.created")) == len(await admin.log("grant.removed")) == 1


async def test_permissions_are_granted_to_groups_roles_and_service_accounts(world: World) -> None:
    admin = await world.found("acme")
    grace, rob = await world.join("acme", "grace"), await world.join("acme", "rob", "approver")
    group = await admin.made("/groups", {"name": "Finance"})
    await admin.put(f"/groups/{group['id']}/members/{grace.id}", None)
    account = await admin.made("/service-accounts", {"name": "importer"})
    program = await world.with_key(
        (await admin.made("/api-keys", {"name": "import", "serviceAccountId": account["id"]}))["key"]
    )
    callers = {("group", group["id"]): grace, ("role", "approver"): rob, ("service_account", account["id"]): program}
    for (kind, id), caller in callers.items():
        problem(await caller.get("/workflows"), 403, "permission_denied")
        await admin.made("/grants", {"subjectType": kind, "subjectId": id, "permissions": ["workflow:read"]})
        assert (await caller.get("/workflows")).status_code == 200


async def test_grants_are_listed_by_whom_and_on_what(world: World) -> None:
    admin = await world.found("acme")
    grace = await world.join("acme", "grace")
    await admin.publish(GREETING)
    first = await admin.made("/grants", to(grace, "user:read"))
    second = await admin.made("/grants", to(grace, "execution:read", workflow="greeting"))
    third = await admin.made(
        "/grants", {"subjectType": "role", "subjectId": "viewer", "permissions": ["execution:start"]}
    )

    async def listed(**params: str) -> list[dict[str, Any]]:
        return (await admin.get("/grants", params=params)).json()["items"]

    assert await listed() == [first, second, third]
    assert await listed(subjectId=grace.id) == [first, second]
    assert await listed(workflowId="greeting") == [second]
    assert await listed(subjectType="role") == [third]
    page = (await admin.get("/grants", params={"limit": 2})).json()
    assert (await admin.get("/grants", params={"cursor": page["nextCursor"]})).json()["items"] == [third]


async def test_what_does_not_exist_cannot_be_granted(world: World) -> None:
    admin, stranger = await world.found("acme"), await world.found("umbrella")
    grace = await world.join("acme", "grace")
    wrong = {
        "/permissions/0": to(grace, "workflow:red"),
        "/workflowId": to(grace, "workflow:read", workflow="none"),
        "/subjectId": to(stranger, "workflow:read"),
    }
    for pointer, body in wrong.items():
        [error] = problem(await admin.post("/grants", body), 422, error_code(pointer))["errors"]
        assert error["pointer"] == pointer
    for kind in ("user", "group", "service_account", "role"):
        body = {"subjectType": kind, "subjectId": str(uuid7()), "permissions": ["workflow:read"]}
        problem(await admin.post("/grants", body), 422, "unknown_subject")
    await admin.publish(GREETING)
    problem(await admin.post("/grants", to(grace, "user:manage", workflow="greeting")), 422, "not_on_workflows")


def error_code(pointer: str) -> str:
    return {"/permissions/0": "invalid", "/workflowId": "unknown_workflow", "/subjectId": "unknown_subject"}[pointer]


async def test_nobody_grants_or_withdraws_what_they_do_not_have(world: World) -> None:
    admin = await world.found("acme")
    await admin.publish(GREETING)
    await admin.made("/roles", GRANTER)
    gwen, vera = await world.join("acme", "gwen", "granter"), await world.join("acme", "vera")
    code = "beyond_own_authority"
    problem(await gwen.post("/grants", to(gwen, "tenant:manage")), 403, code)
    problem(await gwen.post("/grants", to(vera, "workflow:publish", workflow="greeting")), 403, code)
    strong = await admin.made("/grants", to(vera, "tenant:manage"))
    problem(await gwen.delete(f"/grants/{strong['id']}"), 403, code)
    await gwen.made("/grants", to(vera, "workflow:read"))
    # what one has on one workflow, one can give on that one, and nowhere else
    await admin.made("/grants", to(gwen, "workflow:publish", workflow="greeting"))
    await gwen.made("/grants", to(vera, "workflow:publish", workflow="greeting"))
    problem(await gwen.post("/grants", to(vera, "workflow:publish")), 403, code)


async def test_lists_on_a_workflow_say_who_may_use_it(world: World) -> None:
    admin = await world.found("acme")
    grace, rob = await world.join("acme", "grace"), await world.join("acme", "rob", "approver")
    await admin.publish(GREETING)
    path = "/workflows/greeting/permissions"
    assert (await admin.get(path)).json() == {"userIds": [], "roleIds": []}
    other = await admin.made("/grants", to(rob, "workflow:publish", workflow="greeting"))
    lists = {"userIds": [grace.id], "roleIds": ["approver"]}
    assert (await admin.put(path, lists)).json() == lists
    for person in (grace, rob):
        execution = await person.start("greeting", {"name": "Ada"})
        assert (await person.get(f"/executions/{execution}")).status_code == 200
    assert (await admin.put(path, {"userIds": [], "roleIds": ["approver"]})).status_code == 200
    problem(await grace.get("/workflows/greeting"), 403, "permission_denied")
    assert (await rob.get("/workflows/greeting")).status_code == 200
    assert (await admin.get(f"/grants/{other['id']}")).status_code == 200
    [_, entry] = await admin.log("workflow.permissions_changed")
    assert (entry["before"], entry["after"]) == ({"userIds": [], "roleIds": []}, lists)


async def test_lists_name_what_exists(world: World) -> None:
    admin = await world.found("acme")
    await admin.publish(GREETING)
    body = {"userIds": [admin.id, str(uuid7())], "roleIds": []}
    [error] = problem(await admin.put("/workflows/greeting/permissions", body), 422, "unknown_subject")["errors"]
    assert error["pointer"] == "/userIds/1"
    for method in (admin.get("/workflows/none/permissions"), admin.put("/workflows/none/permissions", {**body})):
        problem(await method, 404, "workflow_not_found")
