"""What waiting executions cost, and how soon a signal reaches one of them."""

import random
from uuid import UUID

from benchmarks.figure import Figure
from benchmarks.lab import Lab
from benchmarks.peers.result import percentile
from benchmarks.processes import WeftProcess

EXECUTIONS = 100_000
WARM_UP = 30_000
"""Executions after which a worker has most of the memory that its work takes, however many it has brought to rest."""

SIGNALS = 100
SIGNALS_TO_WARM_UP = 10


async def waiting(lab: Lab) -> list[Figure]:
    """Many executions that wait for a signal.

    - ``waiting.memory``: resident memory of the worker that brought all of them to rest, after that, less what it
      had when it had brought 30,000 others to rest. That tells what waits from what working takes.
    - ``waiting.resident``: the former of the two, whole.
    - ``waiting.memory_fresh``: resident memory of another worker, which finds them waiting, less what the first had
      when nothing waited; each after running one execution.
    - ``waiting.signal``: from before the signal's transaction begins until another connection sees the execution
      completed; signals one after another, to executions chosen at random.
    """
    await lab.clear()
    async with lab.worker() as worker:
        empty = await _idle_memory(lab, worker)
        ids = await _park(lab, worker, lab.scaled(WARM_UP))
        before = worker.resident_mb()
        ids += await _park(lab, worker, lab.scaled(EXECUTIONS))
        after = worker.resident_mb()
    await lab.expect("waiting", len(ids))
    async with lab.worker() as worker:
        growth_fresh = await _idle_memory(lab, worker) - empty
        # The same choice every time: a benchmark should not vary by its own doing.
        chosen = random.Random(0).sample(ids, SIGNALS_TO_WARM_UP + lab.scaled(SIGNALS))
        times = [await lab.time_signal(execution_id) for execution_id in chosen][SIGNALS_TO_WARM_UP:]
    return [
        Figure("waiting.memory", after - before, "MB", 20, "lower"),
        Figure("waiting.resident", after, "MB", None, "lower"),
        Figure("waiting.memory_fresh", growth_fresh, "MB", 20, "lower"),
        Figure("waiting.signal", percentile(times, 0.5), "ms", 20, "lower"),
    ]


async def _park(lab: Lab, worker: WeftProcess, count: int) -> list[UUID]:
    ids = await lab.queue("waiting", count)
    await lab.until_none(worker, "pending", "running")
    return ids


async def _idle_memory(lab: Lab, worker: WeftProcess) -> float:
    await lab.until_worker_lives(worker)
    await lab.time_execution("w1")
    return worker.resident_mb()
