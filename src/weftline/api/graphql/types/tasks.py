"""Human tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, TypeAlias

import strawberry

from weftline.api.graphql.context import Info
from weftline.api.graphql.demands import PAGING, demand, read
from weftline.api.graphql.ids import uuid
from weftline.api.graphql.paging import After, Connection, First, connection
from weftline.api.graphql.shapes import shape, shown
from weftline.features.http.paging import DEFAULT_LIMIT
from weftline.features.tasks import rest
from weftline.features.tasks.models import HumanTask
from weftline.features.tasks.permissions import COMPLETE, DELEGATE, MANAGE, READ
from weftline.features.tasks.schemas import (
    CommentBody,
    CommentOut,
    CompleteBody,
    DelegateBody,
    ReassignBody,
    TaskOut,
    TaskQuery,
)

if TYPE_CHECKING:
    from weftline.api.graphql.types.executions import Execution

ExecutionShape: TypeAlias = Annotated["Execution", strawberry.lazy("weftline.api.graphql.types.executions")]
Parent: TypeAlias = strawberry.Parent[TaskOut]
Id: TypeAlias = Annotated[strawberry.ID, strawberry.argument(description="The task's id.")]


async def _execution(parent: Parent, info: Info) -> ExecutionShape:
    await info.context.may_see(parent.execution_id)
    return shown(await info.context.load.detail.load(parent.execution_id))


@shape(TaskOut)
class Task:
    """A human task."""

    execution: ExecutionShape | None = strawberry.field(
        resolver=_execution, description="The execution that asks; an error for those who may not see it."
    )


@shape(CommentOut)
class TaskComment:
    """What somebody said about a task."""


@demand(TaskQuery, without=PAGING)
class TaskFilter:
    """Which tasks to list: those that fit everything that is given."""


@demand(CompleteBody)
class CompleteTaskInput:
    """What the caller decides."""


@demand(DelegateBody)
class DelegateTaskInput:
    """To whom a task is handed."""


@demand(ReassignBody)
class ReassignTaskInput:
    """Whom a task is assigned to from now on."""


@strawberry.type
class TaskQueries:
    """What can be asked of tasks."""

    @strawberry.field(description="The human tasks that you can see, the newest first: your own, or everybody's.")
    async def tasks(
        self,
        info: Info,
        filter: Annotated[TaskFilter | None, strawberry.argument(description="Which.")] = None,
        first: First = DEFAULT_LIMIT,
        after: After = None,
    ) -> Connection[Task]:
        """A page of tasks."""
        operation = info.context
        await operation.allow(READ, listing=True)
        query, tasks = read(TaskQuery, filter, "filter", limit=first, cursor=after), operation.services.tasks
        window = query.window()
        found = await tasks.list(operation.caller, query.filter(), window)
        page = window.cut(found)
        permitted = await rest.permitted(operation.services.gate, operation.caller, tasks, page)
        items = [await _out(info, task) for task in permitted]
        cursors = (window.cursor_of(task) for task in permitted)
        return connection(items, cursors, end=window.cursor(found), after=after)

    @strawberry.field(description="A task.")
    async def task(self, info: Info, id: Id) -> Task:
        """One task."""
        operation, wanted = info.context, uuid(id, "task")
        await operation.allow(READ, task_id=str(wanted))
        return shown(await _out(info, await operation.services.tasks.get(operation.caller, wanted)))


@strawberry.type
class TaskActs:
    """What can be done to tasks."""

    @strawberry.mutation(description="Gives an open task to the caller. Safe to repeat for whoever has it.")
    async def claim_task(self, info: Info, id: Id) -> Task:
        """Claim a task."""
        operation, wanted = info.context, uuid(id, "task")
        await operation.allow(COMPLETE, task_id=str(wanted))
        return shown(await _out(info, await operation.services.tasks.claim(operation.caller, wanted)))

    @strawberry.mutation(description="Gives a claimed task back to those it is assigned to. Safe to repeat.")
    async def release_task(self, info: Info, id: Id) -> Task:
        """Release a task."""
        operation, wanted = info.context, uuid(id, "task")
        await operation.allow(COMPLETE, task_id=str(wanted))
        return shown(await _out(info, await operation.services.tasks.release(operation.caller, wanted)))

    @strawberry.mutation(description="Decides on a task; where that ends it, its execution goes on.")
    async def complete_task(self, info: Info, id: Id, input: CompleteTaskInput | None = None) -> Task:
        """Complete a task."""
        operation, wanted = info.context, uuid(id, "task")
        await operation.allow(COMPLETE, task_id=str(wanted))
        decision = read(CompleteBody, input, "input").decision()
        return shown(await _out(info, await operation.services.tasks.complete(operation.caller, wanted, decision)))

    @strawberry.mutation(description="Hands a task that the caller has claimed to another member.")
    async def delegate_task(self, info: Info, id: Id, input: DelegateTaskInput) -> Task:
        """Delegate a task."""
        operation, wanted = info.context, uuid(id, "task")
        await operation.allow(DELEGATE, task_id=str(wanted))
        body, tasks = read(DelegateBody, input, "input"), operation.services.tasks
        return shown(await _out(info, await tasks.delegate(operation.caller, wanted, body.to, body.reason)))

    @strawberry.mutation(description="Assigns a task to others, whoever has it now.")
    async def reassign_task(self, info: Info, id: Id, input: ReassignTaskInput) -> Task:
        """Reassign a task."""
        operation, wanted = info.context, uuid(id, "task")
        await operation.allow(MANAGE, task_id=str(wanted))
        body, tasks = read(ReassignBody, input, "input"), operation.services.tasks
        return shown(await _out(info, await tasks.reassign(operation.caller, wanted, body.assign_to, body.reason)))

    @strawberry.mutation(description="Says something about a task to everybody who can see it.")
    async def comment_on_task(
        self, info: Info, id: Id, text: Annotated[str, strawberry.argument(description="What to say.")]
    ) -> TaskComment:
        """Comment on a task."""
        operation, wanted = info.context, uuid(id, "task")
        await operation.allow(COMPLETE, task_id=str(wanted))
        body = read(CommentBody, None, "", text=text)
        return shown(
            CommentOut.model_validate(await operation.services.tasks.comment(operation.caller, wanted, body.text))
        )


async def _out(info: Info, task: HumanTask) -> TaskOut:
    return await rest.shown(info.context.services.gate, info.context.caller, task)
