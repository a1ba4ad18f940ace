"""How long sessions may last is each tenant's to say, whichever tenant they began in."""

from __future__ import annotations

import asyncpg
import pytest

from tests.api.client import PASSWORD, problem
from tests.api.world import REASON, Person, World
from tests.conftest import Connect

STRICT = {"security": {"sessionMaxMinutes": 60, "sessionIdleMinutes": 10}}


@pytest.fixture
async def ada(world: World) -> Person:
    """A member of a tenant that lets sessions last, and of one that does not."""
    await world.found("acme")
    await world.found("strict", configuration=STRICT)
    person = await world.join("acme", "ada")
    body = {"email": person.email, "password": PASSWORD}
    await world.operator.made("/tenants/strict/members", body, headers=REASON)
    return person


@pytest.fixture
async def identity(connect: Connect) -> asyncpg.Connection:
    """A connection that sees sessions."""
    return await connect("weft_identity")


async def test_a_session_that_is_too_old_for_a_tenant_does_not_go_on_there(
    ada: Person, identity: asyncpg.Connection
) -> None:
    tokens = await ada.sign_in(ada.email, tenant="acme")
    await identity.execute("UPDATE sessions SET created_at = now() - interval '2 hours'")
    token = {"refreshToken": tokens["refreshToken"]}
    problem(await ada.post("/auth/refresh", {**token, "tenant": "strict"}), 401, "session_over")
    assert (await ada.post("/auth/refresh", token)).status_code == 200


async def test_a_session_that_was_unused_too_long_in_a_tenant_does_not_go_on_by_way_of_another(
    ada: Person, identity: asyncpg.Connection
) -> None:
    tokens = await ada.sign_in(ada.email, tenant="strict")
    await identity.execute("UPDATE sessions SET last_used_at = now() - interval '20 minutes'")
    token = {"refreshToken": tokens["refreshToken"]}
    problem(await ada.post("/auth/refresh", {**token, "tenant": "acme"}), 401, "session_over")
