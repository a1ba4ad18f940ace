"""Help with expressions over HTTP."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any

from fastapi import APIRouter, Body

from weftline.features.access.caller import Caller
from weftline.features.access.http import requires
from weftline.features.expressions import examples
from weftline.features.expressions.schemas import (
    CheckedOut,
    ExpressionBody,
    FindingOut,
    FunctionOut,
    PlaceBody,
    ScopeOut,
)
from weftline.features.expressions.service import ExpressionService
from weftline.features.http.errors import InvalidRequest
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.routing import api_router
from weftline.features.http.wire import JsonResponse
from weftline.features.workflows.permissions import READ
from weftline.language.scopes import FUNCTIONS, Scope, Shape

Reader = Annotated[Caller, requires(READ, listing=True, takes_key=False)]
"""Nothing is changed, so nothing needs to be done only once."""


def expression_routes(service: ExpressionService) -> APIRouter:
    """The routes that help to write expressions."""
    router = api_router(tag="Workflows")

    @router.post(
        "/workflows/scope",
        summary="Get the scope of a place",
        response_model=ScopeOut,
        responses=answers(examples.SCOPE, description="What is known; nothing is stored.") | failures(InvalidRequest),
    )
    async def get_expression_scope(
        caller: Reader, body: Annotated[PlaceBody, Body(openapi_examples={"example": {"value": examples.PLACE}})]
    ) -> JsonResponse:
        """Tells the names and functions that an expression at a place in a definition can use, with their types as far
        as they are known. The definition may be incomplete, or invalid elsewhere.
        """
        return JsonResponse(_told(await service.scope(caller, body.definition, body.pointer)))

    @router.post(
        "/expressions/check",
        summary="Check an expression",
        responses=answers(examples.CHECKED, description="What is wrong with it; nothing is stored.")
        | failures(InvalidRequest),
    )
    async def check_expression(
        caller: Reader,
        body: Annotated[ExpressionBody, Body(openapi_examples={"example": {"value": examples.EXPRESSION}})],
    ) -> CheckedOut:
        """Tells what is wrong with an expression, were it to stand at a place in a definition, and the type of its
        value. Errors are those of `POST /workflows/validate`; warnings tell of what is probably not there.
        """
        checked = await service.check(caller, body.definition, body.pointer, body.expression, body.syntax)
        problems = [FindingOut.model_validate(each) for each in checked.problems]
        return CheckedOut(valid=checked.type is not None, problems=problems, type=checked.type)

    return router


def _told(scope: Scope) -> dict[str, Any]:
    names = [_name(name, shape) for name, shape in scope.names.items()]
    return {"syntax": scope.syntax, "names": names, "functions": _functions()}


def _name(name: str, shape: Shape) -> dict[str, Any]:
    # written without its model, for there may be thousands
    return {
        "name": name,
        "type": shape.type,
        "description": shape.description,
        "isCertain": shape.is_certain,
        "isSecret": shape.is_secret,
        "members": [_name(key, each) for key, each in shape.members.items()],
        "items": None if shape.items is None else _name("", shape.items),
    }


@cache
def _functions() -> list[dict[str, Any]]:
    return [FunctionOut.model_validate(each).model_dump(by_alias=True) for each in FUNCTIONS]
