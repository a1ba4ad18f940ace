"""Tenants over HTTP: making, finding, configuring, suspending."""

from __future__ import annotations

import asyncio
from uuid import UUID

import asyncpg
import pytest

from tests.api.client import PASSWORD, problem
from tests.api.definitions import GREETING
from tests.api.mailbox import Mailbox
from tests.api.world import REASON, World, tenant_id
from weftline.features.access.caller import acting_as, almighty
from weftline.features.tenancy.context import NoTenant, current_tenant
from weftline.model.ids import DEFAULT_TENANT, uuid7

ADMIN = {"email": "admin@acme.example"}


async def test_a_tenant_comes_with_its_first_administrator(world: World) -> None:
    admin = {"email": "admin@acme.example", "password": PASSWORD}
    answer = await world.operator.post("/tenants", {"name": "Acme", "slug": "Acme", "admin": admin})
    assert answer.status_code == 201
    tenant = answer.json()
    assert (tenant["slug"], tenant["name"], tenant["status"], tenant["domain"]) == ("acme", "Acme", "active", None)
    assert answer.headers["location"] == f"/api/v1/tenants/{tenant['id']}"
    administrator = await world.sign_in("admin@acme.example")
    me = (await administrator.get("/auth/me")).json()
    assert me["tenant"]["id"] == tenant["id"]
    assert me["roles"] == ["admin"]


async def test_an_administrator_without_a_password_is_invited_by_mail(world: World, mailbox: Mailbox) -> None:
    await world.operator.made("/tenants", {"name": "Acme", "slug": "acme", "admin": ADMIN})
    token = await mailbox.token("admin@acme.example", "invitation")
    accepted = await world.operator.post("/auth/invitations/accept", {"token": token, "password": PASSWORD})
    assert accepted.status_code == 200, accepted.text
    assert (await (await world.sign_in("admin@acme.example")).get("/users")).status_code == 200


async def test_whoever_has_a_password_keeps_it(world: World) -> None:
    await world.found("acme")
    admin = {"email": "admin@acme.example", "password": "quite another passphrase"}
    await world.operator.made("/tenants", {"name": "Umbrella", "slug": "umbrella", "admin": admin})
    await world.sign_in("admin@acme.example", tenant="umbrella")


REFUSED: list[tuple[dict[str, object], str]] = [
    ({"slug": "www"}, "/slug"),
    ({"slug": "-acme"}, "/slug"),
    ({"slug": "a.b"}, "/slug"),
    ({"slug": "0195f3a0-7c1e-7d2a-9f6b-3a1c5e8d4b21"}, "/slug"),
    ({"domain": "acme"}, "/domain"),
    ({"domain": "192.0.2.7"}, "/domain"),
    ({"configuration": {"limits": {"maxUsers": 0}}}, "/configuration/limits/maxUsers"),
    ({"configuration": {"limts": {}}}, "/configuration/limts"),
    ({"status": "active"}, "/status"),
    ({"admin": {**ADMIN, "roles": ["viewer"]}}, "/admin/roles"),
    ({"admin": {"email": "nobody"}}, "/email"),
    ({"admin": {**ADMIN, "password": "password"}}, "/admin/password"),
]


async def test_what_cannot_be_a_tenant_is_refused_and_nothing_is_made(
    world: World, connect_as_owner: asyncpg.Connection
) -> None:
    for fields, pointer in REFUSED:
        answer = await world.operator.post("/tenants", {"name": "Acme", "slug": "acme", "admin": ADMIN, **fields})
        assert answer.status_code == 422, answer.text
        assert pointer in [error["pointer"] for error in answer.json()["errors"]]
    await connect_as_owner.execute("SET ROLE weft_identity")
    assert await connect_as_owner.fetchval("SELECT count(*) FROM tenants") == 1
    assert await connect_as_owner.fetchval("SELECT count(*) FROM users") == 1


async def test_slugs_and_domains_are_unique(world: World) -> None:
    await world.found("acme", domain="Flows.Acme.Example")
    for fields in ({"slug": "acme"}, {"slug": "other", "domain": "flows.acme.example"}):
        problem(
            await world.operator.post("/tenants", {"name": "Other", "admin": {"email": "x@y.example"}, **fields}),
            409,
            "tenant_name_taken",
        )


async def test_of_two_who_want_a_name_at_once_one_gets_it(world: World) -> None:
    wanted = [{"name": "Acme", "slug": "acme", "admin": {"email": f"{who}@acme.example"}} for who in ("ada", "bob")]
    answers = await asyncio.gather(*(world.operator.post("/tenants", body) for body in wanted))
    assert sorted(answer.status_code for answer in answers) == [201, 409]


async def test_only_operators_make_tenants_and_only_those_who_see_all(world: World) -> None:
    admin = await world.found("acme")
    body = {"name": "Mine", "slug": "mine", "admin": ADMIN}
    problem(await admin.post("/tenants", body), 403, "operators_only")
    seen = {"tenants": [await tenant_id(admin)]}
    assert (await world.operator.put(f"/platform/operators/{admin.id}", seen, headers=REASON)).status_code == 200
    problem(await admin.post("/tenants", body), 403, "every_tenant_needed")


async def test_everybody_sees_the_tenants_they_belong_to(world: World) -> None:
    acme, umbrella = await world.found("acme"), await world.found("umbrella")
    assert [tenant["slug"] for tenant in (await acme.get("/tenants")).json()] == ["acme"]
    both = {"email": acme.email, "password": PASSWORD}
    await world.operator.made("/tenants/umbrella/members", both, headers=REASON)
    assert [tenant["slug"] for tenant in (await acme.get("/tenants")).json()] == ["acme", "umbrella"]
    assert (await acme.get("/tenants/umbrella")).json()["id"] == await tenant_id(umbrella)
    assert {tenant["slug"] for tenant in (await world.operator.get("/tenants")).json()} == {
        "default",
        "acme",
        "umbrella",
    }


async def test_an_invitation_shows_nothing_of_the_tenant_before_it_is_accepted(world: World) -> None:
    acme, umbrella = await world.found("acme"), await world.found("umbrella")
    await umbrella.made("/users", {"email": acme.email})
    assert [tenant["slug"] for tenant in (await acme.get("/tenants")).json()] == ["acme"]
    problem(await acme.get("/tenants/umbrella"), 404, "tenant_not_found")


async def test_the_list_is_an_array_and_its_next_page_a_link(world: World) -> None:
    for number in range(4):
        await world.found(f"tenant-{number}")
    slugs: list[str] = []
    path: str | None = "/api/v1/tenants?limit=2&q=TENANT"
    while path is not None:
        answer = await world.operator.http.get(path)
        slugs += [tenant["slug"] for tenant in answer.json()]
        path = answer.links["next"]["url"] if "next" in answer.links else None
    assert slugs == ["tenant-0", "tenant-1", "tenant-2", "tenant-3"]


async def test_a_strangers_tenant_does_not_exist(world: World) -> None:
    acme = await world.found("acme")
    await world.found("umbrella", domain="flows.umbrella.example")
    for name in ("umbrella", "flows.umbrella.example", "no-such-tenant", str(uuid7())):
        for path in ("", "/members", "/configuration"):
            problem(await acme.get(f"/tenants/{name}{path}"), 404, "tenant_not_found")
    problem(await acme.patch("/tenants/umbrella", {"name": "Mine"}), 404, "tenant_not_found")
    problem(await acme.post("/tenants/umbrella/members", {"email": "me@acme.example"}), 404, "tenant_not_found")


async def test_an_api_key_sees_its_own_tenant_only(world: World) -> None:
    acme = await world.found("acme")
    await world.found("umbrella")
    await world.operator.made("/tenants/umbrella/members", {"email": acme.email, "password": PASSWORD}, headers=REASON)
    program = await world.with_key((await acme.made("/api-keys", {"name": "ci"}))["key"])
    assert [tenant["slug"] for tenant in (await program.get("/tenants")).json()] == ["acme"]
    problem(await program.get("/tenants/umbrella"), 404, "tenant_not_found")


async def test_administrators_rename_and_configure_their_own_tenant(world: World) -> None:
    admin = await world.found("acme", configuration={"limits": {"maxUsers": 5}})
    wanted = {"limits": {"maxUsers": 5}, "security": {"requireMfa": False, "apiKeyMaxDays": 30}}
    answer = await admin.patch("/tenants/acme", {"name": "Acme Ltd.", "configuration": wanted})
    assert answer.status_code == 200, answer.text
    assert answer.json()["name"] == "Acme Ltd."
    shown = (await admin.get("/tenants/acme/configuration")).json()
    assert shown["own"] == wanted
    assert shown["effective"]["security"]["apiKeyMaxDays"] == 30
    assert shown["effective"]["security"]["minPasswordScore"] == 3
    [entry] = await admin.log("tenant.changed")
    assert entry["before"]["name"] == "Acme"
    assert entry["after"]["configuration"] == wanted


async def test_what_a_tenant_may_have_is_for_operators_to_say(world: World) -> None:
    admin = await world.found("acme", configuration={"limits": {"maxUsers": 5}})
    for changes in (
        {"slug": "other"},
        {"domain": "flows.acme.example"},
        {"configuration": {}},
        {"configuration": {"limits": {"maxUsers": 5}, "features": ["everything"]}},
        {"configuration": {"limits": {"maxUsers": 1000}}},
    ):
        problem(await admin.patch("/tenants/acme", changes), 403, "operators_only")
    problem(await world.operator.patch("/tenants/acme", changes), 422, "reason_required")
    assert (await world.operator.patch("/tenants/acme", changes, headers=REASON)).status_code == 200
    [entry] = await admin.log("tenant.changed")
    assert (entry["actorType"], entry["reason"]) == ("operator", "Ticket 4711")


async def test_members_without_the_permission_change_nothing(world: World) -> None:
    await world.found("acme")
    viewer = await world.join("acme", "vera", "viewer")
    problem(await viewer.patch("/tenants/acme", {"name": "Mine"}), 403, "permission_denied")
    assert (await viewer.get("/tenants/acme")).json()["name"] == "Acme"


async def test_one_acts_in_the_tenant_that_one_is_signed_in_to(world: World) -> None:
    acme = await world.found("acme")
    await world.found("umbrella")
    body = {"email": acme.email, "roles": ["admin"], "password": PASSWORD}
    await world.operator.made("/tenants/umbrella/members", body, headers=REASON)
    problem(await acme.patch("/tenants/umbrella", {"name": "Mine"}), 403, "tenant_mismatch")


async def test_a_change_made_on_an_old_state_is_refused(world: World) -> None:
    admin = await world.found("acme")
    etag = (await admin.get("/tenants/acme")).headers["etag"]
    headers = {"If-Match": etag}
    assert (await admin.patch("/tenants/acme", {"name": "First"}, headers=headers)).status_code == 200
    problem(await admin.patch("/tenants/acme", {"name": "Second"}, headers=headers), 412, "tenant_changed")


async def test_settings_fall_back_to_the_platforms(world: World) -> None:
    admin = await world.found("acme", configuration={"branding": {"productName": "Flow"}})
    settings = {"branding": {"productName": "Weft", "primaryColor": "#0a7f5a"}, "registration": "closed"}
    assert (await world.operator.put("/platform/settings", settings, headers=REASON)).status_code == 200
    effective = (await admin.get("/tenants/acme/configuration")).json()["effective"]
    assert effective["branding"]["productName"] == "Flow"
    assert effective["branding"]["primaryColor"] == "#0a7f5a"
    assert "registration" not in effective


async def test_a_suspended_tenant_lets_nobody_in_until_it_is_active_again(world: World) -> None:
    admin = await world.found("acme")
    why = {"reason": "Unpaid"}
    assert (await world.operator.post("/tenants/acme/suspend", why)).json()["status"] == "suspended"
    problem(await admin.get("/workflows"), 403, "tenant_inactive")
    assert (await world.operator.post("/tenants/acme/suspend", why)).status_code == 200
    assert (await world.operator.post("/tenants/acme/activate", {"reason": "Paid"})).json()["status"] == "active"
    assert (await admin.get("/workflows")).status_code == 200
    [entry] = await admin.log("tenant.suspended")
    assert entry["reason"] == "Unpaid"
    assert (entry["before"], entry["after"]) == ({"status": "active"}, {"status": "suspended"})


async def test_a_tenant_is_suspended_before_it_is_archived(world: World) -> None:
    await world.found("acme")
    why = {"reason": "They left"}
    problem(await world.operator.post("/tenants/acme/archive", why), 409, "wrong_tenant_status")
    await world.operator.post("/tenants/acme/suspend", why)
    assert (await world.operator.post("/tenants/acme/archive", why)).json()["status"] == "archived"
    problem(await world.operator.post("/tenants/acme/suspend", why), 409, "wrong_tenant_status")
    assert (await world.operator.post("/tenants/acme/activate", why)).json()["status"] == "active"


async def test_nobody_suspends_the_tenant_they_are_in(world: World) -> None:
    problem(await world.operator.post("/tenants/default/suspend", {"reason": "Oops"}), 409, "own_tenant")


async def test_a_tenant_has_no_more_members_and_workflows_than_it_may(world: World) -> None:
    limits = {"limits": {"maxUsers": 2, "maxWorkflows": 1}}
    admin = await world.found("acme", configuration=limits)
    await admin.made("/users", {"email": "one@acme.example"})
    problem(await admin.post("/users", {"email": "two@acme.example"}), 409, "limit_reached")
    await admin.made("/workflows", GREETING)
    problem(await admin.post("/workflows", {**GREETING, "id": "other"}), 409, "limit_reached")


async def test_of_two_who_take_the_last_place_at_once_one_gets_it(world: World) -> None:
    admin = await world.found("acme", configuration={"limits": {"maxUsers": 2}})
    bodies = [{"email": f"{who}@acme.example"} for who in ("ada", "bob")]
    answers = await asyncio.gather(*(admin.post("/users", body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [201, 409]


async def test_a_path_may_name_the_tenant(world: World) -> None:
    admin = await world.found("acme")
    assert (await admin.http.get("/t/acme/api/v1/workflows")).status_code == 200
    assert (await admin.http.get("/t/ACME/api/v1/workflows")).status_code == 200
    problem(await admin.http.get("/t/umbrella/api/v1/workflows"), 403, "tenant_mismatch")
    assert (await admin.http.get("/t/acme")).status_code == 404


async def test_signing_in_under_a_tenants_path_is_signing_in_to_it(world: World) -> None:
    await world.found("acme")
    await world.found("umbrella")
    body = {"email": "admin@acme.example", "password": PASSWORD}
    await world.operator.made("/tenants/umbrella/members", body, headers=REASON)
    anybody = await world.somebody()
    tokens = (await anybody.http.post("/t/umbrella/api/v1/auth/login", json=body)).json()
    assert tokens["tenant"]["slug"] == "umbrella"
    problem(await anybody.http.post("/t/default/api/v1/auth/login", json=body), 403, "no_membership")


async def test_the_tenant_is_known_in_tasks_and_threads() -> None:
    with pytest.raises(NoTenant):
        current_tenant()
    other = uuid7()

    async def in_a_task() -> UUID:
        await asyncio.sleep(0)
        return current_tenant()

    with acting_as(almighty(DEFAULT_TENANT, "console", "ada")):
        task = asyncio.create_task(in_a_task())
        assert await asyncio.to_thread(current_tenant) == DEFAULT_TENANT
        with acting_as(almighty(other, "console", "ada")):
            assert await asyncio.gather(in_a_task(), asyncio.to_thread(current_tenant)) == [other, other]
        assert await task == DEFAULT_TENANT
