"""Whether people who sign in slow down everybody else."""

import asyncio
import json
import sys
import time
from statistics import median

from benchmarks import workflows
from benchmarks.databases import another_database
from benchmarks.figure import BenchmarkFailed, Figure
from benchmarks.lab import Lab
from benchmarks.peers.children import child
from benchmarks.peers.result import percentile
from benchmarks.people import PEOPLE_A_TENANT, Population, populate
from benchmarks.processes import REPOSITORY, weft
from benchmarks.site import Site, open_server

RATE = 100
"""Other requests a second."""

SIGN_INS_A_MINUTE = 200
ROUNDS = 6
SECONDS = 10.0
TENANTS = 10
MOST_TIMES = 1.2


async def signins(lab: Lab) -> list[Figure]:
    """Requests that come at a steady rate, without and with 200 sign-ins a minute, on ``weft server`` with a worker.

    A hundred a second, by turns a start and a look at an execution, all in one tenant; the sign-ins, evenly spaced, are
    of people of that tenant and others, at the default cost of a password's hash. Timed: from the instant at which a
    request was due to having its whole answer. The rounds without and with sign-ins alternate.

    - ``signins.others_p95``: the other requests with sign-ins; beside it, without. Each is the median of its rounds.
    - ``signins.p50``: a sign-in.
    """
    rounds, seconds = (1, SECONDS / 5) if lab.is_quick else (ROUNDS, SECONDS)
    quiet: list[list[float]] = []
    busy: list[list[float]] = []
    times: list[float] = []
    home = lab.directory / "signins"
    async with another_database(lab.url, "signins") as url:
        people = await populate(url, TENANTS, workflows.W1["id"])
        worker = weft("worker", home.with_suffix(".log"), {"WEFT_DATABASE_URL": url})
        async with worker, open_server(home, url) as site:
            await _requests(lab, site, people, 2.0)
            for _ in range(rounds):
                quiet.append(await _requests(lab, site, people, seconds))
                others = asyncio.create_task(_requests(lab, site, people, seconds))
                times += await _sign_in_until(others, site, people)
                busy.append(await others)
    alone, with_sign_ins = (median(percentile(each, 0.95) for each in measured) for measured in (quiet, busy))
    return [
        Figure("signins.others_p95", with_sign_ins, "ms", MOST_TIMES * alone, "lower", "without sign-ins", alone),
        Figure("signins.p50", percentile(times, 0.5), "ms", None, "lower"),
    ]


async def _requests(lab: Lab, site: Site, people: Population, seconds: float) -> list[float]:
    """Milliseconds of each of the other requests."""
    token = await site.sign_in(people.email(1))
    command = [sys.executable, "-m", "benchmarks.steady_load", "--port", str(site.port), "--token", token]
    command += ["--rate", str(RATE), "--seconds", str(seconds)]
    log = lab.directory / "steady-load.log"
    async with child(command, log, REPOSITORY) as process:
        answer, _ = await process.communicate()
    if process.returncode:
        raise BenchmarkFailed(f"the load ended early: {log.read_text()[-2000:]}")
    return json.loads(answer)


async def _sign_in_until(others: asyncio.Task[list[float]], site: Site, people: Population) -> list[float]:
    """Let people sign in, each as soon as they are due; return the milliseconds of each."""
    times: list[asyncio.Task[float]] = []
    while not others.done():
        person, tenant = len(times) // people.tenants % PEOPLE_A_TENANT + 1, len(times) % people.tenants + 1
        times.append(asyncio.create_task(_time_sign_in(site, people.email(tenant, person))))
        await asyncio.wait([others], timeout=60 / SIGN_INS_A_MINUTE)
    return await asyncio.gather(*times)


async def _time_sign_in(site: Site, email: str) -> float:
    began = time.perf_counter()
    await site.sign_in(email)
    return (time.perf_counter() - began) * 1000
