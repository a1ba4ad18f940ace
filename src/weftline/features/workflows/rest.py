"""Workflows over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response

from weftline.features.access.caller import Caller
from weftline.features.access.gate import Gate
from weftline.features.access.http import requires
from weftline.features.access.policies.request import Resource
from weftline.features.errors import UnsupportedMediaType
from weftline.features.http.body import media_type
from weftline.features.http.conditional import ExpectedEtag
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.paging import Page
from weftline.features.http.routing import api_router
from weftline.features.shared import Shared, same_request
from weftline.features.tenancy.errors import LimitReached
from weftline.features.workflows import examples
from weftline.features.workflows.dialects import converted, in_terms_of, read_dialect, shown, with_notes
from weftline.features.workflows.errors import (
    InvalidDefinition,
    MalformedDefinition,
    NotConvertible,
    UnknownDialect,
    VersionNotFound,
    WorkflowArchived,
    WorkflowChanged,
    WorkflowExists,
    WorkflowNotFound,
)
from weftline.features.workflows.lifecycle_rest import add_lifecycle_routes
from weftline.features.workflows.models import WorkflowTemplate
from weftline.features.workflows.parameters import WorkflowId, detail
from weftline.features.workflows.permissions import CREATE, READ, WRITE
from weftline.features.workflows.schemas import (
    ConversionOut,
    ConvertQuery,
    DialectQuery,
    ProblemOut,
    ValidationOut,
    VersionQuery,
    WorkflowDetail,
    WorkflowQuery,
    WorkflowSummary,
)
from weftline.features.workflows.service import WorkflowService
from weftline.features.workflows.versions_rest import add_version_routes
from weftline.language import ParseError, parse_definition
from weftline.language.dialects import located

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

FOREIGN_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"type": "object"}, "example": examples.FOREIGN},
            "application/yaml": {"schema": {"type": "string"}, "example": examples.YAML_FOREIGN},
        },
    }
}

Creator = Annotated[Caller, requires(CREATE)]
Lister = Annotated[Caller, requires(READ, listing=True)]
Reader = Annotated[Caller, requires(READ)]
Writer = Annotated[Caller, requires(WRITE)]
Written = Annotated[DialectQuery, Query()]


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
    """The routes of workflows, their versions and statuses."""
    router = api_router("/workflows", tag="Workflows")
    _add_definitions(router, service, gate)
    add_version_routes(router, service)
    add_lifecycle_routes(router, service.lifecycle)
    return router


def _add_definitions(router: APIRouter, service: WorkflowService, gate: Gate) -> None:
    shared = Shared()

    @router.post(
        "",
        status_code=201,
        summary="Create a workflow",
        responses=answers(examples.DRAFT, status=201, description="The new workflow, a draft.")
        | failures(
            LimitReached, InvalidDefinition, MalformedDefinition, NotConvertible, UnknownDialect, WorkflowExists
        ),
        openapi_extra=DEFINITION_BODY,
    )
    async def create_workflow(
        caller: Creator, request: Request, written: Written, response: Response
    ) -> WorkflowDetail:
        """Stores a definition as the draft of a new workflow under the definition's own id."""
        reading = await read_dialect(await read_definition(request), written.dialect)
        workflow = await in_terms_of(reading, service.create(caller.tenant_id, reading.definition))
        response.headers["Location"] = f"{request.url.path}/{workflow.template.id}"
        return with_notes(detail(workflow, response), reading.notes)

    @router.post(
        "/validate",
        summary="Validate a definition",
        responses=answers(examples.PROBLEMS, description="Everything that is wrong; nothing is stored.")
        | failures(MalformedDefinition, UnknownDialect),
        openapi_extra=DEFINITION_BODY,
    )
    async def validate_definition(caller: Lister, request: Request, written: Written) -> ValidationOut:
        """Says everything that is wrong with a definition, at once. Nothing is stored."""
        document = await read_definition(request)
        try:
            reading = await read_dialect(document, written.dialect)
            problems = located(await service.problems(caller.tenant_id, reading.definition), reading)
        except (InvalidDefinition, NotConvertible) as error:
            problems = error.errors
        found = [ProblemOut.model_validate(problem) for problem in problems]
        return ValidationOut(valid=not found, problems=found)

    @router.post(
        "/convert",
        summary="Convert a definition",
        responses=answers(examples.CONVERSION, description="The document in the other dialect; nothing is stored.")
        | failures(InvalidDefinition, MalformedDefinition, NotConvertible, UnknownDialect),
        openapi_extra=FOREIGN_BODY,
    )
    async def convert_definition(
        caller: Lister, request: Request, query: Annotated[ConvertQuery, Query()]
    ) -> ConversionOut:
        """Converts a document from one dialect into another, as `weft convert` does. Nothing is stored."""
        document = await read_definition(request)
        return await converted(document, query.source, query.target, partial=query.partial)

    @router.get(
        "",
        summary="List workflows",
        responses=answers({"items": [examples.SUMMARY], "nextCursor": None}, description="By id."),
    )
    async def list_workflows(
        caller: Lister, query: Annotated[WorkflowQuery, Query()], request: Request
    ) -> Page[WorkflowSummary]:
        """Lists workflows, by id unless asked otherwise. Archived ones are shown only where asked for by `status`."""
        window = query.window()
        ids = query.ids_within(await gate.workflows(caller, READ))

        async def page(at_turn: Callable[[], None]) -> Page[WorkflowSummary]:
            found = await service.list(
                caller.tenant_id, window, statuses=query.status, query=query.q, ids=ids, at_turn=at_turn
            )
            shown = await gate.visible(caller, READ, window.cut(found), _resource)
            return window.page_of(found, [WorkflowSummary.model_validate(template) for template in shown])

        return await shared.get(same_request(caller, request), page)

    @router.get(
        "/{workflow_id}",
        summary="Get a workflow",
        responses=answers(examples.WORKFLOW, description="The workflow with a definition.")
        | failures(NotConvertible, UnknownDialect, VersionNotFound, WorkflowNotFound),
    )
    async def get_workflow(
        caller: Reader,
        workflow_id: WorkflowId,
        query: Annotated[VersionQuery, Query()],
        response: Response,
    ) -> WorkflowDetail:
        """Shows a workflow with the definition of its latest version, or of the one asked for."""
        workflow = await service.get(caller.tenant_id, workflow_id, query.version)
        return await shown(detail(workflow, response), query.dialect)

    @router.put(
        "/{workflow_id}",
        summary="Change a workflow",
        responses=answers(examples.DRAFT, description="The workflow with its new definition.")
        | failures(
            InvalidDefinition,
            MalformedDefinition,
            NotConvertible,
            UnknownDialect,
            WorkflowArchived,
            WorkflowChanged,
            WorkflowNotFound,
        ),
        openapi_extra=DEFINITION_BODY,
    )
    async def replace_workflow(
        caller: Writer,
        workflow_id: WorkflowId,
        expected: ExpectedEtag,
        request: Request,
        written: Written,
        response: Response,
    ) -> WorkflowDetail:
        """Replaces the draft; where the latest version is published, a new draft version is made."""
        reading = await read_dialect(await read_definition(request), written.dialect)
        replaced = service.replace(caller.tenant_id, workflow_id, reading.definition, expected_etag=expected)
        return with_notes(detail(await in_terms_of(reading, replaced), response), reading.notes)


def _resource(template: WorkflowTemplate) -> Resource:
    return Resource(type="Workflow", id=template.id, workflow_id=template.id)
