"""One DBOS process; runs in the peers' environment, started by dbos_bench.

It prints `ready` once warm, starts on a line from stdin, and prints its figures as one JSON line.
"""

import argparse
import asyncio
import json
import os
import time
from importlib.metadata import version

import uvloop
from dbos import DBOS, DBOSConfig

STEPS = 10
WARM_UP = 10


@DBOS.step()
async def async_step(number: int) -> int:
    return number


@DBOS.workflow()
async def async_w10(number: int) -> int:
    for step in range(STEPS):
        await async_step(step)
    return number


@DBOS.step()
def plain_step(number: int) -> int:
    return number


@DBOS.workflow()
def plain_w10(number: int) -> int:
    for step in range(STEPS):
        plain_step(step)
    return number


async def throughput(executions: int, concurrency: int, seconds: float) -> dict[str, float]:
    """Run executions, `concurrency` at a time, starting none after `seconds`; times are of the shared clock."""
    DBOS.launch()
    for number in range(WARM_UP):
        await async_w10(number)
    await asyncio.to_thread(wait_for_start)
    began = time.monotonic()
    pending = iter(range(executions))
    done = 0

    async def run_pending() -> None:
        nonlocal done
        for number in pending:
            await async_w10(number)
            done += 1
            if time.monotonic() - began > seconds:
                return

    await asyncio.gather(*(run_pending() for _ in range(concurrency)))
    return {"began": began, "ended": time.monotonic(), "executions": done}


def latency(samples: int) -> list[float]:
    """Run single executions one after another; return each one's time in milliseconds."""
    DBOS.launch()
    for number in range(WARM_UP):
        plain_w10(number)
    wait_for_start()
    times: list[float] = []
    for number in range(samples):
        began = time.perf_counter()
        plain_w10(number)
        times.append((time.perf_counter() - began) * 1000)
    return times


def wait_for_start() -> None:
    print("ready", flush=True)
    input()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("mode", choices=["throughput", "latency"])
    parser.add_argument("--database-url", required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--core", type=int)
    parser.add_argument("--concurrency", type=int, default=1)
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=30)
    options = parser.parse_args()
    if options.core is not None:
        os.sched_setaffinity(0, {options.core})
    config: DBOSConfig = {
        "name": "bench",
        "system_database_url": options.database_url,
        "executor_id": f"worker-{os.getpid()}",
        "application_version": "1",
        "log_level": "ERROR",
        "max_executor_threads": options.threads,
        # One round trip fewer each time a connection is taken from the pool.
        "db_engine_kwargs": {"pool_pre_ping": False},
    }
    DBOS(config=config)
    if options.mode == "latency":
        figures = {"times": latency(options.count)}
    else:
        figures = uvloop.run(throughput(options.count, options.concurrency, options.seconds))
    print(json.dumps({"version": version("dbos"), **figures}), flush=True)


if __name__ == "__main__":
    main()
