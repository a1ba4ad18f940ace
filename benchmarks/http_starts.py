"""How many executions can be started over HTTP, and how soon each start is answered."""

import json
import sys

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
        load = [sys.executable, "-m", "benchmarks.http_load", "--port", str(site.port), "--clients", str(CLIENTS)]
        load += ["--seconds", str(seconds), "--warm-up", str(SECONDS_TO_WARM_UP)]
        log = lab.directory / "http-load.log"
        async with child(load, log, REPOSITORY) as process:
            answer, _ = await process.communicate()
        unfinished = await _unfinished(site)
        site.process.check()
    if process.returncode:
        raise BenchmarkFailed(f"the load ended early: {log.read_text()[-2000:]}")
    figures = json.loads(answer)
    return [
        Figure("http.starts", figures["starts_per_s"], "starts/s", 1_500),
        Figure("http.p95", figures["p95_ms"], "ms", 100, "lower"),
        Figure("http.unfinished", unfinished, "executions", None, "lower"),
    ]


async def _publish(site: Site) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{site.port}/api/v1", trust_env=False) as client:
        (await client.post("/workflows", json=workflows.W1)).raise_for_status()
        (await client.post(f"/workflows/{workflows.W1['id']}/publish", json={})).raise_for_status()


async def _unfinished(site: Site) -> int:
    connection = await connect(site.database_url, "weft_worker", name="benchmark")
    try:
        return await connection.fetchval(UNFINISHED)
    finally:
        await connection.close()
