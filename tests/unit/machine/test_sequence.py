"""Actions one after another, their outputs, and how executions begin and end."""

from __future__ import annotations

import pytest

from weftline.machine.command import CommandKind, outstanding
from weftline.machine.stimulus import ActionCompleted, ActionFailed
from weftline.model.event import EventType

from .scenario import NOON, Scenario, action, workflow

CHAIN = workflow(action("a", "b"), action("b", "c"), action("c"))


def test_actions_run_one_after_another() -> None:
    story = Scenario(CHAIN).start()
    for key in ("a", "b", "c"):
        assert story.current == [key]
        assert story.status == "running"
        assert story.commanded(CommandKind.RUN) == [key]
        story.complete(key)
    assert story.status == "completed"
    assert story.steps(EventType.STEP_COMPLETED) == ["a", "b", "c"]


def test_the_next_step_starts_in_the_turn_that_completed_the_last_one() -> None:
    story = Scenario(CHAIN).start().complete("a")
    assert [event.type for event in story.turn] == [EventType.STEP_COMPLETED, EventType.STEP_STARTED]


def test_every_event_of_a_turn_bears_the_turn_s_time() -> None:
    story = Scenario(CHAIN).start()
    story.now += 5
    story.complete("a")
    assert [event.at for event in story.turn] == [NOON + 5, NOON + 5]
    assert story.state.latest["a"].completed_at == story.state.open["b"].started_at == NOON + 5


def test_the_last_output_that_is_not_null_is_the_execution_s() -> None:
    story = Scenario(CHAIN).start().complete("a", 1).complete("b", {"n": 2}).complete("c")
    assert story.state.output == {"n": 2}


def test_an_output_mapping_makes_the_execution_s_output() -> None:
    program = workflow(action("a"), output={"sum": "${steps.a.output + input.n}"})
    assert Scenario(program, {"n": 1}).start().complete("a", 2).state.output == {"sum": 3}


def test_an_output_that_cannot_be_rendered_fails_the_execution() -> None:
    story = Scenario(workflow(action("a"), output="${data.absent}")).start().complete("a")
    assert story.status == "failed"
    assert story.error == "no_such_field"


def test_an_input_is_rendered_when_the_step_starts_and_stands_in_the_log() -> None:
    program = workflow(action("a", "b"), action("b", input={"got": "${steps.a.output.x}", "who": "${name}"}))
    story = Scenario(program, {"name": "ann"}).start().complete("a", {"x": 1})
    assert story.state.open["b"].input == {"got": 1, "who": "ann"}
    assert story.turn[-1].data == {"input": {"got": 1, "who": "ann"}}


def test_an_input_that_cannot_be_rendered_fails_its_step_without_a_retry() -> None:
    story = Scenario(workflow(action("a", retry=5, input="${nobody.knows}"))).start()
    assert story.status == "failed"
    assert story.error == "unknown_name"
    assert story.steps(EventType.STEP_STARTED) == story.steps(EventType.STEP_FAILED) == ["a"]
    assert story.commands == []


def test_an_output_mapping_puts_results_into_the_data() -> None:
    program = workflow(action("a", "b", output={"total": "${result.sum * 2}"}), action("b", input="${total}"))
    story = Scenario(program, {"keep": 1}).start().complete("a", {"sum": 21})
    assert story.data == {"keep": 1, "total": 42}
    assert story.state.open["b"].input == 42


def test_data_of_an_action_s_own_is_merged_and_the_mapping_wins() -> None:
    program = workflow(action("a", output={"both": "mapped"}))
    story = Scenario(program).start().complete("a", None, {"both": "own", "mine": True})
    assert story.data == {"both": "mapped", "mine": True}


def test_an_output_mapping_that_fails_fails_the_step() -> None:
    program = workflow(action("a", output={"x": "${result.absent}"}, onError="b"), action("b"))
    story = Scenario(program).start().complete("a", {})
    assert story.current == ["b"]
    assert story.state.latest["a"].error is not None
    assert story.state.latest["a"].error["message"].startswith("output mapping: ")


def test_several_next_nodes_run_side_by_side_and_the_last_ends_the_execution() -> None:
    program = workflow(action("a", ["b", "c"]), action("b"), action("c"))
    story = Scenario(program).start().complete("a")
    assert story.current == ["b", "c"]
    assert story.complete("c").status == "running"
    assert story.complete("b").status == "completed"


def test_a_node_runs_once_for_every_token_that_reaches_it() -> None:
    program = workflow(action("a", ["b", "c"]), action("b", "d"), action("c", "d"), action("d"))
    story = Scenario(program).start().complete("a").complete("b").complete("c")
    assert story.current == ["d", "d~2"]
    assert story.complete("d~2", 2).complete("d", 1).status == "completed"
    assert story.state.output == 1


def test_an_end_ends_its_own_token_only() -> None:
    program = workflow(action("a", ["b", "e"]), action("b"), {"id": "e", "type": "end"})
    assert Scenario(program).start().complete("a").status == "running"


def test_a_terminating_end_ends_everything() -> None:
    program = workflow(
        action("a", ["b", "c"]),
        action("b"),
        action("c", "e"),
        {"id": "e", "type": "end", "terminate": True},
    )
    story = Scenario(program).start().complete("a").complete("c", "won")
    assert story.status == "completed"
    assert story.steps(EventType.STEP_CANCELLED) == ["b"]
    assert story.commanded(CommandKind.ABORT) == ["b"]
    assert story.state.output == "won"


def test_tokens_on_their_way_die_with_a_terminating_end() -> None:
    program = workflow(
        {"id": "s", "type": "start", "next": ["e", "b"]},
        {"id": "e", "type": "end", "terminate": True},
        action("b"),
    )
    story = Scenario(program).start()
    assert story.status == "completed"
    assert story.count(EventType.STEP_STARTED) == 0


def test_a_start_node_and_an_end_node_take_no_time() -> None:
    program = workflow({"id": "s", "type": "start", "next": "e"}, {"id": "e", "type": "end"})
    assert Scenario(program).start().status == "completed"


def test_a_set_changes_the_data_at_once() -> None:
    program = workflow(
        {"id": "s", "type": "set", "values": {"n": "${n + 1}", "text": "n was ${n}"}, "next": "a"}, action("a")
    )
    assert Scenario(program, {"n": 1}).start().data == {"n": 2, "text": "n was 1"}


def test_a_set_that_cannot_be_rendered_fails() -> None:
    story = Scenario(workflow({"id": "s", "type": "set", "values": {"n": "${absent}"}})).start()
    assert (story.status, story.error) == ("failed", "unknown_name")


def test_an_execution_starts_once() -> None:
    story = Scenario(CHAIN).start()
    assert story.start().turn == []


@pytest.mark.parametrize("attempt", [0, 2])
def test_the_result_of_another_attempt_is_ignored(attempt: int) -> None:
    story = Scenario(CHAIN).start()
    assert story.feed(ActionCompleted("a", attempt, 1)).turn == []
    assert story.feed(ActionFailed("a", attempt, {"code": "x", "message": "x", "retryable": True})).turn == []


@pytest.mark.parametrize("key", ["a", "c", "nobody", "a~2", "a@x:1:0"])
def test_a_result_for_a_step_that_is_not_open_is_ignored(key: str) -> None:
    story = Scenario(CHAIN).start().complete("a")
    assert story.feed(ActionCompleted(key, 1, 1)).turn == []


def test_nothing_happens_to_an_execution_that_has_ended() -> None:
    story = Scenario(CHAIN).start().cancel()
    story.tick(1e6).signal("s").pause().resume().cancel().fault().recover().start()
    assert story.count(EventType.WORKFLOW_CANCELLED) == 1
    assert story.events[-1].type is EventType.WORKFLOW_CANCELLED


def test_an_action_s_result_cannot_close_a_step_that_is_no_action() -> None:
    program = workflow({"id": "p", "type": "parallel", "branches": ["a"]}, action("a"))
    assert Scenario(program).start().feed(ActionCompleted("p", 1, None)).turn == []


def test_a_loaded_execution_knows_which_actions_were_to_run() -> None:
    program = workflow(
        action("a", ["b", "c", "w"]), action("b"), action("c"), {"id": "w", "type": "wait", "event": "x"}
    )
    story = Scenario(program).start().complete("a")
    assert [command.step.key for command in outstanding(story.state)] == ["b", "c"]
    assert outstanding(story.pause().state) == []


def test_facts_of_the_moment_are_seen_before_data_and_after_reserved_names() -> None:
    program = workflow(action("a", input=["${tenant}", "${input.tenant}", "${data.tenant}"]))
    story = Scenario(program, {"tenant": "data"}, {"tenant": "fact"}).start()
    assert story.state.open["a"].input == ["fact", "data", "data"]
