"""When schedules fire: cron expressions in a time zone, and intervals.

Daylight saving follows Debian's cron (``cron(8)``). An expression of five fields that names hours and minutes means the
clock on the wall: a time that is skipped in spring fires once when the clock has jumped, and a time that comes twice in
autumn fires the first time only. Where the hour or the minute begins with ``*``, and in expressions of six fields, real
time counts: what is to happen every hour happens every hour, also while the clock is set back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice, takewhile
from math import floor
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError

from weftline.language.durations import parse_duration
from weftline.language.errors import DurationError
from weftline.language.hints import nearest
from weftline.language.timestamps import TimestampError, parse_timestamp

MIN_INTERVAL = 1.0
"""Seconds between two firings."""

MAX_CRON = 200
"""Characters of a cron expression."""

_MICROSECONDS = 1_000_000
_TICK = 1 / _MICROSECONDS
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC).timestamp()
_MACROS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_FIELDS = "five fields (minute, hour, day of month, month, day of week), or six with seconds in front"


class ScheduleError(ValueError):
    """A schedule cannot be followed.

    Attributes:
        field: what of it is wrong, by its name in definitions.
        hint: how to mend it, where that can be said.
    """

    def __init__(self, field: str, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.field = field
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Schedule:
    """When something fires. Points in time are Unix seconds, exact to the microsecond.

    Attributes:
        cron: an expression of five or six fields; None where ``every`` says when.
        every: microseconds from one firing to the next; 0 where ``cron`` says when.
        zone: in which ``cron`` is read.
        start_at: no firing before; intervals are counted from there, else from the epoch.
        end_at: no firing after.
    """

    cron: str | None
    every: int
    zone: ZoneInfo
    start_at: float | None = None
    end_at: float | None = None

    def after(self, moment: float) -> float | None:
        """The first firing later than ``moment``; None where there is none, ever or within fifty years."""
        return next(self._after(moment), None)

    def upcoming(self, moment: float, count: int) -> list[float]:
        """The first ``count`` firings later than ``moment``; fewer where there are no more."""
        return list(islice(self._after(moment), count))

    def within(self, first: float, until: float, count: int) -> list[float]:
        """The first ``count`` firings from ``first`` to ``until``, both included."""
        firings = takewhile(lambda moment: moment <= until, self._after(first - _TICK))
        return list(islice(firings, count))

    def latest(self, first: float, until: float, count: int) -> list[float]:
        """The last ``count`` firings from ``first`` to ``until``, both included, the oldest first."""
        begin = first if self.cron is None else self._some_before(first, until, count)
        if self.cron is None:
            # so many intervals hold at most so many firings
            begin = max(begin, until - count * self.every / _MICROSECONDS)
        found = deque[float](maxlen=count)
        found.extend(takewhile(lambda moment: moment <= until, self._after(begin - _TICK)))
        return list(found)

    def _after(self, moment: float) -> Iterator[float]:
        if self.start_at is not None:
            moment = max(moment, self.start_at - _TICK)
        firings = self._intervals(moment) if self.cron is None else self._cron(self.cron, moment)
        for firing in firings:
            if firing >= _LATEST or (self.end_at is not None and firing > self.end_at):
                return
            yield firing

    def _intervals(self, moment: float) -> Iterator[float]:
        anchor = 0 if self.start_at is None else round(self.start_at * _MICROSECONDS)
        at = round(moment * _MICROSECONDS)
        at += self.every - (at - anchor) % self.every
        while True:
            yield at / _MICROSECONDS
            at += self.every

    def _cron(self, cron: str, moment: float) -> Iterator[float]:
        last = moment
        for firing in CronSim(cron, self._local(moment)):
            at = firing.timestamp()
            # several times on the wall that are skipped in spring are one moment, and one that comes twice in autumn
            # is told once more by a search that begins at its second time
            if at > last:
                last = at
                yield at

    def _some_before(self, first: float, until: float, count: int) -> float:
        """A moment from which at least ``count`` firings lead to ``until``, or ``first`` where there are fewer."""
        assert self.cron is not None
        for back in islice(CronSim(self.cron, self._local(floor(until)) + timedelta(seconds=1), reverse=True), count):
            at = back.timestamp()
            if at <= first:
                return first
            until = min(until, at)
        return max(first, until)

    def _local(self, moment: float) -> datetime:
        # not by fromtimestamp, which rounds
        instant = _EPOCH + timedelta(microseconds=round(moment * _MICROSECONDS))
        return instant if self.zone.key == "UTC" else instant.astimezone(self.zone)


def read_schedule(
    *,
    cron: str | None = None,
    every: str | int | float | None = None,
    timezone: str | None = None,
    start_at: str | None = None,
    end_at: str | None = None,
) -> Schedule:
    """The schedule of a trigger's fields.

    Parameters:
        cron: an expression, or ``@daily`` and the like.
        every: a duration, at least a second.
        timezone: IANA name; absent: UTC.
        start_at, end_at: RFC 3339.

    Raises:
        ScheduleError: it cannot be followed, or would never fire.
    """
    if (cron is None) == (every is None):
        raise ScheduleError("", "a schedule says when by `cron` or by `every`, one of them")
    start, end = _moment("startAt", start_at), _moment("endAt", end_at)
    if start is not None and end is not None and end < start:
        raise ScheduleError("endAt", "`endAt` comes before `startAt`")
    if every is not None and timezone is not None:
        raise ScheduleError("timezone", "an interval is the same in every time zone", "remove it, or use `cron`")
    schedule = Schedule(
        None if cron is None else _expression(cron), _interval(every), _zone(timezone or "UTC"), start, end
    )
    if schedule.cron is not None:
        _check_expression(schedule.cron)
    if start is not None and schedule.after(start - _TICK) is None:
        raise ScheduleError("cron" if schedule.cron else "every", "this never fires between `startAt` and `endAt`")
    return schedule


@cache
def zone_names() -> frozenset[str]:
    """The time zones that there are."""
    return frozenset(available_timezones())


def _moment(field: str, value: str | None) -> float | None:
    if value is None:
        return None
    try:
        moment = parse_timestamp(value)
    except (TimestampError, OverflowError) as error:
        raise ScheduleError(field, str(error)) from None
    if not 0 <= moment < _LATEST:
        raise ScheduleError(field, "a schedule lies between the years 1970 and 2199")
    return moment


def _interval(value: str | int | float | None) -> int:
    if value is None:
        return 0
    try:
        seconds = parse_duration(value)
    except DurationError as error:
        raise ScheduleError("every", str(error)) from None
    if seconds < MIN_INTERVAL:
        raise ScheduleError("every", "an interval is at least one second")
    return round(seconds * _MICROSECONDS)


def _zone(name: str) -> ZoneInfo:
    if name not in zone_names():
        near = nearest(name, zone_names())
        hint = f"did you mean `{near}`?" if near else "IANA names are like `Europe/Berlin`"
        raise ScheduleError("timezone", f"there is no time zone `{name[:80]}`", hint)
    return ZoneInfo(name)


def _expression(text: str) -> str:
    if len(text) > MAX_CRON:
        raise ScheduleError("cron", f"a cron expression has at most {MAX_CRON} characters")
    stripped = text.strip()
    if not stripped.startswith("@"):
        return stripped
    expression = _MACROS.get(stripped.lower())
    if expression is None:
        raise ScheduleError("cron", f"there is no `{stripped}`", f"one of {', '.join(_MACROS)}")
    return expression


def _check_expression(cron: str) -> None:
    try:
        first = next(CronSim(cron, datetime(2000, 1, 1, tzinfo=UTC)), None)
    except CronSimError as error:
        fields = cron.split()
        if str(error) == "Wrong number of fields":
            raise ScheduleError("cron", f"`{cron}` has {len(fields)} fields", f"write {_FIELDS}") from None
        field = str(error).removeprefix("Bad ").replace("-", " ")
        if field != "day of month" or not _is_readable(" ".join((*fields[:-2], "*", fields[-1]))):
            raise ScheduleError("cron", f"`{cron}` has a {field} that cannot be read", f"write {_FIELDS}") from None
        first = None
    if first is None:
        raise ScheduleError("cron", f"`{cron}` never fires: there is no such day")


def _is_readable(cron: str) -> bool:
    try:
        CronSim(cron, _EPOCH)
    except CronSimError:
        return False
    return True
