"""Retries, and what happens when a step has failed for good."""

from __future__ import annotations

from typing import Any

import pytest

from weftline.machine.command import CommandKind
from weftline.machine.reacting import MAX_INTERRUPTIONS
from weftline.machine.retrying import MAX_RETRY_AFTER
from weftline.model.event import EventType
from weftline.model.retry import RetryPolicy

from .scenario import NOON, Scenario, action, workflow

RETRY = {"maxAttempts": 3, "initialInterval": "10s", "backoff": 3, "jitter": 0.5, "nonRetryable": ["fatal"]}


def failing(**fields: Any) -> Scenario:
    """A workflow whose step "a" runs alone, or beside "b" where it can lead on to "b" or "c"."""
    if fields.keys().isdisjoint(("onError", "next")):
        return Scenario(workflow(action("a", **fields))).start()
    start = {"id": "s", "type": "start", "next": ["a", "b", "d"]}
    never = {"id": "d", "type": "decision", "condition": "false", "true": "c", "false": "e"}
    end = {"id": "e", "type": "end"}
    return Scenario(workflow(start, action("a", **fields), action("b"), action("c"), never, end)).start()


def test_a_failed_attempt_is_tried_again_after_its_backoff() -> None:
    story = failing(retry=RETRY).fail("a")
    assert (story.status, story.state.next_due()) == ("waiting", NOON + 10)
    assert story.tick(9).turn == []
    story.tick(1)
    assert story.commanded(CommandKind.RUN) == ["a"]
    assert story.state.open["a"].attempt == 2
    story.fail("a")
    assert story.state.next_due() == NOON + 10 + 30


def test_chance_shortens_the_backoff_by_the_jitter_at_most() -> None:
    assert failing(retry=RETRY).fail("a", chance=0.5).state.next_due() == NOON + 7.5


def test_an_attempt_that_succeeds_forgets_the_failures() -> None:
    story = failing(retry=RETRY).fail("a").tick(10).complete("a", 1)
    assert story.status == "completed"
    assert story.state.latest["a"].attempt == 2


def test_the_input_of_the_first_attempt_is_the_input_of_all() -> None:
    story = Scenario(workflow(action("a", retry=2, input="${n}")), {"n": 5}).start().fail("a").tick(1)
    assert story.state.open["a"].input == 5


def test_exhausted_attempts_fail_the_execution_with_the_last_error() -> None:
    story = failing(retry=RETRY).fail("a").tick(10).fail("a").tick(30).fail("a", "last")
    assert (story.status, story.error) == ("failed", "last")
    assert story.state.error is not None
    assert story.state.error["stepId"] == "a"


@pytest.mark.parametrize(("code", "retryable"), [("fatal", True), ("broken", False)])
def test_some_errors_are_never_tried_again(code: str, retryable: bool) -> None:
    assert failing(retry=RETRY).fail("a", code, retryable=retryable).status == "failed"


@pytest.mark.parametrize(
    ("wish", "delay"),
    [(5, 10), (60, 60), (float("inf"), MAX_RETRY_AFTER), (float("nan"), 10), (-5, 10)],
)
def test_the_other_side_can_ask_for_a_longer_backoff_within_a_day(wish: float, delay: float) -> None:
    assert failing(retry=RETRY).fail("a", after=wish).state.next_due() == NOON + delay


def test_a_result_that_comes_while_the_next_attempt_waits_is_ignored() -> None:
    story = failing(retry=RETRY).fail("a")
    assert story.complete("a").turn == []


def test_a_retry_can_be_cancelled_without_stopping_any_action() -> None:
    story = failing(retry=RETRY).fail("a").cancel()
    assert story.commanded(CommandKind.ABORT) == []


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 1), (2, 2), (4, 8), (5, 10), (1_000_000, 10)])
def test_backoff_grows_up_to_its_limit(attempt: int, seconds: float) -> None:
    assert RetryPolicy(max_interval=10).delay(attempt, 0.0) == seconds


def test_a_failure_takes_the_first_route_for_its_code() -> None:
    routes = [{"next": "b", "codes": ["odd", "broken"]}, {"next": "c"}]
    assert failing(onError=routes).fail("a").current == ["b", "b~2"]
    assert failing(onError=routes).fail("a", "other").current == ["b", "c"]


def test_a_failure_without_a_route_for_its_code_fails_the_execution() -> None:
    story = Scenario(workflow(action("a", onError={"next": "b", "codes": ["odd"]}), action("b"))).start().fail("a")
    assert (story.status, story.error) == ("failed", "broken")


def test_a_handler_sees_the_error() -> None:
    program = workflow(action("a", onError="b"), action("b", input="${error.code}/${steps.a.error.stepId}"))
    assert Scenario(program).start().fail("a").state.open["b"].input == "broken/a"


def test_a_step_that_is_not_critical_lets_the_workflow_go_on() -> None:
    story = failing(critical=False, next="c").fail("a")
    assert story.current == ["b", "c"]
    assert story.steps(EventType.STEP_FAILED) == ["a"]


def test_a_failure_for_good_cancels_what_else_is_open() -> None:
    program = workflow(action("a", ["b", "c"]), action("b"), action("c"))
    story = Scenario(program).start().complete("a").fail("b")
    assert story.status == "failed"
    assert story.commanded(CommandKind.ABORT) == ["c"]


def test_a_handler_may_lead_back_to_the_step_that_failed() -> None:
    program = workflow(action("a", onError="w"), {"id": "w", "type": "wait", "duration": 1, "next": "a"}, startNode="a")
    assert Scenario(program).start().fail("a").tick(1).complete("a~2").status == "completed"


def test_a_fault_ends_the_execution_whatever_it_was_doing() -> None:
    story = failing().fault()
    assert (story.status, story.error) == ("failed", "unreadable")
    assert story.commanded(CommandKind.ABORT) == ["a"]


def test_an_execution_can_fail_before_it_began() -> None:
    assert Scenario(workflow(action("a"))).fault().status == "failed"


def test_cancelling_ends_the_execution_and_keeps_the_reason() -> None:
    story = failing().cancel("no longer needed")
    assert story.status == "cancelled"
    assert story.events[-1].data == {"reason": "no longer needed"}
    assert story.commanded(CommandKind.ABORT) == ["a"]


def test_an_execution_can_be_cancelled_before_it_began() -> None:
    assert Scenario(workflow(action("a"))).cancel().status == "cancelled"


# --- lost workers ---------------------------------------------------------------------------------------------------


def test_a_lost_worker_costs_no_attempt() -> None:
    story = failing().recover()
    assert story.state.open["a"].interruptions == 1
    assert story.complete("a").status == "completed"


def test_a_step_under_which_too_many_workers_were_lost_fails() -> None:
    story = failing(retry=10)
    for _ in range(MAX_INTERRUPTIONS):
        story.recover()
    assert story.status == "running"
    assert story.recover().error == "interrupted"


def test_a_new_attempt_counts_lost_workers_anew() -> None:
    story = failing(retry=10)
    for _ in range(MAX_INTERRUPTIONS):
        story.recover()
    story.fail("a").tick(1)
    assert story.recover().status == "running"


def test_a_loss_is_counted_once_and_against_actions_only() -> None:
    program = workflow(action("a", ["b", "w"]), action("b"), {"id": "w", "type": "wait", "event": "n"})
    story = Scenario(program).start().complete("a").recover()
    story.lost_leases = 0
    assert story.recover().turn == []
    assert (story.state.open["b"].interruptions, story.state.open["w"].interruptions) == (1, 0)


def test_branches_whose_steps_killed_their_workers_fail_together() -> None:
    branches = {"id": "p", "type": "parallel", "branches": ["a", "b"], "onError": "c"}
    story = Scenario(workflow(branches, action("a"), action("b"), action("c"))).start()
    for _ in range(MAX_INTERRUPTIONS + 1):
        story.recover()
    assert story.current == ["c"]
    assert story.count(EventType.BRANCH_FAILED) == 1
