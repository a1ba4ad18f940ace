"""Step executions on the wire, across executions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from weftline.features.access.fields.masking import FieldMask
from weftline.features.executions.schemas import StepOut, aware
from weftline.features.executions.step_reader import Hit, Position, StepFilter
from weftline.features.http.paging import PageQuery, decode_cursor, decode_number, decode_uuid, encode_cursor
from weftline.features.http.wire import Demand, Wire
from weftline.model.status import StepStatus


class StepExecutionOut(StepOut):
    """One run of one node, with the execution that it is of."""

    execution_id: UUID
    workflow_id: str
    version_number: int

    @classmethod
    def of_hit(cls, hit: Hit, mask: FieldMask | None) -> StepExecutionOut:
        """A step that was found, without what ``mask`` hides."""
        row = hit.row
        return cls(
            **StepOut.of(hit.step, hit.heading, mask).model_dump(),
            execution_id=row.id,
            workflow_id=row.workflow_id,
            version_number=row.version_number,
        )


class StepExecutionPage(Wire):
    """A part of what a search for steps finds."""

    items: list[StepExecutionOut]
    skipped: Annotated[
        list[UUID],
        Field(description="Executions too long to be searched; read their own steps."),
    ]
    next_cursor: Annotated[
        str | None,
        Field(description="For the next page; null at the end. A page may be empty and still not be the last."),
    ]


class StepPageQuery(Demand):
    """Which part of an execution's steps."""

    limit: Annotated[int, Field(ge=1, le=1000, description="At most so many items.")] = 500
    cursor: Annotated[str | None, Field(max_length=512, description="The `nextCursor` of the page before.")] = None


class StepQuery(PageQuery):
    """Which steps to find."""

    workflow_id: Annotated[str | None, Field(max_length=128)] = None
    execution_id: UUID | None = None
    step_id: Annotated[str | None, Field(max_length=128, description="The node's id.")] = None
    step_type: Annotated[str | None, Field(max_length=64, description="As the definition says it.")] = None
    status: Annotated[list[StepStatus], Field(description="May be given several times.")] = Field(
        default_factory=list[StepStatus]
    )
    error_code: Annotated[str | None, Field(max_length=255, description="Of the step's last error.")] = None
    started_after: Annotated[datetime | None, Field(description="At that time or later (RFC 3339).")] = None
    started_before: Annotated[datetime | None, Field(description="Before that time (RFC 3339).")] = None

    def filter(self) -> StepFilter:
        """As the reader takes it. A time without a zone is in UTC."""
        return StepFilter(
            self.workflow_id,
            self.execution_id,
            self.step_id,
            self.step_type,
            self.status,
            self.error_code,
            aware(self.started_after),
            aware(self.started_before),
        )

    def start(self) -> Position | None:
        """Where the search goes on; None at its beginning.

        Raises:
            InvalidCursor: it is none of this list's.
        """
        if self.cursor is None:
            return None
        execution_id, first = (encode_cursor([part]) for part in decode_cursor(self.cursor, 2))
        return Position(decode_uuid(execution_id), decode_number(first))
