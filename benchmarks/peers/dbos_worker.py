"""One DBOS process; runs in the peers' environment, started by dbos_bench.

It prints `ready` once warm, starts on a line from stdin, and prints its figures as one JSON line.
"""

import argparse
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version

from dbos import DBOS, DBOSConfig

STEPS = 10
WARM_UP = 10


@DBOS.step()
def step(number: int) -> int:
    return number


@DBOS.workflow()
def w10(number: int) -> int:
    for index in range(STEPS):
        step(index)
    return number


def throughput(executions: int, concurrency: int, seconds: float) -> dict[str, float]:
    """Run executions, `concurrency` at a time, starting none after `seconds`.

    The two times are of the machine's monotonic clock, so those of several processes can be compared.
    """
    warm_up()
    began = time.monotonic()

    def run_in_time(number: int) -> int:
        if time.monotonic() - began > seconds:
            return 0
        w10(number)
        return 1

    with ThreadPoolExecutor(concurrency) as threads:
        done = sum(threads.map(run_in_time, range(executions)))
    return {"began": began, "ended": time.monotonic(), "executions": done}


def latency(samples: int) -> list[float]:
    """Run single executions one after another; return each one's time in milliseconds."""
    warm_up()
    times: list[float] = []
    for number in range(samples):
        began = time.perf_counter()
        w10(number)
        times.append((time.perf_counter() - began) * 1000)
    return times


def warm_up() -> None:
    """Launch DBOS, run a few executions, and wait to be told to start."""
    DBOS.launch()
    for number in range(WARM_UP):
        w10(number)
    print("ready", flush=True)
    input()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("mode", choices=["throughput", "latency"])
    parser.add_argument("--database-url", required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--core", type=int)
    parser.add_argument("--concurrency", type=int, default=1)
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
        # One round trip fewer each time a connection is taken from the pool.
        "db_engine_kwargs": {"pool_pre_ping": False},
    }
    DBOS(config=config)
    if options.mode == "latency":
        figures = {"times": latency(options.count)}
    else:
        figures = throughput(options.count, options.concurrency, options.seconds)
    print(json.dumps({"version": version("dbos"), **figures}), flush=True)


if __name__ == "__main__":
    main()
