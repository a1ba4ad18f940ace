"""Tenants over HTTP."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Body, Query, Request, Response

from weftline.features.access.caller import Caller
from weftline.features.access.errors import OperatorsOnly, PermissionDenied
from weftline.features.access.http import operator, signed_in
from weftline.features.http.conditional import ExpectedEtag, etag
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.routing import api_router
from weftline.features.identity.addresses import InvalidAddress
from weftline.features.identity.errors import WeakPassword
from weftline.features.members.errors import MemberExists, TooManyInvitations
from weftline.features.platform.errors import EveryTenantNeeded, ReasonRequired
from weftline.features.platform.reason import GivenReason
from weftline.features.tenancy import examples
from weftline.features.tenancy.errors import NameTaken, OwnTenant, TenantChanged, TenantNotFound, WrongTenantStatus
from weftline.features.tenancy.founding import Founding
from weftline.features.tenancy.lifecycle import Lifecycle
from weftline.features.tenancy.models import Tenant, TenantStatus
from weftline.features.tenancy.names import InvalidName
from weftline.features.tenancy.paths import TenantPath
from weftline.features.tenancy.permissions import OPERATE
from weftline.features.tenancy.schemas import (
    ConfigurationOut,
    NewTenantBody,
    ReasonBody,
    TenantBody,
    TenantOut,
    TenantQuery,
)
from weftline.features.tenancy.service import TenantService

Person = Annotated[Caller, signed_in()]
Operator = Annotated[Caller, operator(OPERATE)]
Why = Annotated[ReasonBody, Body(openapi_examples={"example": {"value": examples.REASON}})]

LISTED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "By id.",
        "content": {"application/json": {"example": [examples.TENANT]}},
        "headers": {"Link": {"description": 'The next page, `rel="next"`.', "schema": {"type": "string"}}},
    }
}


def tenant_routes(service: TenantService, founding: Founding, lifecycle: Lifecycle) -> APIRouter:
    """The routes of tenants."""
    router = api_router("/tenants", tag="Tenants")

    def detail(tenant: Tenant, response: Response) -> TenantOut:
        response.headers.update(etag(tenant.etag))
        return TenantOut.model_validate(tenant)

    @router.get("", summary="List tenants", responses=LISTED)
    async def list_tenants(
        caller: Person,
        query: Annotated[TenantQuery, Query()],
        reason: GivenReason,
        request: Request,
        response: Response,
    ) -> list[TenantOut]:
        """Lists the tenants that you belong to; operators see all that they may see. The header `Link` leads to the
        next page."""
        window = query.window()
        found = await service.list(caller, query.filter(), window, reason=reason)
        cursor = window.cursor(found)
        if cursor is not None:
            following = {**request.query_params, "cursor": cursor}
            response.headers["Link"] = f'<{request.url.path}?{urlencode(following)}>; rel="next"'
        return [TenantOut.model_validate(tenant) for tenant in window.cut(found)]

    @router.post(
        "",
        status_code=201,
        summary="Create a tenant",
        responses=answers(examples.TENANT, status=201, description="The new tenant.")
        | failures(
            InvalidAddress, WeakPassword, MemberExists, TooManyInvitations, EveryTenantNeeded, NameTaken, InvalidName
        ),
    )
    async def create_tenant(
        caller: Operator,
        body: Annotated[NewTenantBody, Body(openapi_examples={"example": {"value": examples.NEW}})],
        reason: GivenReason,
        request: Request,
        response: Response,
    ) -> TenantOut:
        """Makes a tenant with its first administrator, who is invited by mail where they are given no password."""
        tenant = await founding.create(caller, body.draft(), reason)
        response.headers["Location"] = f"{request.url.path}/{tenant.id}"
        return detail(tenant, response)

    @router.get(
        "/{tenant_id}",
        summary="Get a tenant",
        responses=answers(examples.TENANT, description="The tenant.") | failures(TenantNotFound),
    )
    async def get_tenant(caller: Person, tenant_id: TenantPath, reason: GivenReason, response: Response) -> TenantOut:
        """Shows a tenant that you belong to, or operate."""
        return detail(await service.get(caller, tenant_id, reason), response)

    @router.patch(
        "/{tenant_id}",
        summary="Change a tenant",
        responses=answers(examples.TENANT, description="As it is now.")
        | failures(
            OperatorsOnly, PermissionDenied, ReasonRequired, NameTaken, TenantChanged, TenantNotFound, InvalidName
        ),
    )
    async def change_tenant(
        caller: Person,
        tenant_id: TenantPath,
        body: Annotated[TenantBody, Body(openapi_examples={"example": {"value": examples.CHANGES}})],
        expected: ExpectedEtag,
        reason: GivenReason,
        response: Response,
    ) -> TenantOut:
        """Renames or configures the tenant that you are signed in to. Operators change any tenant, and say why; slug,
        domain, limits and features are theirs alone to change."""
        changed = await service.change(caller, tenant_id, body.changes(), reason=reason, expected_etag=expected)
        return detail(changed, response)

    @router.get(
        "/{tenant_id}/configuration",
        summary="Get a tenant's configuration",
        responses=answers(examples.CONFIGURATION, description="How it is configured.") | failures(TenantNotFound),
    )
    async def get_configuration(
        caller: Person, tenant_id: TenantPath, reason: GivenReason, response: Response
    ) -> ConfigurationOut:
        """Shows what a tenant sets itself, and what counts with what it falls back to."""
        found, effective = await service.configuration(caller, tenant_id, reason)
        response.headers.update(etag(found.etag))
        return ConfigurationOut.of(found, effective)

    @router.post(
        "/{tenant_id}/suspend",
        summary="Suspend a tenant",
        responses=answers({**examples.TENANT, "status": "suspended"}, description="The suspended tenant.")
        | failures(OwnTenant, TenantNotFound, WrongTenantStatus),
    )
    async def suspend_tenant(caller: Operator, tenant_id: TenantPath, body: Why) -> TenantOut:
        """Keeps a tenant's members out, and stops its executions at their next step. Safe to repeat."""
        return TenantOut.model_validate(await lifecycle.move(caller, tenant_id, TenantStatus.SUSPENDED, body.reason))

    @router.post(
        "/{tenant_id}/activate",
        summary="Activate a tenant",
        responses=answers(examples.TENANT, description="The active tenant.")
        | failures(OwnTenant, TenantNotFound, WrongTenantStatus),
    )
    async def activate_tenant(caller: Operator, tenant_id: TenantPath, body: Why) -> TenantOut:
        """Lets a tenant's members in again, and its executions go on. Safe to repeat."""
        return TenantOut.model_validate(await lifecycle.move(caller, tenant_id, TenantStatus.ACTIVE, body.reason))

    @router.post(
        "/{tenant_id}/archive",
        summary="Archive a tenant",
        responses=answers({**examples.TENANT, "status": "archived"}, description="The archived tenant.")
        | failures(OwnTenant, TenantNotFound, WrongTenantStatus),
    )
    async def archive_tenant(caller: Operator, tenant_id: TenantPath, body: Why) -> TenantOut:
        """Puts a suspended tenant away. Nothing is removed. Safe to repeat."""
        return TenantOut.model_validate(await lifecycle.move(caller, tenant_id, TenantStatus.ARCHIVED, body.reason))

    return router
