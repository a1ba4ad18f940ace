"""Tasks on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, field_validator

from weftline.features.http.paging import PageQuery
from weftline.features.http.wire import Demand, Wire
from weftline.features.tasks.repository import Filter
from weftline.model.status import TaskStatus
from weftline.model.stepkey import parse_key

User = Annotated[str, Field(min_length=1, max_length=255)]


class TaskOut(Wire):
    """A human task."""

    id: UUID
    execution_id: UUID
    workflow_id: str
    step_id: Annotated[str, Field(description="Id of the node that asks.")]
    name: str
    form: Any
    assign_to: list[str] | None
    outcomes: list[str] | None
    status: TaskStatus
    claimed_by: str | None
    data: dict[str, Any] | None
    outcome: str | None
    created_at: datetime
    due_at: datetime | None
    claimed_at: datetime | None
    completed_at: datetime | None
    completed_by: str | None

    @field_validator("step_id")
    @classmethod
    def _node(cls, key: str) -> str:
        return parse_key(key)[0]


class TaskQuery(PageQuery):
    """Which tasks to list."""

    status: Annotated[list[TaskStatus], Field(description="May be given several times.")] = Field(
        default_factory=list[TaskStatus]
    )
    assignee: Annotated[User | None, Field(description="A user or a group.")] = None
    execution_id: UUID | None = None

    def filter(self) -> Filter:
        """As the repository takes it."""
        return Filter(self.status, self.assignee, self.execution_id)


class ClaimBody(Demand):
    """Who claims."""

    user: User | None = None


class CompleteBody(Demand):
    """What the person said."""

    data: dict[str, Any] | None = None
    outcome: Annotated[str | None, Field(max_length=255)] = None
    user: User | None = None
