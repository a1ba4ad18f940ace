"""Subworkflows: steps that stand for another execution."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from weftline.machine.command import ChildSpec, CommandKind
from weftline.machine.stimulus import ChildEnded

from .scenario import Scenario, action, workflow


def started(**fields: Any) -> Scenario:
    """A subworkflow step, and "z" after it; "h" handles what it does not."""
    sub = {"id": "s", "type": "subworkflow", "workflow": "other", "next": "z", **fields}
    nodes = [sub, action("z"), *([action("h")] if "onError" in fields else [])]
    return Scenario(workflow(*nodes, startNode="s"), {"n": 1}, {"execution": {"id": "parent"}}).start()


def child_of(story: Scenario) -> ChildSpec:
    """The execution that the last turn starts."""
    (command,) = (command for command in story.commands if command.kind is CommandKind.START_CHILD)
    assert isinstance(command.spec, ChildSpec)
    return command.spec


def test_an_execution_is_started_with_the_mapped_input_and_its_output_is_the_step_s() -> None:
    story = started(input={"m": "${n + 1}"}, version=3, output={"got": "${result.x}"})
    spec = child_of(story)
    assert (spec.workflow_id, spec.version, spec.input, spec.waits) == ("other", 3, {"m": 2}, True)
    assert (story.status, story.state.open["s"].child) == ("waiting", str(spec.id))
    assert story.child("s", output={"x": 7}).data["got"] == 7
    assert story.current == ["z"]


def test_starting_the_same_step_again_would_start_the_same_execution() -> None:
    assert child_of(started()).id == child_of(started()).id != UUID(int=0)


def test_input_that_is_no_object_fails_the_step_and_starts_nothing() -> None:
    story = started(input="${n}")
    assert (story.error, story.commands) == ("type_mismatch", [])


def test_one_that_is_not_waited_for_is_started_and_forgotten() -> None:
    story = started(wait=False)
    spec = child_of(story)
    assert (story.current, story.state.latest["s"].output) == (["z"], {"executionId": str(spec.id)})
    assert not spec.waits
    assert story.state.undo == {}


def test_the_failure_of_the_other_execution_is_the_step_s() -> None:
    story = started()
    child = story.state.open["s"].child
    error = {"code": "odd", "message": "odd", "retryable": False, "stepId": "inner", "details": {"x": 1}}
    story.child("s", "failed", error=error)
    assert story.state.error is not None
    assert (story.error, story.state.error["stepId"]) == ("odd", "s")
    assert story.state.error["details"] == {"x": 1, "executionId": child, "stepId": "inner"}


@pytest.mark.parametrize("status", ["cancelled", "timed_out"])
def test_an_execution_that_did_not_complete_fails_the_step_by_its_status(status: str) -> None:
    assert started(onError={"next": "h", "codes": [status]}).child("s", status).current == ["h"]


def test_a_failed_one_is_started_again_as_another_execution() -> None:
    story = started(retry={"maxAttempts": 2, "initialInterval": "10s", "jitter": 0}, input={"m": "${n}"})
    first = child_of(story)
    error = {"code": "odd", "message": "odd", "retryable": True}
    assert story.child("s", "failed", error=error).state.open["s"].status == "retrying"
    second = child_of(story.tick(10))
    assert (second.input, story.state.open["s"].attempt) == (first.input, 2)
    assert second.id != first.id
    assert story.feed(ChildEnded("s", str(first.id), "completed", 1)).turn == []
    assert story.child("s", "failed", error=error).status == "failed"


def test_a_cancelled_one_is_not_tried_again() -> None:
    assert started(retry=3).child("s", "cancelled").status == "failed"


@pytest.mark.parametrize("how", ["cancel", "timeout", "deadline"])
def test_the_other_execution_is_cancelled_with_the_step(how: str) -> None:
    story = started() if how == "cancel" else started(**{how: 5})
    story.cancel() if how == "cancel" else story.tick(5)
    assert story.commanded(CommandKind.CANCEL_CHILD) == ["s"]
    assert story.status == ("cancelled" if how == "cancel" else "failed")
    if how != "cancel":
        assert story.error == ("timed_out" if how == "timeout" else "deadline_exceeded")


def test_a_step_that_only_waits_for_its_next_attempt_has_nothing_to_cancel() -> None:
    story = started(retry=2).child("s", "failed", error={"code": "odd", "message": "odd", "retryable": True})
    assert story.cancel().commanded(CommandKind.CANCEL_CHILD) == []


def test_what_it_did_can_be_undone_as_a_whole() -> None:
    story = started()
    child = story.state.open["s"].child
    story.child("s")
    assert story.state.undo["s"].child == child


def test_a_compensation_of_its_own_takes_the_place_of_undoing_the_whole() -> None:
    story = started(compensate={"action": "undo", "input": "${result}"}).child("s", output={"x": 1})
    assert (story.state.undo["s"].child, story.state.undo["s"].action) == (None, "undo")
    assert story.state.undo["s"].input == {"x": 1}


def test_an_end_that_comes_while_the_execution_is_paused_is_recorded() -> None:
    story = started().pause().child("s", output=1)
    assert (story.current, story.state.held) == ([], {"": ["z"]})
    assert story.resume().current == ["z"]


def test_every_iteration_starts_an_execution_of_its_own() -> None:
    program = workflow(
        {"id": "l", "type": "loop", "forEach": [{"n": 1}, {"n": 2}], "do": "s", "concurrency": 2},
        {"id": "s", "type": "subworkflow", "workflow": "other", "input": "${item}"},
        startNode="l",
    )
    story = Scenario(program).start()
    specs = [command.spec for command in story.commands]
    assert [spec.input for spec in specs if isinstance(spec, ChildSpec)] == [{"n": 1}, {"n": 2}]
    story.child("s@l:1:1", output="b").child("s@l:1:0", output="a")
    assert (story.status, story.state.output) == ("completed", ["a", "b"])
    ended = [event.step for event in story.events if event.data is not None and event.data.get("ends")]
    assert ended == ["s@l:1:1", "s@l:1:0"]
