"""How workflows do, as the manager tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class WorkflowStatistics:
    """How a workflow, or all of a tenant's, has done so far.

    Attributes:
        total: executions that have begun.
        successful, failed, cancelled: how those that ended did; those that timed out have failed.
        running: those that have not ended, now.
        success_rate: part of the successful among those that succeeded or failed, 0 to 1; None where there are none.
        average_execution_time, p50, p95: seconds that completed executions took; None where there are none.
    """

    total: int
    successful: int
    failed: int
    cancelled: int
    running: int
    success_rate: float | None
    average_execution_time: float | None
    p50: float | None
    p95: float | None

    @classmethod
    def from_json(cls, figures: Mapping[str, Any], running: int | None) -> WorkflowStatistics:
        """From the figures that the API shows."""
        return cls(
            figures["started"] or 0,
            figures["completed"],
            figures["failed"] + figures["timedOut"],
            figures["cancelled"],
            running or 0,
            figures["successRate"],
            _seconds(figures["averageMs"]),
            _seconds(figures["p50Ms"]),
            _seconds(figures["p95Ms"]),
        )


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000
