"""The catalogue over HTTP."""

from __future__ import annotations

from functools import cache
from typing import Annotated

import orjson
from fastapi import APIRouter, Header, Request, Response

from weftline.features.access.caller import Caller
from weftline.features.access.http import requires
from weftline.features.catalogue import examples
from weftline.features.catalogue.schemas import CatalogueOut
from weftline.features.catalogue.service import CatalogueService
from weftline.features.http.conditional import content_etag, is_known, not_modified
from weftline.features.http.examples import answers
from weftline.features.http.routing import api_router
from weftline.features.http.wire import JsonResponse
from weftline.features.workflows.permissions import READ
from weftline.language import definition_schema

Reader = Annotated[Caller, requires(READ, listing=True)]

IfNoneMatch = Annotated[
    str | None, Header(description="Answer 304, without a body, while the `ETag` is this one.", max_length=1_000)
]


def catalogue_routes(service: CatalogueService) -> APIRouter:
    """The routes of what a definition can be made of."""
    router = api_router("/catalogue", tag="Workflows")

    @router.get(
        "",
        summary="Get the catalogue",
        response_model=CatalogueOut,
        responses=answers(examples.CATALOGUE, description="As this version has it, and as the caller may see it."),
    )
    async def get_catalogue(caller: Reader) -> Response:
        """Tells what a definition can be made of: kinds of nodes and triggers with their JSON Schemas, the actions that
        it may call, and the dialects that it can be written in.
        """
        return JsonResponse(await service.catalogue(caller))

    @router.get(
        "/definition-schema",
        summary="Get the schema of definitions",
        response_model=None,
        responses={
            **answers(examples.DEFINITION_SCHEMA, description="A JSON Schema (2020-12)."),
            304: {"description": "It is as the caller knows it."},
        },
    )
    async def get_definition_schema(_: Reader, request: Request, if_none_match: IfNoneMatch = None) -> Response:
        """Gives the JSON Schema of a whole definition, for editors. What it cannot say is found by
        `POST /workflows/validate`.
        """
        body, tag = _schema()
        response = Response(body, media_type="application/json", headers={"ETag": tag})
        return not_modified(response) if is_known(request, tag) else response

    return router


@cache
def _schema() -> tuple[bytes, str]:
    body = orjson.dumps(definition_schema())
    return body, content_etag(body)
