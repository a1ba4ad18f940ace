"""The route table, and who may use what of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts

from weftline.api.app import Application
from weftline.features.access.http import Access, access_of

PARAMETER = re.compile(r"{(\w+)(?::\w+)?}")


def every_route(application: Application) -> Iterator[tuple[str, RouteContext]]:
    """Every route with its methods and its path, such as ``GET /api/v1/tasks/{task_id}``."""
    for context in iter_route_contexts(application.routes):
        for method in sorted(context.methods or ()):
            yield f"{method} {context.path}", context


def declared(context: RouteContext) -> list[Access]:
    """What a route declares about who may use it."""
    if not isinstance(context.original_route, APIRoute):
        return []
    dependant: Dependant = context.dependant
    return [access for call in _calls(dependant) if (access := access_of(call)) is not None]


def filled(path: str, values: dict[str, str], otherwise: str) -> str:
    """A route's path with values for its parameters."""
    return PARAMETER.sub(lambda found: values.get(found[1], otherwise), path)


def _calls(dependant: Dependant) -> Iterator[object]:
    for dependency in dependant.dependencies:
        yield dependency.call
        yield from _calls(dependency)
