from __future__ import annotations

import contextlib
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weftline.language.durations import MAX_DURATION, parse_duration
from weftline.language.errors import DurationError


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("24h", 86_400),
        ("1h30m", 5_400),
        ("1h 30m", 5_400),
        ("90s", 90),
        ("500ms", 0.5),
        ("2d", 172_800),
        ("1w", 604_800),
        ("1w2d3h4m5s6ms", 788_645.006),
        ("1.5h", 5_400),
        (" 5m ", 300),
        ("0s", 0),
        ("PT24H", 86_400),
        ("P1DT2H", 93_600),
        ("P2W", 1_209_600),
        ("PT0.5S", 0.5),
        ("pt1m", 60),
        ("90", 90),
        (90, 90),
        (0, 0),
        (0.25, 0.25),
    ],
)
def test_every_written_form_is_read_as_seconds(written: object, seconds: float) -> None:
    assert parse_duration(written) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "written",
    [
        "",
        " ",
        "h",
        "1y",
        "1h1h",
        "h1",
        "1h-1m",
        "-1s",
        "P",
        "PT",
        "P1DT",
        "1H",
        "twice",
        "1e3s",
        "٣h",
        "1h\0",
        "9" * 200,
    ],
)
def test_what_is_no_duration_is_refused(written: str) -> None:
    with pytest.raises(DurationError):
        parse_duration(written)


@pytest.mark.parametrize("value", [True, False, None, [], {}, b"1h", math.nan, math.inf, -math.inf, -1, -0.5])
def test_other_types_and_impossible_numbers_are_refused(value: object) -> None:
    with pytest.raises(DurationError):
        parse_duration(value)


@pytest.mark.parametrize("value", [10**400, MAX_DURATION + 1, "5300w", "999999999999999999h"])
def test_more_than_a_hundred_years_is_refused(value: object) -> None:
    with pytest.raises(DurationError, match="hundred years"):
        parse_duration(value)


@pytest.mark.parametrize("written", ["P1Y", "P1M", "P1Y2DT3H"])
def test_years_and_months_are_refused_with_the_reason(written: str) -> None:
    with pytest.raises(DurationError, match="no fixed length"):
        parse_duration(written)


@settings(deadline=None)
@given(st.integers(0, 99), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
def test_both_notations_agree(days: int, hours: int, minutes: int, seconds: int) -> None:
    units = f"{days}d{hours}h{minutes}m{seconds}s"
    iso = f"P{days}DT{hours}H{minutes}M{seconds}S"
    assert parse_duration(units) == parse_duration(iso)


@settings(deadline=None)
@given(st.text(max_size=120))
def test_any_text_is_a_duration_in_bounds_or_refused(text: str) -> None:
    with contextlib.suppress(DurationError):
        assert 0 <= parse_duration(text) <= MAX_DURATION
