"""What a peer's run reports, and how it is shown when run alone."""

import json
from collections.abc import Sequence
from typing import TypedDict


class PeerResult(TypedDict):
    """One peer's figures for W10: executions of ten sequential steps, each durable before the next."""

    w10_steps_per_s: float
    w10_latency_ms_p50: float
    w10_latency_ms_p99: float
    version: str
    setting: str


def percentile(samples: Sequence[float], fraction: float) -> float:
    """Return the nearest-rank percentile of `samples`; `fraction` is between 0 and 1."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(fraction * len(ordered)))]


def show(result: PeerResult) -> None:
    """Print a result as JSON."""
    print(json.dumps(result, indent=2))
