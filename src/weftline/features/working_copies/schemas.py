"""Working copies on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import Field

from weftline.features.http.listing import ListQuery
from weftline.features.http.paging import MAX_NUMBER
from weftline.features.http.wire import Demand, Wire
from weftline.features.working_copies.models import WorkingCopy
from weftline.features.working_copies.repository import ORDER
from weftline.features.working_copies.service import Draft

WorkflowId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$")]


class WorkingCopyBody(Demand):
    """What is to be saved."""

    definition: Annotated[dict[str, Any], Field(description="Any JSON object: it may be incomplete, and invalid.")]
    based_on_version: Annotated[
        int | None, Field(ge=1, le=MAX_NUMBER, description="The version that its author began with.")
    ] = None
    based_on_etag: Annotated[
        str | None, Field(max_length=100, description="The `ETag` that the workflow had then.")
    ] = None

    def draft(self) -> Draft:
        """As the service takes it."""
        return Draft(self.definition, self.based_on_version, self.based_on_etag)


class WorkingCopySaved(Wire):
    """A working copy, without its definition."""

    workflow_id: str
    owner_id: UUID
    based_on_version: int | None
    based_on_etag: str | None
    created_at: Annotated[datetime, Field(description="Since when it is edited.")]
    updated_at: Annotated[datetime, Field(description="When it was saved last.")]


class WorkingCopyOut(WorkingCopySaved):
    """A working copy."""

    definition: dict[str, Any]


class WorkingCopySummary(WorkingCopySaved):
    """A working copy in a list."""

    id: UUID
    owner_name: Annotated[str | None, Field(description="What they are called.")]
    is_own: Annotated[bool, Field(description="It is the caller's.")]

    @classmethod
    def of(cls, copy: WorkingCopy, names: Mapping[UUID, str], caller_id: UUID | None) -> WorkingCopySummary:
        """A copy with its owner's name."""
        return cls(
            workflow_id=copy.workflow_id,
            owner_id=copy.owner_id,
            based_on_version=copy.based_on_version,
            based_on_etag=copy.based_on_etag,
            created_at=copy.created_at,
            updated_at=copy.updated_at,
            id=copy.id,
            owner_name=names.get(copy.owner_id),
            is_own=copy.owner_id == caller_id,
        )


class WorkingCopyQuery(ListQuery):
    """Which working copies to list."""

    order: ClassVar = ORDER

    workflow_id: Annotated[
        WorkflowId | None, Field(description="Everybody's of this workflow; absent: the caller's own of all.")
    ] = None
