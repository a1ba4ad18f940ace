"""Operators of some tenants have no power over the platform, and a tenant's demands hold for those who visit it."""

from __future__ import annotations

import pytest

from tests.api.client import PASSWORD, problem
from tests.api.mailbox import Mailbox
from tests.api.world import REASON, Person, World, tenant_id

DEMANDING = {"security": {"requireMfa": True}}


@pytest.fixture
async def acme(world: World) -> Person:
    """The administrator of a tenant."""
    return await world.found("acme")


@pytest.fixture
async def olga(world: World, acme: Person) -> Person:
    """An operator who may see that tenant only."""
    person = await world.join("default", "olga")
    seen = {"tenants": [await tenant_id(acme)]}
    assert (await world.operator.put(f"/platform/operators/{person.id}", seen, headers=REASON)).status_code == 200
    return person


async def test_an_operator_of_some_tenants_does_not_read_mail_that_lets_into_any_account(
    world: World, olga: Person, mailbox: Mailbox
) -> None:
    await olga.post("/auth/password/forgot", {"email": world.operator.email})
    assert "reset_password" in await mailbox.templates(world.operator.email)
    listed = (await world.operator.get("/platform/mail")).json()["items"]
    reset = next(mail["id"] for mail in listed if mail["template"] == "reset_password")
    problem(await olga.get("/platform/mail"), 403, "every_tenant_needed")
    problem(await olga.get(f"/platform/mail/{reset}"), 403, "every_tenant_needed")


async def test_an_operator_of_some_tenants_removes_nobodys_second_factor(world: World, olga: Person) -> None:
    path = f"/platform/users/{world.operator.id}/second-factor/reset"
    problem(await olga.post(path, {"reason": "none"}), 403, "every_tenant_needed")


async def test_an_operator_of_some_tenants_replaces_no_signing_keys(olga: Person) -> None:
    problem(await olga.get("/platform/signing-keys"), 403, "every_tenant_needed")
    answer = await olga.post("/platform/signing-keys/rotate", {"compromised": True})
    problem(answer, 403, "every_tenant_needed")


async def test_an_operator_of_another_tenant_gives_no_passwords_in_their_own(world: World, olga: Person) -> None:
    answer = await world.operator.patch(f"/users/{olga.id}", {"roles": ["admin"]})
    assert answer.status_code == 200, answer.text
    body = {"email": "eve@example.com", "password": PASSWORD}
    problem(await olga.post("/users", body), 403, "every_tenant_needed")


async def test_a_tenant_that_demands_a_second_factor_demands_it_of_operators_who_enter(
    world: World, acme: Person
) -> None:
    changed = await world.operator.patch("/tenants/acme", {"configuration": DEMANDING}, headers=REASON)
    assert changed.status_code == 200, changed.text
    entered = await world.operator.post("/platform/tenants/acme/enter", {"reason": "Ticket 4711"})
    visitor = await world.with_key(entered.json()["accessToken"])
    problem(await visitor.get("/users"), 403, "second_factor_required")


async def test_a_tenant_that_demands_a_second_factor_demands_it_of_operators_who_act_from_outside(
    world: World, acme: Person
) -> None:
    changed = await world.operator.patch("/tenants/acme", {"configuration": DEMANDING}, headers=REASON)
    assert changed.status_code == 200, changed.text
    answer = await world.operator.get("/tenants/acme/members", headers=REASON)
    problem(answer, 403, "second_factor_required")
