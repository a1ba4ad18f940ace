"""Stories in which something went wrong once."""

from __future__ import annotations

import pytest

from weftline.machine.command import CommandKind, UndoneSpec
from weftline.machine.rewinding import Target
from weftline.machine.stimulus import Migrate
from weftline.model.event import EventType

from .scenario import Scenario, action, workflow


def booked(**settings: object) -> Scenario:
    """ "a" and "b", which can be undone, are done; "c" is open."""
    program = workflow(
        action("a", "b", compensate="una"), action("b", "c", compensate="unb"), action("c"), settings=settings
    )
    return Scenario(program).start().complete("a").complete("b")


@pytest.mark.parametrize("is_stuck", [True, False])
def test_what_was_cancelled_while_it_was_undone_is_retried_from_the_beginning(is_stuck: bool) -> None:
    story = booked().rewind(Target.START)
    if is_stuck:
        story.fail("!b", retryable=False)
    story.cancel()
    assert story.status == "cancelled"
    assert story.rewind(Target.FAILURE, undo=False).current == ["a~2"]
    assert story.complete("a~2").complete("b~2").complete("c~2").status == "completed"


@pytest.mark.parametrize("end", ["cancel", "fault"])
def test_a_parent_is_told_when_what_it_wants_undone_ends_before(end: str) -> None:
    story = booked().rewind(Target.START, halts=True, for_parent=True)
    story.cancel() if end == "cancel" else story.fault()
    (told,) = (command.spec for command in story.commands if command.kind is CommandKind.REPORT_UNDONE)
    assert isinstance(told, UndoneSpec) and told.error is not None
    assert told.error["code"] == "not_undone"


def test_the_time_of_an_execution_does_not_run_while_it_rests_after_a_rollback() -> None:
    story = booked(timeout="1h").rewind(Target.AFTER, "a", halts=True).complete("!b")
    assert story.tick(7200).status == "rolled_back"
    assert story.resume().current == ["b~2"]
    assert story.tick(3599).status == "running"
    assert (story.tick(1).status, story.count(EventType.WORKFLOW_TIMED_OUT)) == ("timed_out", 1)


def test_an_action_that_is_tried_again_under_another_name_has_its_idempotency_key_still() -> None:
    old = workflow(action("a", retry={"maxAttempts": 2, "initialInterval": "1s", "jitter": 0}))
    new = workflow(action("b", retry={"maxAttempts": 2, "initialInterval": "1s", "jitter": 0}))
    story = Scenario(old).start().fail("a").feed(Migrate(new, 2, {"a": "b"})).tick(1)
    (again,) = (command.step for command in story.commands if command.kind is CommandKind.RUN)
    assert (again.key, again.known_as, again.attempt) == ("b", "a", 2)


def test_a_name_that_was_used_in_an_execution_is_given_to_no_other_node() -> None:
    story = Scenario(workflow(action("a"))).start()
    new = workflow(action("b", "a"), action("a"))
    assert story.feed(Migrate(new, 2, {"a": "b"})).refusal == "state_would_be_lost"
