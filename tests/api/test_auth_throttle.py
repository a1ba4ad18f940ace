"""Slowing down whoever guesses, and nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from ipaddress import ip_address

import asyncpg
import httpx
import pytest

from tests.api.client import EMAIL, PASSWORD, Client, problem
from tests.api.mailbox import Mailbox
from tests.api.visitors import Visit, visiting
from tests.conftest import Connect
from weftline.api.app import Application
from weftline.features.identity.throttle import FROM_EVERYWHERE, FROM_ONE_SOURCE

ATTACKER = "198.51.100.7"
ANOTHER = "seven lazy otters juggle"


@pytest.fixture
async def identity(connect: Connect) -> asyncpg.Connection:
    return await connect("weft_identity")


@pytest.fixture
async def visit(application: Application) -> AsyncIterator[Visit]:
    async with visiting(application) as visit:
        yield visit


async def guess(client: Client, email: str = EMAIL, **fields: str) -> httpx.Response:
    return await client.post("/auth/login", {"email": email, "password": "a wrong guess", **fields})


async def guess_until_slowed(client: Client, email: str = EMAIL) -> httpx.Response:
    for _ in range(FROM_ONE_SOURCE.free):
        problem(await guess(client, email), 401, "wrong_credentials")
    answer = await guess(client, email)
    problem(answer, 429, "too_many_tries")
    return answer


async def guess_from_everywhere(visit: Visit) -> None:
    """As many as make the common count block."""
    first = int(ip_address("203.0.0.0"))
    networks = FROM_EVERYWHERE.free // FROM_ONE_SOURCE.free
    for network in range(networks):
        client = visit(str(ip_address(first + 256 * network)))
        for _ in range(FROM_ONE_SOURCE.free):
            problem(await guess(client), 401, "wrong_credentials")


async def test_after_some_failures_the_next_try_has_to_wait(api: Client, visit: Visit) -> None:
    answer = await guess_until_slowed(visit(ATTACKER))
    assert int(answer.headers["retry-after"]) >= 1


async def test_even_the_right_password_is_not_looked_at_before(api: Client, visit: Visit) -> None:
    attacker = visit(ATTACKER)
    await guess_until_slowed(attacker)
    problem(await attacker.post("/auth/login", {"email": EMAIL, "password": PASSWORD}), 429, "too_many_tries")


async def test_each_further_failure_doubles_the_wait(api: Client, visit: Visit, identity: asyncpg.Connection) -> None:
    attacker = visit(ATTACKER)
    await guess_until_slowed(attacker)
    waits: list[float] = []
    for _ in range(12):
        waits.append(
            await identity.fetchval(
                "SELECT max(extract(epoch FROM blocked_until - last_at))::float8 FROM sign_in_failures"
            )
        )
        await identity.execute("UPDATE sign_in_failures SET blocked_until = now()")
        problem(await guess(attacker), 401, "wrong_credentials")
    assert waits[:4] == [1, 2, 4, 8]
    assert waits[-1] == FROM_ONE_SOURCE.longest


async def test_guesses_at_once_are_no_better_than_one_after_the_other(api: Client, visit: Visit) -> None:
    attacker = visit(ATTACKER)
    answers = await asyncio.gather(*(guess(attacker) for _ in range(20)))
    assert sum(answer.status_code == 401 for answer in answers) == FROM_ONE_SOURCE.free


async def test_unknown_accounts_are_treated_alike(api: Client, visit: Visit) -> None:
    await guess_until_slowed(visit(ATTACKER), "nobody@example.com")


async def test_a_success_takes_the_count_away(api: Client, visit: Visit, identity: asyncpg.Connection) -> None:
    client = visit(ATTACKER)
    for _ in range(FROM_ONE_SOURCE.free - 1):
        await guess(client)
    await client.sign_in()
    assert await identity.fetchval("SELECT count(*) FROM sign_in_failures") == 0


async def test_one_networks_failures_do_not_slow_down_another(api: Client, visit: Visit) -> None:
    await guess_until_slowed(visit(ATTACKER))
    await visit("192.0.2.1").sign_in()


async def test_other_addresses_of_the_same_network_are_slowed_down_too(api: Client, visit: Visit) -> None:
    await guess_until_slowed(visit(ATTACKER))
    problem(await guess(visit("198.51.100.200")), 429, "too_many_tries")
    await guess_until_slowed(visit("2001:db8:1::1"))
    problem(await guess(visit("2001:db8:1:0:ffff::2")), 429, "too_many_tries")


async def test_guesses_from_many_networks_are_slowed_down_together(api: Client, visit: Visit) -> None:
    await guess_from_everywhere(visit)
    problem(await guess(visit(ATTACKER)), 429, "too_many_tries")


async def test_the_owner_is_not_locked_out_where_they_have_signed_in_before(api: Client, visit: Visit) -> None:
    tokens = await visit("192.0.2.1").sign_in()
    await guess_from_everywhere(visit)
    await visit("192.0.2.99").sign_in()
    await visit(ATTACKER).sign_in(deviceToken=tokens["deviceToken"])


async def test_a_device_that_is_known_is_not_held_to_its_networks_failures(api: Client, visit: Visit) -> None:
    tokens = await visit("192.0.2.1").sign_in()
    await guess_until_slowed(visit("192.0.2.1"))
    await visit("192.0.2.1").sign_in(deviceToken=tokens["deviceToken"])


async def test_a_known_device_cannot_guess_for_ever_either(api: Client, visit: Visit) -> None:
    client = visit(ATTACKER)
    device = (await client.sign_in())["deviceToken"]
    for _ in range(FROM_ONE_SOURCE.free):
        problem(await guess(client, deviceToken=device), 401, "wrong_credentials")
    problem(await guess(client, deviceToken=device), 429, "too_many_tries")


async def test_made_up_device_tokens_help_nobody(api: Client, visit: Visit) -> None:
    attacker = visit(ATTACKER)
    await guess_until_slowed(attacker)
    for token in ("wd_nonsense", "wd_" + "A" * 91, "é"):
        problem(await guess(attacker, deviceToken=token), 429, "too_many_tries")


async def test_an_owner_somewhere_new_gets_in_by_mail_while_others_guess(
    api: Client, visit: Visit, mailbox: Mailbox
) -> None:
    await guess_from_everywhere(visit)
    owner = visit("192.0.2.1")
    problem(await owner.post("/auth/login", {"email": EMAIL, "password": PASSWORD}), 429, "too_many_tries")
    await owner.post("/auth/password/forgot", {"email": EMAIL})
    body = {"token": await mailbox.token(EMAIL, "reset_password"), "newPassword": ANOTHER}
    device = (await owner.post("/auth/password/reset", body)).json()["deviceToken"]
    await owner.sign_in(password=ANOTHER, deviceToken=device)


async def test_the_owner_hears_of_a_series_of_failures_once(api: Client, visit: Visit, mailbox: Mailbox) -> None:
    await guess_from_everywhere(visit)
    assert await mailbox.templates(EMAIL) == ["account_locked"]


async def test_nothing_of_those_who_have_no_account_is_written_down(
    api: Client, visit: Visit, identity: asyncpg.Connection, mailbox: Mailbox
) -> None:
    await guess_until_slowed(visit(ATTACKER), "nobody@example.com")
    assert await mailbox.templates("nobody@example.com") == []
    keys = await identity.fetch("SELECT key FROM sign_in_failures")
    assert keys and all(len(row["key"]) == 32 for row in keys)
