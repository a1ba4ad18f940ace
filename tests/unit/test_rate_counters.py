"""Requests counted over a sliding minute."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weftline.features.rates import counters as module
from weftline.features.rates.counters import Counters, Key

MINUTE = 60.0
KEY: Key = ("address", "192.0.2.1")
OTHER: Key = ("address", "192.0.2.2")


class Clock:
    """Time that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000 * MINUTE

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def taken(counters: Counters, quota: int, key: Key = KEY) -> int:
    """How many requests get through at once."""
    count = 0
    while counters.take(key, quota).is_within:
        count += 1
    return count


def test_as_many_get_through_as_the_quota_says_and_each_key_has_its_own(clock: Clock) -> None:
    counters = Counters(clock)
    assert [counters.take(KEY, 3).left for _ in range(3)] == [2, 1, 0]
    assert not counters.take(KEY, 3).is_within
    assert counters.take(OTHER, 3).is_within


def test_nobody_gets_twice_the_quota_at_the_turn_of_a_minute(clock: Clock) -> None:
    counters = Counters(clock)
    clock.now += 59
    assert taken(counters, 100) == 100
    clock.now += 1
    assert taken(counters, 100) == 0
    clock.now += 30
    assert taken(counters, 100) == 50
    clock.now += 120
    assert taken(counters, 100) == 100


@given(
    quota=st.integers(1, 50),
    moves=st.lists(st.tuples(st.floats(0, 90), st.integers(1, 60)), min_size=1, max_size=30),
)
def test_whoever_waits_as_long_as_told_gets_through(quota: int, moves: list[tuple[float, int]]) -> None:
    clock = Clock()
    counters = Counters(clock)
    for pause, requests in moves:
        clock.now += pause
        for _ in range(requests):
            standing = counters.take(KEY, quota)
            assert 0 <= standing.left < quota
            # past the moment, where it is a whole second itself
            assert 1 <= standing.seconds <= 2 * MINUTE + 1
            if not standing.is_within:
                clock.now += standing.seconds
                assert counters.take(KEY, quota).is_within


def test_what_is_not_asked_for_any_more_takes_no_room(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CAPACITY", 10)
    counters = Counters(clock)
    for number in range(1000):
        counters.take(("address", number), 100)
    # the first ten by themselves, all others together
    assert len(counters.unshared()) == 11
    assert not counters.take(("address", 1000), 100).is_within
    assert counters.take(("address", 9), 100).is_within
    clock.now += 2 * MINUTE
    assert counters.take(("address", 1000), 100).is_within
    assert len(counters.unshared()) == 1


def test_what_all_servers_have_counted_counts(clock: Clock) -> None:
    counters = Counters(clock)
    counters.take(KEY, 100)
    (delta,) = counters.unshared()
    counters.take(KEY, 100)
    counters.learn(KEY, delta.minute, 61)
    assert counters.take(KEY, 100).left == 100 - 61 - 2
    counters.learn(KEY, delta.minute - 1, 30)
    assert counters.take(KEY, 100).left == 100 - 61 - 3 - 30
    counters.learn(KEY, delta.minute - 2, 1_000_000)
    assert counters.take(KEY, 100).is_within


def test_what_could_not_be_shared_is_shared_later(clock: Clock) -> None:
    counters = Counters(clock)
    counters.take(KEY, 100)
    deltas = counters.unshared()
    counters.take(KEY, 100)
    counters.give_back(deltas)
    assert [delta.times for delta in counters.unshared()] == [2]
    assert counters.unshared() == []
