"""Plugins over HTTP: a tenant's view of them, and starting and stopping them for everybody."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Path, Query, Response

from weftline.features.access.caller import Caller
from weftline.features.access.http import operator, requires
from weftline.features.access.policies.permissions import READ as READ_POLICIES
from weftline.features.http.conditional import ExpectedEtag, etag
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.paging import Page
from weftline.features.http.routing import api_router
from weftline.features.plugins import examples
from weftline.features.plugins.errors import InvalidConfiguration, PluginChanged, PluginNotFound
from weftline.features.plugins.panel_schemas import PanelOut, PanelQuery
from weftline.features.plugins.panels import PluginPanels
from weftline.features.plugins.permissions import MANAGE, READ, RUN
from weftline.features.plugins.policies import PluginPolicies
from weftline.features.plugins.policy_schemas import PluginPolicyOut, PluginPolicyQuery
from weftline.features.plugins.route_rest import User, plugin_call_routes
from weftline.features.plugins.schemas import ConfigurationBody, ConfigurationOut, PluginDetail, PluginOut, PluginQuery
from weftline.features.plugins.service import PluginService, ShownPlugin

Reader = Annotated[Caller, requires(READ)]
PolicyReader = Annotated[Caller, requires(READ_POLICIES)]
Manager = Annotated[Caller, requires(MANAGE)]
Operator = Annotated[Caller, operator(RUN, everywhere=True)]
PluginId = Annotated[str, Path(max_length=63, description="The plugin's id.", examples=[examples.ID])]


def plugin_routes(service: PluginService) -> tuple[APIRouter, ...]:
    """The routes of plugins, and of what they add."""
    # before those of one plugin, whose id it would be
    return (
        _of_panels(service.panels),
        _of_policies(service.policies),
        _of_tenants(service),
        _of_the_platform(service),
        plugin_call_routes(service.calls),
    )


def _of_panels(panels: PluginPanels) -> APIRouter:
    router = api_router("/plugins", tag="Plugins")

    @router.get(
        "/panels",
        summary="List plugins' panels",
        responses=answers({"items": [examples.PANEL], "nextCursor": None}, description="By plugin and id."),
    )
    async def list_plugin_panels(caller: User, query: Annotated[PanelQuery, Query()]) -> Page[PanelOut]:
        """Lists the pages that plugins add to the web app, those that the caller may see, with the buttons that they
        may use. A panel is described, not programmed: what it shows comes from routes of its plugin.
        """
        window = query.window()
        return window.page(window.over(panels.list(caller)), PanelOut.model_validate)

    return router


def _of_policies(policies: PluginPolicies) -> APIRouter:
    router = api_router("/plugins", tag="Plugins")

    @router.get(
        "/policies",
        summary="List plugins' policies",
        responses=answers({"items": [examples.POLICY], "nextCursor": None}, description="By name."),
    )
    async def list_plugin_policies(
        caller: PolicyReader, query: Annotated[PluginPolicyQuery, Query()]
    ) -> Page[PluginPolicyOut]:
        """Lists what plugins forbid in the tenant, besides its own policies. It counts while the plugin runs, and is
        enabled in the tenant.
        """
        window = query.window()
        return window.page(window.over(policies.list(caller.tenant_id)), PluginPolicyOut.of)

    return router


def _of_tenants(service: PluginService) -> APIRouter:
    router = api_router("/plugins", tag="Plugins")

    @router.get(
        "",
        summary="List plugins",
        responses=answers({"items": [examples.PLUGIN], "nextCursor": None}, description="By id."),
    )
    async def list_plugins(caller: Reader, query: Annotated[PluginQuery, Query()]) -> Page[PluginOut]:
        """Lists the plugins that are installed, and how they stand. One that failed says why."""
        window = query.window()
        return window.page(window.over(await service.list(caller.tenant_id)), PluginOut.of)

    @router.get(
        "/{plugin_id}",
        summary="Get a plugin",
        responses=answers(examples.DETAIL, description="The plugin.") | failures(PluginNotFound),
    )
    async def get_plugin(caller: Reader, plugin_id: PluginId, response: Response) -> PluginDetail:
        """Shows a plugin, what a tenant can set for it, and what is set; nobody is shown secrets."""
        return _detail(await service.get(caller.tenant_id, plugin_id), response)

    @router.get(
        "/{plugin_id}/configuration",
        summary="Get a plugin's configuration",
        responses=answers(examples.SET, description="What is set.") | failures(PluginNotFound),
    )
    async def get_plugin_configuration(caller: Reader, plugin_id: PluginId, response: Response) -> ConfigurationOut:
        """Shows what a tenant can set for a plugin, and what is set; nobody is shown secrets."""
        return _configuration(await service.get(caller.tenant_id, plugin_id), response)

    @router.put(
        "/{plugin_id}/configuration",
        summary="Configure a plugin",
        responses=answers(examples.SET, description="What is set now.")
        | failures(PluginNotFound, PluginChanged, InvalidConfiguration),
    )
    async def configure_plugin(
        caller: Manager,
        plugin_id: PluginId,
        expected: ExpectedEtag,
        body: Annotated[ConfigurationBody, Body(openapi_examples={"seals": {"value": examples.CONFIGURATION}})],
        response: Response,
    ) -> ConfigurationOut:
        """Sets what the tenant configures of a plugin; it counts at once. Everything that is wrong is told together."""
        shown = await service.configure(caller.tenant_id, plugin_id, body.configuration, expected_etag=expected)
        return _configuration(shown, response)

    @router.post(
        "/{plugin_id}/enable",
        summary="Enable a plugin",
        responses=answers(examples.DETAIL, description="The plugin.") | failures(PluginNotFound),
    )
    async def enable_plugin(caller: Manager, plugin_id: PluginId, response: Response) -> PluginDetail:
        """Lets a plugin be there for the tenant. Steps that waited for it go on."""
        return _detail(await service.switch(caller.tenant_id, plugin_id, is_enabled=True), response)

    @router.post(
        "/{plugin_id}/disable",
        summary="Disable a plugin",
        responses=answers(examples.DETAIL, description="The plugin.") | failures(PluginNotFound),
    )
    async def disable_plugin(caller: Manager, plugin_id: PluginId, response: Response) -> PluginDetail:
        """Takes a plugin away from the tenant: definitions can no longer call its actions, and steps that would wait
        until it is enabled again. No execution fails by it.
        """
        return _detail(await service.switch(caller.tenant_id, plugin_id, is_enabled=False), response)

    return router


def _of_the_platform(service: PluginService) -> APIRouter:
    router = api_router("/platform/plugins", tag="Platform")

    @router.post(
        "/{plugin_id}/start",
        summary="Start a plugin",
        responses=answers(examples.DETAIL, description="The plugin.") | failures(PluginNotFound),
    )
    async def start_plugin(caller: Operator, plugin_id: PluginId, response: Response) -> PluginDetail:
        """Lets a plugin run; every process follows within seconds. One that failed is tried again once it was
        stopped.
        """
        return _detail(await service.run(caller.tenant_id, plugin_id, is_wanted=True), response)

    @router.post(
        "/{plugin_id}/stop",
        summary="Stop a plugin",
        responses=answers(examples.DETAIL, description="The plugin.") | failures(PluginNotFound),
    )
    async def stop_plugin(caller: Operator, plugin_id: PluginId, response: Response) -> PluginDetail:
        """Stops a plugin for everybody, and those that need it; every process follows within seconds. Steps that need
        its actions wait until it runs again.
        """
        return _detail(await service.run(caller.tenant_id, plugin_id, is_wanted=False), response)

    return router


def _detail(shown: ShownPlugin, response: Response) -> PluginDetail:
    response.headers.update(etag(shown.etag))
    return PluginDetail.of(shown)


def _configuration(shown: ShownPlugin, response: Response) -> ConfigurationOut:
    response.headers.update(etag(shown.etag))
    return ConfigurationOut.of(shown)
