"""Routes that are read from: sparse answers, and none where the caller has it already."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi._compat import ModelField
from fastapi.routing import APIRoute
from pydantic.fields import FieldInfo

from weftline.features.http.body import StrictRoute
from weftline.features.http.conditional import content_etag, is_known, not_modified
from weftline.features.http.sparse import DESCRIPTION, MAX_LENGTH, PARAMETER, Shape

_FIELDS: dict[str, Any] = {
    "name": PARAMETER,
    "in": "query",
    "description": DESCRIPTION,
    "schema": {"type": "string", "maxLength": MAX_LENGTH},
}
_IF_NONE_MATCH: dict[str, Any] = {
    "name": "If-None-Match",
    "in": "header",
    "description": "Answer 304, without a body, while the `ETag` is this one.",
    "schema": {"type": "string", "maxLength": 1_000},
}
_NOT_MODIFIED = {"description": "It is as the caller knows it."}


class ApiRoute(StrictRoute):
    """A route of the API. Whatever it lets read can be asked for in part, and on condition that it has changed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shape = self._shape()
        if shape is None:
            return
        parameters = [] if self._query_fields() else [_FIELDS]
        if not shape.is_list:
            parameters.append(_IF_NONE_MATCH)
            self.responses = {**self.responses, 304: _NOT_MODIFIED}
        extra = self.openapi_extra or {}
        self.openapi_extra = {**extra, "parameters": [*extra.get("parameters", ()), *parameters]}

    def _make_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, whose answer is trimmed to what is asked for."""
        handle = super()._make_handler()
        shape = self._shape()
        if shape is None:
            return handle

        async def read(request: Request) -> Response:
            wanted = shape.wanted(request) if request.scope["query_string"] else None
            response = await handle(request)
            if response.status_code != 200:
                return response
            if wanted is not None:
                response.body = shape.trim(bytes(response.body), wanted)
                response.headers["Content-Length"] = str(len(response.body))
            return response if shape.is_list else _unless_known(request, response)

        return read

    def _shape(self) -> Shape | None:
        if self.methods != {"GET"}:
            return None
        shape, known = Shape.of(self.response_model), self._query_fields()
        # a query that is a model refuses what is not in it
        return shape if not known or PARAMETER in known else None

    def _query_fields(self) -> frozenset[str]:
        """The names in a query that is a model."""
        return frozenset(name for each in self.dependant.query_params for name in _names_in(each))


def _unless_known(request: Request, response: Response) -> Response:
    tag = response.headers.get("etag")
    if tag is None:
        if response.headers.get("cache-control") == "no-store":
            return response
        tag = response.headers["ETag"] = content_etag(bytes(response.body))
    return not_modified(response) if is_known(request, tag) else response


def query_names(route: APIRoute) -> list[str]:
    """What the query of a route may say, by name."""
    return sorted({name for each in route.dependant.query_params for name in _names_in(each) or (each.alias,)})


def _names_in(parameter: ModelField) -> list[str]:
    model: Any = parameter.field_info.annotation
    fields: dict[str, FieldInfo] = getattr(model, "model_fields", {})
    return [field.alias or name for name, field in fields.items()]
