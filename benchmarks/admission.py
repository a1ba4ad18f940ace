"""What finding out who asks, whether they may, and for which tenant, takes of a request."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import repeat
from secrets import token_bytes
from uuid import UUID

import asyncpg
from fastapi import Request

from benchmarks import workflows
from benchmarks.databases import another_database
from benchmarks.figure import Figure
from benchmarks.lab import Lab
from benchmarks.peers.result import percentile
from benchmarks.people import Population, populate
from benchmarks.site import PASSWORD
from weftline.features.executions.permissions import READ, START
from weftline.features.identity.keys import key_hash, new_key
from weftline.features.identity.sessions import SignedIn
from weftline.features.services import AccountOptions, Services, open_services
from weftline.model.ids import uuid7
from weftline.store.connect import create_pool, set_tenant, tenant_transaction
from weftline.store.keyring import Keyring

REQUESTS = 5_000
WARM_UP = 200
TARGET_US = 300
POLICIES = 50

PLAIN, GOVERNED = 1, 2
"""The tenants: the second one has policies."""

POLICY = """\
forbid(principal, action in [Action::"execution:start", Action::"execution:read"], resource)
when {{ resource has department && resource.department == "department-{number}" }}
unless {{ principal has department && principal.department == resource.department && context.hour < 18 }};
"""

ADD_KEY = """
    INSERT INTO api_keys (tenant_id, id, name, hint, key_hash, user_id)
    SELECT tenant_id, $2, 'bench', '', $3, user_id FROM memberships WHERE tenant_id = $1 LIMIT 1
"""
ADD_POLICY = "INSERT INTO policies (tenant_id, id, name, source) VALUES ($1, $2, $3, $4)"
ONE_EXECUTION = "SELECT id FROM executions WHERE tenant_id = $1 LIMIT 1"

OF_WORKFLOW = {"workflow_id": workflows.W1["id"]}


@dataclass(frozen=True, slots=True)
class Desk:
    """Where requests are admitted, in this process.

    Attributes:
        services: the API's.
        pool: connections under the API's role.
        people: in two tenants.
    """

    services: Services
    pool: asyncpg.Pool[asyncpg.Record]
    people: Population

    async def sign_in(self, tenant: int) -> tuple[str, UUID]:
        """An access token of somebody in a tenant, and the tenant's id."""
        signed_in = await self.services.sign_in.with_password(self.people.email(tenant), PASSWORD, None)
        assert isinstance(signed_in, SignedIn) and signed_in.tenant_id is not None
        return signed_in.access_token, signed_in.tenant_id

    async def time(self, permission: str, params: Mapping[str, str], tokens: Iterable[str]) -> list[float]:
        """Microseconds of each request, by whoever has the token.

        Timed: the gate's check of who asks and whether they may; and binding a transaction, which stands open, to
        their tenant.
        """
        times: list[float] = []
        for token in tokens:
            request = _request(token)
            async with self.pool.acquire() as connection, connection.transaction():
                began = time.perf_counter()
                caller = await self.services.gate.admit(request, permission, params)
                await set_tenant(connection, caller.tenant_id)
                times.append((time.perf_counter() - began) * 1e6)
        return times[WARM_UP:]


async def auth(lab: Lab) -> list[Figure]:
    """Requests one after another, each admitted by the API's own gate, on an idle system.

    - ``auth.token``: with an access token that was seen before, as all but the first of a session's ten minutes are.
    - ``auth.new_token``: with an access token that was never seen, whose signature is checked.
    - ``auth.key``: with an API key.
    - ``auth.policies``: to start an execution, in a tenant with 50 Cedar policies about starting and reading.
    - ``auth.policies_execution``: to read one, in that tenant; the execution is looked up, for policies to judge it.

    See ``Desk.time`` for what is timed. In that, ``auth.context`` is what binding the transaction takes, which is one
    round trip to the database.
    """
    count = WARM_UP + lab.scaled(REQUESTS)
    async with _open_desk(lab) as desk:
        token, plain = await desk.sign_in(PLAIN)
        governed_token, governed = await desk.sign_in(GOVERNED)
        of_execution = {"execution_id": str(await _execution(desk, governed))}
        times = {
            "token": await desk.time(START, OF_WORKFLOW, repeat(token, count)),
            "new_token": await desk.time(START, OF_WORKFLOW, [await _issue(desk, plain) for _ in range(count)]),
            "key": await desk.time(START, OF_WORKFLOW, repeat(await _add_key(desk, plain), count)),
            "policies": await desk.time(START, OF_WORKFLOW, repeat(governed_token, count)),
            "policies_execution": await desk.time(READ, of_execution, repeat(governed_token, count)),
            "context": await _time_context(desk, plain, count),
        }
    return [
        figure
        for name, samples in times.items()
        for figure in (
            Figure(f"auth.{name}.p50", percentile(samples, 0.5), "µs", TARGET_US, "lower"),
            Figure(f"auth.{name}.p99", percentile(samples, 0.99), "µs", None, "lower"),
        )
    ]


@asynccontextmanager
async def _open_desk(lab: Lab) -> AsyncIterator[Desk]:
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(another_database(lab.url, "auth"))
        people = await populate(url, 2, workflows.W1["id"])
        options = AccountOptions(Keyring(token_bytes(32)))
        services = await stack.enter_async_context(open_services(url, None, options, background=False))
        desk = Desk(services, await stack.enter_async_context(await create_pool(url, "weft_api", max_size=1)), people)
        _, governed = await desk.sign_in(GOVERNED)
        async with tenant_transaction(desk.pool, governed) as connection:
            for number in range(POLICIES):
                source = POLICY.format(number=number)
                await connection.execute(ADD_POLICY, governed, uuid7(), f"policy {number}", source)
        services.cache.forget("tenant", governed)
        yield desk


def _request(token: str) -> Request:
    headers = {
        "host": "127.0.0.1:8080",
        "authorization": f"Bearer {token}",
        "content-type": "application/json",
        "content-length": "13",
        "accept": "*/*",
        "accept-encoding": "gzip, deflate",
        "user-agent": "python-httpx/0.28.1",
    }
    return Request({"type": "http", "headers": [(name.encode(), value.encode()) for name, value in headers.items()]})


async def _issue(desk: Desk, tenant_id: UUID) -> str:
    async with tenant_transaction(desk.pool, tenant_id) as connection:
        user_id = await connection.fetchval("SELECT user_id FROM memberships WHERE tenant_id = $1 LIMIT 1", tenant_id)
    return await desk.services.tokens.issue(
        subject=user_id, tenant_id=tenant_id, session_id=uuid7(), methods=["pwd"], roles=["admin"], permissions=["*"]
    )


async def _add_key(desk: Desk, tenant_id: UUID) -> str:
    key = new_key(tenant_id)
    async with tenant_transaction(desk.pool, tenant_id) as connection:
        await connection.execute(ADD_KEY, tenant_id, uuid7(), key_hash(key))
    return key


async def _execution(desk: Desk, tenant_id: UUID) -> UUID:
    async with tenant_transaction(desk.pool, tenant_id) as connection:
        return await connection.fetchval(ONE_EXECUTION, tenant_id)


async def _time_context(desk: Desk, tenant_id: UUID, count: int) -> list[float]:
    times: list[float] = []
    for _ in range(count):
        async with desk.pool.acquire() as connection, connection.transaction():
            began = time.perf_counter()
            await set_tenant(connection, tenant_id)
            times.append((time.perf_counter() - began) * 1e6)
    return times[WARM_UP:]
