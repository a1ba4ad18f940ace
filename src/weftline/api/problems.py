"""Problem documents (RFC 9457): the one form of every error that leaves the API.

What went wrong inside stays inside: a fault of ours is logged with its trace, and the answer carries only the
correlation id to find it by.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from weftline.api.context import request_id
from weftline.features.errors import DomainError, FieldError, TooManyRequests, Unauthenticated
from weftline.language.json_values import pointer
from weftline.store.errors import StoreUnavailable, Unstorable

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:weftline:problem:"
RETRY_SECONDS = 1

SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri", "description": "Stable; one for each `code`."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "description": "Stable, for programs."},
        "instance": {"type": "string", "description": "The path of the request."},
        "correlationId": {"type": "string", "description": "The request's id, as in the logs."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "message", "code"],
                "properties": {
                    "pointer": {"type": "string", "description": "JSON pointer to the place."},
                    "message": {"type": "string"},
                    "code": {"type": "string"},
                    "hint": {"type": ["string", "null"]},
                },
            },
        },
    },
}

EXAMPLE: dict[str, Any] = {
    "type": f"{TYPE_PREFIX}workflow_not_found",
    "title": "Workflow not found",
    "status": 404,
    "detail": "There is no workflow 'greeting'.",
    "code": "workflow_not_found",
    "instance": "/api/v1/workflows/greeting",
    "correlationId": "0195f3a07c1e7d2a9f6b3a1c5e8d4b21",
}


def problem_body(
    path: str,
    status: int,
    code: str,
    title: str,
    detail: str | None = None,
    errors: Sequence[FieldError] = (),
) -> bytes:
    """The text of a problem document.

    Args:
        path: of the request.
        status: the HTTP status.
        code: stable, in snake_case.
        title: the same for every problem of this code.
        detail: what happened this time.
        errors: what is wrong with which part of the request.
    """
    document: dict[str, Any] = {
        "type": TYPE_PREFIX + code,
        "title": title,
        "status": status,
        "detail": detail or title,
        "code": code,
        "instance": path,
        "correlationId": request_id(),
    }
    if errors:
        document["errors"] = errors
    return orjson.dumps(document)


def add_problem_handlers(app: FastAPI) -> None:
    """Let every error of ``app`` be answered with a problem document. A fault of ours is raised further, too."""

    async def answer(request: Request, error: Exception) -> Response:
        response = problem_response(request, error)
        if response is None:
            raise error
        return response

    for kind in (DomainError, RequestValidationError, HTTPException, StoreUnavailable, Unstorable):
        app.add_exception_handler(kind, answer)

    async def answer_fault(request: Request, _: Exception) -> Response:
        return Response(internal_error_body(request.url.path), 500, media_type=MEDIA_TYPE)

    app.add_exception_handler(Exception, answer_fault)


def describe_problems(app: FastAPI) -> None:
    """Let the OpenAPI document of ``app`` say how every operation fails."""
    generate = app.openapi
    content = {MEDIA_TYPE: {"schema": SCHEMA, "example": EXAMPLE}}
    problem = {"description": "A problem document.", "content": content}

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = generate()
            for item in document["paths"].values():
                for operation in item.values():
                    operation["responses"].pop("422", None)
                    operation["responses"]["4XX"] = problem
            for name in ("HTTPValidationError", "ValidationError"):
                document["components"]["schemas"].pop(name, None)
        return generate()

    app.openapi = openapi


def problem_response(request: Request, error: Exception) -> Response | None:
    """The answer to a request that ended in ``error``; None where that is a fault of ours."""
    match error:
        case DomainError():
            headers = _headers_of(error)
            return _response(request, error.status, error.code, error.title, error.detail, error.errors, headers)
        case RequestValidationError():
            return _of_validation(request, error)
        case HTTPException():
            return _of_http(request, error)
        case StoreUnavailable():
            log.warning("database unavailable", error=str(error))
            detail = "The database does not answer. Try again soon."
            return _response(
                request,
                503,
                "database_unavailable",
                "Database unavailable",
                detail,
                headers={"Retry-After": str(RETRY_SECONDS)},
            )
        case Unstorable():
            detail = "A value in the request cannot be stored; nothing was."
            return _response(request, 400, "unstorable", "Cannot be stored", detail)
        case _:
            return None


def internal_error_body(path: str) -> bytes:
    """What is said of a fault of ours."""
    return problem_body(
        path,
        500,
        "internal_error",
        "Internal error",
        "Something went wrong here. The correlation id finds it in the logs.",
    )


def _response(
    request: Request,
    status: int,
    code: str,
    title: str,
    detail: str | None = None,
    errors: Sequence[FieldError] = (),
    headers: dict[str, str] | None = None,
) -> Response:
    # so that the access log tells what was refused, and not only that something was
    structlog.contextvars.bind_contextvars(problem=code)
    body = problem_body(request.url.path, status, code, title, detail, errors)
    return Response(body, status, headers, MEDIA_TYPE)


def _headers_of(error: DomainError) -> dict[str, str] | None:
    match error:
        case Unauthenticated():
            # RFC 6750, section 3
            return {"WWW-Authenticate": "Bearer"}
        case TooManyRequests():
            return {"Retry-After": str(math.ceil(error.retry_after))}
        case _:
            return None


def _of_validation(request: Request, error: RequestValidationError) -> Response:
    """FastAPI's own checks. A path that cannot name anything is a thing that is not there."""
    found = error.errors()
    if any(each["loc"][0] == "path" for each in found):
        return _response(request, 404, "not_found", "Not found", "There is nothing under this path.")
    errors = [
        FieldError(pointer(tuple(each["loc"][1:])), each["msg"], each["type"].replace(".", "_")) for each in found
    ]
    detail = "The request is not valid; see 'errors'."
    return _response(request, 422, "invalid_request", "Request not valid", detail, errors)


def _of_http(request: Request, error: HTTPException) -> Response | None:
    # FastAPI wraps what was raised while a body was read
    if isinstance(error.__cause__, DomainError):
        return problem_response(request, error.__cause__)
    status = HTTPStatus(error.status_code)
    code = status.phrase.lower().replace(" ", "_").replace("-", "_")
    detail = f"There is nothing at {request.method} {request.url.path}." if status == 404 else error.detail
    headers = dict(error.headers) if error.headers else None
    return _response(request, status.value, code, status.phrase, detail, headers=headers)
