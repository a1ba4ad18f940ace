"""Publishing templates over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Path, Query, Response
from fastapi.responses import JSONResponse

from weftline.features.access.caller import Caller
from weftline.features.access.errors import PermissionDenied
from weftline.features.access.http import requires
from weftline.features.http.conditional import etag
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.paging import Page
from weftline.features.http.routing import api_router
from weftline.features.library import publication_examples as examples
from weftline.features.library.errors import (
    NotPublishable,
    PublicationNotFound,
    TemplateExists,
    TooManyPublications,
)
from weftline.features.library.permissions import PUBLISH, READ
from weftline.features.library.publication_schemas import (
    DryRunOut,
    ProposalOut,
    PublicationDetail,
    PublicationOut,
    PublicationQuery,
    PublicationVersionOut,
    PublishBody,
    PublishQuery,
    VersionBody,
    VersionQuery,
)
from weftline.features.library.publishing import Published, PublishingService
from weftline.features.library.sources import Sources
from weftline.features.workflows.errors import VersionNotFound, WorkflowNotFound

Reader = Annotated[Caller, requires(READ)]
Publisher = Annotated[Caller, requires(PUBLISH)]
PublicationId = Annotated[str, Path(max_length=64, description="The template's id.", examples=[examples.PUBLICATION])]
WorkflowId = Annotated[str, Path(max_length=128, description="The workflow's id.", examples=["travel"])]
Number = Annotated[int | None, Query(ge=1, description="The version; absent: the published one, else the latest.")]


def publication_routes(service: PublishingService, sources: Sources) -> tuple[APIRouter, ...]:
    """The routes of what the tenant publishes."""
    return _of_workflows(sources), _of_publications(service)


def _of_workflows(sources: Sources) -> APIRouter:
    router = api_router("/workflows/{workflow_id}/template", tag="Library")

    @router.get(
        "",
        summary="Propose a template",
        responses=answers(examples.PROPOSAL, description="What it would be.")
        | failures(WorkflowNotFound, VersionNotFound, NotPublishable),
    )
    async def propose_template(caller: Publisher, workflow_id: WorkflowId, version: Number = None) -> ProposalOut:
        """Shows what the workflow would need as a template: the connections and variables to name, and what stands in
        it that must not leave the tenant."""
        return ProposalOut.of(await sources.propose(caller, workflow_id, version))

    return router


def _of_publications(service: PublishingService) -> APIRouter:
    router = api_router("/publications", tag="Library")

    def detail(published: Published, response: Response) -> PublicationDetail:
        response.headers.update(etag(published.publication.etag))
        return PublicationDetail.of(published)

    @router.get(
        "",
        summary="List publications",
        responses=answers({"items": [examples.LISTED], "nextCursor": None}, description="By id."),
    )
    async def list_publications(caller: Reader, query: Annotated[PublicationQuery, Query()]) -> Page[PublicationOut]:
        """Lists the templates that the tenant has published, with those that it took back."""
        window = query.window()
        return window.page(await service.list(caller.tenant_id, window), PublicationOut.of)

    @router.post(
        "",
        status_code=201,
        summary="Publish a template",
        response_model=PublicationDetail,
        responses=answers(examples.WHOLE, status=201, description="The publication.")
        | answers({"template": examples.ENTRY, "isDryRun": True}, description="With `dryRun`: what it would be.")
        | failures(
            PermissionDenied, WorkflowNotFound, VersionNotFound, NotPublishable, TemplateExists, TooManyPublications
        ),
    )
    async def publish_template(
        caller: Publisher,
        body: Annotated[PublishBody, Body(openapi_examples={"travel": {"value": examples.PUBLISH}})],
        query: Annotated[PublishQuery, Query()],
        response: Response,
    ) -> PublicationDetail | Response:
        """Publishes a workflow as a template. Connections become names of what is needed, secrets and what names the
        tenant's people stay behind; whatever stands in the way is told at once. A public template waits for an operator
        of the platform before other tenants see it."""
        if query.dry_run:
            entry = await service.check(caller, body.id, body.workflow_id, body.draft())
            shown = DryRunOut(template=entry.model_dump(mode="json", by_alias=True, exclude_none=True))
            return JSONResponse(shown.model_dump(mode="json", by_alias=True))
        published = await service.publish(caller, body.id, body.workflow_id, body.draft())
        response.headers["Location"] = f"/api/v1/publications/{body.id}"
        return detail(published, response)

    @router.get(
        "/{publication_id}",
        summary="Get a publication",
        responses=answers(examples.WHOLE, description="The publication.") | failures(PublicationNotFound),
    )
    async def get_publication(caller: Reader, publication_id: PublicationId, response: Response) -> PublicationDetail:
        """Shows a template that the tenant has published, as whoever installs it gets it."""
        return detail(await service.get(caller.tenant_id, publication_id), response)

    @router.get(
        "/{publication_id}/versions",
        summary="List a publication's versions",
        responses=answers({"items": [examples.VERSION], "nextCursor": None}, description="The newest first.")
        | failures(PublicationNotFound),
    )
    async def list_publication_versions(
        caller: Reader, publication_id: PublicationId, query: Annotated[VersionQuery, Query()]
    ) -> Page[PublicationVersionOut]:
        """Lists the versions of a publication, and how each stands with the operators."""
        window = query.window()
        found = await service.versions(caller.tenant_id, publication_id, window)
        return window.page(found, PublicationVersionOut.of)

    @router.post(
        "/{publication_id}/versions",
        status_code=201,
        summary="Publish a new version",
        responses=answers(examples.WHOLE, status=201, description="The publication.")
        | failures(PermissionDenied, PublicationNotFound, WorkflowNotFound, VersionNotFound, NotPublishable),
    )
    async def add_publication_version(
        caller: Publisher,
        publication_id: PublicationId,
        body: Annotated[VersionBody, Body(openapi_examples={"travel": {"value": examples.VERSION_BODY}})],
        response: Response,
    ) -> PublicationDetail:
        """Publishes the template anew, also one that was taken back. What was installed from it stays as it is. Other
        tenants go on seeing the version that was approved last, until this one is."""
        published = await service.add_version(caller, publication_id, body.draft())
        response.headers["Location"] = f"/api/v1/publications/{publication_id}"
        return detail(published, response)

    @router.post(
        "/{publication_id}/unpublish",
        summary="Take a template back",
        responses=answers({**examples.WHOLE, "isPublished": False}, description="The publication.")
        | failures(PublicationNotFound),
    )
    async def unpublish_template(
        caller: Publisher, publication_id: PublicationId, response: Response
    ) -> PublicationDetail:
        """Takes a template back: nobody sees it any longer. What was installed from it stays as it is."""
        return detail(await service.unpublish(caller, publication_id), response)

    return router
