"""Plugins' own routes over HTTP: one operation a method, behind which plugins come and go without a restart."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Request, Response

from weftline.features.access.caller import Caller
from weftline.features.access.errors import PermissionDenied
from weftline.features.access.http import requires
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.routing import api_router
from weftline.features.plugins import examples
from weftline.features.plugins.calling import PluginCalls
from weftline.features.plugins.errors import (
    InvalidPluginBody,
    PluginDisabled,
    PluginFailed,
    PluginNotFound,
    PluginRouteNotFound,
    PluginStopped,
)
from weftline.features.plugins.permissions import USE
from weftline.features.plugins.refusals import REFUSALS

User = Annotated[Caller, requires(USE)]
PluginId = Annotated[str, Path(max_length=63, description="The plugin's id.", examples=[examples.ID])]
Below = Annotated[str, Path(max_length=1_000, description="The plugin's own path.", examples=[examples.ROUTE])]
OwnBody = Annotated[
    dict[str, Any] | None,
    Body(description="What the plugin's route takes.", openapi_examples={"stamp": {"value": examples.ROUTE_BODY}}),
]

_PATH = "/{plugin_id}/routes/{path:path}"
_NOTHING: dict[int | str, dict[str, Any]] = {204: {"description": "The plugin has nothing to say."}}
_ANSWERS = answers(examples.ROUTE_ANSWER, description="What the plugin answers.") | _NOTHING


def plugin_call_routes(calls: PluginCalls) -> APIRouter:
    """The routes that plugins answer."""
    router = api_router("/plugins", tag="Plugins")
    failing = failures(
        PluginNotFound,
        PluginStopped,
        PluginDisabled,
        PluginRouteNotFound,
        PermissionDenied,
        InvalidPluginBody,
        PluginFailed,
        *REFUSALS.values(),
    )
    responses = {**_ANSWERS, **failing}

    async def answer(
        caller: Caller, plugin_id: str, path: str, request: Request, body: dict[str, Any] | None = None
    ) -> Response:
        query = dict(request.query_params)
        made = await calls.call(caller, plugin_id, request.method, path, query, body)
        return Response(status_code=204) if made is None else Response(made, media_type="application/json")

    @router.get(_PATH, summary="Read from a plugin", response_model=None, responses=responses)
    async def get_from_plugin(caller: User, plugin_id: PluginId, path: Below, request: Request) -> Response:
        """Asks a plugin for something. Which paths there are and what they answer, the plugin says; it may ask for
        further permissions.
        """
        return await answer(caller, plugin_id, path, request)

    @router.post(_PATH, summary="Post to a plugin", response_model=None, responses=responses)
    async def post_to_plugin(
        caller: User, plugin_id: PluginId, path: Below, request: Request, body: OwnBody = None
    ) -> Response:
        """Lets a plugin do something. Which paths there are and what they take, the plugin says; it may ask for further
        permissions.
        """
        return await answer(caller, plugin_id, path, request, body)

    @router.put(_PATH, summary="Put to a plugin", response_model=None, responses=responses)
    async def put_to_plugin(
        caller: User, plugin_id: PluginId, path: Below, request: Request, body: OwnBody = None
    ) -> Response:
        """Lets a plugin set something. Which paths there are and what they take, the plugin says; it may ask for
        further permissions.
        """
        return await answer(caller, plugin_id, path, request, body)

    @router.patch(_PATH, summary="Patch at a plugin", response_model=None, responses=responses)
    async def patch_at_plugin(
        caller: User, plugin_id: PluginId, path: Below, request: Request, body: OwnBody = None
    ) -> Response:
        """Lets a plugin change something. Which paths there are and what they take, the plugin says; it may ask for
        further permissions.
        """
        return await answer(caller, plugin_id, path, request, body)

    @router.delete(_PATH, summary="Delete at a plugin", response_model=None, responses=responses)
    async def delete_at_plugin(caller: User, plugin_id: PluginId, path: Below, request: Request) -> Response:
        """Lets a plugin remove something. Which paths there are, the plugin says; it may ask for further
        permissions.
        """
        return await answer(caller, plugin_id, path, request)

    return router
