"""Workflows on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from weftline.features.http.paging import PageQuery
from weftline.features.http.wire import Demand, Wire
from weftline.features.workflows.service import Workflow
from weftline.model.status import TemplateStatus


class WorkflowSummary(Wire):
    """A workflow in a list."""

    id: str
    name: str
    description: str | None
    status: TemplateStatus
    is_active: bool
    latest_version: int
    published_version: int | None
    created_at: datetime
    updated_at: datetime
    template_id: Annotated[str, Field(validation_alias="id", description="The same as `id`.")]


class WorkflowDetail(WorkflowSummary):
    """A workflow with one of its versions."""

    version_number: Annotated[int, Field(description="The version that `definition` is of.")]
    definition: dict[str, Any]

    @classmethod
    def of(cls, workflow: Workflow) -> WorkflowDetail:
        """Template and version as one."""
        summary = WorkflowSummary.model_validate(workflow.template)
        return cls(
            **summary.model_dump(exclude={"template_id"}),
            version_number=workflow.version.version_number,
            definition=workflow.version.definition,
        )


class VersionSummary(Wire):
    """A version in a list."""

    template_id: str
    version_number: int
    label: str | None
    status: TemplateStatus
    is_active: Annotated[bool, Field(description="True for the version that new executions run.")]
    change_description: str | None
    published_at: datetime | None
    created_at: datetime


class VersionDetail(VersionSummary):
    """A version with its definition."""

    definition: dict[str, Any]


class ProblemOut(Wire):
    """One thing that is wrong with a definition."""

    pointer: str
    message: str
    hint: str | None
    code: str


class ValidationOut(Wire):
    """What is wrong with a definition."""

    valid: bool
    problems: list[ProblemOut]


class WorkflowQuery(PageQuery):
    """Which workflows to list."""

    status: TemplateStatus | None = None
    q: Annotated[str | None, Field(max_length=200, description="Text within the id or the name.")] = None


class VersionQuery(Demand):
    """Which version to show."""

    version: Annotated[int | None, Field(ge=1, le=2**31 - 1, description="The latest where absent.")] = None


class PublishBody(Demand):
    """How to publish."""

    change_description: Annotated[str | None, Field(max_length=2000)] = None
