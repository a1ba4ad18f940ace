"""The scopes of an API key bound it, whatever roles, grants and policies say of its owner."""

from __future__ import annotations

from tests.api.client import problem
from tests.api.definitions import GREETING
from tests.api.world import Person, World


async def permit(world: World, admin: Person, source: str) -> None:
    """Save a policy, which counts from now on."""
    assert world.application.services is not None
    await admin.made("/policies", {"name": "Everybody may", "source": source})
    await world.application.services.cache.refresh()


async def test_a_policy_that_permits_does_not_widen_a_keys_scopes(world: World) -> None:
    admin = await world.found("acme")
    assert (await admin.post("/workflows", GREETING)).status_code == 201
    await permit(world, admin, 'permit(principal, action == Action::"workflow:publish", resource);')
    key = await admin.made("/api-keys", {"name": "Reader", "scopes": ["workflow:read"]})
    program = await world.with_key(key["key"])
    assert (await program.get(f"/workflows/{GREETING['id']}")).status_code == 200
    problem(await program.post(f"/workflows/{GREETING['id']}/publish"), 403, "permission_denied")


async def test_a_policy_that_permits_shows_a_key_no_list_beyond_its_scopes(world: World) -> None:
    admin = await world.found("acme")
    await admin.publish(GREETING)
    await admin.start(GREETING["id"], {"name": "Ada"})
    await permit(world, admin, 'permit(principal, action == Action::"execution:read", resource);')
    key = await admin.made("/api-keys", {"name": "Reader", "scopes": ["workflow:read"]})
    program = await world.with_key(key["key"])
    answer = await program.get("/executions")
    assert answer.json()["items"] == []
    assert len((await admin.get("/executions")).json()["items"]) == 1
