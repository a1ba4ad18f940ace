"""Steps that remote workers carry out."""

from __future__ import annotations

from typing import Any

import pytest

from weftline.machine.command import Command, CommandKind, JobSpec
from weftline.machine.rewinding import Target
from weftline.machine.stimulus import ChangeData, JobCompleted, RetryStep, Skip
from weftline.model.event import EventType

from .scenario import Scenario, action, workflow

FACTS = {"execution": {"id": "story"}}
RETRY = {"maxAttempts": 3, "initialInterval": "10s", "backoff": 1, "jitter": 0}


def begun(*nodes: dict[str, Any], input: dict[str, Any] | None = None, **fields: Any) -> Scenario:
    return Scenario(workflow(*nodes, **fields), input or {"n": 1}, FACTS).start()


def opened(story: Scenario) -> Command:
    """The one job that the last turn put into a queue."""
    (command,) = [command for command in story.commands if command.kind is CommandKind.OPEN_JOB]
    return command


def test_a_step_with_a_queue_rests_until_a_remote_worker_has_carried_it_out() -> None:
    story = begun(action("ship", queue="parcels", input={"n": "${n}"}, output={"label": "${result.label}"}))
    assert opened(story).spec == JobSpec("parcels", "ship", {"n": 1}, story.now)
    assert (story.status, story.state.has_work, story.commanded(CommandKind.RUN)) == ("waiting", False, [])
    story.job("ship", {"label": "L-1"}, {"carrier": "X"})
    assert (story.status, story.data) == ("completed", {"n": 1, "label": "L-1", "carrier": "X"})
    assert story.commanded(CommandKind.CLOSE_JOB) == []


def test_a_job_without_an_input_mapping_gets_the_shared_data() -> None:
    story = begun(action("ship", queue="parcels"), input={"a": [1]})
    assert opened(story).spec == JobSpec("parcels", "ship", {"a": [1]}, story.now)


def test_a_failed_job_is_opened_again_as_the_policy_says_and_never_sooner_than_the_worker_asked() -> None:
    story = begun(action("ship", queue="parcels", retry=RETRY))
    first = story.job_of("ship")
    story.fail_job("ship")
    assert story.state.next_due() == story.now + 10
    story.tick(10)
    assert opened(story).step.attempt == 2
    assert story.job_of("ship") != first
    story.fail_job("ship", after=60)
    assert story.state.next_due() == story.now + 60
    story.tick(60).fail_job("ship")
    assert (story.status, story.error) == ("failed", "broken")


def test_a_result_of_an_earlier_attempt_does_nothing() -> None:
    story = begun(action("ship", queue="parcels", retry=RETRY))
    late = story.job_of("ship")
    story.fail_job("ship").tick(10)
    story.feed(JobCompleted("ship", late, "too late"))
    assert story.turn == []
    assert story.job("ship", "in time").state.output == "in time"


def test_an_error_that_no_retry_helps_goes_to_the_steps_handler() -> None:
    story = begun(action("ship", "z", queue="parcels", retry=RETRY, onError="call"), action("call"), action("z"))
    story.fail_job("ship", retryable=False)
    assert story.current == ["call"]


def test_an_attempt_that_takes_too_long_is_taken_back_and_tried_again() -> None:
    story = begun(action("ship", queue="parcels", retry=RETRY, timeout="30s"))
    story.tick(30)
    assert story.commanded(CommandKind.CLOSE_JOB) == ["ship"]
    assert story.state.open["ship"].error is not None
    assert story.state.open["ship"].error["code"] == "timed_out"
    story.tick(10)
    assert story.state.next_due() == story.now + 30
    assert opened(story).step.attempt == 2


def test_a_deadline_ends_the_step_whatever_attempts_are_left() -> None:
    story = begun(action("ship", queue="parcels", retry=RETRY, deadline="30s")).tick(30)
    assert (story.status, story.error) == ("failed", "deadline_exceeded")
    assert story.commanded(CommandKind.CLOSE_JOB) == ["ship"]


def test_a_timeout_that_is_no_duration_fails_the_step_before_any_attempt_of_it() -> None:
    story = begun(action("ship", queue="parcels", timeout="${n}"), input={"n": "soon"})
    assert (story.status, story.commanded(CommandKind.OPEN_JOB)) == ("failed", [])
    story = begun(action("ship", queue="parcels", retry=RETRY, timeout="${n}"), input={"n": 5})
    story.feed(ChangeData({"n": "soon"})).fail_job("ship").tick(10)
    assert (story.status, story.commanded(CommandKind.OPEN_JOB)) == ("failed", [])
    assert story.steps(EventType.STEP_STARTED) == ["ship"]


@pytest.mark.parametrize(
    "give_up", [Skip("ship"), RetryStep("ship")], ids=["skipped by somebody", "done again by somebody"]
)
def test_a_job_that_is_no_longer_wanted_is_taken_back(give_up: Any) -> None:
    story = begun(action("ship", "z", queue="parcels"), action("z")).feed(give_up)
    assert story.commanded(CommandKind.CLOSE_JOB) == ["ship"]
    assert begun(action("ship", queue="parcels")).cancel().commanded(CommandKind.CLOSE_JOB) == ["ship"]


def test_nobody_begins_a_job_while_the_execution_is_paused_but_what_is_done_counts() -> None:
    story = begun(action("ship", "z", queue="parcels"), action("z", queue="parcels"))
    assert story.pause().commanded(CommandKind.HOLD_JOB) == ["ship"]
    story.job("ship", 1)
    assert (story.state.held, story.commanded(CommandKind.OPEN_JOB)) == ({"": ["z"]}, [])
    story.resume()
    assert story.commanded(CommandKind.OPEN_JOB) == ["z"]
    assert story.pause().resume().commanded(CommandKind.FREE_JOB) == ["z"]


def test_a_compensation_with_a_queue_is_carried_out_by_remote_workers_and_tried_again() -> None:
    undo = {"action": "unship", "queue": "returns", "input": "${result}", "retry": RETRY, "timeout": "1m"}
    story = begun(action("ship", "z", compensate=undo), action("z"), settings={"errorHandling": "compensate"})
    story.complete("ship", {"label": 7}).fail("z")
    assert opened(story).spec == JobSpec("returns", "unship", {"label": 7}, story.now)
    story.fail_job("!ship").tick(10)
    assert opened(story).step.attempt == 2
    story.tick(60)
    assert story.commanded(CommandKind.CLOSE_JOB) == ["!ship"]
    story.tick(10).job("!ship")
    assert (story.status, story.steps(EventType.STEP_COMPENSATED)) == ("failed", ["ship"])


def test_a_compensation_that_is_given_up_takes_its_job_back() -> None:
    story = begun(action("ship", "z", compensate={"action": "unship", "queue": "returns"}), action("z"))
    story.complete("ship").rewind(Target.START, halts=True)
    assert opened(story).step.key == "!ship"
    assert story.cancel().commanded(CommandKind.CLOSE_JOB) == ["!ship"]


def test_a_step_that_is_gone_back_to_gets_another_job() -> None:
    story = begun(action("ship", "z", queue="parcels"), action("z", queue="parcels"))
    first = story.job_of("ship")
    story.job("ship").rewind(Target.BEFORE, "ship")
    assert story.commanded(CommandKind.CLOSE_JOB) == ["z"]
    assert opened(story).step.job not in (None, first)
