"""Managing members gives nobody more than the manager has, and floods nobody's mailbox."""

from __future__ import annotations

import pytest

from tests.api.client import problem
from tests.api.mailbox import Mailbox
from tests.api.world import Person, World


@pytest.fixture
async def acme(world: World) -> Person:
    """The administrator of a tenant with a role for whoever manages its members."""
    admin = await world.found("acme")
    role = {"id": "clerk", "name": "Clerk", "permissions": ["user:read", "user:manage"]}
    await admin.made("/roles", role)
    return admin


async def test_nobody_enables_a_member_whose_groups_have_what_they_do_not_have(world: World, acme: Person) -> None:
    clerk, mallory = await world.join("acme", "clerk", "clerk"), await world.join("acme", "mallory")
    group = await acme.made("/groups", {"name": "Administrators", "roles": ["admin"]})
    assert (await acme.put(f"/groups/{group['id']}/members/{mallory.id}", None)).status_code == 200
    assert (await acme.patch(f"/users/{mallory.id}", {"status": "disabled"})).status_code == 200
    answer = await clerk.patch(f"/users/{mallory.id}", {"status": "active"})
    problem(answer, 403, "beyond_own_authority")
    assert (await acme.patch(f"/users/{mallory.id}", {"status": "active"})).status_code == 200


async def test_inviting_and_removing_in_turns_does_not_flood_a_mailbox(acme: Person, mailbox: Mailbox) -> None:
    body = {"email": "victim@example.com"}
    for _ in range(3):
        member = await acme.made("/users", body)
        assert (await acme.delete(f"/users/{member['id']}")).status_code == 200
    problem(await acme.post("/users", body), 429, "too_many_invitations")
    assert await mailbox.templates("victim@example.com") == ["invitation"] * 3
