"""Executions over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, cast
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Path, Query, Request, Response
from structlog.contextvars import bind_contextvars

from weftline.features.access.caller import Caller
from weftline.features.access.fields.masking import FieldMask
from weftline.features.access.gate import Gate
from weftline.features.access.http import requires
from weftline.features.access.policies.request import Resource
from weftline.features.access.resources import RunRow, resource_of_run
from weftline.features.errors import FieldError, PreconditionFailed, UnsupportedMediaType
from weftline.features.executions import examples
from weftline.features.executions.batch import start_batch
from weftline.features.executions.commands import Command
from weftline.features.executions.context import SCHEMA as CONTEXT
from weftline.features.executions.demand import StartDemand, read_start
from weftline.features.executions.editing import Change, Editor
from weftline.features.executions.errors import (
    ConcurrencyLimit,
    ExecutionEnded,
    ExecutionNotFound,
    InvalidInput,
    InvalidSettings,
    InvalidStart,
    TooManyLines,
)
from weftline.features.executions.listing import Filter
from weftline.features.executions.models import Execution
from weftline.features.executions.permissions import CANCEL, DELIVER, EDIT, PAUSE, READ, SIGNAL, START
from weftline.features.executions.reader import ExecutionReader, Snapshot
from weftline.features.executions.repeating import check_repeated, replayed
from weftline.features.executions.schemas import (
    CancelBody,
    ChangeBody,
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
    plain_summary,
)
from weftline.features.executions.starter import Started, Starter
from weftline.features.executions.steering import Acted, Steering
from weftline.features.executions.watcher import Watcher
from weftline.features.http.body import media_type, parse_json, require_json
from weftline.features.http.conditional import ExpectedEtag, etag
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.listing import Window
from weftline.features.http.paging import Page
from weftline.features.http.routing import api_router
from weftline.features.http.wire import JsonResponse
from weftline.features.idempotency.errors import IdempotencyKeyReused, InvalidIdempotencyKey
from weftline.features.idempotency.header import HEADER, read_key
from weftline.features.shared import Shared, alone, same_request
from weftline.features.tenancy.errors import LimitReached
from weftline.features.workflows.errors import NotPublished, WorkflowArchived, WorkflowNotFound
from weftline.features.workflows.parameters import WorkflowId
from weftline.model.status import ExecutionStatus
from weftline.store.inbox import MessageKind

MAX_WAIT = 60.0
"""Seconds that a start may wait for the end."""

NDJSON = frozenset({"", "application/x-ndjson", "application/ndjson", "application/jsonl", "application/json"})


async def _execution_id(
    execution_id: Annotated[UUID, Path(description="The execution's id.", examples=[examples.ID])],
) -> UUID:
    bind_contextvars(execution_id=str(execution_id))
    return execution_id


ExecutionId = Annotated[UUID, Depends(_execution_id)]

Beginner = Annotated[Caller, requires(START, takes_key=False)]
"""Starts one execution, which itself remembers the key."""
Batcher = Annotated[Caller, requires(START)]
Lister = Annotated[Caller, requires(READ, listing=True)]
Reader = Annotated[Caller, requires(READ)]
Canceller = Annotated[Caller, requires(CANCEL)]
Pauser = Annotated[Caller, requires(PAUSE)]
Editing = Annotated[Caller, requires(EDIT)]
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
                        "attributes": {
                            "type": "object",
                            "maxProperties": 32,
                            "additionalProperties": {"type": ["string", "number", "boolean"], "maxLength": 255},
                            "description": "What it can be found by, besides what the workflow's settings say.",
                        },
                        "priority": {
                            "type": "integer",
                            "minimum": 0,
                            "maximum": 9,
                            "description": "The highest first; absent: as the workflow's settings say, else 5.",
                        },
                        "context": CONTEXT,
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
    editor: Editor
    gate: Gate

    async def start(self, caller: Caller, workflow_id: str, request: Request) -> Response:
        """Answer a caller's request to start an execution."""
        wait = _read_wait(request)
        body = await request.body()
        if body:
            require_json(request)
        header = request.headers.get(HEADER)
        key = None if header is None else read_key(header)
        demand = read_start(parse_json(body) if body else None, key)
        tenant_id = caller.tenant_id
        started = await self.starter.start(tenant_id, workflow_id, demand)
        bind_contextvars(execution_id=str(started.id))
        if key is not None:
            await check_repeated(self.reader, tenant_id, demand, started)
        if wait:
            await self.watcher.ended(tenant_id, started.id, wait)
        elif started.is_new:
            return _accepted(workflow_id, demand, started)
        snapshot = await self.reader.get(tenant_id, started.id)
        answer = await self.answer(caller, snapshot, 200 if snapshot.status.is_terminal else 202)
        answer.headers.update(_warning(started) | replayed(started))
        return answer

    async def answer(self, caller: Caller, snapshot: Snapshot, status_code: int = 200) -> Response:
        """An execution as the caller may see it."""
        detail = await self.detail(caller, snapshot)
        return Response(detail.model_dump_json(by_alias=True), status_code=status_code, media_type="application/json")

    async def after(self, caller: Caller, acted: Acted) -> Response:
        """An execution after an act on it: 202 while no worker has taken that in."""
        return await self.answer(caller, acted.snapshot, 200 if acted.is_effective else 202)

    async def detail(self, caller: Caller, snapshot: Snapshot) -> ExecutionDetail:
        """An execution as the caller may see it."""
        return ExecutionDetail.of(snapshot, await self.gate.mask(caller, snapshot.row.workflow_id))

    async def detail_with_etag(self, caller: Caller, execution_id: UUID, response: Response) -> ExecutionDetail:
        """An execution as it is now and as the caller may see it, and its state in the response's ``ETag``."""
        snapshot = await self.reader.get(caller.tenant_id, execution_id)
        response.headers.update(etag(snapshot.etag))
        return await self.detail(caller, snapshot)

    async def page(self, caller: Caller, wanted: Filter, window: Window) -> Page[ExecutionSummary]:
        """Those of the executions that fit which the caller may see, page by page."""
        found, seen = await self._seen(caller, wanted, window)
        return window.page_of(found, [ExecutionSummary.of_row(row, mask) for row, mask in seen])

    async def plain_page(
        self, caller: Caller, wanted: Filter, window: Window, at_turn: Callable[[], None] = alone
    ) -> bytes:
        """The same as JSON; see ``weftline.features.shared`` for ``at_turn``."""
        found, seen = await self._seen(caller, wanted, window, at_turn)
        return bytes(window.plain_page(found, [plain_summary(row, mask) for row, mask in seen]).body)

    async def _seen(
        self, caller: Caller, wanted: Filter, window: Window, at_turn: Callable[[], None] = alone
    ) -> tuple[Sequence[Execution], list[tuple[Execution, FieldMask | None]]]:
        """A part of what fits, and what of it the caller may see, with what is hidden of each."""
        gate = self.gate
        # whoever has a grant on some workflows only is decided on by execution, too
        with_input = not caller.can(READ) or await gate.looks_at_each(caller, READ)
        found = await self.reader.list(caller.tenant_id, wanted, window, with_input=with_input, at_turn=at_turn)
        shown = await gate.visible(caller, READ, window.cut(found), resource_of)
        masks = {
            workflow_id: await gate.mask(caller, workflow_id) for workflow_id in {row.workflow_id for row in shown}
        }
        return found, [(row, masks[row.workflow_id]) for row in shown]


def execution_routes(executions: Executions) -> APIRouter:
    """The routes of executions, and of events for whichever execution waits for them."""
    router = api_router(tag="Executions")
    _add_starting(router, executions)
    _add_reading(router, executions)
    _add_editing(router, executions)
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
        }
        | failures(
            InvalidIdempotencyKey,
            IdempotencyKeyReused,
            ExecutionNotFound,
            WorkflowNotFound,
            NotPublished,
            WorkflowArchived,
            ConcurrencyLimit,
            LimitReached,
            InvalidInput,
            InvalidSettings,
        ),
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
        responses=answers(examples.BATCH_STARTED, status=202, description="What was started and what was not.")
        | failures(TooManyLines, NotPublished, WorkflowArchived, WorkflowNotFound),
        openapi_extra=BATCH_BODY,
    )
    async def start_executions(caller: Batcher, workflow_id: WorkflowId, request: Request) -> JsonResponse:
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
    reader, gate, shared = executions.reader, executions.gate, Shared()

    @router.get(
        "/executions",
        summary="List executions",
        response_model=Page[ExecutionSummary],
        responses=answers({"items": [examples.SUMMARY], "nextCursor": None}, description="Newest first."),
    )
    async def list_executions(caller: Lister, query: Annotated[ExecutionQuery, Query()], request: Request) -> Response:
        """Lists executions, the newest first unless asked otherwise, each as it last came to rest.

        A list that is narrowed down by a time is sorted by one of its times, or by `executionTimeMs`; where `sort` is
        absent, by that time, the latest first.
        """
        wanted, window = query.filter(await executions.gate.workflows(caller, READ)), query.window()

        async def page(at_turn: Callable[[], None]) -> bytes:
            return await executions.plain_page(caller, wanted, window, at_turn)

        body = await shared.get(same_request(caller, request), page)
        return Response(body, media_type="application/json")

    @router.get(
        "/executions/{execution_id}",
        summary="Get an execution",
        responses=answers(examples.EXECUTION, description="The execution as it is now.") | failures(ExecutionNotFound),
    )
    async def get_execution(caller: Reader, execution_id: ExecutionId, response: Response) -> ExecutionDetail:
        """Shows an execution as its log tells it."""
        return await executions.detail_with_etag(caller, execution_id, response)

    @router.get(
        "/executions/{execution_id}/events",
        summary="List an execution's events",
        response_model_exclude_unset=True,
        responses=answers(examples.EVENTS, description="In order.") | failures(ExecutionNotFound),
    )
    async def list_events(
        caller: Reader, execution_id: ExecutionId, query: Annotated[EventQuery, Query()]
    ) -> EventPage:
        """Lists the facts of an execution's log in order."""
        tenant_id = caller.tenant_id
        workflow_id, found = await reader.events(tenant_id, execution_id, after=query.after, limit=query.limit + 1)
        mask = await gate.mask(caller, workflow_id)
        items = [EventOut.of(event, mask) for event in found[: query.limit]]
        return EventPage(items=items, next_cursor=items[-1].seq if len(found) > len(items) else None)


def _add_editing(router: APIRouter, executions: Executions) -> None:
    @router.patch(
        "/executions/{execution_id}",
        summary="Change an execution's tags, attributes or priority",
        responses=answers(examples.EXECUTION, description="The execution afterwards.")
        | failures(ExecutionNotFound, PreconditionFailed),
    )
    async def change_execution(
        caller: Editing,
        execution_id: ExecutionId,
        expected: ExpectedEtag,
        body: Annotated[ChangeBody, body_like(examples.CHANGE)],
        response: Response,
    ) -> ExecutionDetail:
        """Changes what an execution is found by, and who goes first; it may run meanwhile. `If-Match` looks at what is
        changed here only: that the execution went on does not count."""
        change = Change(body.tags, body.attributes, body.priority)
        await executions.editor.change(caller.tenant_id, execution_id, change, expected_etag=expected)
        return await executions.detail_with_etag(caller, execution_id, response)


def _add_steering(router: APIRouter, executions: Executions) -> None:
    steering = executions.steering

    async def effect(caller: Caller, execution_id: UUID, command: Command) -> Response:
        return await executions.after(caller, await steering.act(caller.tenant_id, execution_id, command))

    @router.post(
        "/executions/{execution_id}/cancel",
        summary="Cancel an execution",
        responses=acted(examples.CANCELLED) | failures(ExecutionNotFound, ExecutionEnded),
    )
    async def cancel_execution(
        caller: Canceller,
        execution_id: ExecutionId,
        body: Annotated[CancelBody | None, body_like({"reason": "Ordered twice"})] = None,
    ) -> Response:
        """Ends an execution before its time; with `compensate`, once what it did is undone."""
        payload: dict[str, Any] = {"by": caller.name}
        if body is not None:
            payload |= {"reason": body.reason, "undo": body.compensate}
        return await effect(caller, execution_id, Command(MessageKind.CANCEL, payload))

    @router.post(
        "/executions/{execution_id}/pause",
        summary="Pause an execution",
        responses=acted(examples.PAUSED) | failures(ExecutionNotFound, ExecutionEnded, "wrong_status"),
    )
    async def pause_execution(caller: Pauser, execution_id: ExecutionId) -> Response:
        """Lets an execution begin nothing new; what runs is recorded when it ends."""
        return await effect(caller, execution_id, Command(MessageKind.PAUSE, {"by": caller.name}))

    @router.post(
        "/executions/{execution_id}/resume",
        summary="Resume an execution",
        responses=acted(examples.RESUMED) | failures(ExecutionNotFound, ExecutionEnded, "being_undone"),
    )
    async def resume_execution(caller: Pauser, execution_id: ExecutionId) -> Response:
        """Lets a paused execution go on, or one that was rolled back to rest."""
        return await effect(caller, execution_id, Command(MessageKind.RESUME, {"by": caller.name}))

    @router.post(
        "/executions/{execution_id}/signals",
        status_code=202,
        summary="Signal an execution",
        responses=answers(examples.SIGNALLED, status=202, description="On its way, and durable.")
        | failures(ExecutionEnded, ExecutionNotFound),
    )
    async def signal_execution(
        caller: Signaller, execution_id: ExecutionId, body: Annotated[SignalBody, body_like(examples.SIGNAL)]
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
    async def deliver_event(caller: Deliverer, body: Annotated[EventBody, body_like(examples.EVENT)]) -> Delivered:
        """Resumes every step that waits for this name and correlation. Nothing is kept where none waits."""
        delivered = await steering.deliver(caller.tenant_id, body.name, body.correlation, body.payload)
        return Delivered(name=body.name, delivered=delivered)


def body_like(example: dict[str, Any]) -> Any:
    """A JSON body, with an example."""
    return Body(openapi_examples={"example": {"value": example}})


def acted(example: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    """The answers to an act on an execution."""
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
            "priority": started.priority,
            "tags": demand.tags or [],
        },
        status_code=202,
        headers=_warning(started),
    )


def _warning(started: Started) -> dict[str, str]:
    """The header that tells whoever starts a deprecated workflow."""
    return {"Workflow-Deprecated": "true"} if started.is_deprecated else {}


def resource_of(row: Execution) -> Resource:
    """What grants and policies may ask about an execution."""
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
