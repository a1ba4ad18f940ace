"""Errors as values: what went wrong in a step or an execution."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class WorkflowError:
    """What went wrong, as it is recorded in the log and shown to people.

    Attributes:
        code: stable, in snake_case, for routes and programs (``timed_out``, ``http_503``).
        message: one sentence for a person.
        details: anything that helps, JSON.
        retryable: whether trying again may help.
        step_id: the node that failed, where one did.
    """

    code: str
    message: str
    details: Mapping[str, Any] = field(default_factory=dict[str, Any])
    retryable: bool = True
    step_id: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The wire form: camelCase, without what is empty."""
        out: dict[str, Any] = {"code": self.code, "message": self.message, "retryable": self.retryable}
        if self.details:
            out["details"] = dict(self.details)
        if self.step_id is not None:
            out["stepId"] = self.step_id
        return out

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> WorkflowError:
        """The inverse of :meth:`to_json`."""
        return cls(
            code=data["code"],
            message=data["message"],
            details=data.get("details", {}),
            retryable=data.get("retryable", True),
            step_id=data.get("stepId"),
        )
