"""What a commit's events count for in the statistics.

Statistics are written in the transaction of the facts that they count, so they are never behind. A commit adds a row
for each version and hour that it has events of, and changes none: commits of several workers never wait for each other.
A loop sums such rows soon after (``sql/statistics.sql``); whoever reads adds up both.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import orjson

from weftline.model.event import Event, EventType
from weftline.model.histogram import bucket_of
from weftline.model.stepkey import parse_key

HOUR = 3_600

WHOLE = ""
"""Stands in for a node's id where the execution as a whole is counted."""

NAMES = ("started", "completed", "failed", "timed_out", "cancelled", "skipped", "rolled_back", "retried")
"""What is counted, as the columns are called."""

COMPLETED = NAMES.index("completed")

POSITIONS: dict[EventType, int] = {
    type: NAMES.index(name)
    for name, types in (
        ("started", (EventType.WORKFLOW_STARTED,)),
        ("completed", (EventType.WORKFLOW_COMPLETED, EventType.STEP_COMPLETED)),
        ("failed", (EventType.WORKFLOW_FAILED, EventType.STEP_FAILED)),
        ("timed_out", (EventType.WORKFLOW_TIMED_OUT, EventType.STEP_TIMED_OUT)),
        ("cancelled", (EventType.WORKFLOW_CANCELLED, EventType.STEP_CANCELLED)),
        ("skipped", (EventType.STEP_SKIPPED,)),
        ("rolled_back", (EventType.WORKFLOW_ROLLED_BACK, EventType.STEP_COMPENSATED)),
        ("retried", (EventType.WORKFLOW_RETRIED, EventType.STEP_RETRY_SCHEDULED)),
    )
    for type in types
}
"""What an event counts for, by its place in ``NAMES``."""


Counted = tuple[UUID, UUID, str, int, Sequence[Event], int, float]
"""What one execution adds to a commit's statistics: tenant, execution, workflow, number of the version; events, as the
fold left them; 1 where the execution has come to run this version, -1 where it runs it no longer, else 0; and when,
Unix seconds. (A plain tuple: one is made for every step.)"""


class _Cell:
    """The counts of one node, or of the execution as a whole, within one version and hour.

    Attributes:
        numbers: how often each of ``NAMES``, but for what completed.
        took: how long what completed took, seconds.
    """

    __slots__ = ("numbers", "took")

    def __init__(self) -> None:
        self.numbers = [0] * len(NAMES)
        self.took: list[float] = []

    def to_json(self, node_id: str) -> dict[str, Any]:
        """The columns that say something."""
        self.numbers[COMPLETED] = len(self.took)
        out: dict[str, Any] = {"node_id": node_id}
        for name, number in zip(NAMES, self.numbers, strict=True):
            if number:
                out[name] = number
        if self.took:
            # a clock may have been set back meanwhile
            durations = [int(seconds * 1_000_000 + 0.5) if seconds > 0 else 0 for seconds in self.took]
            buckets = Counter(map(bucket_of, durations))
            out["duration_sum"] = sum(durations)
            out["duration_min"] = min(durations)
            out["duration_max"] = max(durations)
            out["buckets"] = list(buckets)
            out["numbers"] = list(buckets.values())
        return out


class _Series:
    """The counts of one version within one hour."""

    __slots__ = ("cells", "running")

    def __init__(self) -> None:
        self.running = 0
        self.cells: defaultdict[str, _Cell] = defaultdict(_Cell)


def rows_of(counted: Iterable[Counted]) -> list[tuple[UUID, str, int, float, int, str]]:
    """The rows of ``statistics_deltas``: tenant, workflow, version, hour (Unix seconds), running, counts (JSON)."""
    found: defaultdict[tuple[UUID, str, int, float], _Series] = defaultdict(_Series)
    for tenant_id, _, workflow_id, version_number, events, running, at in counted:
        hour = at // HOUR
        series = found[tenant_id, workflow_id, version_number, hour]
        series.running += running
        for event in events:
            position = POSITIONS.get(event.type)
            if position is None:
                continue
            its = series
            if event.at != at and event.at // HOUR != hour:
                # what one commit has of an execution may begin in one hour and end in the next
                its = found[tenant_id, workflow_id, version_number, event.at // HOUR]
            key = event.step
            cell = its.cells[WHOLE if key is None else parse_key(key)[0] if "@" in key or "~" in key else key]
            if position == COMPLETED:
                cell.took.append(event.took)
            else:
                cell.numbers[position] += 1
    return [
        (
            tenant_id,
            workflow_id,
            version_number,
            hour * HOUR,
            series.running,
            orjson.dumps([cell.to_json(node) for node, cell in series.cells.items()]).decode(),
        )
        for (tenant_id, workflow_id, version_number, hour), series in found.items()
        if series.cells or series.running
    ]
