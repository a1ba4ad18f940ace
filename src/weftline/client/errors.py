"""Errors of the client.

::

    WeftlineError
    ├── InvalidRequest            an argument cannot be sent
    ├── ConnectionFailed          there was no answer
    ├── InvalidAnswer             there was one, and not of a Weftline server
    ├── SecondFactorNeeded        signing in needs a code that nobody gave
    ├── WaitTimedOut              an execution has not ended in time
    ├── PositionLost              a watch was away for longer than the server keeps what happened
    └── ApiError                  the server did not do what was asked; ``code`` says why
        ├── BadRequest            400  the request cannot be read
        ├── Unauthenticated       401  nobody knows who asks
        ├── Forbidden             403  whoever asks may not
        ├── NotFound              404  what it is about does not exist
        ├── Conflict              409  it contradicts what is already so
        ├── PreconditionFailed    412  the thing was changed meanwhile
        ├── TooLarge              413  more than this call accepts
        ├── UnsupportedMediaType  415  a body of a kind that this call does not read
        ├── Invalid               422  readable, but not valid; ``errors`` say where
        ├── TooManyRequests       429  not now; ``retry_after`` says when
        └── ServerError           5xx  the server failed; ``correlation_id`` finds it in its logs
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from weftline.client.models.executions import Execution


class WeftlineError(Exception):
    """Whatever goes wrong in a call of the client."""


class InvalidRequest(WeftlineError, ValueError):
    """An argument cannot be sent: it is not text in UTF-8, or not JSON, or no id. Nothing was sent."""


class ConnectionFailed(WeftlineError):
    """There was no answer. Whether the server has done what was asked is not known.

    Args:
        host: the server's.
        reason: why, as the network says it.
    """

    def __init__(self, host: str, reason: str) -> None:
        super().__init__(f"cannot reach {host}: {reason}")
        self.host = host
        self.reason = reason


class InvalidAnswer(WeftlineError):
    """The answer is not that of a Weftline server.

    Args:
        host: what answered.
    """

    def __init__(self, host: str) -> None:
        super().__init__(f"what answers at {host} is not a Weftline server")
        self.host = host


class SecondFactorNeeded(WeftlineError):
    """The account has a second factor, and the client was given no way to ask for a code."""

    def __init__(self) -> None:
        super().__init__("this account has a second factor: give the client a function 'code', or use an API key")


class WaitTimedOut(WeftlineError, TimeoutError):
    """An execution has not ended in time. It goes on.

    Args:
        execution: as it was last seen.
    """

    def __init__(self, execution: Execution) -> None:
        super().__init__(f"execution {execution.id} has not ended: it is {execution.status}")
        self.execution = execution


class PositionLost(WeftlineError):
    """A watch was away for longer than the server keeps what happened: something may have been missed.

    Read what is of interest anew, and watch again.
    """


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One thing that is wrong with one place of a request.

    Attributes:
        pointer: JSON pointer to the place.
        message: what is wrong.
        code: stable, in snake_case.
        hint: how to mend it, where that can be said.
    """

    pointer: str
    message: str
    code: str = "invalid"
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem document (RFC 9457).

    Attributes:
        status: of HTTP.
        code: stable, in snake_case; empty where the answer was no problem document.
        title: the same for every problem of this code.
        detail: what happened this time.
        type: a URI; one for each code.
        instance: the path that was asked.
        correlation_id: finds the request in the server's logs.
        errors: what is wrong with which part of the request.
        retry_after: seconds until it may be tried again, where the server says so.
        location: where a redirect points to.
        plugin_code: a plugin's own code, after its id and a dot, where it was a plugin that refused.
    """

    status: int
    code: str
    title: str
    detail: str
    type: str = "about:blank"
    instance: str | None = None
    correlation_id: str | None = None
    errors: Sequence[FieldProblem] = ()
    retry_after: float | None = None
    location: str | None = None
    plugin_code: str | None = None


class ApiError(WeftlineError):
    """The server did not do what was asked.

    Args:
        problem: what it says.

    Attributes:
        problem: the same.
    """

    def __init__(self, problem: Problem) -> None:
        where = "".join(f"; {each.pointer or '/'}: {each.message}" for each in problem.errors)
        super().__init__(f"{problem.detail} ({problem.status} {problem.code}{where})")
        self.problem = problem

    @property
    def status(self) -> int:
        """Of HTTP."""
        return self.problem.status

    @property
    def code(self) -> str:
        """Why, stable, in snake_case; empty where the answer was no problem document."""
        return self.problem.code

    @property
    def detail(self) -> str:
        """What happened, in a sentence."""
        return self.problem.detail

    @property
    def errors(self) -> Sequence[FieldProblem]:
        """What is wrong with which part of the request."""
        return self.problem.errors

    @property
    def correlation_id(self) -> str | None:
        """Finds the request in the server's logs."""
        return self.problem.correlation_id

    @property
    def retry_after(self) -> float | None:
        """Seconds until it may be tried again, where the server says so."""
        return self.problem.retry_after

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.problem,)


class BadRequest(ApiError):
    """The request cannot be read."""


class Unauthenticated(ApiError):
    """Nobody knows who asks."""


class Forbidden(ApiError):
    """Whoever asks may not."""


class NotFound(ApiError):
    """What the request is about does not exist."""


class Conflict(ApiError):
    """The request contradicts what is already so."""


class PreconditionFailed(ApiError):
    """The thing is no longer what the caller last saw."""


class TooLarge(ApiError):
    """More than this call accepts."""


class UnsupportedMediaType(ApiError):
    """A body of a kind that this call does not read."""


class Invalid(ApiError):
    """The request can be read and is not valid."""


class TooManyRequests(ApiError):
    """Not now."""


class ServerError(ApiError):
    """The server failed, or cannot serve now."""


_BY_STATUS: dict[int, type[ApiError]] = {
    400: BadRequest,
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    412: PreconditionFailed,
    413: TooLarge,
    415: UnsupportedMediaType,
    422: Invalid,
    429: TooManyRequests,
}


def api_error(problem: Problem) -> ApiError:
    """The error for what the server says."""
    kind = ServerError if problem.status >= 500 else _BY_STATUS.get(problem.status, ApiError)
    return kind(problem)
