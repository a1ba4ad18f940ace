"""How many steps and executions one worker process gets through."""

from statistics import median

from benchmarks import workflows
from benchmarks.figure import BenchmarkFailed, Figure
from benchmarks.lab import Lab
from weftline.model.ids import DEFAULT_TENANT

RUNS = 3
W10_EXECUTIONS = 10_000
W1_EXECUTIONS = 30_000

LOGGED = """
    SELECT extract(epoch FROM max(occurred_at) - min(occurred_at))::float8 AS seconds,
           count(*) FILTER (WHERE type = 'STEP_COMPLETED') AS steps
    FROM events WHERE tenant_id = $1
"""


async def w10(lab: Lab) -> list[Figure]:
    """Ten actions one after another, each committed before the next.

    The executions are queued first, then one worker process is started. Timed: from the first event in the log to
    the last, so without the process's start, but with every claim and commit up to the one that holds the last event.
    Memory is the worker's peak, over all runs.
    """
    executions = lab.scaled(W10_EXECUTIONS)
    runs = [await measure(lab, "w10", executions, workflows.STEPS) for _ in range(1 if lab.is_quick else RUNS)]
    seconds = median(run[0] for run in runs)
    return [
        Figure("w10.throughput", executions * workflows.STEPS / seconds, "steps/s", 20_000),
        Figure("w10.memory", max(run[1] for run in runs), "MB", 150, "lower"),
    ]


async def w1(lab: Lab) -> list[Figure]:
    """One action an execution; timed as ``w10`` is."""
    executions = lab.scaled(W1_EXECUTIONS)
    runs = [await measure(lab, "w1", executions, 1) for _ in range(1 if lab.is_quick else RUNS)]
    return [Figure("w1.throughput", executions / median(run[0] for run in runs), "executions/s", 8_000)]


async def measure(lab: Lab, workflow_id: str, executions: int, steps: int) -> tuple[float, float]:
    """Seconds that the executions took, and the worker's peak memory in MB."""
    await lab.clear()
    await lab.queue(workflow_id, executions)
    async with lab.worker() as worker:
        await lab.until_none(worker, "pending", "running", "waiting")
        memory = worker.peak_resident_mb()
    await lab.expect("completed", executions)
    logged = await lab.watch.fetchrow(LOGGED, DEFAULT_TENANT)
    assert logged is not None
    if logged["steps"] != executions * steps:
        raise BenchmarkFailed(f"{logged['steps']} steps are recorded, not {executions * steps}")
    return logged["seconds"], memory
