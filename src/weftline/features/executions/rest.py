"""Executions over HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, cast
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Path, Query, Request, Response
from structlog.contextvars import bind_contextvars

from weftline.features.access.caller import Caller
from weftline.features.access.gate import Gate
from weftline.features.access.http import requires
from weftline.features.access.policies.request import Resource
from weftline.features.access.resources import RunRow, resource_of_run
from weftline.features.errors import FieldError, UnsupportedMediaType
from weftline.features.executions import examples
from weftline.features.executions.batch import start_batch
from weftline.features.executions.demand import StartDemand, read_start
from weftline.features.executions.errors import InvalidStart
from weftline.features.executions.models import Execution
from weftline.features.executions.permissions import CANCEL, DELIVER, PAUSE, READ, SIGNAL, START
from weftline.features.executions.reader import ExecutionReader, Snapshot
from weftline.features.executions.schemas import (
    CancelBody,
    Delivered,
    EventBody,
    EventOut,
    EventPage,
    EventQuery,
    ExecutionDetail,
    ExecutionQuery,
    ExecutionSummary,
    SignalBody,
    Signalled,
    StepList,
)
from weftline.features.executions.starter import Started, Starter
from weftline.features.executions.steering import Acted, Steering
from weftline.features.executions.watcher import Watcher
from weftline.features.http.body import media_type, parse_json, require_json
from weftline.features.http.examples import answers
from weftline.features.http.paging import Page, decode_uuid, encode_cursor
from weftline.features.http.routing import api_router
from weftline.features.http.wire import JsonResponse
from weftline.features.workflows.rest import WorkflowId
from weftline.model.status import ExecutionStatus

MAX_WAIT = 60.0
"""Seconds that a start may wait for the end."""

NDJSON = frozenset({"", "application/x-ndjson", "application/ndjson", "application/jsonl", "application/json"})


async def _execution_id(
    execution_id: Annotated[UUID, Path(description="The execution's id.", examples=[examples.ID])],
) -> UUID:
    bind_contextvars(execution_id=str(execution_id))
    return execution_id


ExecutionId = Annotated[UUID, Depends(_execution_id)]

Beginner = Annotated[Caller, requires(START)]
Lister = Annotated[Caller, requires(READ, listing=True)]
Reader = Annotated[Caller, requires(READ)]
Canceller = Annotated[Caller, requires(CANCEL)]
Pauser = Annotated[Caller, requires(PAUSE)]
Signaller = Annotated[Caller, requires(SIGNAL)]
Deliverer = Annotated[Caller, requires(DELIVER)]

START_BODY: dict[str, Any] = {
    "parameters": [
        {
            "name": "wait",
            "in": "query",
            "description": "Seconds to wait for the end.",
            "schema": {"type": "number", "minimum": 0, "maximum": MAX_WAIT, "default": 0},
        },
        {
            "name": "Idempotency-Key",
            "in": "header",
            "description": "The same as `idempotencyKey` in the body.",
            "schema": {"type": "string", "maxLength": 255},
        },
    ],
    "requestBody": {
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {
                        "input": {"type": "object", "default": {}},
                        "idempotencyKey": {
                            "type": "string",
                            "maxLength": 255,
                            "description": "A second start under the same key finds the first.",
                        },
                        "tags": {"type": "array", "maxItems": 32, "items": {"type": "string", "maxLength": 128}},
                        "priority": {"type": "integer", "minimum": 0, "maximum": 9, "default": 5},
                    },
                },
                "example": examples.START,
            }
        }
    },
}

BATCH_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/x-ndjson": {"schema": {"type": "string"}, "example": examples.BATCH}},
    }
}


@dataclass(frozen=True, slots=True)
class Executions:
    """Everything that the routes of executions need."""

    starter: Starter
    reader: ExecutionReader
    steering: Steering
    watcher: Watcher
    gate: Gate

    async def admit_and_start(self, workflow_id: str, request: Request) -> Response:
        """Answer a request to start an execution, from whomever it comes."""
        caller = await self.gate.admit(request, START, {"workflow_id": workflow_id})
        return await self.start(caller, workflow_id, request)

    async def start(self, caller: Caller, workflow_id: str, request: Request) -> Response:
        """Answer a caller's request to start an execution."""
        wait = _read_wait(request)
        body = await request.body()
        if body:
            require_json(request)
        demand = read_start(parse_json(body) if body else None, request.headers.get("idempotency-key"))
        tenant_id = caller.tenant_id
        started = await self.starter.start(tenant_id, workflow_id, demand)
        bind_contextvars(execution_id=str(started.id))
        if wait:
            await self.watcher.ended(tenant_id, started.id, wait)
        elif started.is_new:
            return _accepted(workflow_id, demand, started)
        snapshot = await self.reader.get(tenant_id, started.id)
        return await self.answer(caller, snapshot, 200 if snapshot.status.is_terminal else 202)

    async def answer(self, caller: Caller, snapshot: Snapshot, status_code: int = 200) -> Response:
        """An execution as the caller may see it."""
        detail = await self.detail(caller, snapshot)
        return Response(detail.model_dump_json(by_alias=True), status_code=status_code, media_type="application/json")

    async def detail(self, caller: Caller, snapshot: Snapshot) -> ExecutionDetail:
        """An execution as the caller may see it."""
        return ExecutionDetail.of(snapshot, await self.gate.mask(caller, snapshot.row.workflow_id))


def execution_routes(executions: Executions) -> APIRouter:
    """The routes of executions, and of events for whichever execution waits for them."""
    router = api_router(tag="Executions")
    _add_starting(router, executions)
    _add_reading(router, executions)
    _add_steering(router, executions)
    return router


def _add_starting(router: APIRouter, executions: Executions) -> None:
    @router.post(
        "/workflows/{workflow_id}/executions",
        status_code=202,
        summary="Start an execution",
        response_class=Response,
        responses={
            **answers(examples.STARTED, status=202, description="Started, and durable."),
            **answers(examples.EXECUTION, description="Started, and ended within the time to wait."),
        },
        openapi_extra=START_BODY,
    )
    async def start_execution(caller: Beginner, workflow_id: WorkflowId, request: Request) -> Response:
        """Starts an execution of the published version. With `wait`, answers once it has ended, if that is soon."""
        return await executions.start(caller, workflow_id, request)

    @router.post(
        "/workflows/{workflow_id}/executions/batch",
        status_code=202,
        summary="Start many executions",
        response_class=JsonResponse,
        responses=answers(examples.BATCH_STARTED, status=202, description="What was started and what was not."),
        openapi_extra=BATCH_BODY,
    )
    async def start_executions(caller: Beginner, workflow_id: WorkflowId, request: Request) -> JsonResponse:
        """Starts an execution for every line, all in one transaction. A line is a body of *Start an execution*."""
        if media_type(request) not in NDJSON:
            raise UnsupportedMediaType("A batch is sent as application/x-ndjson.")
        started = await start_batch(executions.starter, caller.tenant_id, workflow_id, await request.body())
        return JsonResponse(
            {
                "accepted": len(started.ids),
                "rejected": [rejected._asdict() for rejected in started.rejected],
                "ids": [str(execution_id) for execution_id in started.ids],
            },
            status_code=202,
        )


def _add_reading(router: APIRouter, executions: Executions) -> None:
    reader, gate = executions.reader, executions.gate

    @router.get(
        "/executions",
        summary="List executions",
        responses=answers({"items": [examples.SUMMARY], "nextCursor": None}, description="Newest first."),
    )
    async def list_executions(caller: Lister, query: Annotated[ExecutionQuery, Query()]) -> Page[ExecutionSummary]:
        """Lists executions, the newest first, each as it last came to rest."""
        before = None if query.cursor is None else decode_uuid(query.cursor)
        wanted = query.filter(await gate.workflows(caller, READ))
        found = await reader.list(
            caller.tenant_id,
            wanted,
            before=before,
            limit=query.limit + 1,
            with_input=await gate.looks_at_each(caller, READ),
        )
        page = found[: query.limit]
        shown = await gate.visible(caller, READ, page, _resource)
        more = len(found) > len(page)
        return Page(
            items=[ExecutionSummary.of_row(row, await gate.mask(caller, row.workflow_id)) for row in shown],
            next_cursor=encode_cursor([str(page[-1].id)]) if more else None,
        )

    @router.get(
        "/executions/{execution_id}",
        summary="Get an execution",
        responses=answers(examples.EXECUTION, description="The execution as it is now."),
    )
    async def get_execution(caller: Reader, execution_id: ExecutionId) -> ExecutionDetail:
        """Shows an execution as its log tells it."""
        return await executions.detail(caller, await reader.get(caller.tenant_id, execution_id))

    @router.get(
        "/executions/{execution_id}/events",
        summary="List an execution's events",
        response_model_exclude_unset=True,
        responses=answers(examples.EVENTS, description="In order."),
    )
    async def list_events(
        caller: Reader, execution_id: ExecutionId, query: Annotated[EventQuery, Query()]
    ) -> EventPage:
        """Lists the facts of an execution's log in order."""
        found = await reader.events(caller.tenant_id, execution_id, after=query.after, limit=query.limit + 1)
        mask = await gate.mask(caller, await reader.workflow_of(caller.tenant_id, execution_id))
        items = [EventOut.of(event, mask) for event in found[: query.limit]]
        return EventPage(items=items, next_cursor=items[-1].seq if len(found) > len(items) else None)

    @router.get(
        "/executions/{execution_id}/steps",
        summary="List an execution's steps",
        responses=answers(examples.STEPS, description="In the order in which they began."),
    )
    async def list_steps(caller: Reader, execution_id: ExecutionId) -> StepList:
        """Lists every step that has begun, as the log tells it."""
        found = await reader.steps(caller.tenant_id, execution_id)
        return StepList.of(found, await gate.mask(caller, found.workflow_id))


def _add_steering(router: APIRouter, executions: Executions) -> None:
    steering = executions.steering

    async def effect(caller: Caller, acted: Acted) -> Response:
        return await executions.answer(caller, acted.snapshot, 200 if acted.is_effective else 202)

    @router.post(
        "/executions/{execution_id}/cancel",
        summary="Cancel an execution",
        responses=_acted(examples.CANCELLED),
    )
    async def cancel_execution(
        caller: Canceller,
        execution_id: ExecutionId,
        body: Annotated[CancelBody | None, _body({"reason": "Ordered twice"})] = None,
    ) -> Response:
        """Ends an execution before its time."""
        return await effect(
            caller, await steering.cancel(caller.tenant_id, execution_id, None if body is None else body.reason)
        )

    @router.post("/executions/{execution_id}/pause", summary="Pause an execution", responses=_acted(examples.PAUSED))
    async def pause_execution(caller: Pauser, execution_id: ExecutionId) -> Response:
        """Lets an execution begin nothing new; what runs is recorded when it ends."""
        return await effect(caller, await steering.pause(caller.tenant_id, execution_id))

    @router.post("/executions/{execution_id}/resume", summary="Resume an execution", responses=_acted(examples.RESUMED))
    async def resume_execution(caller: Pauser, execution_id: ExecutionId) -> Response:
        """Lets a paused execution go on."""
        return await effect(caller, await steering.resume(caller.tenant_id, execution_id))

    @router.post(
        "/executions/{execution_id}/signals",
        status_code=202,
        summary="Signal an execution",
        responses=answers(examples.SIGNALLED, status=202, description="On its way, and durable."),
    )
    async def signal_execution(
        caller: Signaller, execution_id: ExecutionId, body: Annotated[SignalBody, _body(examples.SIGNAL)]
    ) -> Signalled:
        """Resumes the step that waits for this name; kept where none waits yet."""
        await steering.signal(caller.tenant_id, execution_id, body.name, body.payload)
        return Signalled(execution_id=execution_id, name=body.name)

    @router.post(
        "/events",
        status_code=202,
        tags=["Events"],
        summary="Deliver an event",
        responses=answers(examples.DELIVERED, status=202, description="On its way, and durable."),
    )
    async def deliver_event(caller: Deliverer, body: Annotated[EventBody, _body(examples.EVENT)]) -> Delivered:
        """Resumes every step that waits for this name and correlation. Nothing is kept where none waits."""
        delivered = await steering.deliver(caller.tenant_id, body.name, body.correlation, body.payload)
        return Delivered(name=body.name, delivered=delivered)


def _body(example: dict[str, Any]) -> Any:
    return Body(openapi_examples={"example": {"value": example}})


def _acted(example: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    return {
        **answers(example, description="The execution afterwards."),
        **answers(example, status=202, description="The execution; no worker has taken the message in yet."),
    }


def _accepted(workflow_id: str, demand: StartDemand, started: Started) -> Response:
    return JsonResponse(
        {
            "id": started.id,
            "workflowId": workflow_id,
            "versionNumber": started.version_number,
            "status": ExecutionStatus.PENDING,
            "priority": demand.priority,
            "tags": demand.tags or [],
        },
        status_code=202,
    )


def _resource(row: Execution) -> Resource:
    return resource_of_run("Execution", cast("RunRow", row))


def _read_wait(request: Request) -> float:
    wait = 0.0
    if not request.scope["query_string"]:
        return wait
    for name, value in request.query_params.multi_items():
        if name != "wait":
            raise InvalidStart([FieldError(f"/{name}", "unknown query parameter", "unknown_field")])
        try:
            wait = float(value)
        except ValueError:
            wait = -1.0
        if not 0 <= wait <= MAX_WAIT:
            message = f"must be a number of seconds from 0 to {MAX_WAIT:.0f}"
            raise InvalidStart([FieldError("/wait", message, "out_of_range")])
    return wait
