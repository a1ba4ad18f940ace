"""Replacing the keys that sign access tokens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from tests.api.client import PATIENCE, Client, problem, running
from tests.api.conftest import api_options
from tests.api.people import People
from tests.api.test_auth import bearer, part
from tests.api.visitors import Visit, visiting
from tests.conftest import Connect
from weftline.api.app import Application
from weftline.features.identity.tokens import Tokens


@pytest.fixture
async def identity(connect: Connect) -> asyncpg.Connection:
    return await connect("weft_identity")


@pytest.fixture
async def visit(application: Application) -> AsyncIterator[Visit]:
    async with visiting(application) as visit:
        yield visit


def tokens_of(application: Application) -> Tokens:
    assert application.services is not None
    return application.services.tokens


async def published(client: Client) -> list[str]:
    return [key["kid"] for key in (await client.get("/.well-known/jwks.json")).json()["keys"]]


async def test_a_new_key_is_published_before_it_signs_and_nobody_is_signed_out(api: Client) -> None:
    before = await api.sign_in()
    old = part(before["accessToken"], 0)["kid"]
    new = (await api.post("/platform/signing-keys/rotate", {})).json()["id"]
    assert await published(api) == [old, new]
    after = await api.sign_in()
    assert part(after["accessToken"], 0)["kid"] == old
    for tokens in (before, after):
        assert (await api.get("/auth/me", headers=bearer(tokens["accessToken"]))).status_code == 200
    listed = (await api.get("/platform/signing-keys")).json()["items"]
    assert [key["id"] for key in listed] == [new, old]
    assert listed[0]["retiredAt"] is None and listed[1]["retiredAt"] == listed[0]["activeAt"]


async def test_when_its_time_comes_it_signs_and_the_old_one_still_checks(
    application: Application, api: Client, database: str, identity: asyncpg.Connection
) -> None:
    before = await api.sign_in()
    new = (await api.post("/platform/signing-keys/rotate", {})).json()["id"]
    await identity.execute("UPDATE signing_keys SET active_at = active_at - interval '6 minutes'")
    await identity.execute("UPDATE signing_keys SET retired_at = retired_at - interval '6 minutes'")
    later = Application(api_options(database))
    async with running(later), visiting(later) as visit_later:
        client = visit_later()
        tokens = await client.sign_in()
        assert part(tokens["accessToken"], 0)["kid"] == new
        assert (await client.get("/auth/me", headers=bearer(before["accessToken"]))).status_code == 200
        # the process that does not know it yet finds it
        assert (await api.get("/auth/me", headers=bearer(tokens["accessToken"]))).status_code == 200
        refreshed = await client.post("/auth/refresh", {"refreshToken": before["refreshToken"]})
        assert refreshed.status_code == 200


async def test_what_a_compromised_key_signed_counts_nowhere_and_sessions_go_on(
    api: Client, database: str, visit: Visit
) -> None:
    before = await api.sign_in()
    old = part(before["accessToken"], 0)["kid"]
    other = Application(api_options(database))
    async with running(other), visiting(other) as visit_other:
        elsewhere = visit_other()
        assert (await elsewhere.get("/auth/me", headers=bearer(before["accessToken"]))).status_code == 200
        answer = await api.post("/platform/signing-keys/rotate", {"compromised": True})
        assert answer.status_code == 200
        problem(await visit().get("/auth/me", headers=bearer(before["accessToken"])), 401, "unauthenticated")
        async with asyncio.timeout(PATIENCE):
            while (await elsewhere.get("/auth/me", headers=bearer(before["accessToken"]))).status_code == 200:
                pass
        assert old not in await published(elsewhere)
        refreshed = (await elsewhere.post("/auth/refresh", {"refreshToken": before["refreshToken"]})).json()
        assert part(refreshed["accessToken"], 0)["kid"] == answer.json()["id"]
        assert (await visit().get("/auth/me", headers=bearer(refreshed["accessToken"]))).status_code == 200


async def test_a_key_is_replaced_when_it_is_old(
    application: Application, api: Client, identity: asyncpg.Connection
) -> None:
    tokens = tokens_of(application)
    assert not await tokens.rotate_older_than(timedelta(days=90))
    await identity.execute("UPDATE signing_keys SET created_at = now() - interval '91 days'")
    both = await asyncio.gather(*(tokens.rotate_older_than(timedelta(days=90)) for _ in range(2)))
    assert sorted(both) == [False, True]
    assert (await api.get("/auth/me")).status_code == 200


async def test_private_keys_are_stored_sealed(api: Client, identity: asyncpg.Connection) -> None:
    private = await identity.fetchval("SELECT private_key FROM signing_keys")
    assert b"PRIVATE KEY" not in private
    stored: Any = await identity.fetchval("SELECT public_key ->> 'd' FROM signing_keys")
    assert stored is None


async def test_only_operators_replace_keys(people: People) -> None:
    grace = await people.join("grace", "admin")
    problem(await grace.post("/platform/signing-keys/rotate", {}), 403, "operators_only")
    problem(await grace.get("/platform/signing-keys"), 403, "operators_only")
