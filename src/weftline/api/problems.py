"""Problem documents (RFC 9457): the one form of every error that leaves the API.

What went wrong inside stays inside: a fault of ours is logged with its trace, and the answer carries only the
correlation id to find it by.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.types import Scope, Send

from weftline.api.catalogue import problem_type
from weftline.api.context import request_id
from weftline.features.errors import DomainError, FieldError
from weftline.features.http.reading import query_names
from weftline.features.idempotency.errors import IdempotencyInProgress
from weftline.language.json_values import pointer
from weftline.store.errors import StoreUnavailable, Superseded, Unstorable
from weftline.store.keyring import CannotOpen
from weftline.store.sealing import UNREADABLE, NotReadable
from weftline.store.vault import WrongMasterKey

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 1

POLICY_VIOLATION = 1008
"""Of a WebSocket that is closed (RFC 6455, section 7.4.1)."""


def problem_body(
    path: str,
    status: int,
    code: str,
    title: str,
    detail: str | None = None,
    errors: Sequence[FieldError] = (),
    type: str | None = None,
    members: Mapping[str, str] | None = None,
) -> bytes:
    """The text of a problem document.

    Args:
        path: of the request.
        status: the HTTP status.
        code: stable, in snake_case.
        title: the same for every problem of this code.
        detail: what happened this time.
        errors: what is wrong with which part of the request.
        type: the URI of the kind of problem; None for the page that this server has on the code.
        members: what it has besides.
    """
    document: dict[str, Any] = {
        "type": type or problem_type(code),
        "title": title,
        "status": status,
        "detail": detail or title,
        "code": code,
        "instance": path,
    }
    if id := request_id():
        # another application that answers in these words has no such ids
        document["correlationId"] = id
    if errors:
        document["errors"] = errors
    document.update(members or {})
    return orjson.dumps(document)


def add_problem_handlers(app: FastAPI) -> None:
    """Let every error of ``app`` be answered with a problem document. A fault of ours is raised further, too."""

    async def answer(request: Request, error: Exception) -> Response:
        response = problem_response(request, error)
        if response is None:
            raise error
        return response

    for kind in (
        DomainError,
        RequestValidationError,
        HTTPException,
        StoreUnavailable,
        Superseded,
        Unstorable,
        *UNREADABLE,
    ):
        app.add_exception_handler(kind, answer)

    async def answer_fault(request: Request, _: Exception) -> Response:
        return Response(internal_error_body(request.url.path), 500, media_type=MEDIA_TYPE)

    app.add_exception_handler(Exception, answer_fault)


def problem_response(request: Request, error: Exception) -> Response | None:
    """The answer to a request that ended in ``error``; None where that is a fault of ours."""
    match error:
        case DomainError():
            headers, members = _headers_of(error), error.members
            return _response(
                request, error.status, error.code, error.title, error.detail, error.errors, headers, members
            )
        case RequestValidationError():
            return _of_validation(request, error)
        case HTTPException():
            return _of_http(request, error)
        case Superseded():
            return problem_response(request, IdempotencyInProgress())
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
        case CannotOpen() | NotReadable() | WrongMasterKey():
            log.error("something sealed cannot be opened", error=str(error))
            detail = "What is stored encrypted cannot be opened with the keys that this server has."
            return _response(request, 503, "wrong_master_key", "Wrong master key", detail)
        case Unstorable():
            detail = "A value in the request cannot be stored; nothing was."
            return _response(request, 400, "unstorable", "Cannot be stored", detail)
        case _:
            return None


async def refuse(scope: Scope, send: Send, error: DomainError) -> None:
    """Answer a request, or the handshake of a WebSocket, that goes no further."""
    structlog.contextvars.bind_contextvars(problem=error.code)
    if scope["type"] == "websocket":
        # not accepted: the server answers the handshake with 403
        await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": error.title})
        return
    body = problem_body(scope["path"], error.status, error.code, error.title, error.detail)
    await send_problem(send, error.status, body, _headers_of(error))


async def send_problem(send: Send, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
    """Send a problem document.

    Args:
        send: of the request.
        status: the HTTP status.
        body: the document.
        headers: of the answer, besides what the document is.
    """
    sent = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(body)).encode())]
    sent += [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
    await send({"type": "http.response.start", "status": status, "headers": sent})
    await send({"type": "http.response.body", "body": body})


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
    members: Mapping[str, str] | None = None,
) -> Response:
    # so that the access log tells what was refused, and not only that something was
    structlog.contextvars.bind_contextvars(problem=code)
    body = problem_body(request.url.path, status, code, title, detail, errors, members=members)
    return Response(body, status, headers, MEDIA_TYPE)


def _headers_of(error: DomainError) -> dict[str, str] | None:
    if error.retry_after is not None:
        return {"Retry-After": str(math.ceil(error.retry_after))}
    match error.status:
        case 401:
            # RFC 6750, section 3
            return {"WWW-Authenticate": "Bearer"}
        case 408:
            # RFC 9110, section 15.5.9
            return {"Connection": "close"}
        case _:
            return None


def _of_validation(request: Request, error: RequestValidationError) -> Response:
    """FastAPI's own checks. A path that cannot name anything is a thing that is not there."""
    found = error.errors()
    if any(each["loc"][0] == "path" for each in found):
        return _response(request, 404, "not_found", "Not found", "There is nothing under this path.")
    errors = [
        FieldError(pointer(tuple(each["loc"][1:])), each["msg"], each["type"].replace(".", "_"), _hint(request, each))
        for each in found
    ]
    detail = "The request is not valid; see 'errors'."
    return _response(request, 422, "invalid_request", "Request not valid", detail, errors)


def _hint(request: Request, error: Mapping[str, Any]) -> str | None:
    """What a query may say, where it says something else."""
    if error["type"] != "extra_forbidden" or error["loc"][0] != "query":
        return None
    route = request.scope.get("route")
    return f"It takes {', '.join(query_names(route))}." if isinstance(route, APIRoute) else None


def _of_http(request: Request, error: HTTPException) -> Response | None:
    # FastAPI wraps what was raised while a body was read
    if isinstance(error.__cause__, DomainError):
        return problem_response(request, error.__cause__)
    status = HTTPStatus(error.status_code)
    code = status.phrase.lower().replace(" ", "_").replace("-", "_")
    detail = f"There is nothing at {request.method} {request.url.path}." if status == 404 else error.detail
    headers = dict(error.headers) if error.headers else None
    return _response(request, status.value, code, status.phrase, detail, headers=headers)
