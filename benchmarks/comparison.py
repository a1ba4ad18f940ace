"""Other systems on the work of ``w10`` and ``latency``, in the same run."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figure import Figure
from benchmarks.lab import Lab
from benchmarks.peers import dbos_bench, restate_bench
from benchmarks.peers.result import PeerResult


@dataclass(frozen=True, slots=True)
class Peer:
    """Another system.

    Attributes:
        name: its makers' name for it.
        run: measures it; see ``benchmarks.peers``.
        executions: how many it is given at most.
        times: how many times its throughput ours should be.
    """

    name: str
    run: Callable[[Path, str | None, int], Awaitable[PeerResult]]
    executions: int
    times: int


PEERS = (Peer("DBOS", dbos_bench.run, 600, 25), Peer("Restate", restate_bench.run, 6_000, 4))


async def compare(lab: Lab, peer: Peer, ours: Sequence[Figure]) -> tuple[list[Figure], str]:
    """Measure a peer, on the server that we are measured on where it uses PostgreSQL.

    Returns:
        Our figures beside the peer's, and a line that says which setting of the peer was measured.

    Raises:
        PeerUnavailable: it could not be installed or started.
    """
    directory = lab.directory / peer.name.lower()
    directory.mkdir()
    result = await peer.run(directory, lab.url, lab.scaled(peer.executions))
    label = f"{peer.name} {result['version']}"
    throughput = result["w10_steps_per_s"]
    theirs = {
        "w10.throughput": (throughput, peer.times * throughput),
        "latency.p50": (result["w10_latency_ms_p50"], None),
        "latency.p99": (result["w10_latency_ms_p99"], None),
    }
    return [_beside(figure, label, *theirs[figure.name]) for figure in ours if figure.name in theirs], (
        f"{label}: {result['setting']}"
    )


def _beside(figure: Figure, peer: str, peer_value: float, target: float | None) -> Figure:
    name = f"{figure.name} vs {peer.partition(' ')[0]}"
    return Figure(name, figure.value, figure.unit, target, figure.better, peer, peer_value)
