"""Branches that go on after the join is met, and waits of which the first decides."""

from __future__ import annotations

from typing import Any

from weftline.machine.command import CommandKind
from weftline.model.event import EventType

from .scenario import Scenario, action, workflow

A, B, C = "a@p:1:0", "b@p:1:1", "c@p:1:2"


def three(join: object, **fields: Any) -> Scenario:
    """Three branches of an action each that are left to finish, and "z" after them."""
    parallel = {"id": "p", "type": "parallel", "branches": ["a", "b", "c"], "join": join, "losers": "finish"}
    nodes = [{**parallel, "next": "z", **fields}, action("a"), action("b"), action("c"), action("z")]
    return Scenario(workflow(*nodes, startNode="p")).start()


def test_branches_are_left_to_finish_after_the_join_is_met() -> None:
    story = three("any").complete(B, "first")
    assert (story.current, story.commanded(CommandKind.ABORT)) == ([A, C, "z"], [])
    assert story.state.latest["p"].output == {"b": "first"}
    assert story.complete("z", "end").status == "running"
    story.complete(A)
    assert story.steps(EventType.STEP_SETTLED) == []
    story.complete(C)
    assert (story.steps(EventType.STEP_SETTLED), story.status, story.state.output) == (["p"], "completed", "end")


def test_a_branch_that_fails_after_the_join_is_met_harms_nobody() -> None:
    story = three(2).complete(A).complete(B).fail(C)
    assert (story.current, story.steps(EventType.STEP_SETTLED)) == (["z"], ["p"])
    assert story.complete("z").status == "completed"


def test_nothing_lingers_where_the_last_branch_meets_the_join() -> None:
    story = three("any").fail(A).fail(C).complete(B)
    assert (story.current, story.steps(EventType.STEP_SETTLED)) == (["z"], [])


def test_the_join_is_met_only_once() -> None:
    story = three("any").complete(A).complete(B).complete(C).complete("z")
    assert (story.steps(EventType.STEP_COMPLETED).count("p"), story.status) == (1, "completed")


def test_branches_that_linger_within_a_branch_keep_it_open() -> None:
    inner = {"id": "p", "type": "parallel", "branches": ["a", "b"], "join": "any", "losers": "finish"}
    outer = {"id": "o", "type": "parallel", "branches": ["p"], "next": "z"}
    story = Scenario(workflow(outer, inner, action("a"), action("b"), action("z"), startNode="o")).start()
    story.complete("a@o:1:0/p:1:0")
    assert story.current == ["b@o:1:0/p:1:1"]
    assert story.complete("b@o:1:0/p:1:1").current == ["z"]


def test_what_lingers_is_stopped_when_the_execution_ends() -> None:
    story = three("any").complete(B).cancel()
    assert story.steps(EventType.STEP_SETTLED) == ["p"]
    assert set(story.steps(EventType.STEP_CANCELLED)) == {A, C, "z"}


def test_a_lingering_step_has_no_deadline_any_more() -> None:
    assert three("any", deadline=10).complete(B).tick(20).current == [A, C, "z"]


def race(**fields: Any) -> Scenario:
    """Waits for a payment, for a cancellation that goes its own way, or for a day to pass."""
    alternatives = [
        {"name": "paid", "event": "payment", "correlation": "${order}"},
        {"event": "cancellation", "next": "c"},
        {"name": "late", "duration": "1d"},
    ]
    wait = {"id": "r", "type": "wait", "firstOf": alternatives, "next": "z", **fields}
    return Scenario(workflow(wait, action("z"), action("c"), startNode="r"), {"order": "o-1"}).start()


PAID, CANCELLATION, LATE = "r.paid@r:1:0", "r.cancellation@r:1:1", "r.late@r:1:2"


def test_the_first_event_decides_and_the_other_waits_are_given_up() -> None:
    story = race()
    assert (story.status, story.current) == ("waiting", [PAID, CANCELLATION, LATE])
    assert story.commanded(CommandKind.SUBSCRIBE) == [PAID, CANCELLATION]
    story.signal("payment", {"amount": 5}, step=PAID)
    assert story.current == ["z"]
    assert story.state.latest["r"].output == {"name": "paid", "output": {"amount": 5}}
    assert story.commanded(CommandKind.UNSUBSCRIBE) == [PAID, CANCELLATION]


def test_an_alternative_may_go_its_own_way() -> None:
    assert race().signal("cancellation").current == ["c"]


def test_time_may_be_first() -> None:
    story = race().tick(86_400)
    assert (story.current, story.state.latest["r"].output) == (["z"], {"name": "late", "output": None})


def test_a_signal_that_came_before_the_race_wins_it_at_once() -> None:
    wait = {"id": "r", "type": "wait", "firstOf": [{"event": "x"}, {"event": "y"}], "next": "z"}
    story = Scenario(workflow(action("a", "r"), wait, action("z"))).start().signal("y", 1).complete("a")
    assert (story.current, story.state.latest["r"].output) == (["z"], {"name": "y", "output": 1})


def test_what_arrives_in_a_pause_decides_when_the_execution_is_resumed() -> None:
    story = race().pause().signal("cancellation").tick(90_000)
    assert story.current == [PAID, CANCELLATION, LATE]
    assert story.resume().current == ["c"]


def test_a_race_without_a_winner_can_miss_its_deadline() -> None:
    assert race(deadline="1h").tick(3_600).error == "deadline_exceeded"


def test_the_earlier_time_wins_where_both_have_passed() -> None:
    wait = {"id": "r", "type": "wait", "firstOf": [{"name": "a", "duration": 5}, {"name": "b", "duration": 9}]}
    story = Scenario(workflow(wait)).start().tick(60)
    assert story.state.output == {"name": "a", "output": None}


def test_the_first_of_several_events_that_came_in_a_pause_wins() -> None:
    story = race().pause().signal("payment").signal("cancellation").resume()
    assert story.current == ["z"]


def test_a_step_that_settles_late_does_not_stand_for_its_later_activation() -> None:
    parallel = {"id": "p", "type": "parallel", "branches": ["a", "b"], "join": "any", "losers": "finish", "next": "w"}
    program = workflow(
        parallel, action("a"), action("b"), {"id": "w", "type": "wait", "event": "x", "next": "p"}, startNode="p"
    )
    story = Scenario(program).start().complete(A).signal("x").complete("a@p:2:0", 2)
    assert story.complete(B).state.latest["p"].key == "p~2"
