"""Roles over HTTP: the built-in ones, and a tenant's own."""

from __future__ import annotations

from typing import Any

from tests.api.client import problem
from tests.api.world import World
from weftline.features.access.permissions import CATALOGUE

LEAD: dict[str, Any] = {
    "id": "lead",
    "name": "Lead",
    "permissions": ["execution:cancel"],
    "inherits": ["viewer"],
    "requiresMfa": False,
}
KEEPER: dict[str, Any] = {
    "id": "keeper",
    "name": "Keeper of roles",
    "permissions": ["role:read", "role:manage", "user:read", "user:manage"],
    "inherits": ["viewer"],
}


def content(role: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """What a role can be replaced by."""
    return {name: value for name, value in {**role, **fields}.items() if name != "id"}


async def test_built_in_roles_and_the_catalogue_can_be_read(world: World) -> None:
    admin = await world.found("acme")
    roles = {role["id"]: role for role in (await admin.get("/roles")).json()["items"]}
    assert set(roles) == {"viewer", "author", "operator", "approver", "admin"}
    assert all(role["builtIn"] for role in roles.values())
    assert set(roles["admin"]["permissions"]) == set(CATALOGUE)
    assert "workflow:publish" in roles["author"]["permissions"]
    permissions = {each["name"]: each for each in (await admin.get("/permissions")).json()["items"]}
    assert set(permissions) == set(CATALOGUE)
    assert permissions["workflow:publish"]["roles"] == ["author"]


async def test_a_role_of_ones_own_gives_what_it_holds_and_inherits(world: World) -> None:
    admin = await world.found("acme")
    answer = await admin.post("/roles", LEAD)
    assert answer.status_code == 201
    assert answer.headers["location"] == "/api/v1/roles/lead"
    await admin.made("/roles", {"id": "chief", "name": "Chief", "inherits": ["lead"]})
    chief = await world.join("acme", "cleo", "chief")
    me = (await chief.get("/auth/me")).json()
    assert me["roles"] == ["chief", "lead", "viewer"]
    assert {"execution:cancel", "workflow:read"} <= set(me["permissions"])
    assert "workflow:publish" not in me["permissions"]
    [_, *own] = [role["id"] for role in (await admin.get("/roles")).json()["items"]][4:]
    assert own == ["chief", "lead"]


async def test_a_change_counts_for_everybody_who_has_the_role(world: World) -> None:
    admin = await world.found("acme")
    await admin.made("/roles", LEAD)
    lead = await world.join("acme", "lena", "lead")
    problem(await lead.get("/users"), 403, "permission_denied")
    changed = await admin.put("/roles/lead", content(LEAD, permissions=["user:read", "execution:cancel"]))
    assert changed.json()["permissions"] == ["execution:cancel", "user:read"]
    assert (await lead.get("/users")).status_code == 200
    [entry] = await admin.log("role.changed")
    assert entry["before"]["permissions"] == ["execution:cancel"]
    assert entry["after"]["permissions"] == ["execution:cancel", "user:read"]


async def test_unknown_names_are_refused_with_the_nearest_one(world: World) -> None:
    admin = await world.found("acme")
    wrong = {**LEAD, "permissions": ["workflow:read", "workflow:publsh"]}
    [error] = problem(await admin.post("/roles", wrong), 422, "invalid")["errors"]
    assert (error["pointer"], error["code"]) == ("/permissions/1", "unknown_permission")
    assert "workflow:publish" in error["hint"]
    [error] = problem(await admin.post("/roles", {**LEAD, "inherits": ["veiwer"]}), 422, "invalid")["errors"]
    assert (error["pointer"], error["code"]) == ("/inherits/0", "unknown_role")


async def test_a_role_cannot_inherit_itself(world: World) -> None:
    admin = await world.found("acme")
    for role in ({"id": "a", "name": "A"}, {"id": "b", "name": "B", "inherits": ["a"]}):
        await admin.made("/roles", role)
    await admin.made("/roles", {"id": "c", "name": "C", "inherits": ["b"]})
    for inherits in (["a"], ["b"], ["viewer", "c"]):
        problem(await admin.put("/roles/a", {"name": "A", "inherits": inherits}), 422, "role_cycle")
    assert (await admin.put("/roles/a", {"name": "A", "inherits": ["viewer"]})).status_code == 200


async def test_ids_are_unique_and_built_in_roles_stay_as_they_are(world: World) -> None:
    admin = await world.found("acme")
    await admin.made("/roles", LEAD)
    problem(await admin.post("/roles", LEAD), 409, "role_exists")
    problem(await admin.post("/roles", {**LEAD, "id": "admin"}), 409, "role_exists")
    problem(await admin.put("/roles/viewer", content(LEAD)), 404, "role_not_found")
    problem(await admin.delete("/roles/viewer"), 404, "role_not_found")


async def test_a_role_in_use_is_not_removed(world: World) -> None:
    admin = await world.found("acme")
    await admin.made("/roles", LEAD)
    await admin.made("/roles", {"id": "chief", "name": "Chief", "inherits": ["lead"]})
    await world.join("acme", "lena", "lead")
    group = await admin.made("/groups", {"name": "Leads", "roles": ["lead"]})
    document = problem(await admin.delete("/roles/lead"), 409, "role_in_use")
    for user in ("a member", "a group", "the role chief"):
        assert user in document["detail"]
    assert (await admin.delete("/roles/chief")).status_code == 200
    lena = (await admin.get("/users", params={"role": "lead"})).json()["items"][0]
    assert (await admin.patch(f"/users/{lena['id']}", {"roles": []})).status_code == 200
    assert (await admin.delete(f"/groups/{group['id']}")).status_code == 200
    assert (await admin.delete("/roles/lead")).json()["id"] == "lead"
    problem(await admin.get("/roles/lead"), 404, "role_not_found")


async def test_a_role_does_not_edit_itself_upward(world: World) -> None:
    admin = await world.found("acme")
    await admin.made("/roles", KEEPER)
    keeper = await world.join("acme", "kim", "keeper")
    code = "beyond_own_authority"
    problem(
        await keeper.put("/roles/keeper", content(KEEPER, permissions=[*KEEPER["permissions"], "tenant:manage"])),
        403,
        code,
    )
    problem(await keeper.put("/roles/keeper", content(KEEPER, inherits=["viewer", "admin"])), 403, code)
    problem(await keeper.post("/roles", {"id": "up", "name": "Up", "permissions": ["tenant:manage"]}), 403, code)
    problem(await keeper.post("/roles", {"id": "up", "name": "Up", "inherits": ["operator"]}), 403, code)
    me = (await keeper.get("/auth/me")).json()
    assert "tenant:manage" not in me["permissions"]


async def test_whoever_keeps_roles_changes_only_what_is_within_their_own(world: World) -> None:
    admin = await world.found("acme")
    await admin.made("/roles", KEEPER)
    await admin.made("/roles", {"id": "boss", "name": "Boss", "permissions": ["tenant:manage"]})
    keeper = await world.join("acme", "kim", "keeper")
    problem(await keeper.put("/roles/boss", {"name": "Boss"}), 403, "beyond_own_authority")
    problem(await keeper.delete("/roles/boss"), 403, "beyond_own_authority")
    small = {"id": "small", "name": "Small", "permissions": ["user:read"]}
    await keeper.made("/roles", small)
    assert (await keeper.put("/roles/small", content(small, name="Smaller"))).status_code == 200
    # what a key may not, its owner's role does not help it to
    key = (await admin.made("/api-keys", {"name": "roles", "scopes": ["role:manage", "user:read"]}))["key"]
    program = await world.with_key(key)
    problem(await program.put("/roles/boss", {"name": "Boss"}), 403, "beyond_own_authority")
    assert (await program.delete("/roles/small")).status_code == 200


async def test_a_role_may_ask_for_a_second_factor(world: World) -> None:
    admin = await world.found("acme")
    await admin.made("/roles", LEAD)
    lead = await world.join("acme", "lena", "lead")
    assert (await lead.get("/workflows")).status_code == 200
    assert (await admin.put("/roles/lead", content(LEAD, requiresMfa=True))).status_code == 200
    problem(await lead.get("/workflows"), 403, "second_factor_required")


async def test_a_change_made_on_an_old_state_is_refused(world: World) -> None:
    admin = await world.found("acme")
    etag = {"If-Match": (await admin.post("/roles", LEAD)).headers["etag"]}
    assert (await admin.put("/roles/lead", content(LEAD, name="First"), headers=etag)).status_code == 200
    problem(await admin.put("/roles/lead", content(LEAD, name="Second"), headers=etag), 412, "role_changed")


async def test_roles_are_one_tenants_own(world: World) -> None:
    acme, umbrella = await world.found("acme"), await world.found("umbrella")
    await acme.made("/roles", LEAD)
    problem(await umbrella.get("/roles/lead"), 404, "role_not_found")
    await umbrella.made("/roles", {**LEAD, "permissions": []})
    assert (await acme.get("/roles/lead")).json()["permissions"] == ["execution:cancel"]
