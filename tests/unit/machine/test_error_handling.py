"""What becomes of failures: routes, strategies, deadlines, notices; and nodes that fail, emit and choose their way."""

from __future__ import annotations

from typing import Any

import pytest

from weftline.machine.command import ChildSpec, CommandKind, EventSpec, NoticeSpec
from weftline.machine.stimulus import ActionFailed
from weftline.model.event import EventType

from .scenario import NOON, Scenario, action, workflow

FACTS = {"execution": {"id": "e-1"}}


def failed(story: Scenario, key: str, **error: Any) -> Scenario:
    """The current attempt of an action fails with all of an error said."""
    full = {"code": "broken", "message": "broken", "retryable": True, **error}
    return story.feed(ActionFailed(key, story.state.open[key].attempt, full))


# --- routes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "way"),
    [
        ({"code": "http_503"}, "later"),
        ({"details": {"type": "ConnectionError"}}, "offline"),
        ({"code": "http_400", "details": {"type": "ConnectionError"}}, "both"),
        ({}, "rest"),
    ],
)
def test_a_failure_goes_by_the_first_route_that_takes_its_code_and_type(error: dict[str, Any], way: str) -> None:
    routes = [
        {"next": "later", "codes": ["http_503"]},
        {"next": "both", "codes": ["http_400"], "types": ["ConnectionError"]},
        {"next": "offline", "types": ["ConnectionError", "TimeoutError"]},
        {"next": "rest"},
    ]
    ends = [action(name) for name in ("later", "both", "offline", "rest")]
    story = Scenario(workflow(action("a", onError=routes), *ends)).start()
    assert failed(story, "a", **error).current == [way]


def test_a_failure_that_no_route_takes_ends_the_execution() -> None:
    program = workflow(action("a", onError={"next": "b", "types": ["Odd"]}), action("b"))
    story = failed(Scenario(program).start(), "a", details={"type": "Even", "x": 1})
    assert story.state.error == {
        "code": "broken",
        "message": "broken",
        "retryable": True,
        "details": {"type": "Even", "x": 1},
        "stepId": "a",
        "timestamp": "2027-01-15T08:00:00.000+00:00",
    }


# --- strategies -------------------------------------------------------------------------------------------------------


def test_the_strategy_to_retry_gives_a_step_more_rounds_after_its_own() -> None:
    handling = {"strategy": "retry", "maxRetries": 2, "retryDelay": "1m"}
    retry = {"maxAttempts": 2, "initialInterval": "1s", "jitter": 0}
    story = Scenario(workflow(action("a", retry=retry), settings={"errorHandling": handling})).start()
    due: list[float] = []
    while not story.fail("a").state.has_ended:
        at = story.state.next_due()
        assert at is not None
        due.append(at - story.now)
        story.tick(at - story.now)
    assert (due, story.status) == ([1, 60, 60], "failed")


@pytest.mark.parametrize("error", [{"retryable": False}, {"code": "never"}])
def test_what_must_not_be_retried_is_not_retried_by_the_strategy_either(error: dict[str, Any]) -> None:
    node = action("a", retry={"maxAttempts": 1, "nonRetryable": ["never"]})
    story = Scenario(workflow(node, settings={"errorHandling": "retry"})).start()
    assert failed(story, "a", **error).status == "failed"


def test_the_strategy_does_not_help_a_compensation() -> None:
    compensate = {"action": "undo", "retry": 1}
    program = workflow(action("a", "b", compensate=compensate), action("b"), settings={"errorHandling": "retry"})
    story = Scenario(program).start().complete("a").cancel(undo=True).fail("!a")
    assert (story.status, story.state.open) == ("compensating", {})


def fallback(**settings: Any) -> Scenario:
    handling = {"strategy": "fallback", "fallbackWorkflow": "plan-b"}
    program = workflow(
        action("a", ["b", "c"]), action("b"), action("c"), settings={"errorHandling": handling, **settings}
    )
    return Scenario(program, {"n": 1}, FACTS).start().complete("a").fail("b", "odd")


def test_another_workflow_takes_over_where_there_is_a_fallback() -> None:
    story = fallback()
    (started,) = (command.spec for command in story.commands if command.kind is CommandKind.START_CHILD)
    assert isinstance(started, ChildSpec)
    assert (started.workflow_id, set(started.input)) == (
        "plan-b",
        {"error", "input", "data", "workflowId", "executionId"},
    )
    assert (started.input["error"]["code"], started.input["executionId"]) == ("odd", "e-1")
    assert (story.current, story.steps(EventType.STEP_CANCELLED)) == (["$fallback"], ["c"])
    story.child("$fallback", output="saved")
    assert (story.status, story.state.output) == ("completed", "saved")


def test_the_execution_fails_where_its_fallback_does() -> None:
    error = {"code": "worse", "message": "worse", "retryable": True}
    story = fallback().child("$fallback", "failed", error=error)
    assert (story.status, story.error) == ("failed", "worse")


def test_a_fallback_does_not_help_against_the_execution_s_own_timeout() -> None:
    assert fallback(timeout=60).tick(60).status == "timed_out"


@pytest.mark.parametrize("when", ["before it begins", "while it is undone"])
def test_nothing_takes_over_from_an_execution_that_is_not_under_way(when: str) -> None:
    handling = {"strategy": "fallback", "fallbackWorkflow": "plan-b"}
    program = workflow(action("a", "b", compensate="undo"), action("b"), settings={"errorHandling": handling})
    story = Scenario(program, facts=FACTS)
    if when == "while it is undone":
        story.start().complete("a").cancel(undo=True)
    assert (story.fault().status, story.count(EventType.WORKFLOW_FALLBACK_STARTED)) == ("failed", 0)


# --- deadlines --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("node", "command"),
    [
        ({"type": "action", "action": "a", "retry": 1}, CommandKind.ABORT),
        ({"type": "wait", "event": "x", "timeout": 60}, CommandKind.UNSUBSCRIBE),
        ({"type": "wait", "duration": 60}, None),
        ({"type": "form"}, CommandKind.CLOSE_TASK),
        ({"type": "subworkflow", "workflow": "other"}, CommandKind.CANCEL_CHILD),
    ],
)
def test_a_step_that_misses_its_deadline_fails_and_what_it_does_is_given_up(
    node: dict[str, Any], command: CommandKind | None
) -> None:
    routes = {"next": "h", "codes": ["deadline_exceeded"]}
    program = workflow({"id": "a", "deadline": "${n}", "onError": routes, **node}, action("h"), startNode="a")
    story = Scenario(program, {"n": 10}).start()
    assert story.state.next_due() == NOON + 10
    story.tick(10)
    assert story.current == ["h"]
    assert [each.kind for each in story.commands] == [*([command] if command else []), CommandKind.RUN]


def test_a_deadline_holds_for_all_attempts_together() -> None:
    retry = {"maxAttempts": 9, "initialInterval": "8s", "jitter": 0}
    story = Scenario(workflow(action("a", retry=retry, deadline=10))).start().fail("a").tick(8).fail("a").tick(2)
    assert (story.status, story.error, story.state.latest["a"].attempt) == ("failed", "deadline_exceeded", 2)


def test_a_parallel_step_and_a_loop_miss_their_deadlines_with_all_that_is_in_them() -> None:
    program = workflow(
        {"id": "p", "type": "parallel", "branches": ["a", "l"], "deadline": 10, "onError": "h"}, action("a"),
        {"id": "l", "type": "loop", "forEach": [1, 2], "do": "w", "deadline": 20}, action("w"), action("h"),
        startNode="p",
    )  # fmt: skip
    story = Scenario(program).start().tick(10)
    assert (story.current, set(story.commanded(CommandKind.ABORT))) == (["h"], {"a@p:1:0", "w@p:1:1/l:1:0"})


def test_a_deadline_that_is_no_duration_fails_the_step_before_it_begins() -> None:
    story = Scenario(workflow(action("a", deadline="${n}")), {"n": "soon"}).start()
    assert (story.error, story.commands) == ("invalid_duration", [])


def test_a_deadline_in_a_pause_is_missed_when_the_execution_is_resumed() -> None:
    story = Scenario(workflow(action("a", deadline=10))).start().pause().tick(20)
    assert story.status == "paused"
    assert story.resume().error == "deadline_exceeded"


# --- notices ----------------------------------------------------------------------------------------------------------


def notices(**settings: Any) -> list[NoticeSpec]:
    """What is told when an action fails."""
    notifications = [
        {"type": "email", "recipients": ["${owner}", "ops@example.org"], "subject": "${error.code} in ${error.stepId}"},
        {"type": "webhook", "recipients": "https://example.org", "message": "${absent}"},
        {"type": "email", "recipients": "${absent}"},
        {"type": "email", "recipients": "${[]}", "template": "failure"},
    ]
    handling = {"strategy": "fail", "notifications": notifications}
    settings = {"errorHandling": handling, **settings}
    story = Scenario(workflow(action("a"), settings=settings), {"owner": "ann@example.org"}).start()
    story.tick(60) if "timeout" in settings else story.fail("a", "odd")
    return [command.spec for command in story.commands if isinstance(command.spec, NoticeSpec)]


def test_those_who_want_to_know_are_told_of_a_failure() -> None:
    mail, hook = notices()
    assert (mail.channel, mail.recipients) == ("email", ("ann@example.org", "ops@example.org"))
    assert (mail.subject, mail.message, mail.error["code"]) == ("odd in a", None, "odd")
    # words that cannot be rendered are left to the built-in ones, and a notice to nobody is none
    assert (hook.channel, hook.message) == ("webhook", None)


def test_they_are_told_of_a_timeout_as_well() -> None:
    assert {notice.error["code"] for notice in notices(timeout=60)} == {"timed_out"}


def test_nobody_is_told_of_what_was_cancelled() -> None:
    handling = {"strategy": "fail", "notifications": [{"type": "email", "recipients": "ann@example.org"}]}
    story = Scenario(workflow(action("a"), settings={"errorHandling": handling})).start().cancel()
    assert story.commanded(CommandKind.NOTIFY) == []


# --- nodes ------------------------------------------------------------------------------------------------------------


def test_a_fail_node_fails_with_an_error_of_the_author_s_own() -> None:
    node = {"id": "f", "type": "fail", "code": "limit", "message": "${n} is too much", "details": {"n": "${n}"}}
    story = Scenario(workflow(node), {"n": 7}).start()
    assert (story.status, story.error) == ("failed", "limit")
    assert story.state.error is not None
    assert (story.state.error["message"], story.state.error["details"]) == ("7 is too much", {"n": 7})


def test_a_fail_node_in_a_branch_fails_the_branch() -> None:
    program = workflow(
        {"id": "p", "type": "parallel", "branches": ["f", "a"], "join": "any"}, action("a"),
        {"id": "f", "type": "fail", "code": "no", "message": "no"}, startNode="p",
    )  # fmt: skip
    assert Scenario(program).start().current == ["a@p:1:1"]


def test_a_message_that_cannot_be_rendered_fails_the_fail_node_all_the_same() -> None:
    node = {"id": "f", "type": "fail", "code": "limit", "message": "${absent}"}
    assert Scenario(workflow(node)).start().error == "unknown_name"


def test_an_event_is_sent_and_nobody_waited_for() -> None:
    node = {"id": "e", "type": "emit", "event": "paid", "correlation": "${order}", "payload": {"n": "${n}"}}
    story = Scenario(workflow({**node, "next": "z"}, action("z")), {"order": 7, "n": 1}).start()
    (event,) = (command.spec for command in story.commands if command.kind is CommandKind.EMIT)
    assert event == EventSpec("paid", "7", {"n": 1})
    assert story.current == ["z"]


def chosen(template: str, output: Any, **fields: Any) -> Scenario:
    program = workflow(action("a", template, targets=["b", "c"], **fields), action("b"), action("c"))
    return Scenario(program).start().complete("a", output)


@pytest.mark.parametrize(
    ("output", "ways"),
    [({"to": "b"}, ["b"]), ({"to": ["c", "b", "c"]}, ["c", "b"]), ({"to": []}, []), ({"to": None}, [])],
)
def test_the_way_on_is_chosen_by_an_expression(output: Any, ways: list[str]) -> None:
    assert chosen("${result.to}", output).current == ways


@pytest.mark.parametrize(("to", "code"), [("a", "unknown_node"), ("d", "unknown_node"), (3, "type_mismatch")])
def test_a_choice_that_is_not_offered_fails_the_step(to: Any, code: str) -> None:
    assert chosen("${result.to}", {"to": to}).error == code


def test_a_step_that_is_not_critical_and_failed_goes_on_where_the_choice_does_not_need_its_output() -> None:
    story = Scenario(workflow(action("a", "${n > 0 ? 'b' : 'c'}", critical=False), action("b"), action("c")), {"n": 1})
    assert story.start().fail("a").current == ["b"]
