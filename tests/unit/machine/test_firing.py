"""What a schedule fires, and what it makes up for."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weftline.language.schedules import read_schedule
from weftline.language.trigger_rules import ScheduleRule, compile_trigger
from weftline.language.triggers import Trigger
from weftline.machine.firing import (
    BATCH,
    MAX_CAUGHT_UP,
    ON_TIME,
    FiringFailed,
    Names,
    due_firings,
    holds,
    jitter,
    prepare,
)

ID = UUID(int=7)
HOUR = 3_600.0
NOW = 1_767_225_600.0
"""A full hour."""


def rule(every: str = "1h", **fields: object) -> ScheduleRule:
    return ScheduleRule(read_schedule(every=every), **fields)


def test_what_is_on_time_fires_whatever_is_made_up_for() -> None:
    for catch_up in ("none", "latest", "all"):
        due = due_firings(rule(catch_up=catch_up), ID, NOW, NOW + ON_TIME)
        assert (due.firings, due.following) == ([NOW], NOW + HOUR)


@pytest.mark.parametrize(
    ("catch_up", "expected"),
    [("none", []), ("latest", [NOW]), ("all", [NOW - 2 * HOUR, NOW - HOUR, NOW])],
)
def test_what_was_missed_is_made_up_for_as_the_schedule_says(catch_up: str, expected: list[float]) -> None:
    due = due_firings(rule(catch_up=catch_up), ID, NOW - 2 * HOUR, NOW + 600)
    assert (due.firings, due.following) == (expected, NOW + HOUR)


def test_the_latest_that_was_missed_is_not_made_up_for_beside_one_on_time() -> None:
    due = due_firings(rule(catch_up="latest"), ID, NOW - 5 * HOUR, NOW + 1)
    assert due.firings == [NOW]


def test_what_was_missed_too_long_ago_is_not_made_up_for() -> None:
    due = due_firings(rule(catch_up="all", catch_up_window=1.5 * HOUR), ID, NOW - 20 * HOUR, NOW + 600)
    assert due.firings == [NOW - HOUR, NOW]


def test_many_missed_firings_come_in_batches_and_the_oldest_are_let_go() -> None:
    first, now = NOW - 5_000 * 60, NOW + 30
    fired: list[float] = []
    following: float | None = first
    minutely = rule("1m", catch_up="all", catch_up_window=30 * 24 * HOUR)
    while following is not None and following <= now:
        due = due_firings(minutely, ID, following, now)
        assert len(due.firings) <= BATCH
        fired += due.firings
        following = due.following
    assert len(fired) == len(set(fired)) == MAX_CAUGHT_UP + 1
    assert (fired[-1], following) == (NOW, NOW + 60)


def test_jitter_puts_off_and_is_the_same_each_time() -> None:
    jittery = rule("1m", jitter=30.0)
    offsets = [jitter(jittery, ID, NOW + 60 * number) for number in range(200)]
    assert offsets == [jitter(jittery, ID, NOW + 60 * number) for number in range(200)]
    assert 0 <= min(offsets) < 3
    assert 27 < max(offsets) < 30
    early = next(number for number, offset in enumerate(offsets) if offset > 10)
    moment = NOW + 60 * early
    assert due_firings(jittery, ID, moment, moment + 5) == ([], moment)
    assert due_firings(jittery, ID, moment, moment + 31).firings == [moment]


@pytest.mark.parametrize("catch_up", ["none", "latest", "all"])
@pytest.mark.parametrize(("every", "put_off"), [("1h", HOUR), ("1m", 600.0), ("1s", 300.0)])
def test_what_jitter_puts_off_is_not_missed(catch_up: str, every: str, put_off: float) -> None:
    schedule = rule(every, catch_up=catch_up, jitter=put_off)
    expected = schedule.schedule.within(NOW, NOW + 12 * HOUR, 500)
    fired: list[float] = []
    following: float | None = NOW
    now = NOW
    while following is not None and following <= expected[-1]:
        now = max(now, following + jitter(schedule, ID, following))
        due = due_firings(schedule, ID, following, now)
        fired += due.firings
        following = due.following
    assert fired[: len(expected)] == expected


@given(
    st.sampled_from(["none", "latest", "all"]),
    st.floats(0, 20 * HOUR),
    st.floats(0, 2 * HOUR),
    st.sampled_from([0.0, 20.0]),
)
def test_nothing_fires_twice_or_before_its_time(catch_up: str, behind: float, later: float, put_off: float) -> None:
    schedule = rule("10m", catch_up=catch_up, jitter=put_off)
    fired: list[float] = []
    following: float | None = NOW
    for now in (NOW + behind, NOW + behind + later):
        while following is not None and following + jitter(schedule, ID, following) <= now:
            due = due_firings(schedule, ID, following, now)
            assert all(moment + jitter(schedule, ID, moment) <= now for moment in due.firings)
            fired += due.firings
            following = due.following
    assert fired == sorted(set(fired))
    assert following is not None
    assert not fired or fired[-1] < following


def compiled(**fields: object) -> object:
    return compile_trigger(Trigger.model_validate({"type": "event", "event": "e", **fields}))


EVENT = Names({"event": {"payload": {"total": 3}}, "trigger": {"id": "e"}})


def test_an_input_is_what_fired_it_unless_the_trigger_says_otherwise() -> None:
    assert prepare(compiled(), ID, EVENT, {"total": 3}, program=None, errors_of=None).input == {"total": 3}
    mapped = compiled(input={"sum": "${event.payload.total * 2}", "by": "${trigger.id}"})
    assert prepare(mapped, ID, EVENT, None, program=None, errors_of=None).input == {"sum": 6, "by": "e"}
    assert prepare(compiled(), ID, EVENT, None, program=None, errors_of=None).input == {}


@pytest.mark.parametrize(
    ("fields", "code"),
    [({"input": "${event.payload.total}"}, "invalid_input"), ({"input": {"x": "${event.nope}"}}, "no_such_field")],
)
def test_an_input_that_cannot_be_made_is_a_failure(fields: dict[str, object], code: str) -> None:
    with pytest.raises(FiringFailed) as raised:
        prepare(compiled(**fields), ID, EVENT, None, program=None, errors_of=None)
    assert raised.value.error.code == code


def test_a_condition_gives_true_or_false() -> None:
    assert holds(compiled(condition="event.payload.total > 2"), EVENT, encrypts=False)
    assert not holds(compiled(condition="event.payload.total > 3"), EVENT, encrypts=False)
    with pytest.raises(FiringFailed) as raised:
        holds(compiled(condition="event.payload.total"), EVENT, encrypts=False)
    assert raised.value.error.code == "type_mismatch"


def test_what_fails_of_an_encrypted_workflow_tells_nothing_of_what_fired_it() -> None:
    secret = compiled(condition='event[event.payload.by] == "x"')
    for encrypts, is_told in ((False, True), (True, False)):
        with pytest.raises(FiringFailed) as raised:
            holds(secret, Names({"event": {"payload": {"by": "ada-lovelace"}}}), encrypts=encrypts)
        assert raised.value.error.message.startswith("condition: ")
        assert ("ada-lovelace" in raised.value.error.message) is is_told
