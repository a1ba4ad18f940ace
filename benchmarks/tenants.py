"""Whether a platform of ten thousand tenants is slower than one of ten."""

import random
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

from benchmarks import http_client, workflows
from benchmarks.databases import another_database
from benchmarks.figure import Figure
from benchmarks.http_client import HttpConnection
from benchmarks.lab import Lab
from benchmarks.peers.result import percentile
from benchmarks.people import PEOPLE_A_TENANT, Population, populate
from benchmarks.processes import weft
from benchmarks.site import PASSWORD, Site, open_server

FEW = 10
MANY = 10_000
SAMPLES = 200
WARM_UP = 5
MOST_TIMES = 1.2

STARTS = f"/workflows/{workflows.W1['id']}/executions"


@dataclass(frozen=True, slots=True)
class Platform:
    """A running platform with its people.

    Attributes:
        site: its API.
        people: who there are.
        operator: an access token of its operator.
        tokens: access tokens of one person in each of the first ten tenants.
        connection: to its API.
        chance: chooses among people, the same every time.
    """

    site: Site
    people: Population
    operator: str
    tokens: list[str]
    connection: HttpConnection
    chance: random.Random

    def ask(self, method: str, path: str, body: object = None) -> bytes:
        """A request of somebody in one of the first ten tenants."""
        return http_client.encode(method, path, self.site.port, token=self.chance.choice(self.tokens), body=body)

    def list_tenants(self) -> bytes:
        """The operator's request for tenants: as many as there are on the small platform."""
        return http_client.encode("GET", f"/tenants?limit={FEW}", self.site.port, token=self.operator)

    def sign_in(self) -> bytes:
        """A request of anybody to sign in."""
        tenant = self.chance.randint(1, self.people.tenants)
        email = self.people.email(tenant, self.chance.randint(1, PEOPLE_A_TENANT))
        body = {"email": email, "password": PASSWORD}
        return http_client.encode("POST", "/auth/login", self.site.port, body=body)

    async def time(self, request: bytes, expected: int) -> float:
        """Send a request; return the milliseconds until its whole answer was there."""
        began = time.perf_counter()
        await self.connection.exchange(request, expected=expected)
        return (time.perf_counter() - began) * 1000


REQUESTS: dict[str, tuple[Callable[[Platform], bytes], int]] = {
    "list_tenants": (Platform.list_tenants, 200),
    "list_users": (lambda platform: platform.ask("GET", "/users"), 200),
    "list_executions": (lambda platform: platform.ask("GET", "/executions"), 200),
    "sign_in": (Platform.sign_in, 200),
    "start": (lambda platform: platform.ask("POST", STARTS, {"input": {}}), 202),
    "run": (lambda platform: platform.ask("POST", f"{STARTS}?wait=10", {"input": {}}), 200),
}


async def tenants(lab: Lab) -> list[Figure]:
    """Requests to a platform of 10,000 tenants with ten people each, and to one of ten such tenants.

    Every tenant has a workflow and ten executions that have ended. The platforms are two ``weft server`` with a
    ``weft worker`` each, on two databases of one PostgreSQL; requests go to one and the other by turns, one after
    another. Those for users and executions, and the starts, are made by people of ten tenants on both; whoever signs in
    is chosen among all people there are. Timed: from sending a request to having its whole answer; for ``run``, which
    starts an execution of one action and waits for its end, with the worker's part.
    """
    async with AsyncExitStack() as stack:
        many = await _open_platform(stack, lab, lab.scaled(MANY))
        few = await _open_platform(stack, lab, FEW)
        return [await _compare(lab, name, few, many) for name in REQUESTS]


async def _compare(lab: Lab, name: str, few: Platform, many: Platform) -> Figure:
    make, expected = REQUESTS[name]
    times: dict[int, list[float]] = {few.site.port: [], many.site.port: []}
    for _ in range(WARM_UP + lab.scaled(SAMPLES)):
        for platform in (few, many):
            times[platform.site.port].append(await platform.time(make(platform), expected))
    of_few, of_many = (percentile(times[platform.site.port][WARM_UP:], 0.5) for platform in (few, many))
    return Figure(f"tenants.{name}", of_many, "ms", MOST_TIMES * of_few, "lower", f"{FEW} tenants", of_few)


async def _open_platform(stack: AsyncExitStack, lab: Lab, size: int) -> Platform:
    url = await stack.enter_async_context(another_database(lab.url, f"tenants_{size}"))
    people = await populate(url, size, workflows.W1["id"])
    home = lab.directory / f"tenants-{size}"
    await stack.enter_async_context(weft("worker", home.with_suffix(".log"), {"WEFT_DATABASE_URL": url}))
    site = await stack.enter_async_context(open_server(home, url))
    connection = await http_client.connect(site.port)
    stack.callback(connection.close)
    tokens = [await site.sign_in(people.email(tenant)) for tenant in range(1, FEW + 1)]
    return Platform(site, people, await site.sign_in(), tokens, connection, random.Random(0))
