"""Percentiles from buckets, beside those of the values themselves."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weftline.model.histogram import bounds, bucket_of, percentile

YEARS = 10 * 365 * 86_400 * 1_000_000
ERROR = 0.032
"""How far a percentile may be off, as a part of it."""

durations = st.one_of(st.integers(0, 100), st.integers(0, 1_000_000), st.integers(0, YEARS))


@given(durations)
def test_a_duration_is_within_its_bucket_which_is_narrow(duration: int) -> None:
    low, high = bounds(bucket_of(duration))
    assert low <= duration < high
    assert high - low <= max(1, low / 16)


@given(st.integers(0, 900))
def test_buckets_follow_each_other_without_a_gap(bucket: int) -> None:
    low, high = bounds(bucket)
    assert bucket_of(low) == bucket_of(high - 1) == bucket
    assert bounds(bucket + 1)[0] == high


@given(st.lists(durations, min_size=1, max_size=200), st.floats(0.01, 1))
def test_a_percentile_is_close_to_the_exact_one(values: list[int], part: float) -> None:
    exact = sorted(values)[max(0, math.ceil(part * len(values)) - 1)]
    found = percentile(Counter(map(bucket_of, values)), part)
    assert found is not None
    assert abs(found - exact) <= ERROR * exact


@given(st.lists(st.lists(durations, max_size=50), min_size=1, max_size=5))
def test_percentiles_of_sums_are_those_of_all_values(parts: list[list[int]]) -> None:
    added = sum((Counter(map(bucket_of, values)) for values in parts), Counter[int]())
    together = Counter(bucket_of(value) for values in parts for value in values)
    for part in (0.5, 0.95, 1.0):
        assert percentile(added, part) == percentile(together, part)


@pytest.mark.parametrize("part", [0.0, 0.5, 1.0])
def test_nothing_has_no_percentile(part: float) -> None:
    assert percentile({}, part) is None
