"""Grants on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from weftline.features.access.grants.models import SubjectType
from weftline.features.access.grants.repository import ORDER, Filter
from weftline.features.access.grants.service import GrantDraft
from weftline.features.access.grants.workflow_permissions import WorkflowPermissions
from weftline.features.access.roles.schemas import PermissionNames, RoleName
from weftline.features.http.listing import ListQuery
from weftline.features.http.wire import Demand, Wire

SubjectId = Annotated[str, Field(min_length=1, max_length=64, description="Its id.")]
WorkflowRef = Annotated[str, Field(min_length=1, max_length=128)]


class GrantBody(Demand):
    """What to grant."""

    subject_type: SubjectType
    subject_id: SubjectId
    permissions: Annotated[PermissionNames, Field(min_length=1)]
    workflow_id: Annotated[
        WorkflowRef | None, Field(description="On which workflow, and what it runs; else in the whole tenant.")
    ] = None

    def draft(self) -> GrantDraft:
        """As the service takes it."""
        return GrantDraft(self.subject_type, self.subject_id, tuple(self.permissions), self.workflow_id)


class GrantOut(Wire):
    """A grant."""

    id: UUID
    subject_type: SubjectType
    subject_id: str
    permissions: list[str]
    workflow_id: str | None
    created_by: UUID | None
    created_at: datetime


class GrantQuery(ListQuery):
    """Which grants to list."""

    order: ClassVar = ORDER

    subject_type: SubjectType | None = None
    subject_id: SubjectId | None = None
    workflow_id: WorkflowRef | None = None

    def filter(self) -> Filter:
        """As the repository takes it."""
        return Filter(self.subject_type, self.subject_id, self.workflow_id)


class WorkflowPermissionsBody(Demand):
    """Who may use a workflow, besides those whose roles allow it anyhow."""

    user_ids: Annotated[list[UUID], Field(max_length=1000, description="Members.")]
    role_ids: Annotated[list[RoleName], Field(max_length=100, description="Whoever has one of these roles.")]

    def wanted(self) -> WorkflowPermissions:
        """As the service takes it."""
        return WorkflowPermissions(tuple(self.user_ids), tuple(self.role_ids))


class WorkflowPermissionsOut(Wire):
    """Who may use a workflow, besides those whose roles allow it anyhow."""

    user_ids: list[UUID]
    role_ids: list[str]
