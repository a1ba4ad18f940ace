"""Routers of the API.

A router has its whole path from the start and is not included in another: FastAPI makes every route anew for each
router that it is included in, which takes most of the time in which the application starts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute
from pydantic.alias_generators import to_camel

from weftline.features.http.reading import ApiRoute

PREFIX = "/api/v1"

_FAILING: dict[int | str, dict[str, Any]] = {"4XX": {"description": "See `weftline.api.failing`."}}
"""Keeps FastAPI from describing failures in its own way."""


def api_router(prefix: str = "", *, tag: str, strict: bool = True, dependencies: Sequence[Any] = ()) -> APIRouter:
    """A router below ``/api/v1``.

    Args:
        prefix: of its paths, below ``/api/v1``.
        tag: under which the OpenAPI document shows its operations.
        strict: read JSON bodies strictly; for routes whose bodies are JSON.
        dependencies: of every route.
    """
    return APIRouter(
        prefix=PREFIX + prefix,
        tags=[tag],
        route_class=ApiRoute if strict else APIRoute,
        dependencies=list(dependencies),
        responses=_FAILING,
        generate_unique_id_function=_operation_id,
        strict_content_type=False,
    )


def _operation_id(route: APIRoute) -> str:
    return to_camel(route.name)
