"""One measured figure, what it should be, and a peer's."""

from dataclasses import dataclass
from typing import Any, Literal


class BenchmarkFailed(RuntimeError):
    """A benchmark could not be carried out, or the work it measures was not done right."""


@dataclass(frozen=True, slots=True)
class Figure:
    """What a benchmark found.

    Attributes:
        name: the benchmark's name, a dot, and what of it.
        value: measured, in ``unit``.
        unit: of ``value``, ``target`` and ``peer_value``.
        target: what ``value`` should reach or keep below; None where nothing is asked.
        better: whether ``value`` should be above its target or below it.
        peer: another system, measured in the same run; None where there is none.
        peer_value: its figure.
    """

    name: str
    value: float
    unit: str
    target: float | None = None
    better: Literal["higher", "lower"] = "higher"
    peer: str | None = None
    peer_value: float | None = None

    @property
    def is_reached(self) -> bool | None:
        """Whether the target is reached; None where there is none."""
        if self.target is None:
            return None
        return self.value >= self.target if self.better == "higher" else self.value <= self.target

    @property
    def ratio(self) -> float | None:
        """How many times better than the peer."""
        if self.peer_value is None:
            return None
        return self.value / self.peer_value if self.better == "higher" else self.peer_value / self.value

    def to_json(self) -> dict[str, Any]:
        """The figure as ``build/bench.json`` holds it."""
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "target": self.target,
            "peer": self.peer,
            "peerValue": self.peer_value,
        }
