"""How each operation can fail, for the OpenAPI document: by which codes, with an example of each.

What a route declares with :func:`~weftline.features.http.failures.failures` is joined with what follows from its
shape: who may use it, whether it reads a body or a query, whether it takes an idempotency key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from weftline.api.catalogue import ProblemKind, catalogue
from weftline.api.problems import MEDIA_TYPE
from weftline.features.access.http import Access, access_of
from weftline.features.http.failures import FAILURES

EVERYWHERE = (
    "cross_site_request",
    "database_unavailable",
    "headers_too_large",
    "internal_error",
    "misdirected_request",
    "rate_limited",
    "uri_too_long",
    "request_timeout",
    "wrong_master_key",
)
SIGNED_IN = ("csrf_refused", "second_factor_required", "tenant_inactive", "tenant_mismatch", "unauthenticated")
KEYED = (
    "idempotency_in_progress",
    "idempotency_key_reused",
    "idempotency_outcome_unknown",
    "invalid_idempotency_key",
)
NAMING = ("not_found", "unstorable")
ASKING = ("invalid_request", "unstorable")
READING = (
    "body_timeout",
    "body_too_large",
    "invalid_request",
    "malformed_json",
    "unstorable",
    "unsupported_media_type",
)

ANY_CALL = tuple(sorted({*EVERYWHERE, *SIGNED_IN, *KEYED, *NAMING, *ASKING, *READING}))
"""What follows from the shape of a call alone."""

SCHEMA: dict[str, Any] = {
    "title": "Problem",
    "description": "What went wrong (RFC 9457).",
    "type": "object",
    "required": ["type", "title", "status", "detail", "code", "instance", "correlationId"],
    "properties": {
        "type": {
            "type": "string",
            "format": "uri-reference",
            "description": "Stable; one for each `code`. The server tells there what it means and what to do.",
        },
        "title": {"type": "string", "description": "The same for every problem of this `code`."},
        "status": {"type": "integer", "description": "The HTTP status."},
        "detail": {"type": "string", "description": "What happened this time."},
        "code": {"type": "string", "description": "Stable, for programs."},
        "instance": {"type": "string", "description": "The path of the request."},
        "correlationId": {"type": "string", "description": "The request's id, as in the logs."},
        "pluginCode": {"type": "string", "description": "A plugin's own code for it, after the plugin's id and a dot."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "message", "code"],
                "properties": {
                    "pointer": {"type": "string", "description": "JSON pointer to the place."},
                    "message": {"type": "string", "description": "What is wrong there."},
                    "code": {"type": "string", "description": "Stable, for programs."},
                    "hint": {"type": ["string", "null"], "description": "How to mend it."},
                },
            },
        },
    },
}

_PARAMETER = re.compile(r"{(\w+)}")

_HEADERS: dict[int, dict[str, Any]] = {
    401: {"WWW-Authenticate": {"description": "`Bearer` (RFC 6750).", "schema": {"type": "string"}}},
    429: {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}},
}


def example_of(parameter: dict[str, Any]) -> Any:
    """What a parameter may be, for example; None where nothing is said."""
    if "example" in parameter:
        return parameter["example"]
    return next(iter(parameter["schema"].get("examples", ())), None)


def filled_path(path: str, parameters: Sequence[dict[str, Any]]) -> str:
    """A path with the examples of its parameters."""
    values = {each["name"]: example_of(each) for each in parameters if each["in"] == "path"}
    return _PARAMETER.sub(lambda found: str(values.get(found[1]) or f"<{found[1]}>"), path)


def method_of(route: APIRoute) -> str:
    """The one method of a route."""
    assert route.methods is not None
    (method,) = route.methods
    return method


def operation_of(document: dict[str, Any], route: APIRoute) -> dict[str, Any]:
    """What an OpenAPI document says of a route."""
    return document["paths"][route.path_format][method_of(route).lower()]


def access_to(route: APIRoute) -> Access | None:
    """What a route declares about who may use it."""
    return next((access for call in _calls(route.dependant) if (access := access_of(call)) is not None), None)


def kinds_of(route: APIRoute, operation: dict[str, Any]) -> list[ProblemKind]:
    """The problems that an operation may answer with, by status and code.

    Args:
        route: whose it is.
        operation: as the OpenAPI document has it.

    Raises:
        KeyError: a code has no words in the catalogue.
    """
    codes = {*EVERYWHERE, *_by_caller(route), *_by_shape(operation)}
    codes |= {code for answer in route.responses.values() for code in answer.get(FAILURES, ())}
    return sorted((catalogue()[code] for code in codes), key=lambda kind: (kind.status, kind.code))


def describe_failures(document: dict[str, Any], routes: Sequence[APIRoute]) -> None:
    """Let an OpenAPI document say how every operation fails.

    Args:
        document: as FastAPI makes it from the routes; changed in place.
        routes: those that it shows.
    """
    components = document["components"]
    components["schemas"]["Problem"] = SCHEMA
    examples: dict[str, Any] = components.setdefault("examples", {})
    for route in routes:
        operation = operation_of(document, route)
        kinds = kinds_of(route, operation)
        for kind in kinds:
            # the first operation that can answer it gives the example its place
            path = "/api/v1/workflows" if kind.code in EVERYWHERE else route.path_format
            instance = filled_path(path, operation.get("parameters", ()))
            examples.setdefault(kind.code, {"summary": kind.title, "value": kind.example(instance)})
        answers: dict[str, Any] = operation["responses"]
        for status in [each for each in answers if each[0] in "45"]:
            del answers[status]
        for status in sorted({kind.status for kind in kinds}):
            answers[str(status)] = _response([kind for kind in kinds if kind.status == status])
    components["examples"] = dict(sorted(examples.items()))


def codes_of(operation: dict[str, Any]) -> Iterator[str]:
    """The codes that an operation fails by, as the finished document has them.

    Args:
        operation: with its responses in their places, not as references.
    """
    for status, answer in operation["responses"].items():
        if status[0] in "45":
            yield from answer["content"][MEDIA_TYPE]["examples"]


def response_name(status: str, response: dict[str, Any]) -> str | None:
    """What a failure is called where operations share it: ``403-permission_denied``.

    The status stands for those of its codes that whoever is signed in and repeats a request may meet anywhere.

    Args:
        status: the HTTP status that it is answered with.
        response: as the OpenAPI document has it.

    Returns:
        The name, or None where the response is no failure.
    """
    if status[0] not in "45":
        return None
    codes: set[str] = set(response["content"][MEDIA_TYPE]["examples"])
    usual = {code for code in (*EVERYWHERE, *SIGNED_IN, *KEYED) if str(catalogue()[code].status) == status}
    parts = [status, *sorted(codes - usual)] if usual and usual <= codes else sorted(codes)
    return "-".join(parts)


def _response(kinds: Sequence[ProblemKind]) -> dict[str, Any]:
    shown = {kind.code: {"$ref": f"#/components/examples/{kind.code}"} for kind in kinds}
    response: dict[str, Any] = {
        "description": f"{kinds[0].phrase}.",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": shown}},
    }
    if headers := _HEADERS.get(kinds[0].status):
        response["headers"] = headers
    return response


def _by_caller(route: APIRoute) -> Iterator[str]:
    access = access_to(route)
    if access is None or access.kind == "public":
        return
    yield from SIGNED_IN
    if access.kind == "permission":
        yield "permission_denied"
    if access.kind == "operator":
        yield from ("every_tenant_needed", "operators_only", "reason_required")
    if access.takes_key and method_of(route) == "POST":
        yield from KEYED


def _by_shape(operation: dict[str, Any]) -> Iterator[str]:
    parameters = [(each["in"], each["name"]) for each in operation.get("parameters", ())]
    if any(place != "path" for place, _ in parameters):
        yield from ASKING
    if ("query", "cursor") in parameters:
        yield "invalid_cursor"
    if any(place == "path" for place, _ in parameters):
        yield from NAMING
    if "requestBody" in operation:
        yield from READING


def _calls(dependant: Dependant) -> Iterator[object]:
    for dependency in dependant.dependencies:
        yield dependency.call
        yield from _calls(dependency)
