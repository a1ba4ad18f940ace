"""The OpenAPI document: made once in a process, from the routes alone."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from typing import Any, cast

from fastapi.encoders import jsonable_encoder
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from weftline.api.failing import access_to, describe_failures, method_of, operation_of
from weftline.api.routes import feature_routers
from weftline.api.sharing import share
from weftline.features.idempotency.header import HEADER, MAX_KEY

TITLE = "Weftline"
DESCRIPTION = """\
Workflows that survive crashes, restarts and days of waiting. JSON in camelCase, UUIDv7 ids, RFC 3339 times in UTC, \
pages by cursor; every error is a problem document (RFC 9457). Sign in with `POST /auth/login`, and send the access \
token, or an API key, as `Authorization: Bearer …`."""


_TEXT = {"type": "string"}

_VALUES = ("default", "enum", "example", "examples")
"""What holds values of those who call, and no schemas."""

_REFERENCE = "#/components/schemas/"

KEY_PARAMETER: dict[str, Any] = {
    "name": HEADER,
    "in": "header",
    "description": "New for each act; the same request under the same key is carried out once, and answered again.",
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY},
}


@cache
def api_document() -> dict[str, Any]:
    """The OpenAPI document of everything under ``/api/v1``. Not to be changed: every application shares it."""
    routes = [
        route
        for router in feature_routers()
        for route in router.routes
        if isinstance(route, APIRoute) and route.include_in_schema
    ]
    document = get_openapi(title=TITLE, version=version("weftline"), description=DESCRIPTION, routes=routes)
    for route in routes:
        _complete(operation_of(document, route), route)
    describe_failures(document, routes)
    document = _without_titles(_with_short_names(document))
    share(document)
    return document


def _complete(operation: dict[str, Any], route: APIRoute) -> None:
    """Say what FastAPI leaves out.

    Args:
        operation: as the document has it; changed in place.
        route: whose it is.
    """
    for status, answer in route.responses.items():
        for kind, media in answer.get("content", {}).items():
            described = operation["responses"][str(status)]["content"][kind]
            if "example" in media:
                # with its nulls, too
                described["example"] = jsonable_encoder(media["example"])
            if kind == "application/json" and described.get("schema") == _TEXT:
                # FastAPI takes whatever has no model for text
                del described["schema"]
    access = access_to(route)
    if access is not None and access.permission is not None:
        operation["x-permission"] = access.permission
    if access is not None and access.takes_key and method_of(route) == "POST":
        operation.setdefault("parameters", []).append(KEY_PARAMETER)


def _with_short_names(document: dict[str, Any]) -> dict[str, Any]:
    """The same, where schemas of one name are told apart by what they belong to, and not by their modules."""
    schemas = document["components"]["schemas"]
    short = {name: _short(name) for name in schemas}
    document["components"]["schemas"] = {
        short[name]: schemas[name] for name in sorted(schemas, key=lambda each: short[each])
    }
    _rename(document, {_REFERENCE + name: _REFERENCE + short[name] for name in schemas if name != short[name]})
    return document


def _short(name: str) -> str:
    """``weftline__features__tasks__schemas__CompleteBody`` is ``TasksCompleteBody``."""
    *modules, last = name.split("__")
    areas = [module for module in modules if module != "schemas"]
    return areas[-1].title().replace("_", "") + last if areas else name


def _rename(part: Any, names: dict[str, str]) -> None:
    """Let references within a part of a document follow new names."""
    if isinstance(part, dict):
        fields = cast("dict[str, Any]", part)
        if fields.get("$ref") in names:
            fields["$ref"] = names[fields["$ref"]]
        part = list(fields.values())
    if isinstance(part, list):
        for each in cast("list[Any]", part):
            _rename(each, names)


def _without_titles(document: dict[str, Any]) -> dict[str, Any]:
    """The same without the titles of fields and parameters, which are their names once more."""
    components = document["components"]
    # a schema's own title stays
    schemas = {
        name: {key: part if key == "title" else _untitled(part) for key, part in schema.items()}
        for name, schema in components["schemas"].items()
    }
    return {**document, "paths": _untitled(document["paths"]), "components": {**components, "schemas": schemas}}


def _untitled(part: Any) -> Any:
    if isinstance(part, list):
        return [_untitled(each) for each in cast("list[Any]", part)]
    if not isinstance(part, dict):
        return part
    return {
        key: value if key in _VALUES else _untitled(value)
        for key, value in cast("dict[str, Any]", part).items()
        if key != "title" or not isinstance(value, str)
    }
