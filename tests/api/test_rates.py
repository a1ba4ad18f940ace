"""How often anybody may ask."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from ipaddress import ip_network

import httpx

from tests.api.client import PASSWORD, Client, problem, running
from tests.api.conftest import ORIGIN, api_options
from tests.api.definitions import GREETING
from tests.api.world import REASON, World
from weftline.api.app import Application
from weftline.features.rates.limiter import Rates

PROXY = (ip_network("127.0.0.1/32"),)


@asynccontextmanager
async def platform(database: str, rates: Rates) -> AsyncIterator[Application]:
    """A platform with limits, behind a proxy that names its clients."""
    app = Application(api_options(database, rates=rates, proxies=PROXY))
    async with running(app):
        yield app


@asynccontextmanager
async def visitor(app: Application, address: str) -> AsyncIterator[Client]:
    """Somebody at an address."""
    transport, forwarded = httpx.ASGITransport(app), {"X-Forwarded-For": address}
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=forwarded) as http:
        yield Client(http)


async def test_an_address_that_asks_too_often_is_told_when_to_come_back_and_others_are_not_touched(
    database: str,
) -> None:
    async with platform(database, Rates(address=3)) as app, visitor(app, "192.0.2.1") as one:
        for left in (2, 1, 0):
            answer = await one.get("/workflows")
            assert answer.headers["ratelimit-policy"] == '"address";q=3;w=60'
            assert answer.headers["ratelimit"].startswith(f'"address";r={left};t=')
            problem(answer, 401, "unauthenticated")
        refused = await one.get("/workflows")
        problem(refused, 429, "rate_limited")
        seconds = int(refused.headers["retry-after"])
        assert 1 <= seconds <= 120
        assert refused.headers["ratelimit"] == f'"address";r=0;t={seconds}'
        assert (await one.http.get("/health/live")).status_code == 200
        async with visitor(app, "192.0.2.2") as other:
            problem(await other.get("/workflows"), 401, "unauthenticated")


async def test_an_ipv6_network_counts_as_one_address(database: str) -> None:
    async with platform(database, Rates(address=1)) as app:
        async with visitor(app, "2001:db8::1") as one, visitor(app, "2001:db8::2") as neighbour:
            problem(await one.get("/workflows"), 401, "unauthenticated")
            problem(await neighbour.get("/workflows"), 429, "rate_limited")
        async with visitor(app, "2001:db8:0:1::1") as elsewhere:
            problem(await elsewhere.get("/workflows"), 401, "unauthenticated")


async def test_guessing_is_bounded_sooner_than_anything_else(database: str) -> None:
    async with platform(database, Rates(sign_in=2, hook=1)) as app, visitor(app, "192.0.2.1") as guesser:
        for email in ("ada@example.com", "grace@example.com"):
            answer = await guesser.post("/auth/login", {"email": email, "password": PASSWORD})
            problem(answer, 401, "wrong_credentials")
        for path in ("/auth/login", "/auth/refresh", "/auth/mfa/verify", "/auth/password/reset", "/task-links/guess"):
            problem(await guesser.post(path, {}), 429, "rate_limited")
        problem(await guesser.http.post("/hooks/guess"), 404, "webhook_not_found")
        problem(await guesser.http.post("/hooks/guess"), 429, "rate_limited")
        problem(await guesser.get("/auth/me"), 401, "unauthenticated")


async def test_a_caller_who_floods_keeps_nobody_else_from_asking(database: str) -> None:
    async with AsyncExitStack() as opened:
        app = await opened.enter_async_context(platform(database, Rates(caller=30)))
        world = await World(app, opened).begin()
        admin = await world.found("acme")
        await admin.publish(GREETING)
        while (answer := await admin.post("/workflows/greeting/executions", {"input": {"name": "Ada"}})).is_success:
            assert '"caller";q=30;w=60' in answer.headers["ratelimit-policy"]
        problem(answer, 429, "rate_limited")
        colleague = await world.join("acme", "grace", "author")
        assert (await colleague.get("/workflows")).status_code == 200


async def test_a_tenant_that_floods_takes_nothing_from_others_and_has_a_limit_of_its_own(database: str) -> None:
    async with AsyncExitStack() as opened:
        app = await opened.enter_async_context(platform(database, Rates(tenant=40)))
        world = await World(app, opened).begin()
        acme, umbrella = await world.found("acme"), await world.found("umbrella")
        colleague = await world.join("acme", "grace", "author")
        while (answer := await acme.get("/workflows")).is_success:
            pass
        problem(answer, 429, "rate_limited")
        problem(await colleague.get("/workflows"), 429, "rate_limited")
        assert (await umbrella.get("/workflows")).status_code == 200
        # an operator can let them go on
        limits = {"configuration": {"limits": {"maxRequestsPerMinute": 1000}}}
        changed = await world.operator.patch("/tenants/acme", limits, headers=REASON)
        assert changed.status_code == 200, changed.text
        answer = await acme.get("/workflows")
        assert answer.status_code == 200
        assert '"tenant";q=1000;w=60' in answer.headers["ratelimit-policy"]


async def test_without_limits_nothing_is_counted_or_told(database: str) -> None:
    none = Rates(address=0, sign_in=0, hook=0, caller=0, tenant=0)
    async with platform(database, none) as app, visitor(app, "192.0.2.1") as client:
        await client.become_first_administrator(app)
        answer = await client.get("/workflows")
        assert answer.status_code == 200 and "ratelimit" not in answer.headers
