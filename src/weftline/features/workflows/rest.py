"""Workflows over HTTP."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Path, Query, Request, Response

from weftline.features.access.caller import Caller
from weftline.features.access.gate import Gate
from weftline.features.access.http import requires
from weftline.features.access.policies.request import Resource
from weftline.features.errors import UnsupportedMediaType
from weftline.features.http.body import media_type
from weftline.features.http.conditional import ExpectedEtag, etag
from weftline.features.http.examples import answers
from weftline.features.http.paging import MAX_NUMBER, Page, PageQuery, decode_cursor, decode_number, encode_cursor
from weftline.features.http.routing import api_router
from weftline.features.workflows import examples
from weftline.features.workflows.errors import MalformedDefinition
from weftline.features.workflows.models import WorkflowTemplate
from weftline.features.workflows.permissions import CREATE, PUBLISH, READ, WRITE
from weftline.features.workflows.schemas import (
    ProblemOut,
    PublishBody,
    ValidationOut,
    VersionDetail,
    VersionQuery,
    VersionSummary,
    WorkflowDetail,
    WorkflowQuery,
    WorkflowSummary,
)
from weftline.features.workflows.service import Workflow, WorkflowService
from weftline.language import ParseError, parse_definition

FORMATS: dict[str, Literal["json", "yaml"]] = {
    "": "json",
    "application/json": "json",
    "application/yaml": "yaml",
    "application/x-yaml": "yaml",
    "text/yaml": "yaml",
}

DEFINITION_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"type": "object"}, "example": examples.DEFINITION},
            "application/yaml": {"schema": {"type": "string"}, "example": examples.YAML_DEFINITION},
        },
    }
}

Creator = Annotated[Caller, requires(CREATE)]
Lister = Annotated[Caller, requires(READ, listing=True)]
Reader = Annotated[Caller, requires(READ)]
Writer = Annotated[Caller, requires(WRITE)]
Publisher = Annotated[Caller, requires(PUBLISH)]

WorkflowId = Annotated[
    str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$", description="Its id.", examples=["greeting"])
]


async def read_definition(request: Request) -> dict[str, Any]:
    """The document in a request's body, JSON or YAML.

    Raises:
        UnsupportedMediaType: it says it is something else.
        MalformedDefinition: it cannot be read.
    """
    kind = FORMATS.get(media_type(request))
    if kind is None:
        raise UnsupportedMediaType("A definition is sent as application/json or application/yaml.")
    source = await request.body()
    try:
        return await asyncio.to_thread(parse_definition, source, format=kind)
    except ParseError as error:
        raise MalformedDefinition(f"The definition cannot be read: {error}.") from None


def workflow_routes(service: WorkflowService, gate: Gate) -> APIRouter:
    """The routes of workflows."""
    router = api_router("/workflows", tag="Workflows")

    def detail(workflow: Workflow, response: Response) -> WorkflowDetail:
        response.headers.update(etag(workflow.template.etag))
        return WorkflowDetail.of(workflow)

    @router.post(
        "",
        status_code=201,
        summary="Create a workflow",
        responses=answers(examples.DRAFT, status=201, description="The new workflow, a draft."),
        openapi_extra=DEFINITION_BODY,
    )
    async def create_workflow(caller: Creator, request: Request, response: Response) -> WorkflowDetail:
        """Stores a definition as the draft of a new workflow under the definition's own id."""
        workflow = await service.create(caller.tenant_id, await read_definition(request))
        response.headers["Location"] = f"{request.url.path}/{workflow.template.id}"
        return detail(workflow, response)

    @router.post(
        "/validate",
        summary="Validate a definition",
        responses=answers(examples.PROBLEMS, description="Everything that is wrong; nothing is stored."),
        openapi_extra=DEFINITION_BODY,
    )
    async def validate_definition(caller: Lister, request: Request) -> ValidationOut:
        """Says everything that is wrong with a definition, at once. Nothing is stored."""
        problems = await service.problems(await read_definition(request))
        found = [ProblemOut.model_validate(problem) for problem in problems]
        return ValidationOut(valid=not found, problems=found)

    @router.get(
        "",
        summary="List workflows",
        responses=answers({"items": [examples.SUMMARY], "nextCursor": None}, description="By id."),
    )
    async def list_workflows(caller: Lister, query: Annotated[WorkflowQuery, Query()]) -> Page[WorkflowSummary]:
        """Lists workflows in the order of their ids."""
        after = None if query.cursor is None else decode_cursor(query.cursor, 1)[0]
        found = await service.list(
            caller.tenant_id,
            status=query.status,
            query=query.q,
            after=after,
            limit=query.limit + 1,
            ids=await gate.workflows(caller, READ),
        )
        page = found[: query.limit]
        shown = await gate.visible(caller, READ, page, _resource)
        return Page(
            items=[WorkflowSummary.model_validate(template) for template in shown],
            next_cursor=encode_cursor([page[-1].id]) if len(found) > len(page) else None,
        )

    @router.get(
        "/{workflow_id}",
        summary="Get a workflow",
        responses=answers(examples.WORKFLOW, description="The workflow with a definition."),
    )
    async def get_workflow(
        caller: Reader,
        workflow_id: WorkflowId,
        query: Annotated[VersionQuery, Query()],
        response: Response,
    ) -> WorkflowDetail:
        """Shows a workflow with the definition of its latest version, or of the one asked for."""
        return detail(await service.get(caller.tenant_id, workflow_id, query.version), response)

    @router.put(
        "/{workflow_id}",
        summary="Change a workflow",
        responses=answers(examples.DRAFT, description="The workflow with its new definition."),
        openapi_extra=DEFINITION_BODY,
    )
    async def replace_workflow(
        caller: Writer,
        workflow_id: WorkflowId,
        expected: ExpectedEtag,
        request: Request,
        response: Response,
    ) -> WorkflowDetail:
        """Replaces the draft; where the latest version is published, a new draft version is made."""
        document = await read_definition(request)
        workflow = await service.replace(caller.tenant_id, workflow_id, document, expected_etag=expected)
        return detail(workflow, response)

    @router.post(
        "/{workflow_id}/publish",
        summary="Publish the latest version",
        responses=answers(examples.VERSION, description="The published version."),
    )
    async def publish_workflow(
        caller: Publisher,
        workflow_id: WorkflowId,
        body: Annotated[
            PublishBody | None, Body(openapi_examples={"note": {"value": {"changeDescription": "First version"}}})
        ] = None,
    ) -> VersionDetail:
        """Makes the latest version immutable and the one that new executions run. Safe to repeat."""
        note = None if body is None else body.change_description
        workflow = await service.publish(caller.tenant_id, workflow_id, note)
        return VersionDetail.model_validate(workflow.version)

    @router.get(
        "/{workflow_id}/versions",
        summary="List versions",
        responses=answers({"items": [examples.VERSION_SUMMARY], "nextCursor": None}, description="Newest first."),
    )
    async def list_versions(
        caller: Reader, workflow_id: WorkflowId, query: Annotated[PageQuery, Query()]
    ) -> Page[VersionSummary]:
        """Lists a workflow's versions, the newest first."""
        before = None if query.cursor is None else decode_number(query.cursor)
        found = await service.list_versions(caller.tenant_id, workflow_id, before=before, limit=query.limit + 1)
        items = [VersionSummary.model_validate(version) for version in found[: query.limit]]
        more = len(found) > len(items)
        return Page(items=items, next_cursor=encode_cursor([str(items[-1].version_number)]) if more else None)

    @router.get(
        "/{workflow_id}/versions/{number}",
        summary="Get a version",
        responses=answers(examples.VERSION, description="The version with its definition."),
    )
    async def get_version(
        caller: Reader,
        workflow_id: WorkflowId,
        number: Annotated[int, Path(ge=1, le=MAX_NUMBER, examples=[1])],
    ) -> VersionDetail:
        """Shows one version with its definition."""
        workflow = await service.get(caller.tenant_id, workflow_id, number)
        return VersionDetail.model_validate(workflow.version)

    return router


def _resource(template: WorkflowTemplate) -> Resource:
    return Resource(type="Workflow", id=template.id, workflow_id=template.id)
