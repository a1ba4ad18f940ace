"""Subscriptions: being told of what happens."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from typing import Annotated, TypeAlias

import strawberry

from weftline.api.graphql.context import Info
from weftline.api.graphql.ids import uuid
from weftline.api.graphql.scalars import JSON
from weftline.features.access.fields.masking import FieldMask
from weftline.features.executions.permissions import READ
from weftline.features.executions.schemas import masked
from weftline.features.live import happenings
from weftline.features.live.topics import Topic
from weftline.features.tasks.permissions import READ as READ_TASKS

Position: TypeAlias = Annotated[
    str | None, strawberry.argument(description="The last `position` seen, after which to go on; absent: from now on.")
]


@strawberry.type(description="Something that happened.")
class Happening:
    """Something that happened."""

    kind: str = strawberry.field(description="What: `execution.started`, `step.completed`, `task.created`, …")
    position: str | None = strawberry.field(description="To go on from; null in the events of one execution.")
    workflow_id: strawberry.ID = strawberry.field(description="Of which template.")
    execution_id: strawberry.ID | None = strawberry.field(description="Of which execution, where it is of one.")
    seq: int | None = strawberry.field(description="Number in the execution's log, of its events.")
    step_id: strawberry.ID | None = strawberry.field(description="The node that it happened to.")
    task_id: strawberry.ID | None = strawberry.field(description="Which task, where it is one.")
    occurred_at: datetime = strawberry.field(description="When.")
    data: JSON | None = strawberry.field(description="What else is known of it.")

    @classmethod
    def of(cls, happened: happenings.Happening, mask: FieldMask | None) -> Happening:
        """What somebody may see of it."""
        data = masked(happened.data, mask)
        return cls(
            kind=happened.kind,
            position=happened.position or None,
            workflow_id=strawberry.ID(happened.workflow_id),
            execution_id=_id(happened.execution_id),
            seq=happened.seq,
            step_id=_id(happened.step_id),
            task_id=_id(happened.task_id),
            occurred_at=happened.occurred_at,
            data=None if data is None else JSON(data),
        )


@strawberry.type(description="What you can be told of, over a WebSocket (`graphql-transport-ws`).")
class Subscription:
    """What one can be told of."""

    @strawberry.subscription(description="The events of one execution, as they are committed.")
    async def execution_events(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The execution's id.")],
        after: Annotated[
            int | None,
            strawberry.argument(description="The last `seq` seen; 0: from the beginning; absent: from now on."),
        ] = None,
    ) -> AsyncGenerator[Happening]:
        """One execution's events."""
        wanted = uuid(id, "execution")
        await info.context.may_see(wanted)
        position = None if after is None else str(after)
        return _follow(info, Topic("execution", execution_id=wanted), position)

    @strawberry.subscription(description="Whatever happens in the executions of one template that you may see.")
    async def workflow_events(
        self,
        info: Info,
        workflow_id: Annotated[strawberry.ID, strawberry.argument(description="The template's id.")],
        after: Position = None,
    ) -> AsyncGenerator[Happening]:
        """One template's executions."""
        await info.context.allow(READ, listing=True)
        return _follow(info, Topic("workflow", workflow_id=workflow_id), after)

    @strawberry.subscription(description="What happens to the tasks that you can see.")
    async def task_updates(self, info: Info, after: Position = None) -> AsyncGenerator[Happening]:
        """Tasks."""
        await info.context.allow(READ_TASKS, listing=True)
        return _follow(info, Topic("tasks"), after)

    @strawberry.subscription(description="Whatever happens in the tenant that you may see.")
    async def tenant_events(self, info: Info, after: Position = None) -> AsyncGenerator[Happening]:
        """Everything."""
        await info.context.allow(READ, listing=True)
        return _follow(info, Topic("tenant"), after)


async def _follow(info: Info, topic: Topic, after: str | None) -> AsyncGenerator[Happening]:
    operation = info.context
    batches = operation.services.live.follow(operation.caller, topic, after, renew=operation.renew)
    async with aclosing(batches):
        async for batch in batches:
            for happened, mask in batch.seen:
                yield Happening.of(happened, mask)


def _id(value: object) -> strawberry.ID | None:
    return None if value is None else strawberry.ID(str(value))
