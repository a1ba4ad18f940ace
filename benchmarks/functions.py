"""What it costs to write a workflow as a durable function."""

from __future__ import annotations

from statistics import median

from benchmarks import workflows
from benchmarks.figure import Figure
from benchmarks.lab import Lab
from benchmarks.throughput import RUNS, W10_EXECUTIONS, measure


async def functions(lab: Lab) -> list[Figure]:
    """Executions of a durable function that calls ten actions, and of ``w10``, by turns; timed as ``w10`` is."""
    executions = lab.scaled(W10_EXECUTIONS)
    theirs: list[float] = []
    ours: list[float] = []
    for _ in range(1 if lab.is_quick else RUNS):
        graph, _ = await measure(lab, "w10", executions, workflows.STEPS)
        function, _ = await measure(lab, "f10", executions, workflows.STEPS)
        theirs.append(executions * workflows.STEPS / graph)
        ours.append(executions * workflows.STEPS / function)
    rate, beside = median(ours), median(theirs)
    ratio = median(one / other for one, other in zip(ours, theirs, strict=True))
    return [
        Figure("functions.throughput", rate, "steps/s", 10_000, peer="w10 by turns", peer_value=beside),
        Figure("functions.beside_w10", ratio, "times", 0.5),
    ]
