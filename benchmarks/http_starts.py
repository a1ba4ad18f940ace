"""How many executions can be started over HTTP, and how soon each start is answered."""

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
from weftline.store.connect import connect

CLIENTS = 100
SECONDS = 10.0
SECONDS_TO_WARM_UP = 2.0
UNFINISHED = "SELECT count(*) FROM executions WHERE completed_at IS NULL"


async def http(lab: Lab) -> list[Figure]:
    """Starts of one-action executions by 100 clients at once, on ``weft up``, whose worker runs them meanwhile.

    The clients are another process; each sends its next request when the last one is answered, on a connection that
    stays open. Timed: from sending a request to having its whole answer. Only answers of 202, which are durable, are
    counted; any other fails the benchmark. ``http.unfinished`` is how many executions the worker had still to end
    when the last client was answered.
    """
    seconds = SECONDS / 5 if lab.is_quick else SECONDS
    async with open_site(lab.directory / "http") as site:
        await _publish(site)
        load = await start_under_load(lab, site, seconds)
        unfinished = await _unfinished(site)
        site.process.check()
    return [
        Figure("http.starts", load["starts_per_s"], "starts/s", 1_500),
        Figure("http.p95", load["p95_ms"], "ms", 100, "lower"),
        Figure("http.unfinished", unfinished, "executions", None, "lower"),
    ]


class Load(TypedDict):
    """What the clients measured."""

    starts_per_s: float
    p95_ms: float


async def start_under_load(lab: Lab, site: Site, seconds: float) -> Load:
    """Have many clients start executions, who are signed in as the first administrator.

    Args:
        lab: for the clients' log.
        site: the server.
        seconds: that are counted; two more come before them.

    Raises:
        BenchmarkFailed: a start was not answered by 202.
    """
    command = [sys.executable, "-m", "benchmarks.http_load", "--port", str(site.port), "--clients", str(CLIENTS)]
    command += ["--seconds", str(seconds), "--warm-up", str(SECONDS_TO_WARM_UP), "--token", await site.sign_in()]
    log = lab.directory / "http-load.log"
    async with child(command, log, REPOSITORY) as process:
        answer, _ = await process.communicate()
    if process.returncode:
        raise BenchmarkFailed(f"the load ended early: {log.read_text()[-2000:]}")
    return json.loads(answer)


async def _publish(site: Site) -> None:
    headers = {"Authorization": f"Bearer {await site.sign_in()}"}
    url = f"http://127.0.0.1:{site.port}/api/v1"
    async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False) as client:
        (await client.post("/workflows", json=workflows.W1)).raise_for_status()
        (await client.post(f"/workflows/{workflows.W1['id']}/publish", json={})).raise_for_status()


async def _unfinished(site: Site) -> int:
    connection = await connect(site.database_url, "weft_worker", name="benchmark")
    try:
        return await connection.fetchval(UNFINISHED)
    finally:
        await connection.close()
