"""Recorded executions run again with another version."""

from __future__ import annotations

from typing import Any

import pytest
from tests.histories import record
from tests.unit.machine.functions import Tale
from tests.unit.testing.workflows import REMINDERS, SAGA, approval, call, definition

from weftline.authoring import ActionRegistry
from weftline.language import load
from weftline.testing import WorkflowRun, WorkflowTest
from weftline.testing.replay import Replay, replay

OTHER_PATHS = (record.migrated, record.function_lost)
"""Stories of executions that another version took over."""

STORIES = [tell for tell in record.STORIES if tell not in OTHER_PATHS]


@pytest.mark.parametrize("tell", STORIES, ids=lambda tell: tell.__name__)
def test_every_kind_of_log_takes_its_own_path_again(tell: Any) -> None:
    story = tell()
    registry = ActionRegistry()
    if isinstance(story, Tale):
        registry.register_function(story.function)
    replayed = replay(story.program, story.input, story.events, registry=registry)
    assert replayed.is_same, [*map(str, replayed.differences), *replayed.missing]
    assert replayed.unused == []


def again(run: WorkflowRun, document: dict[str, Any]) -> Replay:
    return replay(load(document)[1], run.input, run.events)


def paid() -> WorkflowRun:
    test = (
        WorkflowTest(SAGA).mock("reserve", returns="r", takes="1h").mock("pay", returns="p").mock("ship", returns="s")
    )
    return test.run({"amount": 500})


def test_a_step_that_is_new_needs_a_result_that_the_record_does_not_have() -> None:
    document = {**SAGA, "nodes": [call("reserve", "check"), call("check", "pay"), *SAGA["nodes"][1:]]}
    replayed = again(paid(), document)
    assert not replayed.is_same
    assert replayed.missing == ["what 'check' returns"]
    assert replayed.unused == ["what 'pay' returned (event 5)", "what 'ship' returned (event 7)"]
    assert (replayed.recorded_status, replayed.status) == ("completed", "running")


def test_a_decision_that_falls_otherwise_is_named() -> None:
    def deciding(limit: int) -> dict[str, Any]:
        node = {"id": "big", "type": "decision", "condition": f"input.amount > {limit}", "true": "ask", "false": "buy"}
        return definition(node, call("ask"), call("buy"))

    run = WorkflowTest(deciding(100)).mock("ask").run({"amount": 500})
    assert again(run, deciding(400)).is_same
    first = again(run, deciding(1_000)).first
    assert first is not None
    assert str(first) == (
        "big (event 2): expected completed by case 'true', going on to ask;"
        " got completed by case 'false', going on to buy"
    )


def test_a_step_that_is_gone_leaves_its_result_unused() -> None:
    document = {**SAGA, "nodes": [call("reserve", "ship", compensate="release"), SAGA["nodes"][2]]}
    replayed = again(paid(), document)
    assert [str(each) for each in replayed.differences] == [
        "pay (event 4): expected begun; got a path that does not come here"
    ]
    assert replayed.unused == ["what 'pay' returned (event 5)"]


def test_timers_are_those_of_the_new_version() -> None:
    test = WorkflowTest(REMINDERS).mock("remind").mock("ship")
    run = test.at("2d 12h").event("confirmed", correlation="o1").run({"order": "o1"})
    wait = {**REMINDERS["nodes"][0], "timeout": {"duration": "3d", "next": "remind"}}
    patient = {**REMINDERS, "nodes": [wait, *REMINDERS["nodes"][1:]]}
    assert again(run, REMINDERS).is_same
    replayed = again(run, patient)
    assert replayed.status == "completed"
    first = replayed.first
    assert first is not None
    assert (first.step, first.got) == ("confirm", "completed")


def test_answers_and_retries_are_those_of_the_record() -> None:
    document = definition(
        call("pay", "approve", retry={"maxAttempts": 3, "jitter": 0.5}),
        approval(outcomes={"approved": "order", "rejected": "decline"}),
        call("order"),
        call("decline"),
    )
    test = WorkflowTest(document).mock("pay", sequence=[OSError("down"), "p"]).mock("order").mock("decline")
    run = test.answer("approve", outcome="rejected", by="ann", data={"why": "no"}).run()
    assert again(run, document).is_same
    hasty = {**document, "nodes": [call("pay", "approve", retry=1), *document["nodes"][1:]]}
    first = again(run, hasty).first
    assert first is not None
    assert (first.expected, first.got) == (
        "failed with 'action_failed', to be tried again",
        "failed with 'action_failed'",
    )


def test_an_input_that_changes_is_told_though_the_path_does_not() -> None:
    document = definition(call("pay", input={"amount": "${ input.amount * 2 }"}))
    run = WorkflowTest(document).mock("pay").run({"amount": 5})
    changed = definition(call("pay", input={"amount": "${ input.amount * 3 }"}))
    replayed = again(run, changed)
    assert replayed.is_same
    assert replayed.changed_inputs == ["pay"]


def test_one_that_still_waits_is_replayed_to_where_it_waits() -> None:
    run = WorkflowTest(REMINDERS).mock("remind").run({"order": "o1"}, until="36h")
    replayed = again(run, REMINDERS)
    assert replayed.is_same
    assert replayed.status == replayed.recorded_status == "waiting"


def test_what_people_did_is_done_again_up_to_where_the_record_goes_back() -> None:
    test = WorkflowTest(REMINDERS).mock("remind").mock("ship")
    run = test.at("1h").pause().at("2h").change_data({"n": 1}).at("3h").resume().at("4h").cancel("no", undo=True)
    assert again(run.run({"order": "o1"}), REMINDERS).is_same
    saga = WorkflowTest(SAGA).mock("reserve").mock("pay").mock("ship").mock("refund").rollback("reserve").run()
    assert again(saga, SAGA).cut == "event 9: the execution was rolled back"


def test_a_log_that_does_not_begin_at_its_beginning_is_refused() -> None:
    run = paid()
    with pytest.raises(ValueError, match="event 3 cannot follow event 0"):
        replay(load(SAGA)[1], run.input, run.events[2:])
