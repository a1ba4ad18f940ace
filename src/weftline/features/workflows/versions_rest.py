"""Versions of workflows over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Response

from weftline.features.access.caller import Caller
from weftline.features.access.http import requires
from weftline.features.http.conditional import ExpectedEtag, etag
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.paging import Page
from weftline.features.workflows import examples
from weftline.features.workflows.errors import (
    InvalidDefinition,
    VersionNotFound,
    VersionNotPublished,
    WorkflowArchived,
    WorkflowChanged,
    WorkflowNotFound,
)
from weftline.features.workflows.parameters import VersionNumber, WorkflowId
from weftline.features.workflows.permissions import PUBLISH, READ
from weftline.features.workflows.publishing import Publication
from weftline.features.workflows.schemas import (
    DiffOut,
    DiffQuery,
    PublishBody,
    PublishedVersion,
    VersionDetail,
    VersionPageQuery,
    VersionSummary,
)
from weftline.features.workflows.service import WorkflowService

Reader = Annotated[Caller, requires(READ)]
Publisher = Annotated[Caller, requires(PUBLISH)]


def add_version_routes(router: APIRouter, service: WorkflowService) -> None:
    """Add the routes of versions to those of workflows."""
    _add_reading(router, service)
    _add_publishing(router, service)


def _add_reading(router: APIRouter, service: WorkflowService) -> None:
    @router.get(
        "/{workflow_id}/versions",
        summary="List versions",
        responses=answers({"items": [examples.VERSION_SUMMARY], "nextCursor": None}, description="Newest first.")
        | failures(WorkflowNotFound),
    )
    async def list_versions(
        caller: Reader, workflow_id: WorkflowId, query: Annotated[VersionPageQuery, Query()]
    ) -> Page[VersionSummary]:
        """Lists a workflow's versions, the newest first unless asked otherwise."""
        window = query.window()
        found = await service.list_versions(caller.tenant_id, workflow_id, window)
        return window.page(found, VersionSummary.model_validate)

    # before the route of one version, of which "diff" would else be the number
    @router.get(
        "/{workflow_id}/versions/diff",
        summary="Compare two versions",
        responses=answers(examples.DIFF, description="What differs, place by place.")
        | failures(VersionNotFound, WorkflowNotFound),
    )
    async def compare_versions(
        caller: Reader, workflow_id: WorkflowId, query: Annotated[DiffQuery, Query()]
    ) -> DiffOut:
        """Tells what differs between two versions: nodes, settings and the rest. The order of nodes means nothing."""
        return DiffOut.of(await service.compare(caller.tenant_id, workflow_id, query.from_, query.to))

    @router.get(
        "/{workflow_id}/versions/{number}",
        summary="Get a version",
        responses=answers(examples.VERSION, description="The version with its definition.")
        | failures(VersionNotFound, WorkflowNotFound),
    )
    async def get_version(caller: Reader, workflow_id: WorkflowId, number: VersionNumber) -> VersionDetail:
        """Shows one version with its definition."""
        workflow = await service.get(caller.tenant_id, workflow_id, number)
        return VersionDetail.model_validate(workflow.version)


def _add_publishing(router: APIRouter, service: WorkflowService) -> None:
    def published(publication: Publication, response: Response) -> PublishedVersion:
        response.headers.update(etag(publication.template.etag))
        return PublishedVersion.of(publication)

    @router.post(
        "/{workflow_id}/publish",
        summary="Publish the latest version",
        responses=answers(examples.PUBLISHED, description="The published version.")
        | failures(InvalidDefinition, WorkflowArchived, WorkflowChanged, WorkflowNotFound),
    )
    async def publish_workflow(
        caller: Publisher,
        workflow_id: WorkflowId,
        expected: ExpectedEtag,
        response: Response,
        body: Annotated[PublishBody | None, _note("First version")] = None,
    ) -> PublishedVersion:
        """Makes the latest version immutable and the one that new executions run. Safe to repeat.

        Refused where the workflow would start itself by way of its sub-workflows (`subworkflow_cycle`).
        """
        publication = await service.publishing.publish(
            caller.tenant_id, workflow_id, _description(body), expected_etag=expected
        )
        return published(publication, response)

    @router.post(
        "/{workflow_id}/versions/{number}/rollback",
        summary="Go back to a version",
        responses=answers(examples.ROLLED_BACK, description="The version that is active now.")
        | failures(
            InvalidDefinition, VersionNotFound, VersionNotPublished, WorkflowArchived, WorkflowChanged, WorkflowNotFound
        ),
    )
    async def roll_back_workflow(
        caller: Publisher,
        workflow_id: WorkflowId,
        number: VersionNumber,
        expected: ExpectedEtag,
        response: Response,
        body: Annotated[PublishBody | None, _note("The new words confused people")] = None,
    ) -> PublishedVersion:
        """Publishes a new version with the definition of an earlier one. Safe to repeat.

        A draft is not lost: it stays under its number, and can be stored anew.
        """
        publication = await service.publishing.roll_back(
            caller.tenant_id, workflow_id, number, _description(body), expected_etag=expected
        )
        return published(publication, response)


def _note(text: str) -> Any:
    return Body(openapi_examples={"note": {"value": {"changeDescription": text}}})


def _description(body: PublishBody | None) -> str | None:
    return None if body is None else body.change_description
