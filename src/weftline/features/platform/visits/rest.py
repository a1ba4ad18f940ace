"""Entering tenants over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Request, Response

from weftline.features.access.caller import Caller
from weftline.features.access.http import operator
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.routing import api_router
from weftline.features.identity import examples as identity
from weftline.features.identity.errors import NoMembership
from weftline.features.identity.rest.answers import Handover
from weftline.features.identity.schemas.signing_in import CookiesOut, TokensOut
from weftline.features.platform.errors import PersonNeeded
from weftline.features.platform.permissions import ENTER
from weftline.features.platform.visits.service import Visits
from weftline.features.tenancy import examples as tenancy
from weftline.features.tenancy.errors import TenantNotFound
from weftline.features.tenancy.paths import TenantPath
from weftline.features.tenancy.schemas import ReasonBody

Operator = Annotated[Caller, operator(ENTER)]


def visit_routes(service: Visits, handover: Handover) -> APIRouter:
    """The routes of entering tenants."""
    router = api_router("/platform/tenants", tag="Platform")

    @router.post(
        "/{tenant_id}/enter",
        summary="Enter a tenant",
        responses=answers(identity.TOKENS, description="Tokens for that tenant.")
        | failures(NoMembership, PersonNeeded, TenantNotFound),
    )
    async def enter_tenant(
        caller: Operator,
        tenant_id: TenantPath,
        body: Annotated[ReasonBody, Body(openapi_examples={"example": {"value": tenancy.REASON}})],
        request: Request,
        response: Response,
    ) -> TokensOut | CookiesOut:
        """Opens a session in a tenant, for an hour. Whatever you do there stands in its audit log with your reason."""
        return await handover.give(await service.enter(caller, tenant_id, body.reason), request, response)

    return router
