"""Members over HTTP: who comes, who may change whom, who goes."""

from __future__ import annotations

import asyncio

import pytest
from pydantic import ValidationError

from tests.api.client import PASSWORD, problem
from tests.api.mailbox import Mailbox
from tests.api.world import REASON, World
from weftline.features.members.schemas import MemberBody
from weftline.model.ids import uuid7

PEOPLE_ROLE = {"id": "people", "name": "People", "permissions": ["user:read", "user:manage"], "inherits": ["viewer"]}


async def test_a_member_is_invited_and_joins_by_accepting(world: World, mailbox: Mailbox) -> None:
    admin = await world.found("acme")
    answer = await admin.post("/users", {"email": "Grace@Acme.Example", "name": "Grace", "roles": ["author", "author"]})
    assert answer.status_code == 201
    member = answer.json()
    assert answer.headers["location"] == f"/api/v1/users/{member['id']}"
    assert (member["email"], member["status"], member["roles"]) == ("grace@acme.example", "invited", ["author"])
    token = await mailbox.token("grace@acme.example", "invitation")
    assert (await admin.post("/auth/invitations/accept", {"token": token, "password": PASSWORD})).status_code == 200
    grace = await world.sign_in("grace@acme.example")
    assert (await grace.get("/workflows")).status_code == 200
    assert (await admin.get(f"/users/{grace.id}")).json()["status"] == "active"


async def test_inviting_tells_nothing_of_whether_somebody_has_an_account(world: World, mailbox: Mailbox) -> None:
    acme, umbrella = await world.found("acme"), await world.found("umbrella")
    known = await umbrella.made("/users", {"email": acme.email, "roles": ["viewer"]})
    unknown = await umbrella.made("/users", {"email": "nobody@acme.example", "roles": ["viewer"]})
    for member in (known, unknown):
        assert (member["status"], member["name"]) == ("invited", None)
    assert await mailbox.templates(acme.email) == await mailbox.templates("nobody@acme.example") == ["invitation"]
    found = (await umbrella.get("/users", params={"q": "Administrator"})).json()["items"]
    assert [member["email"] for member in found] == ["admin@umbrella.example"]


async def test_only_operators_give_passwords(world: World) -> None:
    admin = await world.found("acme")
    body = {"email": "grace@acme.example", "password": PASSWORD}
    problem(await admin.post("/users", body), 403, "password_not_allowed")
    problem(await admin.post("/tenants/acme/members", body), 403, "password_not_allowed")
    weak = {**body, "password": "password1"}
    problem(await world.operator.post("/tenants/acme/members", weak, headers=REASON), 422, "weak_password")
    member = await world.operator.made("/tenants/acme/members", body, headers=REASON)
    assert member["status"] == "active"
    await world.sign_in("grace@acme.example")
    [entry] = [entry for entry in await admin.log("member.added") if entry["resourceId"] == member["id"]]
    assert (entry["actorType"], entry["actorName"]) == ("operator", "admin@example.com")
    assert (entry["reason"], entry["after"]["email"]) == ("Ticket 4711", "grace@acme.example")
    assert PASSWORD not in str(entry)


async def test_a_member_is_added_once(world: World) -> None:
    admin = await world.found("acme")
    await admin.made("/users", {"email": "grace@acme.example"})
    for email in ("GRACE@acme.example", admin.email):
        problem(await admin.post("/users", {"email": email}), 409, "member_exists")


async def test_of_two_who_add_somebody_at_once_one_does(world: World) -> None:
    admin = await world.found("acme")
    answers = await asyncio.gather(*(admin.post("/users", {"email": "grace@acme.example"}) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]


async def test_an_invitation_is_sent_anew_a_few_times(world: World, mailbox: Mailbox) -> None:
    admin = await world.found("acme")
    member = await admin.made("/users", {"email": "grace@acme.example"})
    path = f"/users/{member['id']}/invitation"
    statuses = [(await admin.post(path)).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    assert await mailbox.templates("grace@acme.example") == ["invitation"] * 3
    problem(await admin.post(f"/users/{admin.id}/invitation"), 409, "no_invitation")


async def test_an_invitation_is_withdrawn_by_removing_the_member(world: World, mailbox: Mailbox) -> None:
    admin = await world.found("acme")
    member = await admin.made("/users", {"email": "grace@acme.example"})
    problem(await admin.patch(f"/users/{member['id']}", {"status": "active"}), 409, "invitation_pending")
    assert (await admin.delete(f"/users/{member['id']}")).status_code == 200
    token = await mailbox.token("grace@acme.example", "invitation")
    answer = await admin.post("/auth/invitations/accept", {"token": token, "password": PASSWORD})
    assert answer.status_code == 422, answer.text


async def test_members_are_listed_and_searched_page_by_page(world: World) -> None:
    admin = await world.found("acme")
    for name in ("ada", "bob", "cleo"):
        await world.join("acme", name, "viewer" if name == "bob" else "author")
    emails: list[str] = []
    cursor = None
    while True:
        params = {"limit": 2} if cursor is None else {"limit": 2, "cursor": cursor}
        page = (await admin.get("/users", params=params)).json()
        emails += [member["email"] for member in page["items"]]
        if (cursor := page["nextCursor"]) is None:
            break
    assert emails == [f"{name}@acme.example" for name in ("admin", "ada", "bob", "cleo")]

    async def found(**params: str) -> list[str]:
        return [member["email"] for member in (await admin.get("/users", params=params)).json()["items"]]

    assert await found(role="viewer") == ["bob@acme.example"]
    assert await found(q="CLE") == ["cleo@acme.example"]
    assert await found(q="%") == []
    assert await found(status="disabled") == []
    problem(await admin.get("/users", params={"cursor": "x"}), 400, "invalid_cursor")


async def test_a_change_of_roles_counts_at_once(world: World) -> None:
    admin = await world.found("acme")
    grace = await world.join("acme", "grace", "viewer")
    problem(await grace.post("/workflows", {}), 403, "permission_denied")
    wanted = {"roles": ["author"], "department": "Finance", "attributes": {"costCentre": 4711, "remote": True}}
    changed = (await admin.patch(f"/users/{grace.id}", wanted)).json()
    assert {name: changed[name] for name in wanted} == wanted
    assert (await grace.post("/workflows", {})).status_code == 422
    [entry] = await admin.log("member.changed")
    assert (entry["before"]["roles"], entry["after"]["roles"]) == (["viewer"], ["author"])


async def test_what_is_absent_from_a_change_stays(world: World) -> None:
    admin = await world.found("acme")
    grace = await world.join("acme", "grace", "viewer", department="Finance")
    changed = (await admin.patch(f"/users/{grace.id}", {"roles": ["author"]})).json()
    assert (changed["department"], changed["status"]) == ("Finance", "active")
    changed = (await admin.patch(f"/users/{grace.id}", {"department": None})).json()
    assert (changed["department"], changed["roles"]) == (None, ["author"])


@pytest.mark.parametrize(
    "body",
    [
        {"email": "other@acme.example"},
        {"tenantId": str(uuid7())},
        {"status": None},
        {"status": "operator"},
        {"roles": None},
        {"permissions": ["user:manage"]},
        {"attributes": {"nested": {}}},
        {"isPlatformOperator": True},
    ],
)
def test_fields_that_are_not_to_be_changed_are_refused(body: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        MemberBody.model_validate(body)


async def test_roles_must_exist(world: World) -> None:
    admin = await world.found("acme")
    document = problem(await admin.post("/users", {"email": "g@acme.example", "roles": ["autor"]}), 422, "invalid")
    [error] = document["errors"]
    assert (error["pointer"], error["code"]) == ("/roles/0", "unknown_role")
    assert "author" in error["hint"]


async def test_a_disabled_member_is_out_at_once_and_can_come_back(world: World) -> None:
    admin = await world.found("acme")
    grace = await world.join("acme", "grace", "viewer")
    assert (await admin.patch(f"/users/{grace.id}", {"status": "disabled"})).status_code == 200
    problem(await grace.get("/workflows"), 401, "unauthenticated")
    assert (await admin.patch(f"/users/{grace.id}", {"status": "active"})).status_code == 200
    assert (await grace.get("/workflows")).status_code == 200


async def test_a_removed_member_is_out_at_once_with_their_keys_and_grants(world: World) -> None:
    admin = await world.found("acme")
    grace = await world.join("acme", "grace", "viewer")
    program = await world.with_key((await grace.made("/api-keys", {"name": "mine"}))["key"])
    grant = {"subjectType": "user", "subjectId": grace.id, "permissions": ["user:read"]}
    await admin.made("/grants", grant)
    assert (await program.get("/users")).status_code == 200
    assert (await admin.delete(f"/users/{grace.id}")).json()["email"] == "grace@acme.example"
    for caller in (grace, program):
        problem(await caller.get("/users"), 401, "unauthenticated")
    assert (await admin.get("/grants")).json()["items"] == []
    problem(await admin.get(f"/users/{grace.id}"), 404, "member_not_found")
    [entry] = await admin.log("member.removed")
    assert entry["before"]["email"] == "grace@acme.example"


async def test_nobody_changes_their_own_standing(world: World) -> None:
    await world.found("acme")
    second = await world.join("acme", "ada", "admin")
    for body in ({"roles": ["admin", "author"]}, {"roles": []}, {"status": "disabled"}):
        problem(await second.patch(f"/users/{second.id}", body), 403, "own_membership")
    problem(await second.delete(f"/users/{second.id}"), 403, "own_membership")
    assert (await second.patch(f"/users/{second.id}", {"department": "Finance"})).status_code == 200


async def test_nobody_gives_or_takes_what_they_do_not_have(world: World) -> None:
    admin = await world.found("acme")
    await admin.made("/roles", PEOPLE_ROLE)
    paula = await world.join("acme", "paula", "people")
    vera, otto = await world.join("acme", "vera", "viewer"), await world.join("acme", "otto", "operator")
    code = "beyond_own_authority"
    problem(await paula.post("/users", {"email": "x@acme.example", "roles": ["admin"]}), 403, code)
    problem(await paula.patch(f"/users/{vera.id}", {"roles": ["viewer", "operator"]}), 403, code)
    problem(await paula.patch(f"/users/{otto.id}", {"roles": ["viewer"]}), 403, code)
    problem(await paula.patch(f"/users/{otto.id}", {"status": "disabled"}), 403, code)
    problem(await paula.delete(f"/users/{admin.id}"), 403, code)
    problem(await paula.patch(f"/users/{paula.id}", {"roles": ["people", "admin"]}), 403, "own_membership")
    # policies may ask for one's department
    problem(await paula.patch(f"/users/{paula.id}", {"department": "Board"}), 403, "own_membership")
    assert (await paula.patch(f"/users/{vera.id}", {"roles": ["people"]})).status_code == 200
    await paula.made("/users", {"email": "x@acme.example", "roles": ["viewer", "people"]})
    assert (await paula.patch(f"/users/{vera.id}", {"status": "disabled"})).status_code == 200


async def test_a_scoped_key_gives_no_more_than_its_scopes(world: World) -> None:
    admin = await world.found("acme")
    key = await admin.made("/api-keys", {"name": "people", "scopes": ["user:manage", "user:read"]})
    program = await world.with_key(key["key"])
    body = {"email": "x@acme.example", "roles": ["admin"]}
    problem(await program.post("/users", body), 403, "beyond_own_authority")
    await program.made("/users", {"email": "x@acme.example"})


async def test_a_tenant_keeps_an_administrator(world: World) -> None:
    admin = await world.found("acme")
    path = f"/users/{admin.id}"
    entered = await world.operator.post("/platform/tenants/acme/enter", {"reason": "Ticket 4711"})
    visitor = await world.with_key(entered.json()["accessToken"])
    for body in ({"roles": ["viewer"]}, {"status": "disabled"}):
        problem(await visitor.patch(path, body), 409, "last_administrator")
    problem(await visitor.delete(path), 409, "last_administrator")
    await world.join("acme", "ada", "admin")
    assert (await visitor.patch(path, {"roles": ["viewer"]})).status_code == 200


async def test_two_administrators_cannot_remove_each_other(world: World) -> None:
    first = await world.found("acme")
    second = await world.join("acme", "ada", "admin")
    answers = await asyncio.gather(first.delete(f"/users/{second.id}"), second.delete(f"/users/{first.id}"))
    assert 200 in [answer.status_code for answer in answers]
    remaining = [answer for answer in answers if answer.status_code != 200]
    assert len(remaining) == 1


async def test_a_change_made_on_an_old_state_is_refused(world: World) -> None:
    admin = await world.found("acme")
    grace = await world.join("acme", "grace", "viewer")
    etag = {"If-Match": (await admin.get(f"/users/{grace.id}")).headers["etag"]}
    assert (await admin.patch(f"/users/{grace.id}", {"department": "A"}, headers=etag)).status_code == 200
    problem(await admin.patch(f"/users/{grace.id}", {"department": "B"}, headers=etag), 412, "member_changed")
    problem(await admin.delete(f"/users/{grace.id}", headers=etag), 412, "member_changed")


async def test_operators_see_members_of_any_tenant_if_they_say_why(world: World) -> None:
    admin = await world.found("acme")
    path = "/tenants/acme/members"
    problem(await world.operator.get(path), 422, "reason_required")
    listed = await world.operator.get(path, params={"reason": "Ticket 4711"})
    assert [member["email"] for member in listed.json()["items"]] == ["admin@acme.example"]
    assert (await admin.get(path)).json() == listed.json()
