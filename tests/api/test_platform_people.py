"""Everybody's accounts, as operators see to them."""

from __future__ import annotations

from tests.api.client import EMAIL, PASSWORD, problem
from tests.api.world import REASON, World


async def test_somebody_who_is_disabled_is_out_everywhere_at_once_and_may_come_back(world: World) -> None:
    ada = await world.join("default", "ada", "viewer")
    key = (await ada.made("/api-keys", {"name": "ci"}))["key"]
    program = await world.with_key(key)
    assert (await ada.get("/workflows")).status_code == (await program.get("/workflows")).status_code == 200

    answer = await world.operator.post(f"/platform/users/{ada.id}/disable", headers=REASON)
    assert (answer.status_code, answer.json()["status"]) == (200, "disabled")
    problem(await ada.get("/workflows"), 401, "unauthenticated")
    problem(await program.get("/workflows"), 401, "unauthenticated")
    body = {"email": ada.email, "password": PASSWORD}
    problem(await world.operator.post("/auth/login", body), 401, "wrong_credentials")

    answer = await world.operator.post(f"/platform/users/{ada.id}/enable", headers=REASON)
    assert answer.json()["status"] == "active"
    problem(await ada.get("/workflows"), 401, "unauthenticated")
    await ada.sign_in(ada.email)
    assert (await ada.get("/workflows")).status_code == 200


async def test_somebody_is_signed_out_everywhere(world: World) -> None:
    ada = await world.join("default", "ada", "viewer")
    answer = await world.operator.post(f"/platform/users/{ada.id}/sessions/end", headers=REASON)
    assert answer.json() == {"ended": 1}
    problem(await ada.get("/workflows"), 401, "unauthenticated")
    await ada.sign_in(ada.email)


async def test_people_are_found_by_address(world: World) -> None:
    ada = await world.join("default", "ada", "viewer")
    wanted = {"email": ada.email.upper()}
    found = (await world.operator.get("/platform/users", params=wanted, headers=REASON)).json()
    assert [(person["id"], person["email"]) for person in found["items"]] == [(str(ada.id), ada.email)]
    first = (await world.operator.get("/platform/users", params={"limit": 1}, headers=REASON)).json()
    rest = await world.operator.get("/platform/users", params={"cursor": first["nextCursor"]}, headers=REASON)
    emails = [person["email"] for person in [*first["items"], *rest.json()["items"]]]
    assert sorted(emails) == sorted([EMAIL, ada.email])


async def test_nobody_disables_themselves_or_without_a_reason_or_without_being_an_operator(world: World) -> None:
    ada = await world.join("default", "ada", "admin")
    me = (await world.operator.get("/auth/me")).json()["id"]
    problem(await world.operator.post(f"/platform/users/{me}/disable", headers=REASON), 409, "own_operatorship")
    problem(await world.operator.post(f"/platform/users/{ada.id}/disable"), 422, "reason_required")
    problem(await ada.post(f"/platform/users/{me}/disable", headers=REASON), 403, "operators_only")
