"""The review of executions: filling in, validating, submitting, approving."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import strawberry

from weftline.api.graphql.context import Info
from weftline.api.graphql.demands import demand, read
from weftline.api.graphql.ids import uuid
from weftline.api.graphql.shapes import shape, shown
from weftline.api.graphql.types.execution_acts import Id, after
from weftline.api.graphql.types.executions import Execution
from weftline.features.executions.permissions import APPROVE, SUBMIT
from weftline.features.executions.reviewing.schemas import (
    ApproveBody,
    RejectBody,
    StepBody,
    ValidationError,
    ValidationOut,
)
from weftline.features.executions.schemas import ExecutionDetail
from weftline.features.tasks.deciding import Decision

StepId: TypeAlias = Annotated[strawberry.ID, strawberry.argument(description="Id of the step's node.")]


@demand(StepBody)
class StepInput:
    """What somebody fills in."""


@demand(ApproveBody)
class ApproveInput:
    """How to approve."""


@demand(RejectBody)
class RejectInput:
    """Why it is not good enough, and how far it goes back."""


@shape(ValidationError)
class ValidationFault:
    """One thing that is wrong with what was filled in."""


@shape(ValidationOut)
class Validation:
    """Whether what was filled in is valid."""


async def begin(info: Info, id: str) -> ExecutionDetail:
    """Start a draft."""
    operation, wanted = info.context, uuid(id, "execution")
    await operation.allow(SUBMIT, execution_id=str(wanted))
    return await after(info, await operation.services.reviewing.begin(operation.caller, wanted))


async def fill_in(info: Info, id: str, step_id: str, body: StepBody) -> ExecutionDetail:
    """Complete the human task that a step opened; a draft is started first."""
    operation, wanted = info.context, uuid(id, "execution")
    await operation.allow(SUBMIT, execution_id=str(wanted))
    decision, submission = Decision(body.outcome, body.data, body.comment), operation.services.submission
    return await after(info, await submission.submit(operation.caller, wanted, step_id, body.step_key, decision))


async def validate(info: Info, id: str) -> ValidationOut:
    """Look at everything that people filled in so far."""
    operation, wanted = info.context, uuid(id, "execution")
    await operation.allow(SUBMIT, execution_id=str(wanted))
    found = await operation.services.reviewing.validate(operation.caller, wanted)
    return ValidationOut.of(found, await operation.mask(found.workflow_id))


async def submit(info: Info, id: str) -> ExecutionDetail:
    """Submit what was filled in."""
    operation, wanted = info.context, uuid(id, "execution")
    await operation.allow(SUBMIT, execution_id=str(wanted))
    return await after(info, await operation.services.reviewing.submit(operation.caller, wanted))


async def approve(info: Info, id: str, body: ApproveBody) -> ExecutionDetail:
    """Approve what was submitted."""
    operation, wanted = info.context, uuid(id, "execution")
    await operation.allow(APPROVE, execution_id=str(wanted))
    return await after(info, await operation.services.reviewing.approve(operation.caller, wanted, body.comment))


@strawberry.type
class ReviewActs:
    """The review of executions."""

    @strawberry.mutation(description="Starts an execution that is a draft.")
    async def start_draft(self, info: Info, id: Id) -> Execution:
        """Start a draft."""
        return shown(await begin(info, id))

    @strawberry.mutation(
        description="Completes the human task that a step opened. A draft is started first; under review, what was"
        " filled in before is corrected."
    )
    async def submit_step(self, info: Info, id: Id, step_id: StepId, input: StepInput) -> Execution:
        """Fill in a step."""
        return shown(await fill_in(info, id, step_id, read(StepBody, input, "input")))

    @strawberry.mutation(description="Looks at everything that people filled in so far, by the rules of each step.")
    async def validate_execution(self, info: Info, id: Id) -> Validation:
        """Validate what was filled in."""
        return shown(await validate(info, id))

    @strawberry.mutation(description="Submits what was filled in; refused, with every error, where it is not valid.")
    async def submit_execution(self, info: Info, id: Id) -> Execution:
        """Submit for approval."""
        return shown(await submit(info, id))

    @strawberry.mutation(description="Approves what was submitted: the execution completes.")
    async def approve_execution(self, info: Info, id: Id, input: ApproveInput | None = None) -> Execution:
        """Approve what was submitted."""
        return shown(await approve(info, id, read(ApproveBody, input, "input")))

    @strawberry.mutation(description="Sends what was submitted back to validation, or to a step.")
    async def reject_execution(self, info: Info, id: Id, input: RejectInput) -> Execution:
        """Send what was submitted back."""
        operation, wanted = info.context, uuid(id, "execution")
        await operation.allow(APPROVE, execution_id=str(wanted))
        body, reviewing = read(RejectBody, input, "input"), operation.services.reviewing
        done = await reviewing.reject(operation.caller, wanted, body.reason, body.to_step_id)
        return shown(await after(info, done))
