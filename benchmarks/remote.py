"""How many steps remote workers carry out over HTTP, and how soon one of them gets the next step of an execution."""

from __future__ import annotations

import json
import sys
from typing import TypedDict

import httpx

from benchmarks import workflows
from benchmarks.figure import BenchmarkFailed, Figure
from benchmarks.lab import Lab
from benchmarks.peers.children import child
from benchmarks.processes import REPOSITORY
from benchmarks.site import Site, open_site

STEPS = 10
EXECUTIONS = 2_000
CONNECTIONS = 4
FEW = 10
"""Executions at a time, so that nothing waits for anything else."""

ROUNDS = 20


async def remote(lab: Lab) -> list[Figure]:
    """Executions of ten steps that one client process carries out, on ``weft up``.

    The client fetches up to 200 steps at a time and answers them together, on four connections. ``remote.steps``: from
    its first request until the last of all steps is answered, with 2,000 executions that have begun. What is answered
    is durable. ``remote.hand_over``: median, with ten executions at a time and one connection, from sending the
    result of a step until the execution's next step has arrived.
    """
    async with open_site(lab.directory / "remote") as site:
        headers = {"Authorization": f"Bearer {await site.sign_in()}"}
        url = f"http://127.0.0.1:{site.port}/api/v1"
        async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False, timeout=60) as client:
            (await client.post("/workflows", json=workflows.R10)).raise_for_status()
            (await client.post(f"/workflows/{workflows.R10['id']}/publish", json={})).raise_for_status()
            await _start(client, 200)
            await _carry_out(lab, site, 200, CONNECTIONS)
            count = lab.scaled(EXECUTIONS)
            await _start(client, count)
            load = await _carry_out(lab, site, count, CONNECTIONS)
            hand_overs: list[float] = []
            for _ in range(lab.scaled(ROUNDS)):
                await _start(client, FEW)
                hand_overs.append((await _carry_out(lab, site, FEW, 1))["hand_over_ms"])
        site.process.check()
    return [
        Figure("remote.steps", load["steps_per_s"], "steps/s", 2_000),
        Figure("remote.hand_over", sorted(hand_overs)[len(hand_overs) // 2], "ms", 20, "lower"),
        Figure("remote.hand_over_loaded", load["hand_over_ms"], "ms", None, "lower"),
    ]


class Load(TypedDict):
    """What the client measured."""

    steps_per_s: float
    hand_over_ms: float


async def _start(client: httpx.AsyncClient, count: int) -> None:
    """Start executions, and wait until each has put its first step into the task queue."""
    lines = "\n".join(['{"input": {}}'] * count)
    address = f"/workflows/{workflows.R10['id']}/executions/batch"
    answer = await client.post(address, content=lines, headers={"Content-Type": "application/x-ndjson"})
    answer.raise_for_status()
    while True:
        queues = (await client.get("/task-queues")).json()["items"]
        if sum(queue["available"] for queue in queues) == count:
            return


async def _carry_out(lab: Lab, site: Site, executions: int, connections: int) -> Load:
    command = [sys.executable, "-m", "benchmarks.remote_load", "--port", str(site.port)]
    command += ["--token", await site.sign_in(), "--steps", str(executions * STEPS), "--connections", str(connections)]
    log = lab.directory / "remote-load.log"
    async with child(command, log, REPOSITORY) as process:
        answer, _ = await process.communicate()
    if process.returncode:
        raise BenchmarkFailed(f"the client ended early: {log.read_text()[-2000:]}")
    return json.loads(answer)
