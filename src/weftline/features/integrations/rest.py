"""Integrations over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from weftline.features.access.caller import Caller
from weftline.features.access.http import requires
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.paging import Page
from weftline.features.http.routing import api_router
from weftline.features.integrations import examples
from weftline.features.integrations.catalogue import IntegrationCatalogue
from weftline.features.integrations.errors import ActionNotFound, IntegrationNotFound
from weftline.features.integrations.permissions import READ_INTEGRATIONS
from weftline.features.integrations.schemas import (
    ActionQuery,
    ActionsQuery,
    IntegrationActionOut,
    IntegrationDetail,
    IntegrationOut,
    IntegrationQuery,
)

Reader = Annotated[Caller, requires(READ_INTEGRATIONS)]
IntegrationName = Annotated[
    str, Path(max_length=64, description="The integration's name.", examples=[examples.INTEGRATION])
]
ActionName = Annotated[
    str, Path(max_length=128, description="The action's name, without the integration's.", examples=[examples.ACTION])
]


def integration_routes(catalogue: IntegrationCatalogue) -> APIRouter:
    """The routes of integrations."""
    router = api_router("/integrations", tag="Integrations")

    @router.get(
        "",
        summary="List integrations",
        responses=answers({"items": [examples.LISTED], "nextCursor": None}, description="By name."),
    )
    async def list_integrations(caller: Reader, query: Annotated[IntegrationQuery, Query()]) -> Page[IntegrationOut]:
        """Lists the systems that workflows can reach: those that come with the platform, and those that the tenant has
        imported, each with how the caller's and the tenant's connections to it stand.
        """
        found, connected = await catalogue.list(
            caller,
            query=query.query,
            category=query.category,
            auth_types=query.auth_type,
            is_connected=query.is_connected,
        )
        window = query.window()
        return window.page(window.over(found), lambda each: IntegrationOut.of(each, connected.get(each.name, [])))

    @router.get(
        "/actions",
        summary="Find actions",
        responses=answers({"items": [examples.FOUND], "nextCursor": None}, description="The closest first."),
    )
    async def find_integration_actions(
        caller: Reader, query: Annotated[ActionQuery, Query()]
    ) -> Page[IntegrationActionOut]:
        """Finds actions of all integrations by words of their name, their description or their integration. They come
        without their schemas, which `GET /integrations/{name}/actions/{action}` shows.
        """
        window = query.window()
        found = window.over(await catalogue.search(caller, query.query, query.integration_id))
        return window.page(found, lambda each: IntegrationActionOut.of(each.action, is_whole=False))

    @router.get(
        "/{integration_name}",
        summary="Get an integration",
        responses=answers(examples.WHOLE, description="The integration.") | failures(IntegrationNotFound),
    )
    async def get_integration(caller: Reader, integration_name: IntegrationName) -> IntegrationDetail:
        """Shows an integration: how one signs in, what a connection configures, what steps can do and what can start
        workflows.
        """
        return IntegrationDetail.whole(*await catalogue.get(caller, integration_name))

    @router.get(
        "/{integration_name}/actions",
        summary="List an integration's actions",
        responses=answers({"items": [examples.ACTION_OUT], "nextCursor": None}, description="By name.")
        | failures(IntegrationNotFound),
    )
    async def list_integration_actions(
        caller: Reader, integration_name: IntegrationName, query: Annotated[ActionsQuery, Query()]
    ) -> Page[IntegrationActionOut]:
        """Lists what steps can do in a system. Those of an imported integration come without their schemas."""
        window = query.window()
        found = await catalogue.actions(caller, integration_name, query.query)
        return window.page(window.over(found), IntegrationActionOut.of)

    @router.get(
        "/{integration_name}/actions/{action_name}",
        summary="Get an integration's action",
        responses=answers(examples.ACTION_OUT, description="The action.")
        | failures(IntegrationNotFound, ActionNotFound),
    )
    async def get_integration_action(
        caller: Reader, integration_name: IntegrationName, action_name: ActionName
    ) -> IntegrationActionOut:
        """Shows an action with the schemas of its input and its output."""
        return IntegrationActionOut.of(await catalogue.action(caller, integration_name, action_name))

    return router
