"""Live updates as server-sent events."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Path, Query, Request, Response
from pydantic import Field

from weftline.api.live.event_stream import MEDIA_TYPE, EventStream
from weftline.features.access.caller import Caller
from weftline.features.access.gate import Gate
from weftline.features.access.http import requires
from weftline.features.executions.errors import ExecutionNotFound
from weftline.features.executions.permissions import READ as READ_EXECUTIONS
from weftline.features.http.failures import failures
from weftline.features.http.routing import api_router
from weftline.features.http.wire import Demand
from weftline.features.live.errors import InvalidPositionGiven, PositionGone, Stopping
from weftline.features.live.hub import LiveHub
from weftline.features.live.kinds import EVERYTHING, Patterns
from weftline.features.live.topics import Topic
from weftline.features.tasks.permissions import READ as READ_TASKS

Viewer = Annotated[Caller, requires(READ_EXECUTIONS)]
Watcher = Annotated[Caller, requires(READ_EXECUTIONS, listing=True)]
Doer = Annotated[Caller, requires(READ_TASKS, listing=True)]

LastEventId = Annotated[
    str | None, Header(alias="Last-Event-ID", max_length=20_000, description="As browsers send it; before `after`.")
]

EXAMPLE = (
    "retry: 1000\nid: 4\nevent: ready\ndata: {}\n\n"
    'id: 5\ndata: {"kind":"step.completed","workflowId":"greeting",'
    '"executionId":"01937d2e-7f3a-7c4e-9d1b-2f6a8c0e4b5d","seq":5,"stepId":"hello",'
    '"occurredAt":"2026-03-02T09:30:00Z","data":{"output":{"text":"Hello, Ada!"}}}\n\n'
)


class LiveQuery(Demand):
    """What of a topic is wanted."""

    kinds: Patterns = ()
    after: Annotated[
        str | None, Field(max_length=20_000, description="The last id that was seen; absent: from now on.")
    ] = None

    def wanted(self) -> frozenset[str]:
        """The patterns."""
        return frozenset(self.kinds or (EVERYTHING,))


class LiveTenantQuery(LiveQuery):
    """What of a tenant is wanted."""

    workflow_id: Annotated[
        str | None, Field(alias="workflowId", max_length=128, description="Only what belongs to this workflow.")
    ] = None


def live_routes(hub: LiveHub, gate: Gate) -> APIRouter:
    """The routes of live updates."""
    router = api_router(tag="Live updates")

    async def stream(request: Request, caller: Caller, topic: Topic, after: str | None) -> Response:
        batches = hub.follow(caller, topic, after, renew=lambda: gate.enter(request))
        return EventStream(await anext(batches), batches, topic)

    answer = {
        200: {
            "description": "Events, for as long as the client takes them.",
            "content": {MEDIA_TYPE: {"schema": {"type": "string"}, "example": EXAMPLE}},
        }
    }

    @router.get(
        "/live",
        summary="Follow what happens",
        status_code=200,
        response_class=EventStream,
        responses=answer | failures(InvalidPositionGiven, PositionGone, Stopping),
    )
    async def follow_tenant(
        request: Request,
        caller: Watcher,
        query: Annotated[LiveTenantQuery, Query()],
        last_event_id: LastEventId = None,
    ) -> Response:
        """Sends what happens in the tenant as server-sent events: of executions, tasks and workflows that the caller
        may see."""
        scope = "tenant" if query.workflow_id is None else "workflow"
        topic = Topic(scope, workflow_id=query.workflow_id, kinds=query.wanted())
        return await stream(request, caller, topic, last_event_id or query.after)

    @router.get(
        "/executions/{execution_id}/live",
        summary="Follow an execution",
        status_code=200,
        response_class=EventStream,
        responses=answer | failures(InvalidPositionGiven, ExecutionNotFound, Stopping),
    )
    async def follow_execution(
        request: Request,
        caller: Viewer,
        execution_id: Annotated[UUID, Path(description="The execution's id.")],
        query: Annotated[LiveQuery, Query()],
        last_event_id: LastEventId = None,
    ) -> Response:
        """Sends an execution's log as server-sent events as it grows. The id of each is its number in the log, so
        `after=0` begins with the first."""
        topic = Topic("execution", execution_id=execution_id, kinds=query.wanted())
        return await stream(request, caller, topic, last_event_id or query.after)

    @router.get(
        "/tasks/live",
        summary="Follow tasks",
        status_code=200,
        response_class=EventStream,
        responses=answer | failures(InvalidPositionGiven, PositionGone, Stopping),
    )
    async def follow_tasks(
        request: Request, caller: Doer, query: Annotated[LiveQuery, Query()], last_event_id: LastEventId = None
    ) -> Response:
        """Sends what happens to the tasks that the caller may see, as server-sent events."""
        topic = Topic("tasks", kinds=query.wanted())
        return await stream(request, caller, topic, last_event_id or query.after)

    return router
