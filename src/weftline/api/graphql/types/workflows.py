"""Templates of workflows, with their versions and executions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, TypeAlias

import strawberry

from weftline.api.graphql.context import Info
from weftline.api.graphql.demands import PAGING, demand, read
from weftline.api.graphql.loaders import Newest, TemplateView, VersionsOf, resource_of_template
from weftline.api.graphql.paging import After, Connection, First, checked, connection
from weftline.api.graphql.scalars import JSON
from weftline.api.graphql.shapes import enum, shape, shown
from weftline.features.http.paging import DEFAULT_LIMIT, decode_number, decode_uuid, encode_cursor
from weftline.features.workflows.permissions import READ
from weftline.features.workflows.schemas import (
    ProblemOut,
    VersionDetail,
    VersionSummary,
    WorkflowQuery,
)
from weftline.model.status import ExecutionStatus

if TYPE_CHECKING:
    from weftline.api.graphql.types.executions import Execution

enum(ExecutionStatus)

ExecutionShape: TypeAlias = Annotated["Execution", strawberry.lazy("weftline.api.graphql.types.executions")]
Status: TypeAlias = Annotated[
    list[ExecutionStatus] | None,
    strawberry.argument(description="Only those that rest at one of these; absent: all."),
]
Number: TypeAlias = Annotated[int, strawberry.argument(description="A version's number.")]
Parent: TypeAlias = strawberry.Parent[TemplateView]
ParentVersion: TypeAlias = strawberry.Parent[VersionSummary]


@shape(ProblemOut)
class DefinitionProblem:
    """One thing that is wrong with a definition."""


async def _definition(parent: ParentVersion, info: Info) -> JSON:
    if isinstance(parent, VersionDetail):
        return JSON(parent.definition)
    version = await info.context.load.version.load((parent.template_id, parent.version_number))
    return JSON(version.definition)


@shape(VersionSummary)
class WorkflowVersion:
    """One definition of a template. Once published it never changes."""

    definition: JSON = strawberry.field(resolver=_definition, description="The definition, in Weftline's own dialect.")


def _etag(parent: Parent) -> str:
    return str(parent.etag)


async def _latest(parent: Parent, info: Info) -> JSON:
    return JSON((await info.context.load.version.load((parent.id, parent.latest_version))).definition)


async def _version(parent: Parent, info: Info, number: Number) -> WorkflowVersion:
    return shown(await info.context.load.version.load((parent.id, number)))


async def _versions(
    parent: Parent, info: Info, first: First = DEFAULT_LIMIT, after: After = None
) -> Connection[WorkflowVersion]:
    before = None if after is None else decode_number(after)
    page = await info.context.load.versions.load(VersionsOf(parent.id, before, checked(first)))
    cursors = (encode_cursor([str(version.version_number)]) for version in page.items)
    return connection(page.items, cursors, end=page.next_cursor, after=after)


async def _executions(
    parent: Parent, info: Info, status: Status = None, first: First = DEFAULT_LIMIT, after: After = None
) -> Connection[ExecutionShape]:
    before = None if after is None else decode_uuid(after)
    page = await info.context.load.newest.load(Newest(parent.id, tuple(status or ()), before, checked(first)))
    cursors = (encode_cursor([str(execution.id)]) for execution in page.items)
    return connection(page.items, cursors, end=page.next_cursor, after=after)


@shape(TemplateView, without={"template_id", "etag"})
class WorkflowTemplate:
    """A workflow as it is defined: whatever its version, under one id. What runs are its executions."""

    definition: JSON = strawberry.field(
        resolver=_latest, description="The latest version's definition, in Weftline's own dialect."
    )
    etag: str = strawberry.field(resolver=_etag, description="Its state; see `ifMatch`.")
    version: WorkflowVersion = strawberry.field(resolver=_version, description="One of its versions.")
    versions: Connection[WorkflowVersion] = strawberry.field(
        resolver=_versions, description="Its versions, the newest first."
    )
    executions: Connection[ExecutionShape] = strawberry.field(
        resolver=_executions, description="Its executions, the newest first."
    )


@demand(WorkflowQuery, without=PAGING)
class WorkflowTemplateFilter:
    """Which templates to list: those that fit everything that is given."""


@strawberry.type
class WorkflowQueries:
    """What can be asked of templates."""

    @strawberry.field(description="Templates in the order of their ids; archived ones only where asked for.")
    async def workflow_templates(
        self,
        info: Info,
        filter: Annotated[WorkflowTemplateFilter | None, strawberry.argument(description="Which.")] = None,
        first: First = DEFAULT_LIMIT,
        after: After = None,
    ) -> Connection[WorkflowTemplate]:
        """A page of templates."""
        operation = info.context
        await operation.allow(READ, listing=True)
        query, gate = read(WorkflowQuery, filter, "filter", limit=checked(first), cursor=after), operation.services.gate
        window = query.window()
        found = await operation.services.workflows.list(
            operation.caller.tenant_id,
            window,
            statuses=query.status,
            query=query.q,
            ids=query.ids_within(await gate.workflows(operation.caller, READ)),
        )
        visible = await gate.visible(operation.caller, READ, window.cut(found), resource_of_template)
        items = [TemplateView.model_validate(template) for template in visible]
        cursors = (window.cursor_of(template) for template in visible)
        return connection(items, cursors, end=window.cursor(found), after=after)

    @strawberry.field(description="A template.")
    async def workflow_template(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")]
    ) -> WorkflowTemplate:
        """One template."""
        return shown(await template(info, id))


async def template(info: Info, id: str) -> TemplateView:
    """A template that the caller may see.

    Raises:
        PermissionDenied, WorkflowNotFound: they may not, or there is none.
    """
    operation = info.context
    await operation.allow(READ, workflow_id=id)
    found = await operation.services.workflows.get(operation.caller.tenant_id, id)
    return TemplateView.model_validate(found.template)
