"""The platform's settings over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Response

from weftline.features.access.caller import Caller
from weftline.features.access.http import operator
from weftline.features.http.conditional import ExpectedEtag, etag
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.routing import api_router
from weftline.features.platform import examples
from weftline.features.platform.errors import EveryTenantNeeded, SettingsChanged
from weftline.features.platform.permissions import SETTINGS
from weftline.features.platform.reason import StatedReason
from weftline.features.platform.settings.schemas import SettingsOut
from weftline.features.platform.settings.service import SettingsService
from weftline.features.tenancy.configuration import PlatformConfiguration
from weftline.features.tenancy.models import PlatformSettings

Operator = Annotated[Caller, operator(SETTINGS)]


def settings_routes(service: SettingsService) -> APIRouter:
    """The routes of the platform's settings."""
    router = api_router("/platform/settings", tag="Platform")

    def detail(settings: PlatformSettings, response: Response) -> SettingsOut:
        response.headers.update(etag(settings.etag))
        return SettingsOut.model_validate(settings)

    @router.get(
        "",
        summary="Get the settings",
        responses=answers(examples.SETTINGS_SHOWN, description="What the platform sets."),
    )
    async def get_settings(_: Operator, response: Response) -> SettingsOut:
        """Shows what the platform sets, which tenants fall back to."""
        return detail(await service.get(), response)

    @router.put(
        "",
        summary="Change the settings",
        responses=answers(examples.SETTINGS_SHOWN, description="As they are now.")
        | failures(EveryTenantNeeded, SettingsChanged),
    )
    async def put_settings(
        caller: Operator,
        body: Annotated[PlatformConfiguration, Body(openapi_examples={"example": {"value": examples.SETTINGS}})],
        expected: ExpectedEtag,
        reason: StatedReason,
        response: Response,
    ) -> SettingsOut:
        """Replaces what the platform sets. It counts within a minute, wherever a tenant does not set it itself."""
        return detail(await service.put(caller, body, reason=reason, expected_etag=expected), response)

    return router
