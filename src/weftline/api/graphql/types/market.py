"""The words of market operations, in which a *workflow* is what runs, and a *template* what it runs.

They name what the rest of the schema calls an execution and a template; every one of these operations does what the
operation of our own name does.
"""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Any, TypeAlias
from uuid import UUID

import strawberry

from weftline.api.graphql.context import Info
from weftline.api.graphql.demands import read
from weftline.api.graphql.errors import NotReviewed
from weftline.api.graphql.paging import First
from weftline.api.graphql.scalars import JSON
from weftline.api.graphql.shapes import enum, shown
from weftline.api.graphql.types.execution_acts import roll_back, start, steer
from weftline.api.graphql.types.executions import Execution, page_of, see
from weftline.api.graphql.types.review_acts import Validation, approve, begin, fill_in, submit, validate
from weftline.features.access.errors import TenantMismatch
from weftline.features.executions.operating.schemas import RollbackBody
from weftline.features.executions.permissions import PAUSE, START
from weftline.features.executions.reviewing.schemas import ApproveBody, StepBody
from weftline.features.executions.reviewing.steps import soon
from weftline.features.executions.schemas import ExecutionDetail, ExecutionQuery
from weftline.features.http.paging import DEFAULT_LIMIT
from weftline.model.status import ExecutionStatus
from weftline.store.inbox import MessageKind

Id: TypeAlias = Annotated[strawberry.ID, strawberry.argument(description="The workflow's id: that of the execution.")]
StepId: TypeAlias = Annotated[strawberry.ID, strawberry.argument(description="Id of the step's node.")]
Data: TypeAlias = Annotated[JSON | None, strawberry.argument(description="What is filled in, an object.")]
Role: TypeAlias = Annotated[
    str | None, strawberry.argument(description="For which market role; it is `marketRole` in the input.")
]
Comment: TypeAlias = Annotated[str | None, strawberry.argument(description="What to say about it.")]
TenantId: TypeAlias = Annotated[
    strawberry.ID | None, strawberry.argument(description="The tenant's id; it must be the one you are signed in to.")
]

MARKET_ROLE = "marketRole"


class WorkflowStatus(Enum):
    """Where a workflow stands, in the words of market operations."""

    DRAFT = "draft"
    IN_PROGRESS = "in_progress"
    PAUSED = "paused"
    AWAITING_VALIDATION = "awaiting_validation"
    SUBMITTED = "submitted"
    ROLLED_BACK = "rolled_back"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


STANDING: dict[WorkflowStatus, list[ExecutionStatus]] = {
    WorkflowStatus.IN_PROGRESS: [
        ExecutionStatus.PENDING,
        ExecutionStatus.RUNNING,
        ExecutionStatus.WAITING,
        ExecutionStatus.COMPENSATING,
    ],
    WorkflowStatus.FAILED: [ExecutionStatus.FAILED, ExecutionStatus.TIMED_OUT],
}
"""What stands for a status, where it is not the one of the same name."""

enum(WorkflowStatus)


@strawberry.input(description="Which workflows to list: those that fit everything that is given.")
class WorkflowFilter:
    """Which workflows to list."""

    tenant_id: strawberry.ID | None = strawberry.field(
        description="The tenant's id; it must be the one you are signed in to.", default=None
    )
    status: WorkflowStatus | None = strawberry.field(description="Where they stand.", default=None)
    template_id: strawberry.ID | None = strawberry.field(description="What they run.", default=None)
    market_role: str | None = strawberry.field(description="For which market role they were created.", default=None)


@strawberry.type
class MarketQueries:
    """Workflows, as market operations call what runs."""

    @strawberry.field(description="The newest workflows: executions, in the words of market operations.")
    async def workflows(
        self,
        info: Info,
        filter: Annotated[WorkflowFilter | None, strawberry.argument(description="Which.")] = None,
        first: First = DEFAULT_LIMIT,
    ) -> list[Execution]:
        """The newest workflows."""
        wanted = filter or WorkflowFilter()
        _check_tenant(info, wanted.tenant_id)
        status, role = wanted.status, wanted.market_role
        query = read(
            ExecutionQuery,
            None,
            "filter",
            limit=first,
            status=None if status is None else STANDING.get(status) or [ExecutionStatus(status.value)],
            workflow_id=wanted.template_id,
            attribute=None if role is None else [f"{MARKET_ROLE}:{role}"],
        )
        page, _ = await page_of(info, query)
        return shown(page.items)

    @strawberry.field(description="A workflow: an execution, in the words of market operations.")
    async def workflow(self, info: Info, id: Id) -> Execution:
        """One workflow."""
        return shown(await see(info, id))


@strawberry.type
class MarketActs:
    """What market operations do to workflows."""

    @strawberry.mutation(
        description="Creates a workflow as a draft, from a template with a review. Start it, or fill in its first step."
    )
    async def create_workflow(
        self,
        info: Info,
        template_id: Annotated[strawberry.ID, strawberry.argument(description="What it runs.")],
        tenant_id: TenantId = None,
        market_role: Role = None,
        input: Annotated[JSON | None, strawberry.argument(description="Its input, an object.")] = None,
    ) -> Execution:
        """Create a draft."""
        _check_tenant(info, tenant_id)
        body: dict[str, Any] = {"input": input if input is not None else {}}
        if market_role is not None:
            body["attributes"] = {MARKET_ROLE: market_role}
            if isinstance(body["input"], dict):
                body["input"] = {MARKET_ROLE: market_role, **body["input"]}
        await info.context.allow(START, workflow_id=template_id)
        await _check_review(info, template_id)
        return shown(await _drafted(info, await start(info, template_id, body, 0)))

    @strawberry.mutation(description="Starts a draft.")
    async def start_workflow(self, info: Info, workflow_id: Id) -> Execution:
        """Start a draft."""
        return shown(await begin(info, workflow_id))

    @strawberry.mutation(description="Fills in a step; a draft is started first.")
    async def execute_step(self, info: Info, workflow_id: Id, step_id: StepId, data: Data = None) -> Execution:
        """Fill in a step."""
        return shown(await fill_in(info, workflow_id, step_id, read(StepBody, None, "", data=data)))

    @strawberry.mutation(description="Lets a workflow begin nothing new.")
    async def pause_workflow(self, info: Info, workflow_id: Id) -> Execution:
        """Pause a workflow."""
        return shown(await steer(info, workflow_id, PAUSE, MessageKind.PAUSE))

    @strawberry.mutation(description="Lets a workflow go on that is paused, or rests after a rollback.")
    async def resume_workflow(self, info: Info, workflow_id: Id) -> Execution:
        """Resume a workflow."""
        return shown(await steer(info, workflow_id, PAUSE, MessageKind.RESUME))

    @strawberry.mutation(description="Undoes what completed after a step, and goes on from there.")
    async def rollback_workflow(self, info: Info, workflow_id: Id, to_step_id: StepId) -> Execution:
        """Roll a workflow back to a step."""
        return shown(await roll_back(info, workflow_id, read(RollbackBody, None, "", to_step_id=to_step_id)))

    @strawberry.mutation(description="Looks at everything that people filled in so far, by the rules of each step.")
    async def validate_workflow(self, info: Info, workflow_id: Id) -> Validation:
        """Validate what was filled in."""
        return shown(await validate(info, workflow_id))

    @strawberry.mutation(description="Submits what was filled in; refused, with every error, where it is not valid.")
    async def submit_workflow(self, info: Info, workflow_id: Id) -> Execution:
        """Submit for approval."""
        return shown(await submit(info, workflow_id))

    @strawberry.mutation(description="Approves what was submitted: the workflow completes.")
    async def approve_workflow(self, info: Info, workflow_id: Id, comment: Comment = None) -> Execution:
        """Approve what was submitted."""
        return shown(await approve(info, workflow_id, read(ApproveBody, None, "", comment=comment)))


def _check_tenant(info: Info, tenant_id: str | None) -> None:
    if tenant_id is not None and tenant_id.lower() != str(info.context.caller.tenant_id):
        raise TenantMismatch


async def _check_review(info: Info, template_id: str) -> None:
    """See that executions of a template are drafts at first.

    Raises:
        NotReviewed: they are not, and would begin at once.
    """
    operation = info.context
    found = await operation.services.many_workflows.published(operation.caller.tenant_id, template_id)
    if found is None:
        # starting it says what is wrong
        return
    match found.definition.get("settings"):
        case {"review": True | {"draft": True}}:
            return
        case {"review": {**review}} if "draft" not in review:
            return
        case _:
            raise NotReviewed(template_id)


async def _drafted(info: Info, begun: ExecutionDetail) -> ExecutionDetail:
    """The execution as soon as a worker has made a draft of it; as it is, where none does so soon."""
    operation = info.context

    async def look() -> ExecutionDetail | None:
        snapshot = await operation.services.reader.get(operation.caller.tenant_id, UUID(str(begun.id)))
        if snapshot.status is not ExecutionStatus.DRAFT:
            return None
        return await operation.executions.detail(operation.caller, snapshot)

    return await soon(look) or begun
