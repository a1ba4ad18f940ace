"""How many requests of every kind the API answers a second, how soon, and what they cost."""

from __future__ import annotations

import json
import random
import sys
from typing import TypedDict

from benchmarks import workflows
from benchmarks.figure import BenchmarkFailed, Figure
from benchmarks.lab import Lab
from benchmarks.peers.children import child
from benchmarks.processes import REPOSITORY, WeftProcess
from benchmarks.site import Site, open_server
from weftline.model.ids import DEFAULT_TENANT

EXECUTIONS = 200_000
WAITING = 20_000
TASKS = 10_000
"""Of those, how many wait for a signal, and for a person."""

READ = 5_000
"""How many of them are read one by one."""

SECONDS = 15.0
SECONDS_TO_WARM_UP = 3.0

OPEN_TASKS = "SELECT id::text FROM human_tasks WHERE tenant_id = $1 AND status = 'open'"


class Load(TypedDict):
    """What the clients measured; ``requests`` is how many they sent in all."""

    requests: int
    requests_per_s: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    p95_ms_of: dict[str, float]


async def api(lab: Lab) -> list[Figure]:
    """Reading and writing of every kind among 200,000 executions, by 100 clients at once, then by 500.

    The executions are run by a worker beforehand: most of one action that have ended, 20,000 that wait for a signal,
    10,000 that wait for a person. Four of five requests read: an execution, its events, pages of the lists of
    executions (filtered, sorted, further on), of tasks and of workflows. The others start, signal and cancel
    executions and complete tasks, which the worker carries out meanwhile. The clients are another process; each sends
    its next request when the last one is answered, on a connection that stays open. Timed: from sending a request to
    having its whole answer. Any answer but the one wanted fails the benchmark.

    ``api.server_cpu``: processor time of the server's process for a request, the database's left out.
    """
    await lab.clear()
    async with lab.worker() as worker:
        stock = await _fill(lab, worker)
        async with open_server(lab.directory / "api", lab.url) as site:
            before = site.process.cpu_seconds()
            hundred = await _load(lab, site, _part(stock, 0), 100)
            cpu = (site.process.cpu_seconds() - before) * 1000 / hundred["requests"]
            many = await _load(lab, site, _part(stock, 1), 500)
            site.process.check()
        worker.check()
    return [
        Figure("api.requests", hundred["requests_per_s"], "requests/s", 1_000),
        Figure("api.p50", hundred["p50_ms"], "ms", None, "lower"),
        Figure("api.p95", hundred["p95_ms"], "ms", 100, "lower"),
        Figure("api.p99", hundred["p99_ms"], "ms", 250, "lower"),
        *(Figure(f"api.p95.{kind}", taken, "ms", None, "lower") for kind, taken in hundred["p95_ms_of"].items()),
        Figure("api.server_cpu", cpu, "ms", None, "lower"),
        Figure("api.requests_500", many["requests_per_s"], "requests/s"),
        Figure("api.p95_500", many["p95_ms"], "ms", 500, "lower"),
        Figure("api.p99_500", many["p99_ms"], "ms", None, "lower"),
    ]


async def _fill(lab: Lab, worker: WeftProcess) -> dict[str, list[str]]:
    waiting, tasks = lab.scaled(WAITING), lab.scaled(TASKS)
    ended = await lab.queue(workflows.W1["id"], lab.scaled(EXECUTIONS) - waiting - tasks)
    waits = await lab.queue(workflows.WAITING["id"], waiting)
    await lab.queue(workflows.TASK["id"], tasks)
    await lab.until_none(worker, "pending", "running")
    await lab.tidy()
    return {
        # the same choice every time
        "executions": [str(each) for each in random.Random(0).sample(ended, min(READ, len(ended)))],
        "waiting": [str(each) for each in waits],
        "tasks": [row[0] for row in await lab.watch.fetch(OPEN_TASKS, DEFAULT_TENANT)],
    }


def _part(stock: dict[str, list[str]], number: int) -> dict[str, list[str]]:
    """One half of what is used up, and all that is only read."""
    used = {name: ids[number::2] for name, ids in stock.items() if name != "executions"}
    return {"executions": stock["executions"], **used}


async def _load(lab: Lab, site: Site, stock: dict[str, list[str]], clients: int) -> Load:
    seconds = SECONDS / 5 if lab.is_quick else SECONDS
    command = [sys.executable, "-m", "benchmarks.api_load", "--port", str(site.port), "--clients", str(clients)]
    command += ["--seconds", str(seconds), "--warm-up", str(SECONDS_TO_WARM_UP), "--token", await site.sign_in()]
    log = lab.directory / "api-load.log"
    async with child(command, log, REPOSITORY) as process:
        answer, _ = await process.communicate(json.dumps(stock).encode())
    if process.returncode:
        raise BenchmarkFailed(f"the load ended early: {log.read_text()[-2000:]}")
    return json.loads(answer)
