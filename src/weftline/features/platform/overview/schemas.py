"""What operators see, on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from weftline.features.http.listing import ListQuery
from weftline.features.http.wire import Wire
from weftline.features.platform.overview.repository import ORDER, Counts
from weftline.features.platform.reason import ReasonQuery
from weftline.features.tenancy.models import Tenant
from weftline.features.tenancy.schemas import TenantOut
from weftline.model.status import ExecutionStatus, TaskStatus


class TenantOverview(TenantOut):
    """A tenant, and how much it has."""

    members: int
    workflows: int

    @classmethod
    def of(cls, tenant: Tenant, counts: Counts) -> TenantOverview:
        """Both as one."""
        return cls(**TenantOut.model_validate(tenant).model_dump(), members=counts.members, workflows=counts.workflows)


class ExecutionOverview(Wire):
    """An execution of some tenant, without its data."""

    tenant_id: UUID
    tenant_slug: str
    id: UUID
    workflow_id: str
    version_number: int
    status: ExecutionStatus
    started_by: UUID | None
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None


class TaskOverview(Wire):
    """A human task of some tenant, without its data."""

    tenant_id: UUID
    tenant_slug: str
    id: UUID
    execution_id: UUID
    workflow_id: str
    name: str
    status: TaskStatus
    created_at: datetime
    due_at: datetime | None


class StatisticsOut(Wire):
    """Figures over the tenants that you see."""

    tenants: Annotated[dict[str, int], Field(description="By status.")]
    members: int
    workflows: int
    executions: Annotated[dict[str, int], Field(description="Those that have not ended, by status.")]
    tasks: Annotated[dict[str, int], Field(description="Those that are to be done, by status.")]
    workers: Annotated[int, Field(description="Those that are alive.")]


class ExecutionsQuery(ListQuery, ReasonQuery):
    """Which executions to list, and why."""

    order: ClassVar = ORDER

    tenant_id: Annotated[UUID | None, Field(description="Only this tenant's.")] = None
    status: Annotated[ExecutionStatus | None, Field(description="Only those that stand here.")] = None


class TasksQuery(ListQuery, ReasonQuery):
    """Which human tasks to list, and why."""

    order: ClassVar = ORDER

    tenant_id: Annotated[UUID | None, Field(description="Only this tenant's.")] = None
    status: Annotated[TaskStatus | None, Field(description="Only those that stand here.")] = None
