"""The review lifecycle over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from weftline.features.access.caller import Caller
from weftline.features.access.http import requires
from weftline.features.executions.errors import (
    AmbiguousStep,
    ExecutionEnded,
    ExecutionNotFound,
    OwnSubmission,
    UnknownStep,
)
from weftline.features.executions.permissions import APPROVE, SUBMIT
from weftline.features.executions.rest import ExecutionId, Executions, acted, body_like
from weftline.features.executions.reviewing import examples
from weftline.features.executions.reviewing.schemas import ApproveBody, RejectBody, StepBody, ValidationOut
from weftline.features.executions.reviewing.service import Reviewing
from weftline.features.executions.reviewing.steps import StepSubmission
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.routing import api_router
from weftline.features.tasks.deciding import Decision
from weftline.features.tasks.errors import (
    AlreadyVoted,
    FourEyes,
    HandedOver,
    InvalidForm,
    NotAssigned,
    PeopleOnly,
    TaskClaimed,
    TaskClosed,
    TaskNotFound,
    UnknownOutcome,
)

Submitter = Annotated[Caller, requires(SUBMIT)]
Approver = Annotated[Caller, requires(APPROVE)]
StepId = Annotated[str, Path(description="Id of the step's node.", max_length=128, examples=["company"])]


def review_routes(executions: Executions, reviewing: Reviewing, submission: StepSubmission) -> APIRouter:
    """The routes of the review lifecycle."""
    router = api_router("/executions/{execution_id}", tag="Review")
    _add_filling_in(router, executions, reviewing, submission)
    _add_deciding(router, executions, reviewing)
    return router


def _add_filling_in(
    router: APIRouter, executions: Executions, reviewing: Reviewing, submission: StepSubmission
) -> None:
    @router.post(
        "/start",
        summary="Start a draft",
        response_class=Response,
        responses=acted(examples.BEGUN) | failures(ExecutionNotFound, ExecutionEnded, "wrong_status"),
    )
    async def start_draft(caller: Submitter, execution_id: ExecutionId) -> Response:
        """Starts an execution that is a draft."""
        return await executions.after(caller, await reviewing.begin(caller, execution_id))

    @router.post(
        "/steps/{step_id}",
        summary="Fill in a step",
        response_class=Response,
        responses=acted(examples.BEGUN)
        | failures(
            AmbiguousStep,
            ExecutionEnded,
            ExecutionNotFound,
            UnknownStep,
            AlreadyVoted,
            FourEyes,
            HandedOver,
            InvalidForm,
            NotAssigned,
            PeopleOnly,
            TaskClaimed,
            TaskClosed,
            TaskNotFound,
            UnknownOutcome,
            "not_a_task",
            "not_reviewed",
            "wrong_status",
            "step_not_open",
        ),
    )
    async def submit_step(
        caller: Submitter,
        execution_id: ExecutionId,
        step_id: StepId,
        body: Annotated[StepBody, body_like(examples.STEP)],
    ) -> Response:
        """Completes the human task that a step opened, by the task's own rules. A draft is started first; under review,
        what was filled in before is corrected."""
        decision = Decision(body.outcome, body.data, body.comment)
        done = await submission.submit(caller, execution_id, step_id, body.step_key, decision)
        return await executions.after(caller, done)

    @router.post(
        "/validate",
        summary="Validate what was filled in",
        responses=answers(examples.VALIDATION, description="Everything that is wrong, of all steps.")
        | failures(ExecutionNotFound, ExecutionEnded, "not_reviewed"),
    )
    async def validate_execution(caller: Submitter, execution_id: ExecutionId) -> ValidationOut:
        """Looks at everything that people filled in so far, by the rules of each step."""
        found = await reviewing.validate(caller, execution_id)
        return ValidationOut.of(found, await executions.gate.mask(caller, found.workflow_id))


def _add_deciding(router: APIRouter, executions: Executions, reviewing: Reviewing) -> None:
    @router.post(
        "/submit",
        summary="Submit for approval",
        response_class=Response,
        responses=acted(examples.SUBMITTED) | failures(ExecutionNotFound, ExecutionEnded, "wrong_status", "not_valid"),
    )
    async def submit_execution(caller: Submitter, execution_id: ExecutionId) -> Response:
        """Submits what was filled in; refused, with every error, where it is not valid."""
        return await executions.after(caller, await reviewing.submit(caller, execution_id))

    @router.post(
        "/approve",
        summary="Approve",
        response_class=Response,
        responses=acted(examples.APPROVED) | failures(OwnSubmission, ExecutionNotFound, ExecutionEnded, "wrong_status"),
    )
    async def approve_execution(
        caller: Approver,
        execution_id: ExecutionId,
        body: Annotated[ApproveBody | None, body_like(examples.APPROVE)] = None,
    ) -> Response:
        """Approves what was submitted: the execution completes. Where the workflow asks for four eyes, by somebody else
        than whoever submitted it."""
        comment = None if body is None else body.comment
        return await executions.after(caller, await reviewing.approve(caller, execution_id, comment))

    @router.post(
        "/reject",
        summary="Reject",
        response_class=Response,
        responses=acted(examples.REJECTED)
        | failures(
            ExecutionNotFound,
            UnknownStep,
            ExecutionEnded,
            "wrong_status",
            "being_undone",
            "not_started",
            "gone_back_meanwhile",
            "migrated_since",
            "not_possible",
            "step_not_reached",
            "unclear_point",
            "unusable_version",
        ),
    )
    async def reject_execution(
        caller: Approver, execution_id: ExecutionId, body: Annotated[RejectBody, body_like(examples.REJECT)]
    ) -> Response:
        """Sends what was submitted back to validation, or to a step: what came after it is undone, and it is done
        again."""
        done = await reviewing.reject(caller, execution_id, body.reason, body.to_step_id)
        return await executions.after(caller, done)
