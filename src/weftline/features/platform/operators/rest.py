"""Operators over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Path, Query, Response

from weftline.features.access.caller import Caller
from weftline.features.access.http import operator
from weftline.features.http.conditional import ExpectedEtag, etag
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.paging import Page
from weftline.features.http.routing import api_router
from weftline.features.platform import examples
from weftline.features.platform.errors import (
    EveryTenantNeeded,
    OperatorChanged,
    OperatorNotFound,
    OwnOperatorship,
    UnknownTenant,
)
from weftline.features.platform.operators.schemas import OperatorBody, OperatorOut, OperatorQuery
from weftline.features.platform.operators.service import Operator, OperatorService
from weftline.features.platform.permissions import OPERATORS
from weftline.features.platform.reason import StatedReason

Chief = Annotated[Caller, operator(OPERATORS)]
UserId = Annotated[UUID, Path(description="The person's id.", examples=[examples.OPERATOR["userId"]])]


def operator_routes(service: OperatorService) -> APIRouter:
    """The routes of operators."""
    router = api_router("/platform/operators", tag="Platform")

    def detail(operator: Operator, response: Response) -> OperatorOut:
        response.headers.update(etag(operator.etag))
        return OperatorOut.model_validate(operator)

    @router.get(
        "",
        summary="List operators",
        responses=answers({"items": [examples.OPERATOR], "nextCursor": None}, description="Oldest first.")
        | failures(EveryTenantNeeded),
    )
    async def list_operators(
        caller: Chief, query: Annotated[OperatorQuery, Query()], reason: StatedReason
    ) -> Page[OperatorOut]:
        """Lists who operates the platform."""
        window = query.window()
        return window.page(await service.list(caller, window, reason=reason), OperatorOut.model_validate)

    @router.get(
        "/{user_id}",
        summary="Get an operator",
        responses=answers(examples.OPERATOR, description="The operator.")
        | failures(EveryTenantNeeded, OperatorNotFound),
    )
    async def get_operator(caller: Chief, user_id: UserId, reason: StatedReason, response: Response) -> OperatorOut:
        """Shows which tenants an operator sees."""
        return detail(await service.get(caller, user_id, reason=reason), response)

    @router.put(
        "/{user_id}",
        summary="Appoint an operator",
        responses=answers(examples.OPERATOR, description="The operator.")
        | failures(EveryTenantNeeded, OperatorChanged, OperatorNotFound, OwnOperatorship, UnknownTenant),
    )
    async def put_operator(
        caller: Chief,
        user_id: UserId,
        body: Annotated[OperatorBody, Body(openapi_examples={"example": {"value": examples.TENANTS_SEEN}})],
        reason: StatedReason,
        expected: ExpectedEtag,
        response: Response,
    ) -> OperatorOut:
        """Makes a person an operator, or says anew which tenants they see. Nobody does so for themselves."""
        put = await service.put(caller, user_id, body.tenants, reason=reason, expected_etag=expected)
        return detail(put, response)

    @router.delete(
        "/{user_id}",
        summary="Dismiss an operator",
        responses=answers(examples.OPERATOR, description="What they were.")
        | failures(EveryTenantNeeded, OperatorChanged, OperatorNotFound, OwnOperatorship),
    )
    async def remove_operator(
        caller: Chief, user_id: UserId, reason: StatedReason, expected: ExpectedEtag
    ) -> OperatorOut:
        """Lets a person be an operator no more, within seconds; they leave the tenants they had entered."""
        return OperatorOut.model_validate(await service.remove(caller, user_id, reason=reason, expected_etag=expected))

    return router
