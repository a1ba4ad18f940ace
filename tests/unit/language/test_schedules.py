"""When schedules fire, through time zones and daylight saving."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weftline.language.schedules import Schedule, ScheduleError, read_schedule

BERLIN, SYDNEY, NEW_YORK = "Europe/Berlin", "Australia/Sydney", "America/New_York"


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def told(schedule: Schedule, after: str, count: int) -> list[str]:
    """The next firings, as clocks on the wall show them."""
    return [
        datetime.fromtimestamp(moment, schedule.zone).strftime("%m-%d %H:%M %z")
        for moment in schedule.upcoming(at(after), count)
    ]


# In 2026: Berlin skips 02:00–03:00 on 29 March and repeats it on 25 October; Sydney skips 02:00–03:00 on 4 October and
# repeats it on 5 April; New York skips 02:00–03:00 on 8 March.


@pytest.mark.parametrize(
    ("zone", "after", "expected"),
    [
        (BERLIN, "2026-03-28T12:00:00Z", ["03-29 03:00 +0200", "03-30 02:30 +0200"]),
        (NEW_YORK, "2026-03-07T12:00:00Z", ["03-08 03:00 -0400", "03-09 02:30 -0400"]),
        (SYDNEY, "2026-10-03T12:00:00Z", ["10-04 03:00 +1100", "10-05 02:30 +1100"]),
    ],
)
def test_a_time_that_is_skipped_in_spring_fires_once_when_the_clock_has_jumped(
    zone: str, after: str, expected: list[str]
) -> None:
    assert told(read_schedule(cron="30 2 * * *", timezone=zone), after, 2) == expected


@pytest.mark.parametrize(
    ("zone", "after", "expected"),
    [
        (BERLIN, "2026-10-24T12:00:00Z", ["10-25 02:30 +0200", "10-26 02:30 +0100"]),
        (SYDNEY, "2026-04-04T12:00:00Z", ["04-05 02:30 +1100", "04-06 02:30 +1000"]),
    ],
)
def test_a_time_that_comes_twice_in_autumn_fires_the_first_time_only(
    zone: str, after: str, expected: list[str]
) -> None:
    schedule = read_schedule(cron="30 2 * * *", timezone=zone)
    assert told(schedule, after, 2) == expected
    # between the two times, too: from the first 02:40 on, and from the second 02:10 on
    first = schedule.upcoming(at(after), 1)[0]
    for minutes in (10, 40):
        assert told(schedule, datetime.fromtimestamp(first + 60 * minutes, UTC).isoformat(), 1) == expected[1:]


def test_what_happens_every_hour_happens_every_hour_also_while_the_clock_is_changed() -> None:
    schedule = read_schedule(cron="*/30 * * * *", timezone=BERLIN)
    for day in ("2026-03-28T23:00:00Z", "2026-10-24T22:00:00Z"):
        assert {b - a for a, b in pairwise(schedule.upcoming(at(day), 12))} == {1_800.0}


def test_two_times_that_are_skipped_together_fire_once() -> None:
    schedule = read_schedule(cron="0,30 2,3 * * *", timezone=BERLIN)
    expected = ["03-29 03:00 +0200", "03-29 03:30 +0200", "03-30 02:00 +0200"]
    assert told(schedule, "2026-03-28T22:00:00Z", 3) == expected


def test_six_fields_begin_with_seconds() -> None:
    schedule = read_schedule(cron="*/20 59 23 31 12 *")
    expected = [at(f"2026-12-31T23:59:{second:02}Z") for second in (0, 20, 40)]
    assert schedule.upcoming(at("2026-01-01T00:00:00Z"), 3) == expected


def test_an_interval_is_counted_from_its_beginning_or_from_the_epoch() -> None:
    assert read_schedule(every="15m").upcoming(at("2026-01-01T10:01:00Z"), 2) == [
        at("2026-01-01T10:15:00Z"),
        at("2026-01-01T10:30:00Z"),
    ]
    anchored = read_schedule(every="90s", start_at="2026-01-01T10:00:07Z")
    assert anchored.upcoming(0, 2) == [at("2026-01-01T10:00:07Z"), at("2026-01-01T10:01:37Z")]
    assert anchored.after(at("2026-01-01T10:00:07Z")) == at("2026-01-01T10:01:37Z")


def test_beginning_and_end_are_both_within() -> None:
    schedule = read_schedule(cron="0 * * * *", start_at="2026-01-01T10:00:00Z", end_at="2026-01-01T12:00:00Z")
    assert [datetime.fromtimestamp(each, UTC).hour for each in schedule.upcoming(0, 9)] == [10, 11, 12]
    assert schedule.after(at("2026-01-01T12:00:00Z")) is None


@pytest.mark.parametrize(
    ("fields", "field", "said"),
    [
        ({"cron": "0 0 30 2 *"}, "cron", "never fires"),
        ({"cron": "0 0 31 4,6,9,11 *"}, "cron", "never fires"),
        ({"cron": "0 0 * *"}, "cron", "has 4 fields"),
        ({"cron": "61 * * * *"}, "cron", "minute"),
        ({"cron": "0 0 32 * *"}, "cron", "day of month that cannot be read"),
        ({"cron": "@reboot"}, "cron", "there is no"),
        ({"cron": "* " * 200}, "cron", "at most"),
        ({"cron": "0 0 * * *", "timezone": "Europe/Berlim"}, "timezone", "no time zone"),
        ({"cron": "0 0 * * *", "timezone": "../../etc/passwd"}, "timezone", "no time zone"),
        ({"every": "999ms"}, "every", "at least one second"),
        ({"every": "soon"}, "every", "not a duration"),
        ({"every": "1h", "timezone": BERLIN}, "timezone", "every time zone"),
        ({"every": "1h", "start_at": "tomorrow"}, "startAt", "RFC 3339"),
        ({"every": "1h", "start_at": "9999-12-31T23:59:59Z"}, "startAt", "1970 and 2199"),
        ({"every": "1h", "start_at": "2026-02-01T00:00:00Z", "end_at": "2026-01-01T00:00:00Z"}, "endAt", "before"),
        (
            {"cron": "0 0 29 2 *", "start_at": "2026-01-01T00:00:00Z", "end_at": "2027-01-01T00:00:00Z"},
            "cron",
            "never fires between",
        ),
        ({"cron": "0 0 * * *", "every": "1h"}, "", "one of them"),
        ({}, "", "one of them"),
    ],
)
def test_what_cannot_be_followed_is_said(fields: dict[str, str], field: str, said: str) -> None:
    with pytest.raises(ScheduleError) as raised:
        read_schedule(**fields)
    assert raised.value.field == field
    assert said in str(raised.value)


def test_the_nearest_time_zone_is_named() -> None:
    with pytest.raises(ScheduleError) as raised:
        read_schedule(cron="@daily", timezone="europe/berlin")
    assert raised.value.hint == "did you mean `Europe/Berlin`?"


@given(st.text("0123456789*/-,#L@ MONJANW", max_size=20))
def test_no_text_breaks_the_reader(text: str) -> None:
    try:
        read_schedule(cron=text, timezone=BERLIN)
    except ScheduleError as error:
        assert str(error)


MOMENTS = st.floats(at("2025-01-01T00:00:00Z"), at("2028-01-01T00:00:00Z"))
CRONS = st.sampled_from(
    ["30 2 * * *", "*/7 * * * *", "0 2,3 * * 0", "15 */6 * * *", "0 0 29 2 *", "*/40 * * * * *", "0 9 L * *"]
)
ZONES = st.sampled_from([BERLIN, SYDNEY, NEW_YORK, "UTC", "Australia/Lord_Howe", "America/St_Johns", "Asia/Kathmandu"])


@given(CRONS, ZONES, MOMENTS)
def test_firings_come_in_order_and_each_after_the_one_before(cron: str, zone: str, moment: float) -> None:
    schedule = read_schedule(cron=cron, timezone=zone)
    found = schedule.upcoming(moment, 6)
    assert all(a < b for a, b in pairwise([moment, *found]))
    assert [schedule.after(each) for each in found[:-1]] == found[1:]


CHANGES = st.sampled_from(
    [at(f"2026-{day}T00:00:00Z") for day in ("03-08", "03-29", "04-04", "10-03", "10-25", "11-01")]
)


@settings(deadline=None, max_examples=60)
@given(CRONS, ZONES, st.builds(lambda change, off: change + off, CHANGES, st.floats(0, 90_000)), st.integers(1, 5))
def test_the_latest_firings_are_the_last_of_all(cron: str, zone: str, until: float, count: int) -> None:
    schedule = read_schedule(cron=cron, timezone=zone)
    first = until - 20_000
    every = schedule.within(first, until, 2_000)
    assert schedule.latest(first, until, count) == every[-count:]


def test_the_latest_of_many_firings_are_found_without_going_through_all() -> None:
    schedule = read_schedule(cron="* * * * * *", timezone=BERLIN)
    until = at("2026-06-01T00:00:00Z")
    assert schedule.latest(0, until, 3) == [until - 2, until - 1, until]
    assert read_schedule(every="1s").latest(0, until, 2) == [until - 1, until]


def test_the_clock_of_a_zone_decides_and_not_ours() -> None:
    schedule = read_schedule(cron="0 8 * * MON-FRI", timezone="Asia/Tokyo")
    assert schedule.upcoming(at("2026-01-02T00:00:00Z"), 1) == [
        datetime(2026, 1, 5, 8, tzinfo=ZoneInfo("Asia/Tokyo")).timestamp()
    ]


def test_the_latest_firing_before_a_moment_within_a_second_is_found() -> None:
    schedule = read_schedule(cron="*/40 * * * * *", timezone=BERLIN)
    until = at("2026-03-08T04:24:59Z")
    assert schedule.latest(until - 60, until + 0.5, 1) == [until - 19]
