"""What lies beside the API: pages for people, and which versions of the API there are."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import HTMLResponse

from weftline.api.catalogue import catalogue
from weftline.api.document import api_document
from weftline.api.pages import error_page, errors_page, landing_page, reference_page
from weftline.features.access.http import public
from weftline.features.errors import NotFound
from weftline.features.http.routing import PREFIX
from weftline.features.http.wire import JsonResponse

VERSIONS: dict[str, Any] = {
    "versions": [
        {"version": "v1", "status": "current", "url": PREFIX, "openapi": f"{PREFIX}/openapi.json", "docs": "/docs"}
    ]
}

_reference = cache(lambda: reference_page(api_document()))


def site_routes(version: str, *, has_web_app: bool) -> APIRouter:
    """The routes of what lies beside the API.

    Args:
        version: Weftline's.
        has_web_app: people who open the server's address see the web app, and not where to begin.
    """
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse, dependencies=[public()])

    if not has_web_app:

        @router.get("/")
        async def landing() -> HTMLResponse:
            return HTMLResponse(landing_page(version))

    @router.get("/docs")
    async def docs() -> HTMLResponse:
        return HTMLResponse(_reference())

    @router.get("/errors")
    async def errors() -> HTMLResponse:
        return HTMLResponse(errors_page())

    @router.get("/errors/{code}")
    async def error(code: Annotated[str, Path(max_length=100)]) -> HTMLResponse:
        kind = catalogue().get(code)
        if kind is None:
            raise NotFound("There is no error of this code.")
        return HTMLResponse(error_page(kind))

    @router.get("/api")
    async def versions() -> JsonResponse:
        return JsonResponse(VERSIONS)

    return router
