"""What can be done to executions."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

import strawberry

from weftline.api.graphql.context import Info
from weftline.api.graphql.demands import demand, read, said_in
from weftline.api.graphql.ids import uuid
from weftline.api.graphql.scalars import JSON
from weftline.api.graphql.shapes import shape, shown
from weftline.api.graphql.types.executions import Execution
from weftline.features.errors import FieldError
from weftline.features.executions.commands import Command
from weftline.features.executions.demand import read_start
from weftline.features.executions.editing import Change
from weftline.features.executions.operating.retry import Retry
from weftline.features.executions.operating.rollback import Rollback
from weftline.features.executions.operating.schemas import (
    DataBody,
    KeptOut,
    RestartBody,
    RetryBody,
    RetryPlanOut,
    RollbackBody,
    RollbackPlanOut,
    SkipBody,
)
from weftline.features.executions.operating.service import Restart
from weftline.features.executions.operating.skip import Skip
from weftline.features.executions.permissions import (
    CANCEL,
    DELIVER,
    EDIT,
    OPERATE,
    PAUSE,
    RETRY,
    ROLL_BACK,
    SIGNAL,
    START,
)
from weftline.features.executions.rest import MAX_WAIT
from weftline.features.executions.schemas import (
    CancelBody,
    ChangeBody,
    Delivered,
    EventBody,
    ExecutionDetail,
    SignalBody,
)
from weftline.features.executions.steering import Acted
from weftline.features.http.errors import InvalidRequest
from weftline.store.inbox import MessageKind

Id: TypeAlias = Annotated[strawberry.ID, strawberry.argument(description="The execution's id.")]
WorkflowId: TypeAlias = Annotated[strawberry.ID, strawberry.argument(description="The template's id.")]
Wait: TypeAlias = Annotated[
    float, strawberry.argument(description=f"Seconds to wait for its end, up to {MAX_WAIT:.0f}.")
]


@strawberry.input(description="How to start an execution.")
class StartInput:
    """How to start an execution."""

    input: JSON | None = strawberry.field(description="Its input, an object.", default=strawberry.UNSET)
    idempotency_key: str | None = strawberry.field(
        description="A second start under the same key finds the first.", default=strawberry.UNSET
    )
    tags: list[str] | None = strawberry.field(description="Free labels.", default=strawberry.UNSET)
    attributes: JSON | None = strawberry.field(
        description="What it can be found by: names and scalars.", default=strawberry.UNSET
    )
    priority: int | None = strawberry.field(description="0 (last) to 9 (first).", default=strawberry.UNSET)
    context: JSON | None = strawberry.field(
        description="What its actions are told of the request and the user that it runs for.", default=strawberry.UNSET
    )


@demand(CancelBody)
class CancelInput:
    """How to cancel."""


@demand(RollbackBody, without={"dry_run"})
class RollbackInput:
    """How far to roll back."""


@demand(RetryBody, without={"dry_run"})
class RetryInput:
    """What to try again; without a step whatever failed."""


@demand(SkipBody)
class SkipInput:
    """Which step to pass over."""


@demand(DataBody)
class DataInput:
    """How to change an execution's shared data."""


@demand(RestartBody)
class RestartInput:
    """How to start an execution anew."""


@demand(ChangeBody)
class ChangeInput:
    """What to change of an execution; what is absent or null stays as it is."""


@demand(SignalBody)
class SignalInput:
    """A signal to one execution."""


@demand(EventBody)
class EventInput:
    """An event for whichever step waits for it."""


@shape(Delivered)
class Delivery:
    """What became of an event."""


@shape(KeptOut)
class Kept:
    """A step that has done something which cannot be undone."""


@shape(RollbackPlanOut)
class RollbackPlan:
    """What a rollback would do."""


@shape(RetryPlanOut)
class RetryPlan:
    """What a retry would do."""


async def after(info: Info, acted: Acted) -> ExecutionDetail:
    """An execution after an act on it; as it was, where no worker has taken that in yet."""
    return await info.context.executions.detail(info.context.caller, acted.snapshot)


async def steer(
    info: Info, id: str, permission: str, kind: MessageKind, payload: dict[str, Any] | None = None
) -> ExecutionDetail:
    """Ask something of an execution, as the caller.

    Args:
        info: of the field.
        id: the execution's.
        permission: what it takes.
        kind: what is asked.
        payload: with what.
    """
    operation, wanted = info.context, uuid(id, "execution")
    await operation.allow(permission, execution_id=str(wanted))
    command = Command(kind, {"by": operation.caller.name, **(payload or {})})
    return await after(info, await operation.services.steering.act(operation.caller.tenant_id, wanted, command))


async def start(info: Info, workflow_id: str, body: dict[str, Any], wait: float) -> ExecutionDetail:
    """Start an execution of a template's published version.

    Args:
        info: of the field.
        workflow_id: the template's id.
        body: as REST accepts it.
        wait: seconds to wait for its end.
    """
    if not 0 <= wait <= MAX_WAIT:
        message = f"must be a number of seconds from 0 to {MAX_WAIT:.0f}"
        raise InvalidRequest([FieldError("/wait", message, "out_of_range")])
    operation = info.context
    await operation.allow(START, workflow_id=workflow_id)
    tenant_id, services = operation.caller.tenant_id, operation.services
    started = await services.starter.start(tenant_id, workflow_id, read_start(body))
    if wait:
        await services.watcher.ended(tenant_id, started.id, wait)
    return await operation.executions.detail(operation.caller, await services.reader.get(tenant_id, started.id))


async def roll_back(info: Info, id: str, body: RollbackBody) -> ExecutionDetail:
    """Undo what an execution did."""
    operation, wanted = info.context, uuid(id, "execution")
    await operation.allow(ROLL_BACK, execution_id=str(wanted))
    done = await operation.services.operating.roll_back(operation.caller, wanted, _rollback(body))
    return await after(info, done)


@strawberry.type
class ExecutionActQueries:
    """What acts on executions would do."""

    @strawberry.field(description="What a rollback would do.")
    async def rollback_plan(self, info: Info, id: Id, input: RollbackInput | None = None) -> RollbackPlan:
        """The plan of a rollback."""
        operation, wanted = info.context, uuid(id, "execution")
        await operation.allow(ROLL_BACK, execution_id=str(wanted))
        body = read(RollbackBody, input, "input")
        plan = await operation.services.operating.plan_rollback(operation.caller, wanted, _rollback(body))
        return shown(RollbackPlanOut.of(plan))

    @strawberry.field(description="What a retry would do.")
    async def retry_plan(self, info: Info, id: Id, input: RetryInput | None = None) -> RetryPlan:
        """The plan of a retry."""
        operation, wanted = info.context, uuid(id, "execution")
        await operation.allow(RETRY, execution_id=str(wanted))
        body = read(RetryBody, input, "input")
        plan = await operation.services.operating.plan_retry(operation.caller, wanted, _retry(body))
        return shown(RetryPlanOut.of(plan))


@strawberry.type
class ExecutionActs:
    """What can be done to executions."""

    @strawberry.mutation(description="Starts an execution of the published version; it is durable then.")
    async def start_execution(
        self, info: Info, workflow_id: WorkflowId, input: StartInput | None = None, wait: Wait = 0
    ) -> Execution:
        """Start an execution."""
        body = {} if input is None else said_in(input)
        if "idempotency_key" in body:
            body["idempotencyKey"] = body.pop("idempotency_key")
        return shown(await start(info, workflow_id, body, wait))

    @strawberry.mutation(description="Ends an execution before its time.")
    async def cancel_execution(self, info: Info, id: Id, input: CancelInput | None = None) -> Execution:
        """Cancel an execution."""
        body = read(CancelBody, input, "input")
        payload = {"reason": body.reason, "undo": body.compensate}
        return shown(await steer(info, id, CANCEL, MessageKind.CANCEL, payload))

    @strawberry.mutation(description="Lets an execution begin nothing new; what runs is recorded when it ends.")
    async def pause_execution(self, info: Info, id: Id) -> Execution:
        """Pause an execution."""
        return shown(await steer(info, id, PAUSE, MessageKind.PAUSE))

    @strawberry.mutation(description="Lets a paused execution go on, or one that was rolled back to rest.")
    async def resume_execution(self, info: Info, id: Id) -> Execution:
        """Resume an execution."""
        return shown(await steer(info, id, PAUSE, MessageKind.RESUME))

    @strawberry.mutation(description="Undoes what completed after a step, or everything; see `rollbackPlan`.")
    async def rollback_execution(self, info: Info, id: Id, input: RollbackInput | None = None) -> Execution:
        """Roll an execution back."""
        return shown(await roll_back(info, id, read(RollbackBody, input, "input")))

    @strawberry.mutation(description="Tries what failed again, or does a step again; see `retryPlan`.")
    async def retry_execution(self, info: Info, id: Id, input: RetryInput | None = None) -> Execution:
        """Retry an execution."""
        operation, wanted = info.context, uuid(id, "execution")
        await operation.allow(RETRY, execution_id=str(wanted))
        body = read(RetryBody, input, "input")
        done, _ = await operation.services.operating.retry(operation.caller, wanted, _retry(body))
        return shown(await after(info, done))

    @strawberry.mutation(description="Starts a new execution with the same input; the first one stays as it is.")
    async def restart_execution(self, info: Info, id: Id, input: RestartInput | None = None) -> Execution:
        """Start an execution anew."""
        operation, wanted = info.context, uuid(id, "execution")
        await operation.allow(RETRY, execution_id=str(wanted))
        body, services = read(RestartBody, input, "input"), operation.services
        restart = Restart(body.input, body.data, body.latest)
        started = await services.operating.restart(operation.caller, wanted, restart)
        snapshot = await services.reader.get(operation.caller.tenant_id, started.id)
        return shown(await operation.executions.detail(operation.caller, snapshot))

    @strawberry.mutation(description="Passes over a step that is open, or that failed.")
    async def skip_step(self, info: Info, id: Id, input: SkipInput) -> Execution:
        """Skip a step."""
        operation, wanted = info.context, uuid(id, "execution")
        await operation.allow(OPERATE, execution_id=str(wanted))
        body = read(SkipBody, input, "input")
        skip = Skip(body.name(), body.output, body.reason)
        return shown(await after(info, await operation.services.operating.skip(operation.caller, wanted, skip)))

    @strawberry.mutation(description="Sets and removes keys of an execution's shared data, between two of its steps.")
    async def change_execution_data(self, info: Info, id: Id, input: DataInput) -> Execution:
        """Change an execution's data."""
        operation, wanted = info.context, uuid(id, "execution")
        await operation.allow(OPERATE, execution_id=str(wanted))
        body = read(DataBody, input, "input")
        operating = operation.services.operating
        done = await operating.change_data(operation.caller, wanted, body.set, body.remove, body.reason)
        return shown(await after(info, done))

    @strawberry.mutation(description="Changes what an execution is found by, and who goes first.")
    async def change_execution(self, info: Info, id: Id, input: ChangeInput) -> Execution:
        """Change an execution."""
        operation, wanted = info.context, uuid(id, "execution")
        await operation.allow(EDIT, execution_id=str(wanted))
        body, tenant_id = read(ChangeBody, input, "input"), operation.caller.tenant_id
        change = Change(body.tags, body.attributes, body.priority)
        await operation.services.editor.change(tenant_id, wanted, change)
        snapshot = await operation.services.reader.get(tenant_id, wanted)
        return shown(await operation.executions.detail(operation.caller, snapshot))

    @strawberry.mutation(description="Resumes the step that waits for this name; kept where none waits yet.")
    async def signal_execution(self, info: Info, id: Id, input: SignalInput) -> Execution:
        """Signal an execution."""
        operation, wanted = info.context, uuid(id, "execution")
        await operation.allow(SIGNAL, execution_id=str(wanted))
        body, tenant_id = read(SignalBody, input, "input"), operation.caller.tenant_id
        await operation.services.steering.signal(tenant_id, wanted, body.name, body.payload)
        snapshot = await operation.services.reader.get(tenant_id, wanted)
        return shown(await operation.executions.detail(operation.caller, snapshot))

    @strawberry.mutation(description="Resumes every step that waits for this name and correlation, and fires triggers.")
    async def deliver_event(self, info: Info, input: EventInput) -> Delivery:
        """Deliver an event."""
        operation = info.context
        await operation.allow(DELIVER)
        body, tenant_id = read(EventBody, input, "input"), operation.caller.tenant_id
        steering = operation.services.steering
        delivered = await steering.deliver(tenant_id, body.name, body.correlation, body.payload)
        return shown(Delivered(name=body.name, delivered=delivered))


def _rollback(body: RollbackBody) -> Rollback:
    return Rollback(body.to_step_id, body.redo, body.pause, body.reason)


def _retry(body: RetryBody) -> Retry:
    return Retry(body.name(), body.input, body.data, body.reason)
