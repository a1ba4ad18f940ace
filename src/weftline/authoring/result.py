"""What an action may return instead of its bare output, and what an execution comes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from weftline.model.errors import WorkflowError

OK, ACCEPTED, BAD_REQUEST, CONFLICT, SERVER_ERROR, GATEWAY_TIMEOUT = 200, 202, 400, 409, 500, 504
"""Status codes of HTTP (RFC 9110) for results that name none."""

_STATUS_OF_CODE = {
    "cancelled": CONFLICT,
    "deadline_exceeded": GATEWAY_TIMEOUT,
    "still_running": ACCEPTED,
    "timed_out": GATEWAY_TIMEOUT,
    # nobody who sends a request can do anything about these
    "action_failed": SERVER_ERROR,
    "interrupted": SERVER_ERROR,
    "invalid_output": SERVER_ERROR,
    "unknown_action": SERVER_ERROR,
    "unstorable": SERVER_ERROR,
    "unusable_version": SERVER_ERROR,
}


@dataclass(slots=True)
class Result:
    """What came of a step, or of a whole execution.

    An action returns one to say more than its output. One that is no success fails the step with its first error.

    Attributes:
        output: the step's or the execution's output, JSON.
        data: of an action: merged into the execution's shared data, so that later steps see its keys by their names.
            Of an execution: its output where that is an object, else its shared data.
        success: whether it did what it should.
        message: one sentence for a person.
        errors: what went wrong; of a success, what is worth knowing all the same.
        status_code: of the HTTP response that it may become; see :attr:`http_status`.
        metadata: anything else that is worth keeping, JSON.
        execution_time: seconds from start to end; filled by the platform, as everything below is.
        tenant_id, workflow_id, execution_id: what it is the result of; the tenant as it was named, by slug or id.
        step_id: the step that failed, where one did.
        status: where the execution stands.
    """

    output: Any = None
    data: Mapping[str, Any] | None = None
    success: bool = field(default=True, kw_only=True)
    message: str = field(default="", kw_only=True)
    errors: Sequence[WorkflowError] = field(default=(), kw_only=True)
    status_code: int | None = field(default=None, kw_only=True)
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any], kw_only=True)
    execution_time: float | None = field(default=None, kw_only=True)
    tenant_id: str | None = field(default=None, kw_only=True)
    workflow_id: str | None = field(default=None, kw_only=True)
    step_id: str | None = field(default=None, kw_only=True)
    execution_id: UUID | None = field(default=None, kw_only=True)
    status: str | None = field(default=None, kw_only=True)

    @classmethod
    def ok(
        cls,
        data: Mapping[str, Any] | None = None,
        *,
        message: str = "",
        status_code: int | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> Result:
        """A success, whose data are the step's output, too.

        Args:
            data: merged into the execution's shared data.
            message: one sentence for a person.
            status_code: of HTTP.
            metadata: anything else.
        """
        return cls(data, data, message=message, status_code=status_code, metadata=metadata or {})

    @classmethod
    def failure(
        cls,
        *errors: WorkflowError,
        message: str = "",
        code: str = "step_failed",
        details: Mapping[str, Any] | None = None,
        retryable: bool = False,
        status_code: int | None = None,
    ) -> Result:
        """A failure.

        Args:
            errors: what went wrong; where there are none, one is made of ``code``, ``message``, ``details`` and
                ``retryable``.
            message: one sentence for a person; absent: the first error's.
            code: stable, for ``onError`` routes and ``retry.nonRetryable``.
            details: anything that helps, JSON.
            retryable: whether trying again may help.
            status_code: of HTTP.
        """
        found = errors or (WorkflowError(code, message or "The step failed.", details or {}, retryable),)
        return cls(success=False, message=message or found[0].message, errors=found, status_code=status_code)

    @property
    def http_status(self) -> int:
        """The status code, or the one that fits: 200 for success, 202 where it goes on, 409 where it was cancelled, 504
        where time was up, 500 where the workflow is to blame, else 400."""
        if self.status_code is not None:
            return self.status_code
        if self.success:
            return OK
        return _STATUS_OF_CODE.get(self.errors[0].code if self.errors else "", BAD_REQUEST)

    def error(self) -> WorkflowError:
        """What one that is no success fails its step with: its first error, which tells of the others."""
        first, *others = self.errors or (WorkflowError("step_failed", self.message or "the step failed"),)
        details = dict(first.details)
        if others:
            details["errors"] = [error.to_json() for error in others]
        if self.status_code is not None:
            details["statusCode"] = self.status_code
        return replace(first, details=details)

    def report(self) -> dict[str, Any] | None:
        """What the log keeps of it beside output and data; None where that is nothing."""
        out: dict[str, Any] = {}
        if self.message:
            out["message"] = self.message
        if self.status_code is not None:
            out["statusCode"] = self.status_code
        if self.metadata:
            out["metadata"] = dict(self.metadata)
        if self.errors:
            out["errors"] = [error.to_json() for error in self.errors]
        return out or None

    def to_json(self) -> dict[str, Any]:
        """The wire form: camelCase; times in seconds, ids as texts."""
        return {
            "success": self.success,
            "message": self.message,
            "data": self.data,
            "errors": [error.to_json() for error in self.errors],
            "statusCode": self.http_status,
            "metadata": dict(self.metadata),
            "executionTime": self.execution_time,
            "tenantId": self.tenant_id,
            "workflowId": self.workflow_id,
            "stepId": self.step_id,
            "executionId": None if self.execution_id is None else str(self.execution_id),
            "status": self.status,
        }
