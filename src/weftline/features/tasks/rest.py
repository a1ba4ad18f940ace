"""Human tasks over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Path, Query

from weftline.features.http.body import StrictRoute
from weftline.features.http.examples import answers
from weftline.features.http.paging import InvalidCursor, Page, decode_cursor, encode_cursor
from weftline.features.http.tenant import TenantId
from weftline.features.tasks import examples
from weftline.features.tasks.schemas import ClaimBody, CompleteBody, TaskOut, TaskQuery
from weftline.features.tasks.service import TaskService

TaskId = Annotated[UUID, Path(description="The task's id.", examples=[examples.ID])]


def task_routes(service: TaskService) -> APIRouter:
    """The routes of human tasks."""
    router = APIRouter(prefix="/tasks", tags=["Tasks"], route_class=StrictRoute)

    @router.get(
        "",
        summary="List tasks",
        responses=answers({"items": [examples.OPEN], "nextCursor": None}, description="Newest first."),
    )
    async def list_tasks(tenant_id: TenantId, query: Annotated[TaskQuery, Query()]) -> Page[TaskOut]:
        """Lists human tasks, the newest first."""
        before = None if query.cursor is None else _position(query.cursor)
        found = await service.list(tenant_id, query.filter(), before=before, limit=query.limit + 1)
        items = [TaskOut.model_validate(task) for task in found[: query.limit]]
        more = len(found) > len(items)
        cursor = encode_cursor([items[-1].created_at.isoformat(), str(items[-1].id)]) if more else None
        return Page(items=items, next_cursor=cursor)

    @router.get("/{task_id}", summary="Get a task", responses=answers(examples.OPEN, description="The task."))
    async def get_task(tenant_id: TenantId, task_id: TaskId) -> TaskOut:
        """Shows a task."""
        return TaskOut.model_validate(await service.get(tenant_id, task_id))

    @router.post(
        "/{task_id}/claim",
        summary="Claim a task",
        responses=answers(examples.CLAIMED, description="The claimed task."),
    )
    async def claim_task(
        tenant_id: TenantId,
        task_id: TaskId,
        body: Annotated[ClaimBody | None, Body(openapi_examples={"example": {"value": examples.CLAIM}})] = None,
    ) -> TaskOut:
        """Gives an open task to one person. Safe to repeat for whoever has it."""
        return TaskOut.model_validate(await service.claim(tenant_id, task_id, body.user if body else None))

    @router.post(
        "/{task_id}/complete",
        summary="Complete a task",
        responses=answers(examples.COMPLETED, description="The completed task."),
    )
    async def complete_task(
        tenant_id: TenantId,
        task_id: TaskId,
        body: Annotated[CompleteBody | None, Body(openapi_examples={"example": {"value": examples.COMPLETE}})] = None,
    ) -> TaskOut:
        """Closes a task and resumes its execution. Only the first completion counts."""
        said = body or CompleteBody()
        task = await service.complete(tenant_id, task_id, data=said.data, outcome=said.outcome, user=said.user)
        return TaskOut.model_validate(task)

    return router


def _position(cursor: str) -> tuple[datetime, UUID]:
    created_at, task_id = decode_cursor(cursor, 2)
    try:
        return datetime.fromisoformat(created_at), UUID(task_id)
    except ValueError:
        raise InvalidCursor("The cursor was not handed out by this list.") from None
