"""Pausing and resuming, whatever is going on."""

from __future__ import annotations

from typing import Any

import pytest

from weftline.machine.command import CommandKind
from weftline.model.event import EventType

from .scenario import NOON, Scenario, action, workflow

CHAIN = workflow(action("a", "b"), action("b"))


def wait(id: str = "w", **fields: Any) -> dict[str, Any]:
    return {"id": id, "type": "wait", **fields}


def test_a_paused_execution_records_results_and_begins_nothing_new() -> None:
    story = Scenario(CHAIN).start().pause()
    assert story.status == "paused"
    story.complete("a", 1)
    assert (story.status, story.current, story.commands) == ("paused", [], [])
    assert story.steps(EventType.STEP_HELD) == ["b"]
    story.resume()
    assert story.current == ["b"]
    assert story.commanded(CommandKind.RUN) == ["b"]
    assert story.complete("b").status == "completed"


def test_resuming_runs_again_what_was_to_run() -> None:
    assert Scenario(CHAIN).start().pause().resume().commanded(CommandKind.RUN) == ["a"]


def test_pausing_twice_and_resuming_what_runs_do_nothing() -> None:
    story = Scenario(CHAIN).start().resume()
    assert story.turn == []
    assert story.pause().pause().turn == []


def test_the_last_step_s_end_is_kept_until_the_execution_is_resumed() -> None:
    story = Scenario(workflow(action("a"))).start().pause().complete("a", 1)
    assert story.status == "paused"
    assert story.resume().status == "completed"
    assert story.state.output == 1


def test_timers_do_not_fire_while_paused_and_fire_when_resumed() -> None:
    story = Scenario(workflow(wait(duration=10, next="a"), action("a"))).start().pause()
    assert story.state.next_due() is None
    assert story.tick(20).turn == []
    assert story.resume().current == ["a"]


def test_a_timer_that_is_not_due_yet_stays_when_resumed() -> None:
    story = Scenario(workflow(wait(duration=10))).start().pause().resume()
    assert story.state.next_due() == NOON + 10


def test_a_failure_while_paused_schedules_its_retry_for_later() -> None:
    story = Scenario(workflow(action("a", retry=2))).start().pause().fail("a")
    assert story.status == "paused"
    story.now += 5
    assert story.resume().commanded(CommandKind.RUN) == ["a"]
    assert story.state.open["a"].attempt == 2


def test_a_failure_for_good_ends_even_a_paused_execution() -> None:
    assert Scenario(CHAIN).start().pause().fail("a").status == "failed"


def test_a_handled_failure_holds_its_handler() -> None:
    story = Scenario(workflow(action("a", onError="h"), action("h"))).start().pause().fail("a")
    assert story.steps(EventType.STEP_HELD) == ["h"]
    assert story.resume().current == ["h"]


def test_the_execution_s_deadline_does_not_pause() -> None:
    story = Scenario(workflow(action("a"), settings={"timeout": 60})).start().pause()
    assert story.state.next_due() == NOON + 60
    assert story.tick(60).status == "timed_out"


def test_a_paused_execution_can_be_cancelled() -> None:
    story = Scenario(CHAIN).start().pause().complete("a").cancel()
    assert story.status == "cancelled"


def test_a_signal_while_paused_is_kept_for_the_step_that_waits_for_it() -> None:
    story = Scenario(workflow(wait(event="n", next="a"), action("a"))).start().pause().signal("n", 1)
    assert story.current == ["w"]
    assert story.resume().current == ["a"]
    assert story.state.latest["w"].output == 1


def test_a_signal_while_paused_comes_before_the_wait_s_timeout() -> None:
    program = workflow(wait(event="n", timeout={"duration": 5, "next": "b"}, next="a"), action("a"), action("b"))
    story = Scenario(program).start().pause().signal("n").tick(10).resume()
    assert story.current == ["a"]


def test_each_step_gets_the_event_that_was_meant_for_it_when_resumed() -> None:
    waits = (wait(event="n", correlation="1"), wait("x", event="n", correlation="2"))
    story = Scenario(workflow({"id": "s", "type": "start", "next": ["w", "x"]}, *waits)).start().pause()
    story.signal("n", "two", step="x").signal("n", "one", step="w").resume()
    assert story.status == "completed"
    assert (story.state.latest["w"].output, story.state.latest["x"].output) == ("one", "two")


def test_an_event_meant_for_one_step_does_not_resume_another() -> None:
    waits = (wait(event="n", correlation="1"), wait("x", event="n", correlation="2"))
    story = Scenario(workflow({"id": "s", "type": "start", "next": ["w", "x"]}, *waits)).start().pause()
    assert story.signal("n", step="x").resume().current == ["w"]


def test_several_signals_while_paused_go_to_several_waits_and_the_rest_is_kept() -> None:
    waits = (wait(event="n"), wait("x", event="n", next="y"), wait("y", event="n", next="z"), wait("z", event="n"))
    story = Scenario(workflow({"id": "s", "type": "start", "next": ["w", "x"]}, *waits)).start().pause()
    story.signal("n", 1).signal("n", 2).signal("n", 3).resume()
    assert [story.state.latest[key].output for key in ("w", "x", "y")] == [1, 2, 3]
    assert story.current == ["z"]


def test_a_second_event_for_a_step_that_has_its_own_already_is_ignored() -> None:
    story = Scenario(workflow(wait(event="n", correlation="1"))).start().pause().signal("n", 1, step="w")
    assert story.signal("n", 2, step="w").turn == []
    assert story.resume().state.output == 1


def test_a_resumed_wait_whose_failure_closes_others_leaves_them_closed() -> None:
    mapping = {"x": "${result.x}"}
    program = workflow(
        {"id": "p", "type": "parallel", "branches": ["w", "x"]},
        wait(event="n", output=mapping),
        wait("x", event="n", output=mapping),
    )
    story = Scenario(program).start().pause().signal("n", 1).signal("n", 2).resume()
    assert story.status == "failed"
    assert story.steps(EventType.STEP_CANCELLED) == ["x@p:1:1"]


def test_a_task_done_while_paused_holds_what_follows() -> None:
    program = workflow({"id": "t", "type": "form", "outcomes": {"no": "b"}}, action("b"))
    story = Scenario(program).start().pause().task("t", "no")
    assert story.steps(EventType.STEP_HELD) == ["b"]
    assert story.resume().current == ["b"]


def test_joins_are_met_by_steps_that_completed_while_paused() -> None:
    program = workflow(action("a"), action("b"), action("j", dependencies=["a", "b"]))
    story = Scenario(program).start().pause().complete("a").complete("b")
    assert story.steps(EventType.STEP_HELD) == ["j"]
    assert story.resume().current == ["j"]
    assert story.complete("j").status == "completed"


def test_a_held_join_is_not_entered_again_before_all_its_dependencies_are_done_again() -> None:
    program = workflow(
        {"id": "s", "type": "start", "next": ["x", "y", "b"]},
        {"id": "x", "type": "set", "values": {}, "next": "a"},
        {"id": "y", "type": "set", "values": {}, "next": "a"},
        action("a"),
        action("b"),
        action("j", dependencies=["a", "b"]),
    )
    story = Scenario(program).start().pause().complete("a").complete("b").complete("a~2")
    assert story.steps(EventType.STEP_HELD) == ["j"]


def parallel(join: object = "all") -> Scenario:
    program = workflow(
        {"id": "p", "type": "parallel", "branches": ["a", "b"], "join": join, "next": "z", "critical": False},
        action("a", "x"),
        action("b"),
        action("x"),
        action("z"),
        startNode="p",
    )
    return Scenario(program).start().pause()


def test_a_branch_with_a_held_token_has_not_ended() -> None:
    story = parallel().complete("a@p:1:0").complete("b@p:1:1")
    assert story.steps(EventType.BRANCH_COMPLETED) == ["p"]
    assert story.resume().current == ["x@p:1:0"]
    assert story.complete("x@p:1:0").current == ["z"]


def test_a_join_met_while_paused_drops_what_the_losing_branches_held() -> None:
    story = parallel("any").complete("a@p:1:0").complete("b@p:1:1")
    assert story.state.held == {"": ["z"]}
    assert story.resume().current == ["z"]


def test_a_branch_that_fails_while_paused_takes_its_held_tokens_with_it() -> None:
    program = workflow(
        {"id": "p", "type": "parallel", "branches": ["s", "c"], "join": "any"},
        {"id": "s", "type": "start", "next": ["a", "b"]},
        action("a", "x"),
        action("x"),
        action("b"),
        action("c"),
        startNode="p",
    )
    story = Scenario(program).start().pause().complete("a@p:1:0").fail("b@p:1:0")
    assert story.state.held == {}
    assert story.resume().current == ["c@p:1:1"]


def test_a_parallel_that_fails_while_paused_takes_all_held_tokens_with_it() -> None:
    story = parallel().complete("a@p:1:0").fail("b@p:1:1")
    assert story.state.held == {"": ["z"]}
    assert story.resume().current == ["z"]


@pytest.mark.parametrize("resumed", [True, False])
def test_an_execution_can_be_paused_before_it_began(resumed: bool) -> None:
    story = Scenario(CHAIN).pause()
    assert story.status == "paused"
    if resumed:
        assert story.resume().status == "pending"
        assert story.start().current == ["a"]
    else:
        assert story.start().current == []
        assert story.status == "paused"
        assert story.resume().current == ["a"]


def test_signals_and_losses_before_the_start_are_remembered() -> None:
    story = Scenario(workflow(wait(event="n", next="a"), action("a"))).signal("n", 1).recover().tick()
    assert story.status == "pending"
    assert story.start().current == ["a"]
    assert story.state.lost_leases == 1


def test_a_paused_execution_keeps_its_place_when_its_worker_is_lost() -> None:
    story = Scenario(CHAIN).start().pause().recover()
    assert story.resume().commanded(CommandKind.RUN) == ["a"]
