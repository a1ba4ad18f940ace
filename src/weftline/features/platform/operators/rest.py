"""Operators over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Path, Query

from weftline.features.access.caller import Caller
from weftline.features.access.http import operator
from weftline.features.http.examples import answers
from weftline.features.http.paging import Page, decode_uuid, encode_cursor
from weftline.features.http.routing import api_router
from weftline.features.platform import examples
from weftline.features.platform.operators.schemas import OperatorBody, OperatorOut, OperatorQuery
from weftline.features.platform.operators.service import OperatorService
from weftline.features.platform.permissions import OPERATORS
from weftline.features.platform.reason import StatedReason

Chief = Annotated[Caller, operator(OPERATORS)]
UserId = Annotated[UUID, Path(description="The person's id.", examples=[examples.OPERATOR["userId"]])]


def operator_routes(service: OperatorService) -> APIRouter:
    """The routes of operators."""
    router = api_router("/platform/operators", tag="Platform")

    @router.get(
        "",
        summary="List operators",
        responses=answers({"items": [examples.OPERATOR], "nextCursor": None}, description="Oldest accounts first."),
    )
    async def list_operators(
        caller: Chief, query: Annotated[OperatorQuery, Query()], reason: StatedReason
    ) -> Page[OperatorOut]:
        """Lists who operates the platform."""
        after = None if query.cursor is None else decode_uuid(query.cursor)
        found = await service.list(caller, reason=reason, after=after, limit=query.limit + 1)
        items = [OperatorOut.model_validate(each) for each in found[: query.limit]]
        more = len(found) > len(items)
        return Page(items=items, next_cursor=encode_cursor([str(items[-1].user_id)]) if more else None)

    @router.put(
        "/{user_id}",
        summary="Appoint an operator",
        responses=answers(examples.OPERATOR, description="The operator."),
    )
    async def put_operator(
        caller: Chief,
        user_id: UserId,
        body: Annotated[OperatorBody, Body(openapi_examples={"example": {"value": examples.TENANTS_SEEN}})],
        reason: StatedReason,
    ) -> OperatorOut:
        """Makes a person an operator, or says anew which tenants they see. Nobody does so for themselves."""
        return OperatorOut.model_validate(await service.put(caller, user_id, body.tenants, reason=reason))

    @router.delete(
        "/{user_id}",
        summary="Dismiss an operator",
        responses=answers(examples.OPERATOR, description="What they were."),
    )
    async def remove_operator(caller: Chief, user_id: UserId, reason: StatedReason) -> OperatorOut:
        """Lets a person be an operator no more, within seconds; they leave the tenants they had entered."""
        return OperatorOut.model_validate(await service.remove(caller, user_id, reason=reason))

    return router
