"""What requests are answered whose workflows did not succeed: problem documents (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import Response

from weftline.api.problems import MEDIA_TYPE, problem_body
from weftline.authoring import Result, WorkflowError
from weftline.features.errors import FieldError
from weftline.features.http.wire import JsonResponse
from weftline.manager.errors import ManagerError, Refused, TenantNotAllowed, Unreachable
from weftline.manager.web_request import UnusableBody

TYPE_PREFIX = "urn:weftline:problem:"
"""The application has its own codes, and no pages on them."""


class WorkflowFailed(Exception):
    """The workflow of a request did not succeed, or has not ended in time.

    Attributes:
        result: what it came to.
    """

    def __init__(self, result: Result) -> None:
        super().__init__(result.message)
        self.result = result


def failure_response(path: str, result: Result) -> Response:
    """The answer to a request whose workflow did not succeed: a problem document, or, where it goes on, 202.

    Args:
        path: of the request.
        result: what the workflow came to.
    """
    status = result.http_status
    if status == HTTPStatus.ACCEPTED:
        return JsonResponse(result.to_json(), status_code=status)
    error = result.errors[0]
    # what an unforeseen exception says is for the log, not for whoever sent the request
    is_ours = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    detail = "The workflow failed." if is_ours else result.message or error.message
    errors = () if is_ours else [_field_error(each) for each in result.errors]
    body = problem_body(path, status, error.code, "Workflow failed", detail, errors, TYPE_PREFIX + error.code)
    return Response(body, status, None, MEDIA_TYPE)


def _field_error(error: WorkflowError) -> FieldError:
    details = error.details
    return FieldError(str(details.get("pointer", "")), error.message, str(details.get("code", error.code)))


def refusal_response(path: str, error: UnusableBody | ManagerError) -> Response:
    """The answer to a request whose workflow could not be run.

    Args:
        path: of the request.
        error: why not; one that is the application's own mistake is raised further.
    """
    match error:
        case UnusableBody():
            status, code, detail = error.status, error.code, str(error)
        case TenantNotAllowed():
            status, code, detail = HTTPStatus.FORBIDDEN, "tenant_not_allowed", str(error)
        case Refused(code="concurrency_limit"):
            status, code, detail = HTTPStatus.TOO_MANY_REQUESTS, error.code, str(error)
        case Unreachable():
            status, code, detail = HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", "The workflow cannot be run now."
        case _:
            # the application's own mistake: an unknown workflow, a missing permission, no manager
            raise error
    body = problem_body(path, status, code, "Workflow not run", detail, type=TYPE_PREFIX + code)
    return Response(body, status, None, MEDIA_TYPE)
