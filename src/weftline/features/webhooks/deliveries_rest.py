"""What webhooks were told, over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Path, Query

from weftline.features.access.gate import Gate
from weftline.features.access.policies.request import Resource
from weftline.features.executions.permissions import READ as READ_EXECUTIONS
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.paging import Page
from weftline.features.http.routing import api_router
from weftline.features.webhooks import examples
from weftline.features.webhooks.deliveries import DeliveryService
from weftline.features.webhooks.delivery_schemas import (
    DeliveryDetail,
    DeliveryOut,
    DeliveryQuery,
    Redelivered,
    RedeliveryBody,
)
from weftline.features.webhooks.errors import (
    DeliveryNotFound,
    DeliveryPending,
    OutgoingWebhookNotFound,
    WebhookDisabled,
)
from weftline.features.webhooks.models import Delivery
from weftline.features.webhooks.rest import Manager, Reader, WebhookId

DeliveryId = Annotated[UUID, Path(description="The delivery's id.", examples=[examples.DELIVERY_ID])]


def delivery_routes(service: DeliveryService, gate: Gate) -> APIRouter:
    """The routes of deliveries."""
    router = api_router("/webhooks/{webhook_id}", tag="Webhooks")

    @router.get(
        "/deliveries",
        summary="List a webhook's deliveries",
        responses=answers({"items": [examples.DELIVERY], "nextCursor": None}, description="Newest first.")
        | failures(OutgoingWebhookNotFound),
    )
    async def list_deliveries(
        caller: Reader, webhook_id: WebhookId, query: Annotated[DeliveryQuery, Query()]
    ) -> Page[DeliveryOut]:
        """Lists what a webhook is told, the newest first unless asked otherwise. What is done is kept for 14 days."""
        window = query.window()
        found = await service.list(caller.tenant_id, webhook_id, query.wanted(), window)
        return window.page(found, DeliveryOut.of)

    @router.get(
        "/deliveries/{delivery_id}",
        summary="Get a delivery",
        responses=answers(examples.DETAIL, description="The delivery.")
        | failures(DeliveryNotFound, OutgoingWebhookNotFound),
    )
    async def get_delivery(caller: Reader, webhook_id: WebhookId, delivery_id: DeliveryId) -> DeliveryDetail:
        """Shows a delivery: what is sent, and what came of each attempt."""
        delivery, attempts = await service.get(caller.tenant_id, webhook_id, delivery_id)
        workflow_id = delivery.workflow_id
        mask = None if workflow_id is None else await gate.mask(caller, workflow_id)
        may_see = bool(await gate.visible(caller, READ_EXECUTIONS, [delivery], _resource))
        return DeliveryDetail.detail(delivery, list(attempts), mask, may_see=may_see)

    @router.post(
        "/deliveries/{delivery_id}/redeliver",
        status_code=202,
        summary="Deliver again",
        responses=answers(examples.DUE, status=202, description="The delivery, which is due.")
        | failures(DeliveryNotFound, DeliveryPending, OutgoingWebhookNotFound, WebhookDisabled),
    )
    async def redeliver(caller: Manager, webhook_id: WebhookId, delivery_id: DeliveryId) -> DeliveryOut:
        """Sends again what was delivered or given up, under the same message id."""
        return DeliveryOut.of(await service.redeliver(caller, webhook_id, delivery_id))

    @router.post(
        "/redeliver",
        status_code=202,
        summary="Deliver again what was given up",
        responses=answers(examples.REDELIVERED, status=202, description="How much that is.")
        | failures(OutgoingWebhookNotFound, WebhookDisabled),
    )
    async def redeliver_failed(
        caller: Manager,
        webhook_id: WebhookId,
        body: Annotated[RedeliveryBody, Body(openapi_examples={"since": {"value": examples.SINCE}})],
    ) -> Redelivered:
        """Sends again what was given up since a time, in its order; at most 1,000 deliveries a call."""
        count = await service.redeliver_failed(caller, webhook_id, body.moment())
        return Redelivered(redelivered=count)

    @router.post(
        "/test",
        status_code=202,
        summary="Try a webhook out",
        responses=answers(examples.TEST, status=202, description="The delivery of the test.")
        | failures(OutgoingWebhookNotFound, WebhookDisabled),
    )
    async def test_webhook(caller: Manager, webhook_id: WebhookId) -> DeliveryOut:
        """Sends a message of type `webhook.test`. Get its delivery to see what came of it."""
        return DeliveryOut.of(await service.test(caller, webhook_id))

    return router


def _resource(delivery: Delivery) -> Resource:
    if delivery.workflow_id is None:
        return Resource(type="Tenant", id=str(delivery.tenant_id))
    return Resource(type="Workflow", id=delivery.workflow_id, workflow_id=delivery.workflow_id)
