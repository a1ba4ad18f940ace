"""Acts on many executions on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from weftline.features.executions.bulk.acts import Act
from weftline.features.executions.bulk.models import BulkFailure, BulkOperation
from weftline.features.executions.bulk.repository import FAILURES, ORDER
from weftline.features.executions.listing import Filter
from weftline.features.executions.schemas import AttributeFilter, attribute_pairs, aware
from weftline.features.http.listing import ListQuery
from weftline.features.http.wire import Demand, Wire
from weftline.model.status import ExecutionStatus

MAX_IDS = 10_000


class FilterBody(Demand):
    """To which executions: those that fit every field that is given."""

    status: Annotated[list[ExecutionStatus], Field(description="In one of these.")] = Field(
        default_factory=list[ExecutionStatus]
    )
    workflow_id: Annotated[str | None, Field(max_length=128)] = None
    tag: Annotated[str | None, Field(max_length=128)] = None
    attribute: Annotated[
        list[AttributeFilter], Field(max_length=8, description="With all of these search attributes, `name:value`.")
    ] = Field(default_factory=list[str])
    created_after: Annotated[datetime | None, Field(description="At that time or later (RFC 3339).")] = None
    created_before: Annotated[datetime | None, Field(description="Before that time (RFC 3339).")] = None
    ids: Annotated[list[UUID] | None, Field(max_length=MAX_IDS, description="One of these.")] = None

    def filter(self) -> Filter:
        """As the repository takes it. A time without a zone is in UTC."""
        return Filter(
            self.status,
            self.workflow_id,
            self.tag,
            aware(self.created_after),
            aware(self.created_before),
            attribute_pairs(self.attribute),
            ids=self.ids,
        )


class BulkBody(Demand):
    """What to do, and to which executions."""

    act: Act
    filter: FilterBody
    reason: Annotated[str | None, Field(max_length=2000)] = None
    dry_run: Annotated[bool, Field(description="Only say how many executions it would be.")] = False


class BulkOperationOut(Wire):
    """An act on many executions."""

    id: UUID
    act: Act
    filter: dict[str, Any]
    reason: str | None
    status: Literal["running", "completed", "cancelled"]
    total: Annotated[int, Field(description="Executions that fitted when it was asked for.")]
    done: Annotated[int, Field(description="How many of them have been dealt with.")]
    succeeded: int
    failed: Annotated[int, Field(description="To how many it could not be done; see its failures.")]
    started_by: str
    created_at: datetime
    completed_at: datetime | None

    @classmethod
    def of(cls, row: BulkOperation) -> BulkOperationOut:
        """An operation as it is now."""
        return cls(
            id=row.id,
            act=Act(row.act),
            filter=row.filter,
            reason=row.reason,
            status=row.status,  # pyright: ignore[reportArgumentType]  # checked by the table
            total=row.total,
            done=row.done,
            succeeded=row.done - row.failed,
            failed=row.failed,
            started_by=row.actor,
            created_at=row.created_at,
            completed_at=row.completed_at,
        )


class DryRunOut(Wire):
    """What an operation would be about."""

    act: Act
    total: Annotated[int, Field(description="Executions that fit.")]


class FailureOut(Wire):
    """An execution to which the act could not be done, and why."""

    execution_id: UUID
    code: str
    message: str

    @classmethod
    def of(cls, row: BulkFailure) -> FailureOut:
        """A failure as it was recorded."""
        return cls(execution_id=row.execution_id, code=row.code, message=row.message)


class BulkOperationQuery(ListQuery):
    """Which part of the list of operations."""

    order: ClassVar = ORDER


class FailureQuery(ListQuery):
    """Which part of what an operation could not do."""

    order: ClassVar = FAILURES
