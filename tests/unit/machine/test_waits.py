"""Waits for times, events and signals."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from weftline.machine.command import CommandKind
from weftline.model.event import EventType

from .scenario import NOON, Scenario, action, workflow


def wait(id: str = "w", **fields: Any) -> dict[str, Any]:
    return {"id": id, "type": "wait", **fields}


def waiting(input: dict[str, Any] | None = None, **fields: Any) -> Scenario:
    nodes = [wait(**fields), action("late")]
    if "next" not in fields:
        nodes = nodes[:1]
    return Scenario(workflow(*nodes, startNode="w"), input).start()


def test_a_duration_passes_before_the_token_goes_on() -> None:
    story = waiting(duration="1h", next="late")
    assert (story.status, story.state.next_due()) == ("waiting", NOON + 3600)
    assert story.tick(3599).turn == []
    assert story.tick(1).current == ["late"]


def test_a_duration_may_be_computed() -> None:
    assert waiting({"patience": "90s"}, duration="${patience}").state.next_due() == NOON + 90


@pytest.mark.parametrize("patience", ["soon", -1, None, True, 1e12])
def test_what_is_no_duration_fails_the_wait(patience: object) -> None:
    assert waiting({"patience": patience}, duration="${patience}").error == "invalid_duration"


@pytest.mark.parametrize("offset", [-60, 0, 60])
def test_a_time_to_wait_until_may_be_past(offset: float) -> None:
    due = NOON + offset
    story = waiting({"at": datetime.fromtimestamp(due, UTC).isoformat()}, until="${at}", next="late")
    assert story.state.next_due() == due
    assert story.tick(max(offset, 0)).current == ["late"]


def test_what_is_no_time_fails_the_wait() -> None:
    assert waiting({"at": "noon"}, until="${at}").error == "invalid_time"


def test_an_event_resumes_the_wait_and_its_payload_is_the_output() -> None:
    story = waiting(event="paid", next="late", output={"sum": "${result.sum}"})
    assert story.commanded(CommandKind.SUBSCRIBE) == ["w"]
    story.signal("paid", {"sum": 7})
    assert story.current == ["late"]
    assert story.data == {"sum": 7}
    assert story.state.last_event == {"sum": 7}
    assert story.commanded(CommandKind.UNSUBSCRIBE) == ["w"]
    assert story.steps(EventType.SIGNAL_RECEIVED) == ["w"]


def test_a_signal_without_a_payload_resumes_as_well() -> None:
    story = waiting(event="go", next="late").signal("go")
    assert story.current == ["late"]
    assert story.state.last_event is None


def test_name_and_correlation_may_be_computed_and_numbers_serve_as_correlations() -> None:
    story = waiting({"kind": "paid", "order": 17}, event="order-${kind}", correlation="${order}")
    assert story.state.open["w"].event == "order-paid"
    assert story.state.open["w"].correlation == "17"


@pytest.mark.parametrize("value", [None, "", True, [], {}])
def test_what_is_no_name_fails_the_wait(value: object) -> None:
    assert waiting({"x": value}, event="${x}").error == "type_mismatch"
    assert waiting({"x": value}, event="e", correlation="${x}").error == "type_mismatch"


def test_a_signal_for_another_name_does_not_resume() -> None:
    story = waiting(event="go").signal("stop")
    assert story.current == ["w"]
    assert story.state.signals == {"stop": [None]}


def test_signals_that_come_early_are_kept_in_order() -> None:
    program = workflow(
        action("a", "w"), wait(event="n", next="x"), wait("x", event="n", next="y"), wait("y", event="n")
    )
    story = Scenario(program).start().signal("n", 1).signal("n", 2).complete("a")
    assert story.current == ["y"]
    assert [story.state.latest[key].output for key in ("w", "x")] == [1, 2]
    assert story.state.signals == {}
    assert story.signal("n", 3).status == "completed"


def test_a_signal_resumes_only_the_step_that_has_waited_longest() -> None:
    program = workflow(action("a", ["w", "x"]), wait(event="n"), wait("x", event="n"))
    story = Scenario(program).start().complete("a").signal("n", 1)
    assert story.current == ["x"]
    assert story.signal("n", 2).status == "completed"
    assert (story.state.latest["w"].output, story.state.latest["x"].output) == (1, 2)


def test_an_event_meant_for_one_step_passes_the_others_by() -> None:
    program = workflow(action("a", ["w", "x"]), wait(event="n", correlation="1"), wait("x", event="n", correlation="2"))
    story = Scenario(program).start().complete("a").signal("n", "two", step="x")
    assert story.current == ["w"]
    assert story.state.latest["x"].output == "two"


@pytest.mark.parametrize(("name", "step"), [("go", "gone"), ("other", "w")])
def test_an_event_meant_for_a_step_that_does_not_wait_for_it_is_ignored(name: str, step: str) -> None:
    assert waiting(event="go").signal(name, step=step).turn == []


def test_a_timeout_goes_its_own_way() -> None:
    program = workflow(wait(event="go", timeout={"duration": "1m", "next": "b"}, next="a"), action("a"), action("b"))
    story = Scenario(program).start().tick(60)
    assert story.current == ["b"]
    assert story.commanded(CommandKind.UNSUBSCRIBE) == ["w"]
    assert story.steps(EventType.STEP_TIMED_OUT) == ["w"]


def test_a_timeout_without_a_way_of_its_own_is_a_failure() -> None:
    story = waiting(event="go", timeout="1m").tick(60)
    assert (story.status, story.error) == ("failed", "timed_out")


def test_a_timeout_s_failure_can_be_handled() -> None:
    program = workflow(wait(event="go", timeout=1, onError={"next": "a", "codes": ["timed_out"]}), action("a"))
    assert Scenario(program).start().tick(1).current == ["a"]


def test_an_event_in_time_stops_the_timeout() -> None:
    story = waiting(event="go", timeout="1m", next="late").signal("go")
    assert story.state.next_due() is None
    assert story.tick(60).current == ["late"]


def test_timers_fire_in_the_order_in_which_they_are_due() -> None:
    program = workflow(action("a", ["w", "x", "y"]), wait(duration=30), wait("x", duration=10), wait("y", duration=20))
    story = Scenario(program).start().complete("a").tick(60)
    assert story.steps(EventType.STEP_COMPLETED) == ["a", "x", "y", "w"]


def test_a_timer_that_ends_the_execution_keeps_later_ones_from_firing() -> None:
    program = workflow(
        action("a", ["w", "x"]),
        wait(duration=10, next="e"),
        wait("x", event="n", timeout=20),
        {"id": "e", "type": "end", "terminate": True},
    )
    story = Scenario(program).start().complete("a").tick(10)
    assert story.status == "completed"


def test_two_timers_due_at_once_where_the_first_one_s_failure_closes_the_other() -> None:
    program = workflow(
        {"id": "p", "type": "parallel", "branches": ["w", "x"]},
        wait(event="n", timeout=10),
        wait("x", event="n", timeout=10),
    )
    story = Scenario(program).start().tick(10)
    assert story.steps(EventType.STEP_FAILED) == ["w@p:1:0", "p"]
    assert story.steps(EventType.STEP_CANCELLED) == ["x@p:1:1"]


def test_a_cycle_through_a_wait_comes_round_again_and_again() -> None:
    program = workflow(
        action("poll", "d"),
        {"id": "d", "type": "decision", "condition": "ready", "true": "done", "false": "w"},
        wait(duration=5, next="poll"),
        {"id": "done", "type": "end"},
        startNode="poll",
    )
    story = Scenario(program, {"ready": False}).start()
    for visit in ("poll", "poll~2", "poll~3"):
        assert story.current == [visit]
        story.complete(visit).tick(5)
    assert story.complete("poll~4", data={"ready": True}).status == "completed"


def test_a_signal_whose_payload_cannot_be_mapped_is_used_up() -> None:
    program = workflow(wait(event="n", output={"x": "${result.x}"}, onError="w"), startNode="w")
    story = Scenario(program).start().signal("n", "no object")
    assert story.current == ["w~2"]
    assert story.state.signals == {}
    assert story.signal("n", {"x": 1}).status == "completed"


def test_a_kept_signal_whose_payload_cannot_be_mapped_is_used_up() -> None:
    program = workflow(action("a", "w"), wait(event="n", output={"x": "${result.x}"}, onError="w"), startNode="a")
    story = Scenario(program).start().signal("n", 1).signal("n", 2).complete("a")
    assert story.current == ["w~3"]
    assert story.state.signals == {}


def test_a_whole_execution_times_out() -> None:
    program = workflow(action("a"), settings={"timeout": "1h"})
    story = Scenario(program).start()
    assert story.state.next_due() == NOON + 3600
    assert story.tick(3600).status == "timed_out"
    assert story.error == "timed_out"
    assert story.commanded(CommandKind.ABORT) == ["a"]
    assert story.state.next_due() is None


def test_the_deadline_of_the_execution_comes_before_a_later_timer_and_after_an_earlier_one() -> None:
    program = workflow(wait(duration="10m", next="x"), wait("x", duration="2h"), settings={"timeout": "1h"})
    story = Scenario(program).start()
    assert story.state.next_due() == NOON + 600
    assert story.tick(600).state.next_due() == NOON + 3600
