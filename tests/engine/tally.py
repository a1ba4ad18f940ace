"""The statistics that logs add up to, worked out without the code that keeps them, to compare both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

import asyncpg

from weftline.model.event import Event, EventType

COUNTED = {
    EventType.WORKFLOW_STARTED: "started",
    EventType.WORKFLOW_COMPLETED: "completed",
    EventType.WORKFLOW_FAILED: "failed",
    EventType.WORKFLOW_TIMED_OUT: "timed_out",
    EventType.WORKFLOW_CANCELLED: "cancelled",
    EventType.WORKFLOW_ROLLED_BACK: "rolled_back",
    EventType.WORKFLOW_RETRIED: "retried",
    EventType.STEP_COMPLETED: "completed",
    EventType.STEP_FAILED: "failed",
    EventType.STEP_TIMED_OUT: "timed_out",
    EventType.STEP_CANCELLED: "cancelled",
    EventType.STEP_SKIPPED: "skipped",
    EventType.STEP_COMPENSATED: "rolled_back",
    EventType.STEP_RETRY_SCHEDULED: "retried",
}
ENDS = {
    EventType.WORKFLOW_COMPLETED,
    EventType.WORKFLOW_FAILED,
    EventType.WORKFLOW_TIMED_OUT,
    EventType.WORKFLOW_CANCELLED,
}
REVIVALS = {EventType.WORKFLOW_ROLLED_BACK, EventType.WORKFLOW_RETRIED, EventType.WORKFLOW_COMPENSATION_STARTED}

SUMS = """
SELECT workflow_id, node_id, extract(epoch FROM hour)::bigint / 3600 AS hour, sum(started)::int AS started,
       sum(completed)::int AS completed, sum(failed)::int AS failed, sum(timed_out)::int AS timed_out,
       sum(cancelled)::int AS cancelled, sum(skipped)::int AS skipped, sum(rolled_back)::int AS rolled_back,
       sum(retried)::int AS retried, sum(duration_sum)::float8 AS duration_sum, min(duration_min) AS duration_min,
       max(duration_max) AS duration_max, sum((SELECT sum(n) FROM unnest(numbers) n))::int AS measured
FROM statistics_entries
GROUP BY workflow_id, node_id, 3
"""
RUNNING = """
SELECT workflow_id, sum(running)::int AS running
FROM (
    SELECT workflow_id, running FROM statistics_running
    UNION ALL
    SELECT workflow_id, running FROM statistics_deltas
) AS every
GROUP BY workflow_id HAVING sum(running) <> 0
"""


class Place(NamedTuple):
    """What a figure is of; ``node`` is empty for executions as a whole."""

    workflow: str
    node: str
    hour: int


class Tally:
    """What logs say: counts by place and name, durations in seconds of what completed, and what runs."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[Place, str]] = Counter()
        self.durations: dict[Place, list[float]] = {}
        self.running: Counter[str] = Counter()
        self.is_timed = True

    def add(self, workflow: str, events: Iterable[Event]) -> None:
        """Count the log of one execution."""
        since: dict[str, float] = {}
        begun, runs = None, False
        for event in events:
            if event.type is EventType.WORKFLOW_STARTED:
                begun, runs = event.at, True
            elif event.type in ENDS:
                runs = False
            elif event.type in REVIVALS:
                runs = begun is not None
            elif event.type is EventType.STEP_STARTED:
                since.setdefault(event.step or "", event.at)
            elif event.type is EventType.WORKFLOW_MIGRATED:
                # what has begun may have another name since
                self.is_timed = False
            if event.type not in COUNTED:
                continue
            node = "" if event.step is None else event.step.partition("@")[0].partition("~")[0]
            place, name = Place(workflow, node, int(event.at // 3600)), COUNTED[event.type]
            self.counts[place, name] += 1
            if name == "completed":
                beginning = begun if event.step is None else since.get(event.step)
                took = event.at - (event.at if beginning is None else beginning)
                self.durations.setdefault(place, []).append(took)
        if runs:
            self.running[workflow] += 1

    async def check(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        """The tenant's statistics are exactly these."""
        rows = {Place(*(row[:3])): row for row in await connection.fetch(SUMS)}
        names = set(COUNTED.values())
        kept = {(place, name): row[name] for place, row in rows.items() for name in names if row[name]}
        assert kept == self.counts
        assert dict(await connection.fetch(RUNNING)) == self.running
        for place, durations in self.durations.items():
            row = rows[place]
            assert row["measured"] == len(durations)
            if self.is_timed:
                assert _close(row["duration_sum"], sum(durations), len(durations)), (place, dict(row), durations)
                assert _close(row["duration_min"], min(durations), 1)
                assert _close(row["duration_max"], max(durations), 1)


def _close(microseconds: Any, seconds: float, terms: int) -> bool:
    return abs(microseconds - seconds * 1_000_000) <= 2 * terms
