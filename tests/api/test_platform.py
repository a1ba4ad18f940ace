"""Operators' work across tenants, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.client import PASSWORD, problem
from tests.api.definitions import GREETING
from tests.api.world import REASON, Person, World, tenant_id
from tests.conftest import Connect
from weftline.features.audit.trail import PLATFORM
from weftline.model.ids import uuid7

LISTS = ("/platform/tenants", "/platform/executions", "/platform/tasks", "/platform/statistics", "/platform/operators")


async def platform_log(connect: Connect, action: str) -> list[dict[str, Any]]:
    """The platform's own audit entries of an action, the oldest first."""
    operators = await connect("weft_operator")
    rows = await operators.fetch(
        "SELECT * FROM audit_log WHERE tenant_id = $1 AND action = $2 ORDER BY seq", PLATFORM, action
    )
    return [dict(row) for row in rows]


async def restricted(world: World, name: str, *tenants: Person) -> Person:
    """An operator who sees some tenants only; a member of none of them."""
    person = await world.join("default", name)
    seen = {"tenants": [await tenant_id(tenant) for tenant in tenants]}
    answer = await world.operator.put(f"/platform/operators/{person.id}", seen, headers=REASON)
    assert answer.status_code == 200, answer.text
    return person


@pytest.mark.parametrize("path", LISTS)
async def test_only_operators_see_more_than_a_tenant_and_they_say_why(world: World, path: str) -> None:
    admin = await world.found("acme")
    problem(await admin.get(path, headers=REASON), 403, "operators_only")
    problem(await world.operator.get(path), 422, "reason_required")
    problem(await world.operator.get(path, headers={"X-Reason": "  "}), 422, "reason_required")
    assert (await world.operator.get(path, params={"reason": "Ticket 4711"})).status_code == 200


async def test_an_operators_api_key_is_no_operators(world: World) -> None:
    made = await world.operator.made("/api-keys", {"name": "ci"})
    program = await world.with_key(made["key"])
    problem(await program.get("/platform/tenants", headers=REASON), 403, "operators_only")


async def test_executions_of_all_tenants_are_listed_without_their_data(world: World) -> None:
    acme, umbrella = await world.found("acme"), await world.found("umbrella")
    started: list[tuple[str, str]] = []
    for slug, admin in (("acme", acme), ("umbrella", umbrella)):
        await admin.publish(GREETING)
        for name in ("Ada", "Bob"):
            started.append((slug, await admin.start("greeting", {"name": name})))
    first = (await world.operator.get("/platform/executions", params={"limit": 3}, headers=REASON)).json()
    cursor = {"cursor": first["nextCursor"]}
    rest = (await world.operator.get("/platform/executions", params=cursor, headers=REASON)).json()
    found = first["items"] + rest["items"]
    assert [(each["tenantSlug"], each["id"]) for each in found] == started[::-1]
    assert {*found[0]} == {
        "tenantId", "tenantSlug", "id", "workflowId", "versionNumber", "status", "startedBy", "createdAt", "startedAt",
        "completedAt",
    }  # fmt: skip
    one = {"tenantId": await tenant_id(acme), "status": "pending"}
    found = (await world.operator.get("/platform/executions", params=one, headers=REASON)).json()["items"]
    assert [each["id"] for each in found] == [id for slug, id in started[::-1] if slug == "acme"]


async def test_every_look_is_recorded_with_its_reason_and_in_the_tenants_log_where_it_was_at_one(
    world: World, connect: Connect
) -> None:
    acme = await world.found("acme")
    await world.operator.get("/platform/executions", headers=REASON)
    one = {"tenantId": await tenant_id(acme)}
    await world.operator.get("/platform/executions", params=one, headers=REASON)
    entries = await platform_log(connect, "platform.executions_listed")
    assert [(entry["reason"], entry["resource_id"]) for entry in entries] == [
        ("Ticket 4711", None),
        ("Ticket 4711", one["tenantId"]),
    ]
    [entry] = await acme.log("platform.executions_listed")
    assert (entry["actorName"], entry["reason"]) == (world.operator.email, "Ticket 4711")


async def test_tasks_of_all_tenants_are_listed_without_their_data(world: World, connect: Connect) -> None:
    acme = await world.found("acme")
    await acme.publish(GREETING)
    execution, task = await acme.start("greeting", {"name": "Ada"}), uuid7()
    worker = await connect("weft_worker")
    await worker.execute(
        "INSERT INTO human_tasks (tenant_id, id, execution_id, workflow_id, step_id, name)"
        " VALUES ($1, $2, $3, 'greeting', 'ask~1@', 'Approve')",
        await tenant_id(acme),
        task,
        execution,
    )
    [found] = (await world.operator.get("/platform/tasks", headers=REASON)).json()["items"]
    assert (found["tenantSlug"], found["id"], found["status"]) == ("acme", str(task), "open")
    claimed = await world.operator.get("/platform/tasks", params={"status": "claimed"}, headers=REASON)
    assert claimed.json()["items"] == []
    figures = (await world.operator.get("/platform/statistics", headers=REASON)).json()
    assert figures["tenants"] == {"active": 2}
    assert (figures["members"], figures["workflows"]) == (2, 1)
    assert (figures["executions"], figures["tasks"]) == ({"pending": 1}, {"open": 1})


async def test_tenants_are_listed_with_how_much_they_have(world: World) -> None:
    acme = await world.found("acme")
    await acme.publish(GREETING)
    await world.join("acme", "grace")
    found = (await world.operator.get("/platform/tenants", params={"q": "acme"}, headers=REASON)).json()["items"]
    assert [(each["slug"], each["members"], each["workflows"]) for each in found] == [("acme", 2, 1)]


async def test_an_operator_of_some_tenants_sees_those_and_no_others(world: World) -> None:
    acme, umbrella = await world.found("acme"), await world.found("umbrella")
    for admin in (acme, umbrella):
        await admin.publish(GREETING)
        await admin.start("greeting", {"name": "Ada"})
    olga = await restricted(world, "olga", acme)
    for path in ("/platform/tenants", "/platform/executions"):
        found = (await olga.get(path, headers=REASON)).json()["items"]
        assert [each.get("tenantSlug", each.get("slug")) for each in found] == ["acme"]
    assert (await olga.get("/platform/statistics", headers=REASON)).json()["executions"] == {"pending": 1}
    assert [tenant["slug"] for tenant in (await olga.get("/tenants")).json()] == ["acme"]
    other = {"tenantId": await tenant_id(umbrella)}
    problem(await olga.get("/platform/executions", params=other, headers=REASON), 404, "tenant_not_found")
    why = {"reason": "Ticket 4711"}
    for path in ("/platform/tenants/umbrella/enter", "/tenants/umbrella/suspend"):
        problem(await olga.post(path, why), 404, "tenant_not_found")
    problem(await olga.get("/tenants/umbrella/members", headers=REASON), 404, "tenant_not_found")
    assert (await olga.post("/tenants/acme/suspend", why)).status_code == 200


async def test_what_concerns_the_platform_is_for_operators_who_see_all(world: World) -> None:
    acme = await world.found("acme")
    olga = await restricted(world, "olga", acme)
    code = "every_tenant_needed"
    problem(await olga.get("/platform/operators", headers=REASON), 403, code)
    problem(await olga.put(f"/platform/operators/{acme.id}", {"tenants": None}, headers=REASON), 403, code)
    problem(await olga.put(f"/platform/operators/{olga.id}", {"tenants": None}, headers=REASON), 403, code)
    problem(await olga.put("/platform/settings", {}, headers=REASON), 403, code)
    # whoever knows a password gets wherever the account belongs to
    body = {"email": "new@acme.example", "password": PASSWORD}
    problem(await olga.post("/tenants/acme/members", body, headers=REASON), 403, code)
    await olga.made("/tenants/acme/members", {"email": "new@acme.example"}, headers=REASON)


async def test_operators_are_appointed_and_dismissed(world: World, connect: Connect) -> None:
    acme = await world.found("acme")
    problem(await acme.get("/platform/statistics", headers=REASON), 403, "operators_only")
    path = f"/platform/operators/{acme.id}"
    appointed = await world.operator.put(path, {"tenants": None}, headers=REASON)
    assert (appointed.json()["email"], appointed.json()["tenants"]) == (acme.email, None)
    assert (await acme.get("/platform/statistics", headers=REASON)).status_code == 200
    listed = (await world.operator.get("/platform/operators", headers=REASON)).json()["items"]
    assert {each["email"] for each in listed} == {acme.email, world.operator.email}
    assert (await world.operator.delete(path, headers=REASON)).status_code == 200
    problem(await acme.get("/platform/statistics", headers=REASON), 403, "operators_only")
    problem(await world.operator.delete(path, headers=REASON), 404, "operator_not_found")
    [entry] = await platform_log(connect, "operator.appointed")
    assert (entry["resource_id"], entry["reason"]) == (acme.id, "Ticket 4711")
    assert len(await platform_log(connect, "operator.removed")) == 1


async def test_an_operator_is_changed_only_as_they_were_seen(world: World, connect: Connect) -> None:
    acme = await world.found("acme")
    path = f"/platform/operators/{acme.id}"
    problem(await world.operator.get(path, headers=REASON), 404, "operator_not_found")
    unseen = {**REASON, "If-Match": '"none"'}
    problem(await world.operator.put(path, {"tenants": None}, headers=unseen), 412, "operator_changed")
    problem(await world.operator.get(path, headers=REASON), 404, "operator_not_found")
    await world.operator.put(path, {"tenants": None}, headers=REASON)
    before = await world.operator.get(path, headers=REASON)
    assert before.json()["email"] == acme.email
    seen = {**REASON, "If-Match": before.headers["etag"]}
    changed = await world.operator.put(path, {"tenants": []}, headers=seen)
    assert changed.status_code == 200
    problem(await world.operator.put(path, {"tenants": None}, headers=seen), 412, "operator_changed")
    problem(await world.operator.delete(path, headers=seen), 412, "operator_changed")
    assert (await world.operator.get(path, headers=REASON)).json()["tenants"] == []
    seen["If-Match"] = changed.headers["etag"]
    assert (await world.operator.delete(path, headers=seen)).status_code == 200
    assert [entry["reason"] for entry in await platform_log(connect, "operator.read")] == ["Ticket 4711"] * 2


async def test_nobody_decides_on_their_own_operatorship(world: World) -> None:
    path = f"/platform/operators/{world.operator.id}"
    problem(await world.operator.put(path, {"tenants": []}, headers=REASON), 409, "own_operatorship")
    problem(await world.operator.delete(path, headers=REASON), 409, "own_operatorship")


async def test_operators_are_people_and_see_tenants_that_exist(world: World) -> None:
    acme = await world.found("acme")
    nobody = f"/platform/operators/{uuid7()}"
    problem(await world.operator.put(nobody, {"tenants": None}, headers=REASON), 404, "operator_not_found")
    body = {"tenants": [await tenant_id(acme), str(uuid7())]}
    answer = await world.operator.put(f"/platform/operators/{acme.id}", body, headers=REASON)
    [error] = problem(answer, 422, "unknown_tenant")["errors"]
    assert error["pointer"] == "/tenants/1"


async def test_an_operator_enters_a_tenant_with_a_reason_that_marks_every_act(world: World, connect: Connect) -> None:
    acme = await world.found("acme")
    problem(await world.operator.post("/platform/tenants/acme/enter", {}), 422, "invalid_request")
    answer = await world.operator.post("/platform/tenants/acme/enter", {"reason": "Ticket 4711"})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["tenant"]["slug"] == "acme"
    visitor = await world.with_key(answer.json()["accessToken"])
    await visitor.publish(GREETING)
    [entry] = await acme.log("workflow.created")
    assert (entry["actorType"], entry["actorName"]) == ("operator", world.operator.email)
    assert entry["reason"] == "Ticket 4711"
    assert [entry["reason"] for entry in await acme.log("tenant.entered")] == ["Ticket 4711"]
    assert len(await platform_log(connect, "tenant.entered")) == 1


async def test_an_operator_who_leaves_a_tenant_goes_on_where_they_were(world: World) -> None:
    acme = await world.found("acme")
    await world.found("globex")
    here = (await world.operator.get("/auth/me")).json()
    entered = await world.operator.post("/platform/tenants/acme/enter", {"reason": "Ticket 4711"})
    visitor = await world.with_key(entered.json()["accessToken"])
    entered = await visitor.post("/platform/tenants/globex/enter", {"reason": "Ticket 4712"})
    visitor = await world.with_key(entered.json()["accessToken"])
    left = await visitor.post("/auth/leave")
    assert left.status_code == 200, left.text
    assert left.headers["cache-control"] == "no-store"
    problem(await visitor.get("/workflows"), 401, "unauthenticated")
    again = await world.with_key(left.json()["accessToken"])
    assert (await again.get("/auth/me")).json() == here
    refreshed = await again.post("/auth/refresh", {"refreshToken": left.json()["refreshToken"]})
    assert refreshed.json()["tenant"] == here["tenant"]
    problem(await again.post("/auth/leave"), 401, "session_over")
    problem(await acme.post("/auth/leave"), 401, "session_over")


async def test_nobody_comes_back_to_a_session_that_has_ended(world: World) -> None:
    await world.found("acme")
    entered = await world.operator.post("/platform/tenants/acme/enter", {"reason": "Ticket 4711"})
    visitor = await world.with_key(entered.json()["accessToken"])
    assert (await world.operator.post("/auth/logout")).status_code == 200
    problem(await visitor.post("/auth/leave"), 401, "session_over")


async def test_a_dismissed_operator_leaves_the_tenants_they_had_entered(world: World) -> None:
    acme = await world.found("acme")
    olga = await restricted(world, "olga", acme)
    entered = await olga.post("/platform/tenants/acme/enter", {"reason": "Ticket 4711"})
    visitor = await world.with_key(entered.json()["accessToken"])
    assert (await visitor.get("/workflows")).status_code == 200
    await world.operator.delete(f"/platform/operators/{olga.id}", headers=REASON)
    problem(await visitor.get("/workflows"), 401, "unauthenticated")


async def test_the_platforms_settings_are_replaced_as_a_whole(world: World, connect: Connect) -> None:
    before = await world.operator.get("/platform/settings")
    assert before.json()["configuration"] == {}
    settings = {"registration": "invite", "security": {"minPasswordScore": 4}}
    problem(await world.operator.put("/platform/settings", settings), 422, "reason_required")
    etag = {**REASON, "If-Match": before.headers["etag"]}
    changed = await world.operator.put("/platform/settings", settings, headers=etag)
    assert changed.json()["configuration"] == settings
    problem(await world.operator.put("/platform/settings", {}, headers=etag), 412, "settings_changed")
    wrong = {"security": {"minPasswordScore": 1}}
    problem(await world.operator.put("/platform/settings", wrong, headers=REASON), 422, "invalid_request")
    [entry] = await platform_log(connect, "platform.configured")
    assert entry["reason"] == "Ticket 4711"
