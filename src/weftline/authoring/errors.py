"""Errors that authors raise, and those that the engine raises into their code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ActionError(Exception):
    """Raise it in an action to say how the step failed.

    Any other exception fails the attempt too, with code ``action_failed``, and is retried.

    Args:
        message: one sentence for a person.
        code: stable, for ``onError`` routes and ``retry.nonRetryable``.
        retryable: False ends the step at once.
        retry_after: seconds to wait before the next attempt, at least.
        details: anything that helps, JSON.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = "action_failed",
        retryable: bool = True,
        retry_after: float | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.retryable = retryable
        self.retry_after = retry_after
        self.details: Mapping[str, Any] = details or {}


class HttpStatusError(ActionError):
    """Another system answered a request with an error: status 4xx or 5xx.

    Args:
        message, retryable, retry_after, details: see :class:`ActionError`.
        status: of the answer; the code is ``http_<status>``.
        headers: of the answer, by lower-case name.
        body: of the answer, whole, as the action ``http`` gives it.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        headers: Mapping[str, str],
        body: Any,
        retryable: bool,
        retry_after: float | None,
        details: Mapping[str, Any],
    ) -> None:
        super().__init__(message, code=f"http_{status}", retryable=retryable, retry_after=retry_after, details=details)
        self.status = status
        self.headers = headers
        self.body = body


class StepCancelled(BaseException):
    """The step is no longer wanted: its execution was cancelled, or its attempt timed out.

    Raised by :meth:`Context.heartbeat` in plain functions, which cannot be interrupted. It is no ``Exception``, so
    that a broad ``except`` does not swallow it.
    """


class DuplicateAction(Exception):
    """Two actions have one name."""


class DuplicateIntegration(Exception):
    """Two integrations have one name."""


class UnknownAction(LookupError):
    """No action of this name is registered in this process."""
