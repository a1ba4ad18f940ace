"""How long one execution takes on an idle system."""

from benchmarks.figure import Figure
from benchmarks.lab import Lab
from benchmarks.peers.result import percentile

WARM_UP = 20
SAMPLES = 100


async def latency(lab: Lab) -> list[Figure]:
    """Executions of ten actions, one after another, on a worker that has nothing else to do.

    Timed: from before the start's transaction begins until another connection sees the execution completed, so with
    the worker's being woken, all ten commits and the looking (every 0.3 ms). The first executions are not counted.
    """
    await lab.clear()
    async with lab.worker() as worker:
        await lab.until_worker_lives(worker)
        for _ in range(WARM_UP):
            await lab.time_execution("w10")
        times = [await lab.time_execution("w10") for _ in range(lab.scaled(SAMPLES))]
    p50 = percentile(times, 0.5)
    return [
        Figure("latency.p50", p50, "ms", 10, "lower"),
        Figure("latency.p99", percentile(times, 0.99), "ms", 3 * p50, "lower"),
    ]
