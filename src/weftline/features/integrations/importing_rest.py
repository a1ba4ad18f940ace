"""Importing integrations over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Path, Query, Response

from weftline.features.access.caller import Caller
from weftline.features.access.http import requires
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.routing import api_router
from weftline.features.http.wire import Wire
from weftline.features.integrations import importing_examples as examples
from weftline.features.integrations.errors import IntegrationNotFound
from weftline.features.integrations.importing_errors import (
    IntegrationExists,
    IntegrationInUse,
    InvalidDocument,
    TooManyIntegrations,
)
from weftline.features.integrations.importing_schemas import ImportBody, ImportOut
from weftline.features.integrations.importing_service import ImportService
from weftline.features.integrations.permissions import MANAGE_INTEGRATIONS

Manager = Annotated[Caller, requires(MANAGE_INTEGRATIONS)]
ImportedName = Annotated[str, Path(max_length=64, description="The integration's name.", examples=["petstore"])]


class RemovedIntegrationOut(Wire):
    """An integration that is gone."""

    id: str
    name: str


def import_routes(service: ImportService) -> APIRouter:
    """The routes of imports."""
    router = api_router("/integrations", tag="Integrations")

    @router.post(
        "/import",
        name="import_integration",
        summary="Import an integration",
        responses={
            **answers(examples.IMPORT, description="What it came to, or would come to."),
            **answers(examples.IMPORT, status=201, description="The new integration."),
        }
        | failures(IntegrationExists, InvalidDocument, TooManyIntegrations),
    )
    async def import_integration(
        caller: Manager,
        body: Annotated[
            ImportBody, Body(openapi_examples={"url": {"value": examples.BY_URL}, "text": {"value": examples.BY_TEXT}})
        ],
        response: Response,
        dry_run: Annotated[bool, Query(alias="dryRun", description="Only tell what it would come to.")] = False,
    ) -> ImportOut:
        """Makes an integration of an OpenAPI or Swagger document: an action of each operation.

        Where the tenant has imported one of this name before, it is brought up to date: actions keep their names, and
        those that the document has no longer are kept as long as published workflows call them. What of the document
        cannot be used is listed, and refuses nothing.
        """
        came_to = await service.run(caller, body.request(), is_dry=dry_run)
        if came_to.is_new and not dry_run:
            response.status_code = 201
            response.headers["Location"] = f"/api/v1/integrations/{came_to.name}"
        return ImportOut.of(came_to, is_dry=dry_run)

    @router.delete(
        "/{integration_name}",
        name="remove_integration",
        summary="Remove an imported integration",
        responses=answers(examples.REMOVED, description="It is gone.")
        | failures(IntegrationInUse, IntegrationNotFound),
    )
    async def remove_integration(
        caller: Manager,
        integration_name: ImportedName,
        force: Annotated[bool, Query(description="Even where published workflows call its actions.")] = False,
    ) -> RemovedIntegrationOut:
        """Removes an integration that the tenant has imported. Connections to it stay, and serve it when it is imported
        again.
        """
        await service.remove(caller, integration_name, is_forced=force)
        return RemovedIntegrationOut(id=integration_name, name=integration_name)

    return router
