"""Human tasks, forms and approvals."""

from __future__ import annotations

from typing import Any

import pytest

from weftline.machine.command import CommandKind, EscalationSpec, TaskSpec
from weftline.machine.stimulus import TaskCompleted
from weftline.model.event import EventType

from .scenario import NOON, Scenario, action, workflow


def asked(type: str = "human-task", **fields: Any) -> Scenario:
    task = {"id": "t", "type": type, "next": "a", **fields}
    program = workflow(task, action("a"), action("b"), {"id": "s", "type": "start", "next": ["t", "b"]})
    return Scenario(program, {"boss": "bo", "team": ["x", "y"]}).start().complete("b")


def spec(story: Scenario) -> TaskSpec:
    fresh = Scenario(story.program, story.input).start()
    (task,) = (command.spec for command in fresh.commands if command.kind is CommandKind.OPEN_TASK)
    assert task is not None
    return task


def test_a_task_waits_for_a_person_and_their_answer_is_the_output() -> None:
    story = asked()
    assert (story.status, story.current) == ("waiting", ["t"])
    story.task("t", data={"ok": True})
    assert story.current == ["a"]
    assert story.state.latest["t"].output == {"data": {"ok": True}, "completedBy": "ann"}
    assert story.commanded(CommandKind.CLOSE_TASK) == []


@pytest.mark.parametrize(
    ("assign", "people"),
    [("bob", ("bob",)), ("${boss}", ("bo",)), ("${team}", ("x", "y")), (["bob", "${boss}"], ("bob", "bo"))],
)
def test_assignees_may_be_computed(assign: object, people: tuple[str, ...]) -> None:
    assert spec(asked(assignTo=assign)).assign_to == people


def test_assignees_that_are_no_names_fail_the_step() -> None:
    story = asked(assignTo="${input}", onError="b")
    assert story.current == ["b~2"]


def test_an_outcome_takes_its_own_way_and_others_take_the_usual_one() -> None:
    assert asked(outcomes={"later": "b"}).task("t", "later").current == ["b~2"]
    assert asked(outcomes={"later": "b"}).task("t", "now").current == ["a"]
    assert asked(outcomes={"later": "b"}).task("t").current == ["a"]


def test_a_person_is_offered_the_outcomes_that_the_workflow_knows() -> None:
    assert spec(asked(outcomes={"later": "b"})).outcomes == ("later",)
    assert spec(asked("approval", outcomes={"rejected": "b"})).outcomes == ("approved", "rejected")
    assert spec(asked("approval", outcomes={"later": "b"})).outcomes == ("approved", "rejected", "later")


def test_an_approval_goes_on_when_approved() -> None:
    assert asked("approval").task("t", "approved").current == ["a"]


@pytest.mark.parametrize(
    ("outcome", "code"), [("rejected", "rejected"), ("maybe", "unknown_outcome"), (None, "unknown_outcome")]
)
def test_an_approval_goes_nowhere_unless_approved(outcome: str | None, code: str) -> None:
    story = asked("approval").task("t", outcome)
    assert (story.status, story.error) == ("failed", code)


def test_a_rejection_can_have_a_way_of_its_own() -> None:
    assert asked("approval", outcomes={"rejected": "b"}).task("t", "rejected").current == ["b~2"]
    assert asked("approval", onError={"next": "b", "codes": ["rejected"]}).task("t", "rejected").current == ["b~2"]


def test_a_task_not_done_in_time_goes_its_own_way_and_is_taken_back() -> None:
    story = asked(timeout={"duration": "1d", "next": "b"})
    assert story.state.next_due() == NOON + 86_400
    assert story.tick(86_400).current == ["b~2"]
    assert story.commanded(CommandKind.CLOSE_TASK) == ["t"]


def test_a_task_not_done_in_time_fails_where_nothing_else_is_said() -> None:
    story = asked(timeout="1d").tick(86_400)
    assert (story.status, story.error) == ("failed", "timed_out")


def test_a_task_done_twice_counts_once() -> None:
    story = asked().task("t")
    assert story.task("t").turn == []


@pytest.mark.parametrize("key", ["a", "b", "nobody"])
def test_a_task_s_answer_for_what_is_no_open_task_is_ignored(key: str) -> None:
    assert asked().task("t").task(key).turn == []


def test_an_ended_execution_takes_its_tasks_back() -> None:
    story = asked().cancel()
    assert story.commanded(CommandKind.CLOSE_TASK) == ["t"]
    assert story.steps(EventType.STEP_CANCELLED) == ["t"]


def test_tasks_and_subscriptions_are_taken_back_even_when_the_definition_is_unreadable() -> None:
    wait = {"id": "w", "type": "wait", "event": "n"}
    story = Scenario(
        workflow({"id": "s", "type": "start", "next": ["t", "w"]}, {"id": "t", "type": "form"}, wait)
    ).start()
    story.program = type(story.program)("", "", {}, (), {})
    story.fault()
    assert story.status == "failed"
    assert story.commanded(CommandKind.CLOSE_TASK) == ["t"]
    assert story.commanded(CommandKind.UNSUBSCRIBE) == ["w"]


def test_one_person_decides_unless_the_definition_asks_for_more() -> None:
    task = spec(asked())
    assert (task.approvals_required, task.approving_outcomes, task.four_eyes) == (1, (), False)
    assert (task.due_at, task.escalation, task.notifies) == (None, None, False)


@pytest.mark.parametrize(
    ("fields", "required", "approving"),
    [
        ({"type": "approval", "approvals": 3}, 3, ("approved",)),
        ({"outcomes": {"yes": "b", "no": "b"}, "approvals": {"required": 2}}, 2, ("yes",)),
        ({"outcomes": {"a": "b", "c": "b"}, "approvals": {"required": 2, "outcomes": ["a", "c"]}}, 2, ("a", "c")),
    ],
)
def test_several_may_have_to_agree(fields: dict[str, Any], required: int, approving: tuple[str, ...]) -> None:
    task = spec(asked(**fields))
    assert (task.approvals_required, task.approving_outcomes) == (required, approving)


def test_what_each_of_several_said_is_part_of_the_output() -> None:
    story = asked("approval", approvals=2)
    votes = [{"by": "ann", "outcome": "approved"}, {"by": "bob", "outcome": "approved"}]
    story.feed(TaskCompleted("t", "approved", {}, by="bob", votes=votes))
    assert story.state.latest["t"].output["votes"] == votes


def test_a_task_is_due_when_it_says_so_and_else_when_it_is_taken_back() -> None:
    assert spec(asked(timeout="2d")).due_at == NOON + 2 * 86_400
    story = asked(dueIn="1d", timeout="2d")
    assert spec(story).due_at == NOON + 86_400
    assert story.state.next_due() == NOON + 2 * 86_400
    assert asked(dueIn="1d").tick(86_400).current == ["t"]


def test_a_task_may_escalate_when_it_is_due_or_at_a_time_of_its_own() -> None:
    escalation = {"assignTo": "${boss}", "notify": ["${team[0]}", "audit@example.org"]}
    spoken = spec(asked(dueIn="1h", escalation=escalation)).escalation
    assert spoken == EscalationSpec(NOON + 3_600, ("bo",), ("x", "audit@example.org"))
    sooner = spec(asked(dueIn="1h", escalation={**escalation, "after": "${'5m'}"})).escalation
    assert sooner is not None
    assert sooner.at == NOON + 300


def test_an_escalation_that_cannot_be_computed_fails_the_step() -> None:
    node = {"id": "t", "type": "human-task", "escalation": {"after": "${boss}", "notify": "x"}}
    story = Scenario(workflow(node), {"boss": "bo"}).start()
    assert (story.status, story.error) == ("failed", "invalid_duration")


@pytest.mark.parametrize("people", [["x" * 256], [f"user-{n}" for n in range(201)]])
def test_too_many_or_too_long_names_fail_the_step(people: list[str]) -> None:
    story = Scenario(workflow({"id": "t", "type": "form", "assignTo": "${people}"}), {"people": people}).start()
    assert (story.status, story.error) == ("failed", "too_large")


def test_addresses_are_compared_in_lower_case_and_named_once() -> None:
    people = ["Ann@Example.org", "Sales", "ann@example.org"]
    assert spec(asked(assignTo=people, notify="email")).assign_to == ("ann@example.org", "Sales")
