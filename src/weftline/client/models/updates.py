"""What a watch tells."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from weftline.client.models.base import Model

ENDS = frozenset({"execution.completed", "execution.failed", "execution.cancelled", "execution.timed_out"})
"""Kinds of updates after which nothing more happens to an execution, unless somebody revives it."""


class Update(Model):
    """Something that happened.

    Attributes:
        position: of who has seen this and everything before; a watch goes on ``after`` it.
        kind: what happened, such as ``step.completed``, ``execution.failed`` or ``task.created``.
        workflow_id, execution_id, step_id, task_id: what it happened to, as far as there is such a thing.
        seq: its number in the execution's log, where it is in one.
        occurred_at: when.
        data: the details.
    """

    position: str | None = None
    kind: str
    workflow_id: str
    execution_id: str | None = None
    seq: int | None = None
    step_id: str | None = None
    scope: str | None = None
    visit: int = 1
    task_id: str | None = None
    occurred_at: datetime
    data: dict[str, Any] | None = None

    @property
    def is_end(self) -> bool:
        """With this, an execution has ended."""
        return self.kind in ENDS
