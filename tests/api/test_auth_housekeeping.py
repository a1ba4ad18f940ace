"""What sees to itself about accounts."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.api.client import EMAIL, Client
from tests.api.conftest import api_options
from tests.conftest import Connect
from weftline.api.app import Application
from weftline.features.identity.housekeeping import BATCH, PURGES, Housekeeper
from weftline.features.identity.tokens import Tokens


@pytest.fixture
async def application(database: str) -> AsyncIterator[Application]:
    """The API, in which nothing happens by itself."""
    app = Application(api_options(database))
    async with app.running():
        yield app


@pytest.fixture
async def identity(connect: Connect) -> asyncpg.Connection:
    return await connect("weft_identity")


@pytest.fixture
def housekeeper(application: Application) -> Housekeeper:
    assert application.services is not None
    return application.services.people.housekeeper


async def use_everything(api: Client) -> None:
    """Leave a row in every table that is looked after."""
    tokens = await api.sign_in()
    await api.post("/auth/refresh", {"refreshToken": tokens["refreshToken"]})
    await api.post("/auth/login", {"email": EMAIL, "password": "wrong"})
    await api.post("/auth/password/forgot", {"email": EMAIL})
    await api.post("/platform/signing-keys/rotate", {})


async def test_what_is_young_is_kept(housekeeper: Housekeeper, api: Client) -> None:
    await use_everything(api)
    assert await housekeeper.run_once() == dict.fromkeys([*PURGES, "rotated"], 0)
    assert (await api.get("/auth/me")).status_code == 200


async def test_what_is_old_is_removed(housekeeper: Housekeeper, api: Client, identity: asyncpg.Connection) -> None:
    await use_everything(api)
    for change in (
        "refresh_tokens SET used_at = used_at - interval '8 days'",
        "one_time_tokens SET expires_at = expires_at - interval '2 days'",
        "sign_in_failures SET last_at = last_at - interval '25 hours'",
        "signing_keys SET retired_at = retired_at - interval '91 days'",
    ):
        await identity.execute(f"UPDATE {change}")
    removed = {"refresh_tokens": 1, "one_time_tokens": 1, "sign_in_failures": 1, "signing_keys": 1}
    assert await housekeeper.run_once() == {**removed, "sessions": 0, "rotated": 0}
    await identity.execute("UPDATE sessions SET expires_at = expires_at - interval '1 year'")
    counts = await housekeeper.run_once()
    assert counts["sessions"] == 2
    assert await identity.fetchval("SELECT count(*) FROM refresh_tokens") == 0


async def test_more_than_one_batch_is_removed(housekeeper: Housekeeper, identity: asyncpg.Connection) -> None:
    await identity.execute(
        "INSERT INTO sign_in_failures (key, failures, last_at)"
        " SELECT sha256(n::text::bytea), 1, now() - interval '2 days' FROM generate_series(1, $1::int) n",
        BATCH + 1,
    )
    assert (await housekeeper.run_once())["sign_in_failures"] == BATCH + 1


async def test_a_signing_key_is_replaced_in_time(
    housekeeper: Housekeeper, api: Client, identity: asyncpg.Connection
) -> None:
    await identity.execute("UPDATE signing_keys SET created_at = now() - interval '91 days'")
    assert (await housekeeper.run_once())["rotated"] == 1
    assert (await housekeeper.run_once())["rotated"] == 0


async def test_it_starts_and_stops_twice_without_harm(application: Application) -> None:
    services = application.services
    assert services is not None
    tokens: Tokens = services.tokens
    keeper = Housekeeper(services.identity, tokens, key_days=90)
    await keeper.stop()
    keeper.start()
    keeper.start()
    await keeper.stop()
    await keeper.stop()
    with pytest.raises(ValueError, match="a day at least"):
        Housekeeper(services.identity, tokens, key_days=0)
