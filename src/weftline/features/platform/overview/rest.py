"""What operators see, over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from weftline.features.access.caller import Caller
from weftline.features.access.http import operator
from weftline.features.http.examples import answers
from weftline.features.http.paging import InvalidCursor, Page, decode_cursor, decode_uuid, encode_cursor
from weftline.features.http.routing import api_router
from weftline.features.platform import examples
from weftline.features.platform.overview.repository import Position
from weftline.features.platform.overview.schemas import (
    ExecutionOverview,
    ExecutionsQuery,
    StatisticsOut,
    TaskOverview,
    TasksQuery,
    TenantOverview,
)
from weftline.features.platform.overview.service import Overview
from weftline.features.platform.permissions import READ
from weftline.features.platform.reason import StatedReason
from weftline.features.tenancy.schemas import TenantQuery

Operator = Annotated[Caller, operator(READ)]


def overview_routes(service: Overview) -> APIRouter:
    """The routes of operators' lists and figures."""
    router = api_router("/platform", tag="Platform")

    @router.get(
        "/tenants",
        summary="List every tenant",
        responses=answers({"items": [examples.TENANT], "nextCursor": None}, description="By id."),
    )
    async def list_every_tenant(
        caller: Operator, query: Annotated[TenantQuery, Query()], reason: StatedReason
    ) -> Page[TenantOverview]:
        """Lists the tenants that you may see as an operator, with how much they have."""
        after = None if query.cursor is None else decode_uuid(query.cursor)
        found = await service.tenants(caller, query.filter(), reason=reason, after=after, limit=query.limit + 1)
        items = [TenantOverview.of(*each) for each in found[: query.limit]]
        return Page(items=items, next_cursor=encode_cursor([str(items[-1].id)]) if len(found) > len(items) else None)

    @router.get(
        "/executions",
        summary="List every tenant's executions",
        responses=answers({"items": [examples.EXECUTION], "nextCursor": None}, description="By tenant, newest first."),
    )
    async def list_every_execution(
        caller: Operator, query: Annotated[ExecutionsQuery, Query()], reason: StatedReason
    ) -> Page[ExecutionOverview]:
        """Lists executions of the tenants that you may see, without their data."""
        found = await service.executions(
            caller,
            tenant_id=query.tenant_id,
            status=None if query.status is None else query.status.value,
            reason=reason,
            before=_position(query.cursor),
            limit=query.limit + 1,
        )
        items = [ExecutionOverview.model_validate(row) for row in found[: query.limit]]
        return Page(items=items, next_cursor=_cursor(items[-1]) if len(found) > len(items) else None)

    @router.get(
        "/tasks",
        summary="List every tenant's tasks",
        responses=answers({"items": [examples.TASK], "nextCursor": None}, description="By tenant, newest first."),
    )
    async def list_every_task(
        caller: Operator, query: Annotated[TasksQuery, Query()], reason: StatedReason
    ) -> Page[TaskOverview]:
        """Lists human tasks of the tenants that you may see, without their data."""
        found = await service.tasks(
            caller,
            tenant_id=query.tenant_id,
            status=None if query.status is None else query.status.value,
            reason=reason,
            before=_position(query.cursor),
            limit=query.limit + 1,
        )
        items = [TaskOverview.model_validate(row) for row in found[: query.limit]]
        return Page(items=items, next_cursor=_cursor(items[-1]) if len(found) > len(items) else None)

    @router.get(
        "/statistics", summary="Get the figures", responses=answers(examples.STATISTICS, description="As they are now.")
    )
    async def get_statistics(caller: Operator, reason: StatedReason) -> StatisticsOut:
        """Counts what the tenants have that you may see, and what goes on there now."""
        return StatisticsOut.model_validate(await service.statistics(caller, reason=reason))

    return router


def _cursor(item: ExecutionOverview | TaskOverview) -> str:
    return encode_cursor([str(item.tenant_id), str(item.id)])


def _position(cursor: str | None) -> Position | None:
    if cursor is None:
        return None
    try:
        return Position(*(UUID(part) for part in decode_cursor(cursor, 2)))
    except ValueError:
        raise InvalidCursor("The cursor was not handed out by this list.") from None
