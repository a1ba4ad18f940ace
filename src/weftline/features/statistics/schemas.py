"""Statistics on the wire."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AwareDatetime, Field

from weftline.features.http.paging import MAX_NUMBER
from weftline.features.http.wire import Demand, Wire
from weftline.features.statistics.errors import InvalidGroups, InvalidPeriod, UnknownTimeZone
from weftline.features.statistics.figures import (
    PERIODS,
    Dimension,
    Figures,
    Group,
    Report,
    Wanted,
    hour_ceiling,
    hour_floor,
)

DAYS, DAYS_BY_HOUR = 30, 7
"""How far back figures go where nobody says."""

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)

_RUNNING = "Executions that have begun and not ended, now, whenever they began; whether they work, wait or rest."
_ROUNDED = "Times are rounded to whole hours, outwards."

Milliseconds = float | None

OwnDimension = Literal[Dimension.WORKFLOW, Dimension.VERSION, Dimension.STEP, Dimension.DAY, Dimension.HOUR]
"""What a tenant's own figures can be told apart by."""


class FiguresOut(Wire):
    """How often something ended and how, and how long what completed took."""

    started: Annotated[int | None, Field(description="Executions that began; null for steps.")]
    ended: Annotated[int, Field(description="In whatever way. What is revived and ends again counts again.")]
    completed: int
    failed: int
    timed_out: int
    cancelled: int
    skipped: Annotated[int, Field(description="Steps that were passed over; 0 for executions.")]
    rolled_back: Annotated[int, Field(description="Executions that went back to an earlier point; steps undone.")]
    retried: Annotated[int, Field(description="Executions that somebody retried; attempts of steps after the first.")]
    success_rate: Annotated[
        float | None,
        Field(description="`completed` / (`completed` + `failed` + `timedOut`), 0 to 1; null where none of these are."),
    ]
    average_ms: Annotated[Milliseconds, Field(description="From beginning to completion, waiting included.")]
    min_ms: Milliseconds
    max_ms: Milliseconds
    p50_ms: Annotated[Milliseconds, Field(description="The median, within 3.2 %; so the other percentiles.")]
    p95_ms: Milliseconds
    p99_ms: Milliseconds

    @classmethod
    def of(cls, figures: Figures, *, steps: bool = False) -> FiguresOut:
        """Figures, of steps or of executions."""
        return cls(
            started=None if steps else figures.started,
            ended=figures.ended,
            completed=figures.completed,
            failed=figures.failed,
            timed_out=figures.timed_out,
            cancelled=figures.cancelled,
            skipped=figures.skipped,
            rolled_back=figures.rolled_back,
            retried=figures.retried,
            success_rate=figures.success_rate,
            average_ms=figures.average_ms,
            min_ms=figures.min_ms,
            max_ms=figures.max_ms,
            p50_ms=figures.percentile_ms(0.5),
            p95_ms=figures.percentile_ms(0.95),
            p99_ms=figures.percentile_ms(0.99),
        )


class GroupOut(FiguresOut):
    """Figures, and of what they are; null where groups are not told apart by that."""

    workflow_id: str | None
    version_number: int | None
    step_id: str | None
    period_start: Annotated[datetime | None, Field(description="When the hour or the day began.")]
    running: Annotated[int | None, Field(description=f"{_RUNNING} Null for steps and periods.")]

    @classmethod
    def of_group(cls, group: Group, figures: Figures, running: int | None, *, steps: bool) -> GroupOut:
        """A group with its figures."""
        return cls(
            **FiguresOut.of(figures, steps=steps).model_dump(),
            workflow_id=group.workflow_id,
            version_number=group.version_number,
            step_id=group.step_id,
            period_start=group.period,
            running=running,
        )


class PeriodStatisticsOut(Wire):
    """What happened in a period, together."""

    since: Annotated[datetime, Field(alias="from")]
    until: Annotated[datetime, Field(alias="to")]
    timezone: str
    running: Annotated[int, Field(description=_RUNNING)]
    total: Annotated[FiguresOut, Field(description="Of all executions together.")]
    has_more: Annotated[bool, Field(description="There are more groups than `limit`.")]

    @classmethod
    def of(cls, wanted: Wanted, report: Report) -> PeriodStatisticsOut:
        """The answer to a question, without the groups."""
        return PeriodStatisticsOut(
            since=wanted.since,
            until=wanted.until,
            timezone=wanted.timezone,
            running=report.running,
            total=FiguresOut.of(report.total),
            has_more=report.has_more,
        )


class StatisticsOut(PeriodStatisticsOut):
    """What happened in a period."""

    items: list[GroupOut]

    @classmethod
    def of_groups(cls, wanted: Wanted, report: Report) -> StatisticsOut:
        """The answer to a question."""
        items = [
            GroupOut.of_group(group, figures, running_of(wanted, report, group), steps=wanted.of_steps)
            for group, figures in report.groups
        ]
        return cls(**PeriodStatisticsOut.of(wanted, report).model_dump(), items=items)


class WorkflowStatisticsOut(Wire):
    """How one workflow does."""

    workflow_id: str
    total: Annotated[int, Field(description="Executions that began.")]
    successful: Annotated[int, Field(description="Those that completed.")]
    failed: Annotated[int, Field(description="Those that failed or timed out.")]
    cancelled: int
    running: Annotated[int, Field(description=_RUNNING)]
    success_rate: Annotated[
        float | None,
        Field(description="`successful` / (`successful` + `failed`), 0 to 1; null where there are neither."),
    ]
    average_execution_time: Annotated[Milliseconds, Field(description="Of those that completed, milliseconds.")]
    figures: Annotated[FiguresOut, Field(description="All there is to tell of its executions.")]
    steps: Annotated[list[GroupOut], Field(description="Of each step, those that ended most first.")]

    @classmethod
    def of(cls, workflow_id: str, report: Report) -> WorkflowStatisticsOut:
        """What a report says of one workflow, grouped by step."""
        total = report.total
        return cls(
            workflow_id=workflow_id,
            total=total.started,
            successful=total.completed,
            failed=total.failed + total.timed_out,
            cancelled=total.cancelled,
            running=report.running,
            success_rate=total.success_rate,
            average_execution_time=total.average_ms,
            figures=FiguresOut.of(total),
            steps=[GroupOut.of_group(group, figures, None, steps=True) for group, figures in report.groups],
        )


class PeriodQuery(Demand):
    """Of which time."""

    since: Annotated[AwareDatetime | None, Field(alias="from", description=f"From this time on. {_ROUNDED}")] = None
    until: Annotated[AwareDatetime | None, Field(alias="to", description=f"Before this time; else now. {_ROUNDED}")] = (
        None
    )

    def period(self, default: timedelta | None) -> tuple[datetime, datetime]:
        """Whole hours; ``default`` is how far back they go where nobody says, None for as far as there is something.

        Raises:
            InvalidPeriod: it ends before it begins.
        """
        until = self.until or datetime.now(UTC)
        since = self.since or (BEGINNING if default is None else until - default)
        if since >= until:
            raise InvalidPeriod
        return hour_floor(since), hour_ceiling(until)


class WorkflowStatisticsQuery(PeriodQuery):
    """Of which time; else of all that is kept."""

    version: Annotated[int | None, Field(ge=1, le=MAX_NUMBER, description="Only of this version.")] = None

    def wanted(self, workflow_id: str) -> Wanted:
        """As the service takes it; raises like :meth:`PeriodQuery.period`."""
        since, until = self.period(None)
        by_step = frozenset({Dimension.STEP})
        return Wanted(
            (), since, until, workflow_id=workflow_id, version_number=self.version, group_by=by_step, limit=1_000
        )


class FiguresQuery(PeriodQuery):
    """Of what to give figures."""

    workflow_id: Annotated[str | None, Field(max_length=128, description="Only of this workflow.")] = None
    version: Annotated[int | None, Field(ge=1, le=MAX_NUMBER, description="Only of this version.")] = None
    step_id: Annotated[
        str | None, Field(min_length=1, max_length=128, description="A node's id: `items` are of this step alone.")
    ] = None
    timezone: Annotated[
        str, Field(min_length=1, max_length=64, description="Where days begin: a name of the IANA database.")
    ] = "UTC"
    limit: Annotated[
        int, Field(ge=1, le=1000, description="At most so many groups: the earliest, or those with most ends.")
    ] = 1000

    def wanted(self, group_by: Collection[Dimension]) -> Wanted:
        """As the service takes it.

        Args:
            group_by: what tells the figures apart.

        Raises:
            InvalidPeriod, InvalidGroups, UnknownTimeZone: it asks for what there is not.
        """
        if PERIODS.issubset(group_by):
            raise InvalidGroups
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise UnknownTimeZone(self.timezone) from None
        since, until = self.period(timedelta(days=DAYS_BY_HOUR if Dimension.HOUR in group_by else DAYS))
        return Wanted(
            (),
            since,
            until,
            workflow_id=self.workflow_id,
            version_number=self.version,
            step_id=self.step_id,
            group_by=frozenset(group_by),
            timezone=self.timezone,
            limit=self.limit,
        )


class StatisticsQuery(FiguresQuery):
    """Of what to give figures, and how to tell them apart."""

    group_by: Annotated[
        Sequence[OwnDimension],
        Field(description="Tell figures apart by these: `workflow`, `version`, `step`; and `day` or `hour`."),
    ] = ()


def running_of(wanted: Wanted, report: Report, group: Group) -> int | None:
    """How many executions of a group run now; None where that cannot be said of it."""
    return report.running_of.get(group, 0) if wanted.can_run else None
