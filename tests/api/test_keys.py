"""API keys and service accounts over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from tests.api.client import problem
from tests.api.world import World
from weftline.model.ids import uuid7


def in_days(days: float) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


async def test_a_key_acts_for_its_owner_and_is_shown_once(world: World, connect_as_owner: asyncpg.Connection) -> None:
    await world.found("acme")
    grace = await world.join("acme", "grace", "author")
    answer = await grace.post("/api-keys", {"name": "ci"})
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    made = answer.json()
    text = made.pop("key")
    assert text.startswith("wk_") and text.endswith(made["hint"])
    program = await world.with_key(text)
    me = (await program.get("/auth/me")).json()
    assert (me["email"], me["methods"]) == ("grace@acme.example", ["key"])
    assert (await program.get("/workflows")).status_code == 200
    shown = (await grace.get(f"/api-keys/{made['id']}")).json()
    assert shown["lastUsedAt"] is not None
    assert {**shown, "lastUsedAt": None} == made
    assert (await grace.get("/api-keys")).json()["items"] == [shown]
    await connect_as_owner.execute("ALTER TABLE api_keys NO FORCE ROW LEVEL SECURITY")
    stored = await connect_as_owner.fetchrow("SELECT * FROM api_keys WHERE id = $1", made["id"])
    assert text[3:] not in str(dict(stored or {}))


async def test_a_key_can_be_revoked_only_if_nobody_has_used_it_since(world: World) -> None:
    await world.found("acme")
    grace = await world.join("acme", "grace", "author")
    made = await grace.made("/api-keys", {"name": "ci"})
    path = f"/api-keys/{made['id']}"
    unused = {"If-Match": (await grace.get(path)).headers["etag"]}
    program = await world.with_key(made["key"])
    assert (await program.get("/workflows")).status_code == 200
    problem(await grace.delete(path, headers=unused), 412, "precondition_failed")
    assert (await program.get("/workflows")).status_code == 200
    used = {"If-Match": (await grace.get(path)).headers["etag"]}
    assert (await grace.delete(path, headers=used)).status_code == 200
    assert (await program.get("/workflows")).status_code == 401


async def test_scopes_are_all_that_a_key_may_do(world: World) -> None:
    await world.found("acme")
    grace = await world.join("acme", "grace", "author")
    key = await grace.made("/api-keys", {"name": "ci", "scopes": ["workflow:read"]})
    program = await world.with_key(key["key"])
    assert (await program.get("/workflows")).status_code == 200
    problem(await program.get("/executions"), 403, "permission_denied")
    problem(await program.get("/users"), 403, "permission_denied")


async def test_scopes_are_known_and_within_ones_own_permissions(world: World) -> None:
    await world.found("acme")
    grace = await world.join("acme", "grace", "viewer")
    body = {"name": "ci", "scopes": ["workflow:raed"]}
    [error] = problem(await grace.post("/api-keys", body), 422, "invalid")["errors"]
    assert (error["pointer"], error["code"]) == ("/scopes/0", "unknown_permission")
    problem(await grace.post("/api-keys", {"name": "ci", "scopes": ["tenant:manage"]}), 403, "beyond_own_authority")


async def test_a_key_loses_what_its_owner_loses(world: World) -> None:
    admin = await world.found("acme")
    grace = await world.join("acme", "grace", "author")
    program = await world.with_key((await grace.made("/api-keys", {"name": "ci"}))["key"])
    assert (await program.get("/workflows")).status_code == 200
    await admin.patch(f"/users/{grace.id}", {"roles": []})
    problem(await program.get("/workflows"), 403, "permission_denied")


async def test_a_revoked_key_is_refused_at_once(world: World) -> None:
    admin = await world.found("acme")
    made = await admin.made("/api-keys", {"name": "ci"})
    program = await world.with_key(made["key"])
    assert (await program.get("/workflows")).status_code == 200
    assert (await admin.delete(f"/api-keys/{made['id']}")).status_code == 200
    problem(await program.get("/workflows"), 401, "unauthenticated")
    assert (await admin.get("/api-keys")).json()["items"] == []
    problem(await admin.delete(f"/api-keys/{made['id']}"), 404, "key_not_found")
    for action in ("api_key.created", "api_key.revoked"):
        [entry] = await admin.log(action)
        assert made["key"] not in str(entry)


async def test_a_key_expires(world: World, connect_as_owner: asyncpg.Connection) -> None:
    admin = await world.found("acme")
    made = await admin.made("/api-keys", {"name": "ci", "expiresAt": in_days(1)})
    await connect_as_owner.execute("ALTER TABLE api_keys NO FORCE ROW LEVEL SECURITY")
    await connect_as_owner.execute("UPDATE api_keys SET expires_at = now() WHERE id = $1", made["id"])
    problem(await (await world.with_key(made["key"])).get("/workflows"), 401, "unauthenticated")


async def test_expiry_is_in_the_future_and_as_soon_as_the_tenant_wants(world: World) -> None:
    admin = await world.found("acme")
    assert (await admin.made("/api-keys", {"name": "ci"}))["expiresAt"] is None
    problem(await admin.post("/api-keys", {"name": "ci", "expiresAt": in_days(-1)}), 422, "invalid_expiry")
    problem(await admin.post("/api-keys", {"name": "ci", "expiresAt": "2036-01-01T00:00:00"}), 422, "invalid_request")
    await admin.patch("/tenants/acme", {"configuration": {"security": {"apiKeyMaxDays": 30}}})
    problem(await admin.post("/api-keys", {"name": "ci", "expiresAt": in_days(31)}), 422, "invalid_expiry")
    made = await admin.made("/api-keys", {"name": "ci"})
    assert in_days(29) < datetime.fromisoformat(made["expiresAt"]).isoformat() < in_days(31)


async def test_a_key_makes_no_keys_unless_it_may_manage_them(world: World) -> None:
    admin = await world.found("acme")
    grace = await world.join("acme", "grace", "author")
    program = await world.with_key((await grace.made("/api-keys", {"name": "ci"}))["key"])
    problem(await program.post("/api-keys", {"name": "more"}), 403, "keys_make_no_keys")
    scoped = await admin.made("/api-keys", {"name": "keys", "scopes": ["key:manage", "workflow:read"]})
    program = await world.with_key(scoped["key"])
    problem(await program.post("/api-keys", {"name": "x", "scopes": ["user:read"]}), 403, "beyond_own_authority")
    # without scopes it would do all that its owner may, and so more than the key that makes it
    assert (await program.made("/api-keys", {"name": "x"}))["scopes"] == ["key:manage", "workflow:read"]


async def test_keys_are_their_owners_and_the_managers(world: World) -> None:
    admin = await world.found("acme")
    ada, bob = await world.join("acme", "ada", "viewer"), await world.join("acme", "bob", "viewer")
    made = await ada.made("/api-keys", {"name": "ci"})
    path = f"/api-keys/{made['id']}"
    problem(await bob.get(path), 404, "key_not_found")
    problem(await bob.delete(path), 404, "key_not_found")
    assert (await bob.get("/api-keys", params={"everybody": True})).json()["items"] == []
    assert (await admin.get("/api-keys")).json()["items"] == []
    everybody = (await admin.get("/api-keys", params={"everybody": True})).json()["items"]
    assert [key["id"] for key in everybody] == [made["id"]]
    assert (await admin.delete(path)).status_code == 200


async def test_a_service_account_acts_under_its_own_name(world: World) -> None:
    admin = await world.found("acme")
    account = await admin.made("/service-accounts", {"name": "importer", "roles": ["operator"]})
    made = await admin.made("/api-keys", {"name": "import", "serviceAccountId": account["id"]})
    assert (made["serviceAccountId"], made["userId"]) == (account["id"], None)
    program = await world.with_key(made["key"])
    me = (await program.get("/auth/me")).json()
    assert (me["id"], me["email"], me["roles"]) == (account["id"], "importer", ["operator"])
    listed = (await admin.get("/api-keys", params={"serviceAccountId": account["id"]})).json()["items"]
    assert [key["id"] for key in listed] == [made["id"]]


async def test_what_changes_of_a_service_account_counts_for_its_keys_at_once(world: World) -> None:
    admin = await world.found("acme")
    account: dict[str, Any] = {"name": "importer", "roles": ["viewer"]}
    made = await admin.post("/service-accounts", account)
    path, etag = f"/service-accounts/{made.json()['id']}", {"If-Match": made.headers["etag"]}
    key = await admin.made("/api-keys", {"name": "import", "serviceAccountId": made.json()["id"]})
    program = await world.with_key(key["key"])
    assert (await program.get("/workflows")).status_code == 200
    assert (await admin.put(path, {**account, "roles": []}, headers=etag)).status_code == 200
    problem(await program.get("/workflows"), 403, "permission_denied")
    problem(await admin.put(path, account, headers=etag), 412, "service_account_changed")
    await admin.put(path, {**account, "status": "disabled"})
    problem(await program.get("/workflows"), 401, "unauthenticated")
    await admin.put(path, account)
    assert (await program.get("/workflows")).status_code == 200
    assert (await admin.delete(path)).json()["name"] == "importer"
    problem(await program.get("/workflows"), 401, "unauthenticated")
    problem(await admin.get(path), 404, "service_account_not_found")
    assert len(await admin.log("service_account.changed")) == 3


async def test_nobody_gets_a_key_of_an_account_that_may_do_more(world: World) -> None:
    admin = await world.found("acme")
    await admin.made("/roles", {"id": "keys", "name": "Keys", "permissions": ["key:manage"], "inherits": ["viewer"]})
    kim = await world.join("acme", "kim", "keys")
    strong = await admin.made("/service-accounts", {"name": "strong", "roles": ["admin"]})
    code = "beyond_own_authority"
    problem(await kim.post("/api-keys", {"name": "x", "serviceAccountId": strong["id"]}), 403, code)
    problem(await kim.post("/service-accounts", {"name": "mine", "roles": ["admin"]}), 403, code)
    problem(await kim.put(f"/service-accounts/{strong['id']}", {"name": "strong", "roles": []}), 403, code)
    problem(await kim.delete(f"/service-accounts/{strong['id']}"), 403, code)
    weak = await kim.made("/service-accounts", {"name": "weak", "roles": ["viewer"]})
    await kim.made("/api-keys", {"name": "x", "serviceAccountId": weak["id"]})


async def test_a_service_account_does_not_change_itself(world: World) -> None:
    admin = await world.found("acme")
    account = await admin.made("/service-accounts", {"name": "robot", "roles": ["admin"]})
    key = await admin.made("/api-keys", {"name": "x", "serviceAccountId": account["id"]})
    robot = await world.with_key(key["key"])
    problem(await robot.put(f"/service-accounts/{account['id']}", {"name": "boss"}), 403, "own_account")
    problem(await robot.delete(f"/service-accounts/{account['id']}"), 403, "own_account")


async def test_service_accounts_and_keys_are_one_tenants_own(world: World) -> None:
    acme, umbrella = await world.found("acme"), await world.found("umbrella")
    account = await acme.made("/service-accounts", {"name": "importer"})
    key = await acme.made("/api-keys", {"name": "ci"})
    problem(await umbrella.get(f"/service-accounts/{account['id']}"), 404, "service_account_not_found")
    problem(await umbrella.get(f"/api-keys/{key['id']}"), 404, "key_not_found")
    for account_id in (account["id"], str(uuid7())):
        body = {"name": "x", "serviceAccountId": account_id}
        problem(await umbrella.post("/api-keys", body), 404, "service_account_not_found")


async def test_without_the_permission_there_are_no_service_accounts(world: World) -> None:
    admin = await world.found("acme")
    vera = await world.join("acme", "vera", "viewer")
    account = await admin.made("/service-accounts", {"name": "importer"})
    problem(await vera.get("/service-accounts"), 403, "permission_denied")
    body = {"name": "x", "serviceAccountId": account["id"]}
    problem(await vera.post("/api-keys", body), 404, "service_account_not_found")


async def test_an_operator_who_has_entered_a_tenant_has_no_keys_there(world: World) -> None:
    await world.found("acme")
    entered = await world.operator.post("/platform/tenants/acme/enter", {"reason": "Ticket 4711"})
    visitor = await world.with_key(entered.json()["accessToken"])
    problem(await visitor.post("/api-keys", {"name": "x"}), 403, "members_only")
