"""What it costs to keep payloads encrypted."""

from __future__ import annotations

from statistics import median

from benchmarks import workflows
from benchmarks.figure import Figure
from benchmarks.lab import Lab
from benchmarks.throughput import RUNS, W10_EXECUTIONS, measure

DOCUMENT_EXECUTIONS = 3_000
LEAST_SHARE = 0.75


async def encryption(lab: Lab) -> list[Figure]:
    """Executions whose payloads are sealed, and the same as they are, by turns: of ``w10``, and of ten steps that are
    given a kilobyte each and give it back. Timed as ``w10`` is."""
    plain, sealed, ratio = await _by_turns(lab, "w10", "e10", W10_EXECUTIONS)
    _, _, documents = await _by_turns(lab, "d10", "ed10", DOCUMENT_EXECUTIONS)
    return [
        Figure("encryption.throughput", sealed, "steps/s", LEAST_SHARE * plain, peer="not encrypted", peer_value=plain),
        Figure("encryption.beside_w10", ratio, "times", LEAST_SHARE),
        Figure("encryption.documents", documents, "times"),
    ]


async def _by_turns(lab: Lab, plain: str, sealed: str, count: int) -> tuple[float, float, float]:
    """Steps a second of both workflows, medians; and how the second compares with the first."""
    executions = lab.scaled(count)
    rates: dict[str, list[float]] = {plain: [], sealed: []}
    for number in range(1 if lab.is_quick else RUNS):
        for workflow_id in (plain, sealed) if number % 2 else (sealed, plain):
            seconds, _ = await measure(lab, workflow_id, executions, workflows.STEPS)
            rates[workflow_id].append(executions * workflows.STEPS / seconds)
    ratio = median(one / other for one, other in zip(rates[sealed], rates[plain], strict=True))
    return median(rates[plain]), median(rates[sealed]), ratio
