"""Groups over HTTP."""

from __future__ import annotations

from typing import Any

from tests.api.client import problem
from tests.api.world import World
from weftline.model.ids import uuid7

FINANCE: dict[str, Any] = {"name": "Finance", "description": "Signs", "roles": ["author"]}


async def test_whoever_is_in_a_group_has_its_roles_at_once(world: World) -> None:
    admin = await world.found("acme")
    grace = await world.join("acme", "grace")
    group = await admin.made("/groups", FINANCE)
    problem(await grace.get("/workflows"), 403, "permission_denied")
    path = f"/groups/{group['id']}/members/{grace.id}"
    assert (await admin.put(path, None)).json()["email"] == grace.email
    assert (await admin.put(path, None)).status_code == 200
    assert (await grace.get("/workflows")).status_code == 200
    assert [entry["after"]["email"] for entry in await admin.log("group.member_added")] == [grace.email]
    assert (await admin.delete(path)).status_code == 200
    problem(await grace.get("/workflows"), 403, "permission_denied")
    problem(await admin.delete(path), 404, "not_in_group")


async def test_a_groups_new_roles_count_at_once(world: World) -> None:
    admin = await world.found("acme")
    grace = await world.join("acme", "grace")
    group = await admin.made("/groups", {"name": "Finance"})
    path = f"/groups/{group['id']}"
    await admin.put(f"{path}/members/{grace.id}", None)
    assert (await admin.put(path, FINANCE)).json()["roles"] == ["author"]
    assert (await grace.get("/workflows")).status_code == 200
    assert (await admin.delete(path)).json()["name"] == "Finance"
    problem(await grace.get("/workflows"), 403, "permission_denied")
    assert [entry["before"]["roles"] for entry in await admin.log("group.removed")] == [["author"]]


async def test_groups_are_listed_by_name_and_their_members_page_by_page(world: World) -> None:
    admin = await world.found("acme")
    for name in ("Sales", "Finance", "IT"):
        group = await admin.made("/groups", {"name": name})
    first = (await admin.get("/groups", params={"limit": 2})).json()
    rest = (await admin.get("/groups", params={"limit": 2, "cursor": first["nextCursor"]})).json()
    assert [each["name"] for each in first["items"] + rest["items"]] == ["Finance", "IT", "Sales"]
    path = f"/groups/{group['id']}/members"
    people = [await world.join("acme", name) for name in ("ada", "bob")]
    for person in people:
        await admin.put(f"{path}/{person.id}", None)
    first = (await admin.get(path, params={"limit": 1})).json()
    rest = (await admin.get(path, params={"limit": 1, "cursor": first["nextCursor"]})).json()
    assert [each["email"] for each in first["items"] + rest["items"]] == [person.email for person in people]
    assert rest["nextCursor"] is None


async def test_names_are_unique_and_roles_exist(world: World) -> None:
    admin = await world.found("acme")
    await admin.made("/groups", FINANCE)
    problem(await admin.post("/groups", FINANCE), 409, "group_name_taken")
    problem(await admin.post("/groups", {"name": "Other", "roles": ["autor"]}), 422, "invalid")


async def test_nobody_gives_by_a_group_what_they_do_not_have(world: World) -> None:
    admin = await world.found("acme")
    await admin.made(
        "/roles",
        {"id": "people", "name": "People", "permissions": ["user:read", "user:manage"], "inherits": ["viewer"]},
    )
    paula, vera = await world.join("acme", "paula", "people"), await world.join("acme", "vera", "viewer")
    strong = await admin.made("/groups", {"name": "Strong", "roles": ["admin"]})
    granted = await admin.made("/groups", {"name": "Granted"})
    plain = await admin.made("/groups", {"name": "Plain", "roles": ["viewer"]})
    await admin.made("/grants", {"subjectType": "group", "subjectId": granted["id"], "permissions": ["tenant:manage"]})
    code = "beyond_own_authority"
    problem(await paula.post("/groups", {"name": "Mine", "roles": ["admin"]}), 403, code)
    problem(await paula.put(f"/groups/{plain['id']}", {"name": "Plain", "roles": ["viewer", "author"]}), 403, code)
    for group in (strong, granted):
        problem(await paula.put(f"/groups/{group['id']}/members/{vera.id}", None), 403, code)
        problem(await paula.delete(f"/groups/{group['id']}"), 403, code)
    # tasks and policies may name a group, whatever its roles
    problem(await paula.put(f"/groups/{plain['id']}/members/{paula.id}", None), 403, "own_membership")
    assert (await paula.put(f"/groups/{plain['id']}/members/{vera.id}", None)).status_code == 200


async def test_only_members_can_be_in_a_group(world: World) -> None:
    acme, umbrella = await world.found("acme"), await world.found("umbrella")
    group = await acme.made("/groups", FINANCE)
    for user_id in (umbrella.id, str(uuid7())):
        problem(await acme.put(f"/groups/{group['id']}/members/{user_id}", None), 404, "member_not_found")
    problem(await umbrella.put(f"/groups/{group['id']}/members/{umbrella.id}", None), 404, "group_not_found")


async def test_a_change_made_on_an_old_state_is_refused(world: World) -> None:
    admin = await world.found("acme")
    made = await admin.post("/groups", FINANCE)
    path, etag = f"/groups/{made.json()['id']}", {"If-Match": made.headers["etag"]}
    assert (await admin.put(path, {"name": "First"}, headers=etag)).status_code == 200
    problem(await admin.put(path, {"name": "Second"}, headers=etag), 412, "group_changed")
