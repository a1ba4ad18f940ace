"""The template library over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Path, Query, Response

from weftline.features.access.caller import Caller
from weftline.features.access.http import requires
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.paging import Page
from weftline.features.http.routing import api_router
from weftline.features.library import examples
from weftline.features.library.errors import NotEntitled, TemplateIncomplete, TemplateNotFound
from weftline.features.library.permissions import READ
from weftline.features.library.schemas import (
    InstallationOut,
    InstallQuery,
    InstallTemplateBody,
    LanguageQuery,
    LibraryQuery,
    TemplateDetail,
    TemplateOut,
    said,
)
from weftline.features.library.service import LibraryService
from weftline.features.tenancy.errors import LimitReached
from weftline.features.workflows.errors import InvalidDefinition, WorkflowExists
from weftline.features.workflows.permissions import CREATE

Reader = Annotated[Caller, requires(READ)]
Creator = Annotated[Caller, requires(CREATE)]
TemplateId = Annotated[str, Path(max_length=64, description="The template's id.", examples=[examples.TEMPLATE])]


def library_routes(service: LibraryService) -> APIRouter:
    """The routes of the library."""
    router = api_router("/library", tag="Library")

    @router.get(
        "",
        summary="List templates",
        responses=answers({"items": [examples.LISTED], "nextCursor": None}, description="By id."),
    )
    async def list_templates(caller: Reader, query: Annotated[LibraryQuery, Query()]) -> Page[TemplateOut]:
        """Lists workflows that are ready to be installed."""
        found = await service.list(
            caller.tenant_id,
            query=query.query,
            categories=query.category,
            integration=query.integration,
            sources=query.source,
            is_featured=query.is_featured,
        )
        window = query.window()
        return window.page(window.over(found), lambda template: TemplateOut.of(template, query.language))

    @router.get(
        "/{template_id}",
        summary="Get a template",
        responses=answers(examples.WHOLE, description="The template.") | failures(TemplateNotFound),
    )
    async def get_template(
        caller: Reader, template_id: TemplateId, query: Annotated[LanguageQuery, Query()]
    ) -> TemplateDetail:
        """Shows a template: its definition, and the connections and variables that it needs."""
        template = await service.get(caller.tenant_id, template_id)
        refusal = await service.refusal(caller.tenant_id, template)
        return TemplateDetail.whole(template, refusal, query.language)

    @router.post(
        "/{template_id}/install",
        status_code=201,
        summary="Install a template",
        responses=answers(examples.INSTALLATION, status=201, description="The draft of a new workflow was made.")
        | answers({**examples.INSTALLATION, "isDryRun": True}, description="With `dryRun`: what would be made.")
        | failures(TemplateNotFound, NotEntitled, TemplateIncomplete, WorkflowExists, InvalidDefinition, LimitReached),
    )
    async def install_template(
        caller: Creator,
        template_id: TemplateId,
        body: Annotated[InstallTemplateBody, Body(openapi_examples={"purchases": {"value": examples.INSTALL}})],
        query: Annotated[InstallQuery, Query()],
        response: Response,
    ) -> InstallationOut:
        """Makes the draft of a workflow from a template, with variables of its own, and with the connections that were
        chosen. Everything that is missing is told at once, and nothing is made then.
        """
        template = await service.get(caller.tenant_id, template_id)
        planned = await service.plan(
            caller,
            template,
            workflow_id=body.workflow_id,
            name=body.name or said(template.entry.name, query.language),
            connections=body.connections,
            variables=body.variables,
        )
        if query.dry_run:
            response.status_code = 200
        else:
            await service.install(caller, template, planned)
            response.headers["Location"] = f"/api/v1/workflows/{planned.workflow_id}"
        return InstallationOut(
            workflow_id=planned.workflow_id,
            name=planned.name,
            connections=dict(planned.connections),
            variables=sorted(planned.variables),
            is_dry_run=query.dry_run,
        )

    return router
