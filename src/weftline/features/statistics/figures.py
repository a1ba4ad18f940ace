"""What is asked for, and what comes out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from weftline.model.histogram import percentile


class Dimension(StrEnum):
    """What figures can be told apart by."""

    __hash__ = str.__hash__

    TENANT = "tenant"
    WORKFLOW = "workflow"
    VERSION = "version"
    STEP = "step"
    DAY = "day"
    HOUR = "hour"


PERIODS = frozenset({Dimension.DAY, Dimension.HOUR})


@dataclass(frozen=True, slots=True)
class Wanted:
    """Of what to give figures.

    Attributes:
        tenants: of these.
        since, until: of what happened from that hour on, and before that one.
        workflows: of these alone; None for any.
        workflow_id, version_number, step_id: of this one alone.
        group_by: told apart by these.
        timezone: where days begin, a name of the IANA database.
        limit: so many groups at most.
    """

    tenants: Collection[UUID]
    since: datetime
    until: datetime
    workflows: Collection[str] | None = None
    workflow_id: str | None = None
    version_number: int | None = None
    step_id: str | None = None
    group_by: frozenset[Dimension] = frozenset()
    timezone: str = "UTC"
    limit: int = 1_000

    @property
    def of_steps(self) -> bool:
        """Whether the groups are of steps, and not of executions as a whole."""
        return self.step_id is not None or Dimension.STEP in self.group_by

    @property
    def can_run(self) -> bool:
        """Whether it can be said of the groups how much runs now."""
        return not self.of_steps and PERIODS.isdisjoint(self.group_by)


@dataclass(frozen=True, slots=True)
class Group:
    """What a group of figures is of; None where groups are not told apart by that."""

    tenant_id: UUID | None = None
    workflow_id: str | None = None
    version_number: int | None = None
    step_id: str | None = None
    period: datetime | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of ends, and how long what completed took.

    Attributes:
        started, completed, failed, timed_out, cancelled, skipped, rolled_back, retried: how often.
        duration_sum, duration_min, duration_max: of what completed, microseconds.
        buckets: how many of what completed are in each bucket of ``weftline.model.histogram``.
    """

    started: int = 0
    completed: int = 0
    failed: int = 0
    timed_out: int = 0
    cancelled: int = 0
    skipped: int = 0
    rolled_back: int = 0
    retried: int = 0
    duration_sum: int = 0
    duration_min: int | None = None
    duration_max: int | None = None
    buckets: Mapping[int, int] = field(default_factory=dict[int, int])

    @property
    def ended(self) -> int:
        """How often it ended, in whatever way."""
        return self.completed + self.failed + self.timed_out + self.cancelled + self.skipped

    @property
    def success_rate(self) -> float | None:
        """The part, 0 to 1, of what ended by itself that ended well."""
        decided = self.completed + self.failed + self.timed_out
        return self.completed / decided if decided else None

    @property
    def average_ms(self) -> float | None:
        """Milliseconds."""
        return self.duration_sum / self.completed / 1_000 if self.completed else None

    @property
    def min_ms(self) -> float | None:
        """Milliseconds."""
        return None if self.duration_min is None else self.duration_min / 1_000

    @property
    def max_ms(self) -> float | None:
        """Milliseconds."""
        return None if self.duration_max is None else self.duration_max / 1_000

    def percentile_ms(self, part: float) -> float | None:
        """About the milliseconds that ``part`` of what completed did not take longer than."""
        found = percentile(self.buckets, part)
        if found is None or self.duration_min is None or self.duration_max is None:
            return None
        # the bucket's middle may lie beyond what was measured
        return min(max(found, self.duration_min), self.duration_max) / 1_000


@dataclass(frozen=True, slots=True)
class Report:
    """The answer to a :class:`Wanted`.

    Attributes:
        total: of all executions together.
        running: how many executions run now, whenever they began.
        groups: figures by what they are of.
        running_of: of those groups, how many executions of each run now.
        has_more: there are more groups.
    """

    total: Figures
    running: int
    groups: Sequence[tuple[Group, Figures]] = ()
    running_of: Mapping[Group, int] = field(default_factory=dict[Group, int])
    has_more: bool = False


def hour_floor(moment: datetime) -> datetime:
    """The beginning of the hour that a moment is in, UTC."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def hour_ceiling(moment: datetime) -> datetime:
    """The next beginning of an hour, or the moment itself where it is one, UTC."""
    floor = hour_floor(moment)
    return floor if floor == moment else floor + timedelta(hours=1)
