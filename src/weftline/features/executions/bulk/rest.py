"""Acts on many executions over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Path, Query, Response

from weftline.features.access.caller import Caller
from weftline.features.access.errors import PermissionDenied
from weftline.features.access.http import requires
from weftline.features.executions.bulk import examples
from weftline.features.executions.bulk.errors import BulkOperationEnded, BulkOperationNotFound, TooManyExecutions
from weftline.features.executions.bulk.schemas import (
    BulkBody,
    BulkOperationOut,
    BulkOperationQuery,
    DryRunOut,
    FailureOut,
    FailureQuery,
)
from weftline.features.executions.bulk.service import BulkOperations, Demand
from weftline.features.executions.permissions import BULK
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.paging import Page
from weftline.features.http.routing import api_router

Operator = Annotated[Caller, requires(BULK)]
OperationId = Annotated[UUID, Path(description="The operation's id.", examples=[examples.ID])]
BulkDemand = Annotated[BulkBody, Body(openapi_examples={"example": {"value": examples.START}})]


def bulk_routes(service: BulkOperations) -> APIRouter:
    """The routes of acts on many executions."""
    router = api_router("/bulk-operations", tag="Executions")

    @router.post(
        "",
        status_code=202,
        summary="Do something to many executions",
        responses={
            **answers(examples.STARTED, status=202, description="Begun, and durable."),
            **answers(examples.DRY_RUN, description="A dry run: how many executions it would be."),
        }
        | failures(PermissionDenied, TooManyExecutions),
    )
    async def start_bulk_operation(
        caller: Operator, body: BulkDemand, response: Response
    ) -> BulkOperationOut | DryRunOut:
        """Chooses the executions that fit now and on which the caller has the act's own permission, and does it to
        them page by page."""
        asked = body.filter.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        demand = Demand(body.act, body.filter.filter(), asked, body.reason)
        if body.dry_run:
            response.status_code = 200
            return DryRunOut(act=body.act, total=await service.count(caller, demand))
        return BulkOperationOut.of(await service.create(caller, demand))

    @router.get(
        "",
        summary="List bulk operations",
        responses=answers({"items": [examples.OPERATION], "nextCursor": None}, description="Newest first."),
    )
    async def list_bulk_operations(
        caller: Operator, query: Annotated[BulkOperationQuery, Query()]
    ) -> Page[BulkOperationOut]:
        """Lists acts on many executions, the newest first unless asked otherwise."""
        window = query.window()
        return window.page(await service.list(caller.tenant_id, window), BulkOperationOut.of)

    @router.get(
        "/{operation_id}",
        summary="Get a bulk operation",
        responses=answers(examples.OPERATION, description="How far it has come.") | failures(BulkOperationNotFound),
    )
    async def get_bulk_operation(caller: Operator, operation_id: OperationId) -> BulkOperationOut:
        """Shows how far an act on many executions has come."""
        return BulkOperationOut.of(await service.get(caller.tenant_id, operation_id))

    @router.get(
        "/{operation_id}/failures",
        summary="List what a bulk operation could not do",
        responses=answers({"items": [examples.FAILURE], "nextCursor": None}, description="In order.")
        | failures(BulkOperationNotFound),
    )
    async def list_bulk_failures(
        caller: Operator, operation_id: OperationId, query: Annotated[FailureQuery, Query()]
    ) -> Page[FailureOut]:
        """Lists the executions to which the act could not be done, with the reason of each."""
        window = query.window()
        return window.page(await service.failures(caller.tenant_id, operation_id, window), FailureOut.of)

    @router.post(
        "/{operation_id}/cancel",
        summary="Cancel a bulk operation",
        responses=answers(examples.CANCELLED, description="The operation afterwards.")
        | failures(BulkOperationEnded, BulkOperationNotFound),
    )
    async def cancel_bulk_operation(caller: Operator, operation_id: OperationId) -> BulkOperationOut:
        """Ends an act on many executions before its time. What was done stays done."""
        return BulkOperationOut.of(await service.cancel(caller.tenant_id, operation_id))

    return router
