"""Outgoing webhooks over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Path, Query, Response

from weftline.features.access.caller import Caller
from weftline.features.access.http import requires
from weftline.features.http.conditional import ExpectedEtag, etag
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.paging import Page
from weftline.features.http.routing import PREFIX, api_router
from weftline.features.webhooks import examples
from weftline.features.webhooks.errors import (
    InvalidWebhook,
    OutgoingWebhookNotFound,
    TooManyWebhooks,
    WebhookChanged,
)
from weftline.features.webhooks.models import Webhook
from weftline.features.webhooks.permissions import MANAGE, READ
from weftline.features.webhooks.schemas import (
    NewWebhookBody,
    RotationBody,
    WebhookOut,
    WebhookPatch,
    WebhookQuery,
    WebhookWithSecret,
)
from weftline.features.webhooks.service import WebhookService

Reader = Annotated[Caller, requires(READ)]
Manager = Annotated[Caller, requires(MANAGE)]
WebhookId = Annotated[UUID, Path(description="The webhook's id.", examples=[examples.ID])]


def webhook_routes(service: WebhookService) -> APIRouter:
    """The routes of webhooks."""
    router = api_router("/webhooks", tag="Webhooks")
    _add_things(router, service)
    _add_acts(router, service)
    return router


def _add_things(router: APIRouter, service: WebhookService) -> None:
    @router.get(
        "",
        summary="List webhooks",
        responses=answers({"items": [examples.WEBHOOK], "nextCursor": None}, description="Oldest first."),
    )
    async def list_webhooks(caller: Reader, query: Annotated[WebhookQuery, Query()]) -> Page[WebhookOut]:
        """Lists the addresses that are told of events."""
        window = query.window()
        return window.page(await service.list(caller.tenant_id, window), WebhookOut.of)

    @router.post(
        "",
        status_code=201,
        summary="Create a webhook",
        responses=answers(examples.WITH_SECRET, status=201, description="The webhook, and its secret.")
        | failures(InvalidWebhook, TooManyWebhooks),
    )
    async def create_webhook(
        caller: Manager,
        body: Annotated[NewWebhookBody, Body(openapi_examples={"failures": {"value": examples.NEW}})],
        response: Response,
    ) -> WebhookWithSecret:
        """Lets an address be told what happens from now on. The secret is shown this once."""
        webhook, secret = await service.create(caller, body.draft())
        response.headers["Location"] = f"{PREFIX}/webhooks/{webhook.id}"
        response.headers.update(etag(webhook.etag))
        return WebhookWithSecret.with_secret(webhook, secret)

    @router.get(
        "/{webhook_id}",
        summary="Get a webhook",
        responses=answers(examples.WEBHOOK, description="The webhook.") | failures(OutgoingWebhookNotFound),
    )
    async def get_webhook(caller: Reader, webhook_id: WebhookId, response: Response) -> WebhookOut:
        """Shows a webhook: what it is told, and whether that gets through."""
        return _detail(await service.get(caller.tenant_id, webhook_id), response)

    @router.patch(
        "/{webhook_id}",
        summary="Change a webhook",
        responses=answers(examples.WEBHOOK, description="The changed webhook.")
        | failures(InvalidWebhook, OutgoingWebhookNotFound, WebhookChanged),
    )
    async def change_webhook(
        caller: Manager,
        webhook_id: WebhookId,
        expected: ExpectedEtag,
        body: Annotated[WebhookPatch, Body(openapi_examples={"kinds": {"value": examples.CHANGE}})],
        response: Response,
    ) -> WebhookOut:
        """Changes what is given of a webhook. What it is still to be told already goes to its new address."""
        changed = await service.change(caller, webhook_id, body.values(), expected_etag=expected)
        return _detail(changed, response)

    @router.delete(
        "/{webhook_id}",
        summary="Remove a webhook",
        responses=answers(examples.WEBHOOK, description="What it was.")
        | failures(OutgoingWebhookNotFound, WebhookChanged),
    )
    async def remove_webhook(caller: Manager, webhook_id: WebhookId, expected: ExpectedEtag) -> WebhookOut:
        """Removes a webhook, and the log of what it was told."""
        return WebhookOut.of(await service.remove(caller, webhook_id, expected_etag=expected))


def _add_acts(router: APIRouter, service: WebhookService) -> None:
    @router.post(
        "/{webhook_id}/enable",
        summary="Enable a webhook",
        responses=answers(examples.WEBHOOK, description="The webhook.") | failures(OutgoingWebhookNotFound),
    )
    async def enable_webhook(caller: Manager, webhook_id: WebhookId, response: Response) -> WebhookOut:
        """Tells a disabled webhook again what happens, from now on, and first what it still was to be told."""
        return _detail(await service.enable(caller, webhook_id), response)

    @router.post(
        "/{webhook_id}/disable",
        summary="Disable a webhook",
        responses=answers(examples.DISABLED, description="The disabled webhook.") | failures(OutgoingWebhookNotFound),
    )
    async def disable_webhook(caller: Manager, webhook_id: WebhookId, response: Response) -> WebhookOut:
        """Sends a webhook nothing any more. What happens meanwhile it is never told."""
        return _detail(await service.disable(caller, webhook_id), response)

    @router.post(
        "/{webhook_id}/rotate-secret",
        summary="Replace a webhook's secret",
        responses=answers(examples.ROTATED, description="The webhook, and its new secret.")
        | failures(OutgoingWebhookNotFound),
    )
    async def rotate_webhook_secret(
        caller: Manager,
        webhook_id: WebhookId,
        response: Response,
        body: Annotated[RotationBody | None, Body(openapi_examples={"a day": {"value": examples.ROTATION}})] = None,
    ) -> WebhookWithSecret:
        """Gives a webhook another secret, shown this once. For a day, unless told otherwise, both sign."""
        overlap = (body or RotationBody()).overlap()
        webhook, secret = await service.rotate_secret(caller, webhook_id, overlap)
        response.headers.update(etag(webhook.etag))
        return WebhookWithSecret.with_secret(webhook, secret)


def _detail(webhook: Webhook, response: Response) -> WebhookOut:
    response.headers.update(etag(webhook.etag))
    return WebhookOut.of(webhook)
