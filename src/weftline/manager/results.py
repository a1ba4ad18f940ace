"""Executions as the API shows them, as results and as records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from weftline.authoring import Result, WorkflowError
from weftline.manager.errors import Refused
from weftline.model.status import ExecutionStatus


@dataclass(frozen=True, slots=True)
class WorkflowExecution:
    """An execution at one instant.

    Attributes:
        id, workflow_id, version_number, tenant_id: what it is.
        status: where it stands.
        current_steps: ids of the steps at which it is.
        error: why it failed, where it did.
        started_at, completed_at: when.
        execution_time: seconds from start to end.
    """

    id: UUID
    tenant: str
    workflow_id: str
    version_number: int
    status: ExecutionStatus
    current_steps: tuple[str, ...]
    error: WorkflowError | None
    started_at: datetime | None
    completed_at: datetime | None
    execution_time: float | None

    @classmethod
    def from_json(cls, tenant: str, shown: Mapping[str, Any]) -> WorkflowExecution:
        """An execution, or one in a list, as the API shows it."""
        error = shown.get("error")
        return cls(
            UUID(shown["id"]),
            tenant,
            shown["workflowId"],
            shown["versionNumber"],
            ExecutionStatus(shown["status"]),
            tuple(shown.get("currentSteps", ())),
            None if error is None else WorkflowError.from_json(error),
            _time(shown.get("startedAt")),
            _time(shown.get("completedAt")),
            _seconds(shown.get("executionTimeMs")),
        )


def result_of(shown: Mapping[str, Any]) -> Result:
    """What an execution has come to, from what the API shows of it."""
    status = ExecutionStatus(shown["status"])
    report: Mapping[str, Any] = shown.get("report") or {}
    output = shown.get("output")
    result = Result(
        output,
        cast("dict[str, Any]", output) if isinstance(output, dict) else shown.get("data"),
        success=status is ExecutionStatus.COMPLETED,
        message=report.get("message", ""),
        status_code=report.get("statusCode"),
        metadata=_metadata(report),
        errors=tuple(map(WorkflowError.from_json, report.get("errors", ()))),
        execution_time=_seconds(shown.get("executionTimeMs")),
        workflow_id=shown["workflowId"],
        execution_id=UUID(shown["id"]),
        status=status.value,
    )
    if not status.is_terminal:
        _fail(result, WorkflowError("still_running", f"the execution is {status.value}, and goes on", retryable=True))
    elif not result.success:
        raw = shown.get("error") or {"code": status.value, "message": f"the execution is {status.value}"}
        _fail(result, WorkflowError.from_json(raw))
    return result


def refusal_of(workflow_id: str, refused: Refused) -> Result:
    """What a start comes to whose input was refused."""
    errors = tuple(
        WorkflowError(
            refused.code, each["message"], {"pointer": each["pointer"], "code": each["code"]}, retryable=False
        )
        for each in refused.errors
    )
    result = Result.failure(*errors, message=str(refused), code=refused.code, status_code=refused.status)
    result.workflow_id = workflow_id
    return result


def _fail(result: Result, error: WorkflowError) -> None:
    others = map(WorkflowError.from_json, error.details.get("errors", ()) if "errors" in error.details else ())
    result.errors = (error, *others)
    result.message = error.message
    result.status_code = error.details.get("statusCode")
    result.step_id = error.step_id


def _metadata(report: Mapping[str, Any]) -> dict[str, Any]:
    """What is reported beside message and status code; ``metrics`` is what the steps counted and measured."""
    metrics = {"metrics": report["metrics"]} if "metrics" in report else {}
    return {**metrics, **report.get("metadata", {})}


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _seconds(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000
