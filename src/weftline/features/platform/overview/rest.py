"""What operators see, over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from weftline.features.access.caller import Caller
from weftline.features.access.http import operator
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.paging import Page
from weftline.features.http.routing import api_router
from weftline.features.platform import examples
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
from weftline.features.tenancy.errors import TenantNotFound
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
        window = query.window()
        found = await service.tenants(caller, query.filter(), window, reason=reason)
        items = [TenantOverview.of(*each) for each in window.cut(found)]
        return window.page_of([tenant for tenant, _ in found], items)

    @router.get(
        "/executions",
        summary="List every tenant's executions",
        responses=answers({"items": [examples.EXECUTION], "nextCursor": None}, description="By tenant, newest first.")
        | failures(TenantNotFound),
    )
    async def list_every_execution(
        caller: Operator, query: Annotated[ExecutionsQuery, Query()], reason: StatedReason
    ) -> Page[ExecutionOverview]:
        """Lists executions of the tenants that you may see, without their data."""
        window = query.window()
        status = None if query.status is None else query.status.value
        found = await service.executions(caller, window, tenant_id=query.tenant_id, status=status, reason=reason)
        return window.page(found, ExecutionOverview.model_validate)

    @router.get(
        "/tasks",
        summary="List every tenant's tasks",
        responses=answers({"items": [examples.TASK], "nextCursor": None}, description="By tenant, newest first.")
        | failures(TenantNotFound),
    )
    async def list_every_task(
        caller: Operator, query: Annotated[TasksQuery, Query()], reason: StatedReason
    ) -> Page[TaskOverview]:
        """Lists human tasks of the tenants that you may see, without their data."""
        window = query.window()
        status = None if query.status is None else query.status.value
        found = await service.tasks(caller, window, tenant_id=query.tenant_id, status=status, reason=reason)
        return window.page(found, TaskOverview.model_validate)

    @router.get(
        "/statistics", summary="Get the figures", responses=answers(examples.STATISTICS, description="As they are now.")
    )
    async def get_statistics(caller: Operator, reason: StatedReason) -> StatisticsOut:
        """Counts what the tenants have that you may see, and what goes on there now."""
        return StatisticsOut.model_validate(await service.statistics(caller, reason=reason))

    return router
