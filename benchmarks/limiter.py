"""What holding requests to their limits takes of each."""

import time
from statistics import median
from uuid import uuid4

from starlette.types import Scope

from benchmarks.figure import Figure
from benchmarks.lab import Lab
from weftline.features.access.caller import almighty
from weftline.features.rates.limiter import TALLY_KEY, RateLimiter
from weftline.model.ids import DEFAULT_TENANT

REQUESTS = 100_000
CALLERS = 10_000
ROUNDS = 5


async def limiter(lab: Lab) -> list[Figure]:
    """Counting a request for its address, its caller and their tenant, and making the headers that tell of it.

    In this process, without HTTP: 100,000 requests of 10,000 callers, each with an address of its own, with the default
    limits. ``limiter.request`` is the median of five rounds.
    """
    requests = lab.scaled(REQUESTS)
    people = [
        (f"10.1.{number // 256}.{number % 256}", almighty(DEFAULT_TENANT, "user", f"p{number}", id=uuid4()))
        for number in range(CALLERS)
    ]
    found: list[float] = []
    for _ in range(ROUNDS):
        rates = RateLimiter()
        began = time.perf_counter()
        for number in range(requests):
            address, caller = people[number % CALLERS]
            scope: Scope = {"path": "/api/v1/executions", "method": "GET"}
            rates.knock(scope, address)
            rates.enter(scope, caller, None)
            scope[TALLY_KEY].headers()
        found.append((time.perf_counter() - began) / requests * 1e6)
    return [Figure("limiter.request", median(found), "µs", None, "lower")]
