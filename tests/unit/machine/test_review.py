"""The review lifecycle: drafted, filled in, validated, submitted, approved."""

from __future__ import annotations

from typing import Any

import pytest

from weftline.machine.command import CommandKind
from weftline.machine.rewinding import Target
from weftline.machine.stimulus import Amend, Approve, Begin, Reject, Stimulus, Submit, Validate
from weftline.model.event import EventType

from .scenario import Scenario, action, workflow

SCHEMA = {"type": "object", "required": ["name"], "properties": {"size": {"type": "integer"}}}


def form(id: str, next: str | None = None, **fields: Any) -> dict[str, Any]:
    return {"id": id, "type": "form", **({} if next is None else {"next": next}), **fields}


def onboarding(review: object = True) -> Scenario:
    """Two forms, of which the first has a schema and the second a rule, and an action at the end."""
    rule = {"condition": "result.share <= 100", "message": "no more than all of it", "field": "share"}
    program = workflow(
        form("company", "shares", form=SCHEMA, output={"company": "${result.data}"}),
        form("shares", "notify", validate=[rule]), action("notify"), settings={"review": review},
    )  # fmt: skip
    return Scenario(program).start()


def filled(company: dict[str, Any], shares: dict[str, Any], review: object = True) -> Scenario:
    """Everything is entered and waits for validation."""
    story = onboarding(review)
    if story.status == "draft":
        story.feed(Begin("ann"))
    return story.task("company", data=company).task("shares", data=shares).complete("notify", "told")


GOOD = ({"name": "Acme", "size": 3}, {"share": 60})
BAD = ({"size": "three"}, {"share": 160})


def test_a_draft_begins_when_somebody_says_so() -> None:
    story = onboarding()
    assert (story.status, story.current, story.commands) == ("draft", [], [])
    story.feed(Begin("ann"))
    assert (story.status, story.current) == ("waiting", ["company"])
    assert story.feed(Begin("ann")).refusal == "wrong_status"


def test_it_begins_at_once_where_there_are_to_be_no_drafts() -> None:
    assert onboarding({"draft": False}).current == ["company"]


def test_a_draft_can_be_paused_and_is_a_draft_again_afterwards() -> None:
    story = onboarding().pause()
    assert story.status == "paused"
    assert story.feed(Begin()).refusal == "wrong_status"
    assert story.resume().status == "draft"


def test_it_waits_for_validation_when_its_work_is_done() -> None:
    story = filled(*GOOD)
    assert (story.status, story.state.completed_at) == ("awaiting_validation", None)
    assert story.events[-1].type is EventType.WORKFLOW_AWAITING_VALIDATION


def test_what_was_submitted_completes_when_it_is_approved() -> None:
    story = filled(*GOOD).feed(Submit("ann"))
    assert story.status == "submitted"
    story.feed(Approve("bob", comment="fine"))
    assert (story.status, story.state.output) == ("completed", "told")
    assert [event.type for event in story.turn] == [EventType.WORKFLOW_APPROVED, EventType.WORKFLOW_COMPLETED]


def test_every_error_of_every_step_is_found_at_once() -> None:
    story = filled(*BAD).feed(Validate("ann"))
    (validated,) = story.turn
    assert validated.data is not None
    assert (validated.data["valid"], validated.data["by"]) == (False, "ann")
    assert {(error["stepId"], error["pointer"]) for error in validated.data["errors"]} == {
        ("company", ""),
        ("company", "/size"),
        ("shares", "/share"),
    }


def test_what_is_not_valid_cannot_be_submitted() -> None:
    story = filled(*BAD).feed(Submit("ann", message=4))
    assert (story.refusal, story.status) == ("not_valid", "awaiting_validation")
    assert story.turn[0].data is not None
    assert len(story.turn[0].data["error"]["details"]["errors"]) == 3


def test_a_rule_that_cannot_be_evaluated_is_an_error_of_the_step() -> None:
    story = filled(GOOD[0], {}).feed(Submit())
    assert story.refusal == "not_valid"


def test_an_answer_is_corrected_and_mapped_anew() -> None:
    story = filled(*BAD).feed(Amend("company", {"name": "Acme"}, by="ann")).feed(Amend("shares", {"share": 10}))
    assert story.data["company"] == {"name": "Acme"}
    assert story.state.latest["company"].output == {"data": {"name": "Acme"}, "completedBy": "ann"}
    assert story.feed(Submit()).status == "submitted"


@pytest.mark.parametrize("step", ["notify", "nobody", "company~2"])
def test_only_what_people_entered_is_corrected(step: str) -> None:
    assert filled(*BAD).feed(Amend(step, {})).refusal == "step_not_completed"


def test_what_was_submitted_is_not_corrected() -> None:
    assert filled(*GOOD).feed(Submit()).feed(Amend("shares", {})).refusal == "wrong_status"


@pytest.mark.parametrize(
    ("stimulus", "code"),
    [(Validate(), "not_reviewed"), (Amend("a", {}), "not_reviewed"), (Submit(), "wrong_status")],
)
def test_a_workflow_without_review_knows_none_of_it(stimulus: Stimulus, code: str) -> None:
    assert Scenario(workflow(action("a"))).start().feed(stimulus).refusal == code


def test_whoever_submitted_it_cannot_approve_it_where_four_eyes_are_asked_for() -> None:
    story = filled(*GOOD, review={"fourEyes": True}).feed(Submit("ann")).feed(Approve("ann"))
    assert (story.refusal, story.status) == ("four_eyes", "submitted")
    assert story.feed(Approve("bob")).status == "completed"


def test_a_rejection_sends_it_back_to_validation() -> None:
    story = filled(*GOOD).feed(Submit("ann")).feed(Reject("incomplete", "bob"))
    assert story.status == "awaiting_validation"
    assert story.turn[0].data == {"by": "bob", "reason": "incomplete"}


def test_a_rejection_back_to_a_step_lets_it_be_filled_in_again() -> None:
    story = filled(*GOOD).feed(Submit("ann"))
    story.rewind(Target.BEFORE, "shares", is_rejection=True, reason="wrong shares", by="bob")
    assert (story.status, story.current) == ("waiting", ["shares~2"])
    assert [event.type for event in story.turn][:2] == [EventType.WORKFLOW_REJECTED, EventType.WORKFLOW_ROLLED_BACK]
    assert story.commanded(CommandKind.OPEN_TASK) == ["shares~2"]
    story.task("shares~2", data={"share": 1}).complete("notify~2")
    assert story.feed(Submit()).feed(Approve()).status == "completed"


def test_what_was_corrected_in_an_earlier_step_stays_corrected_when_a_later_one_is_rejected() -> None:
    story = filled({"size": 3}, {"share": 50}).feed(Amend("company", {"name": "Acme"}, by="ann")).feed(Submit("ann"))
    story.rewind(Target.BEFORE, "shares", is_rejection=True, reason="wrong shares", by="bob")
    assert story.state.data["company"] == {"name": "Acme"}
    story.task("shares~2", data={"share": 1}).complete("notify~2")
    assert story.feed(Submit()).feed(Approve()).status == "completed"


def test_what_was_corrected_in_the_step_that_is_rejected_is_asked_for_anew() -> None:
    story = filled(*GOOD).feed(Amend("company", {"name": "Other"}, by="ann")).feed(Submit("ann"))
    story.rewind(Target.BEFORE, "company", is_rejection=True, reason="wrong name", by="bob")
    assert "company" not in story.state.data
    assert story.current == ["company~2"]


def test_only_what_was_submitted_is_approved_or_rejected() -> None:
    story = filled(*GOOD)
    assert story.feed(Approve()).refusal == "wrong_status"
    assert story.feed(Reject()).refusal == "wrong_status"


def test_a_review_may_run_into_the_execution_s_deadline() -> None:
    program = workflow(form("f"), settings={"review": {"draft": False}, "timeout": 60})
    story = Scenario(program).start().task("f")
    assert story.tick(60).status == "timed_out"


def test_answers_in_iterations_are_validated_with_their_place() -> None:
    loop = {"id": "l", "type": "parallel", "branches": ["f"]}
    program = workflow(loop, form("f", form=SCHEMA), startNode="l", settings={"review": {"draft": False}})
    story = Scenario(program).start().task("f@l:1:0", data={}).feed(Validate())
    assert story.turn[0].data is not None
    assert story.turn[0].data["errors"][0]["scope"] == "l:1:0"
