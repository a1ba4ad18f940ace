"""Attempts that are held back: what the step works with has to be mended first, or given time."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from weftline.language.program import Program
from weftline.machine.command import CommandKind
from weftline.machine.stimulus import ActionFailed, ConnectionRenewed, Pause, Resume, RetryStep, Skip
from weftline.machine.undoing import work_of
from weftline.model.event import EventType
from weftline.model.retry import RetryPolicy

from .scenario import NOON, Scenario, action, workflow

UNAUTHORIZED = {"code": "connection_unauthorized", "message": "renew it", "retryable": True}
COMPENSATE = {"errorHandling": "compensate"}
BROKEN = {"code": "broken", "message": "broken", "retryable": True}


def held(story: Scenario, key: str = "a", after: float | None = None) -> Scenario:
    """The current attempt is held back."""
    return story.feed(ActionFailed(key, story.state.open[key].attempt, UNAUTHORIZED, 0.0, after, held=True))


def begun(**fields: Any) -> Scenario:
    return Scenario(workflow(action("a", **fields))).start()


def test_an_attempt_that_was_held_is_made_again_and_spends_none() -> None:
    story = begun()  # one attempt is all that it has
    held(story, after=5)
    assert (story.status, story.state.next_due()) == ("waiting", NOON + 5)
    assert story.turn[0].data == {"error": UNAUTHORIZED, "attempt": 1, "dueAt": NOON + 5, "isHeld": True}
    story.tick(5)
    assert story.commanded(CommandKind.RUN) == ["a"]
    assert (story.state.open["a"].attempt, story.state.open["a"].held) == (2, 1)
    assert story.complete("a", 1).status == "completed"


def test_the_retries_of_the_step_begin_with_the_first_attempt_that_counts() -> None:
    story = begun(retry={"maxAttempts": 2, "initialInterval": "10s", "jitter": 0})
    held(held(story, after=1).tick(1), after=1).tick(1)
    story.fail("a")
    assert story.state.next_due() == NOON + 2 + 10, "the first interval, as if nothing had been before"
    held(story.tick(10), after=1).tick(1)
    assert story.fail("a").status == "failed"


def test_nobody_knows_when_it_may_go_on_so_it_looks_ever_less_often() -> None:
    story, waited = begun(), list[float]()
    for _ in range(11):
        held(story)
        due = story.state.next_due()
        assert due is not None
        waited.append(due - story.now)
        story.tick(due - story.now)
    assert waited == [15, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]


def test_an_operator_can_try_a_held_step_at_once_or_pass_over_it() -> None:
    again = held(begun()).feed(RetryStep("a"))
    assert again.commanded(CommandKind.RUN) == ["a~2"]
    assert again.state.open["a~2"].held == 0
    assert held(begun()).feed(Skip("a")).status == "completed"


def test_a_held_step_still_has_its_deadline() -> None:
    story = held(begun(deadline="10s")).tick(10)
    assert (story.status, story.error) == ("failed", "deadline_exceeded")


def test_what_undoes_a_step_is_held_as_well() -> None:
    program = workflow(action("a", "b", compensate={"action": "undo", "retry": 1}), action("b"), settings=COMPENSATE)
    story = Scenario(program).start().complete("a").fail("b")
    held(story, "!a", after=3)
    assert story.turn[0].type is EventType.STEP_COMPENSATION_RETRY_SCHEDULED
    assert story.turn[0].data is not None and story.turn[0].data["isHeld"] is True
    story.tick(3)
    assert story.commanded(CommandKind.RUN) == ["!a"]
    assert story.complete("!a").status == "failed"


@pytest.mark.parametrize(("retry", "attempts"), [(None, 5), (3, 3), ({}, 3)])
def test_the_connections_policy_holds_where_the_definition_says_nothing(retry: object, attempts: int) -> None:
    node = {"id": "a", "type": "action", "action": "a"} | ({} if retry is None else {"retry": retry})
    story, made = Scenario(workflow(node)).start(), 0
    usual = RetryPolicy(max_attempts=5, initial_interval=1.0)
    while not story.state.has_ended:
        story.feed(ActionFailed("a", story.state.open["a"].attempt, BROKEN, policy=usual))
        made += 1
        if not story.state.has_ended:
            story.tick(60)
    assert made == attempts


def test_a_step_is_undone_over_the_connection_that_was_named_when_it_completed() -> None:
    story = Scenario(connected("first")).start().complete("a").fail("b")
    step = story.state.open["!a"]
    assert work_of(story.program, story.state, step).connection == "first"
    assert work_of(connected("second"), story.state, step).connection == "first"


def connected(name: str) -> Program:
    undo = {"action": "undo", "connection": name}
    return workflow(action("a", "b", compensate=undo, connection=name), action("b"), settings=COMPENSATE)


def test_what_a_connection_holds_back_goes_on_at_once_when_that_is_renewed() -> None:
    mine, other = str(uuid4()), str(uuid4())
    story = begun()
    error = {**UNAUTHORIZED, "details": {"connectionId": mine}}
    story.feed(ActionFailed("a", 1, error, 0.0, None, held=True))
    assert story.feed(ConnectionRenewed(other)).turn == []
    story.feed(ConnectionRenewed(mine))
    assert (story.commanded(CommandKind.RUN), story.state.open["a"].attempt) == (["a"], 2)
    assert story.feed(ConnectionRenewed(mine)).turn == [], "it is at work again"


def test_a_pause_keeps_what_was_held_back_where_it_is() -> None:
    story = begun()
    error = {**UNAUTHORIZED, "details": {"connectionId": "c"}}
    story.feed(ActionFailed("a", 1, error, 0.0, 60, held=True)).feed(Pause())
    assert story.feed(ConnectionRenewed("c")).turn == []
    story.now += 60
    assert story.feed(Resume()).commanded(CommandKind.RUN) == ["a"]
