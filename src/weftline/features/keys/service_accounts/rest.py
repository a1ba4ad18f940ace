"""Service accounts over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Path, Query, Request, Response

from weftline.features.access.caller import Caller
from weftline.features.access.http import requires
from weftline.features.access.roles.errors import BeyondOwnAuthority, UnknownNames
from weftline.features.http.conditional import ExpectedEtag, etag
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.paging import Page
from weftline.features.http.routing import api_router
from weftline.features.keys import examples
from weftline.features.keys.errors import (
    OwnAccount,
    ServiceAccountChanged,
    ServiceAccountNameTaken,
    ServiceAccountNotFound,
)
from weftline.features.keys.models import ServiceAccount
from weftline.features.keys.permissions import MANAGE
from weftline.features.keys.service_accounts.schemas import ServiceAccountBody, ServiceAccountOut, ServiceAccountQuery
from weftline.features.keys.service_accounts.service import ServiceAccountService
from weftline.features.tenancy.errors import TenantNotFound

Manager = Annotated[Caller, requires(MANAGE)]
AccountId = Annotated[UUID, Path(description="The service account's id.", examples=[examples.ACCOUNT_ID])]
Wanted = Annotated[ServiceAccountBody, Body(openapi_examples={"example": {"value": examples.NEW_ACCOUNT}})]


def service_account_routes(service: ServiceAccountService) -> APIRouter:
    """The routes of service accounts."""
    router = api_router("/service-accounts", tag="API keys")

    def detail(account: ServiceAccount, response: Response) -> ServiceAccountOut:
        response.headers.update(etag(account.etag))
        return ServiceAccountOut.model_validate(account)

    @router.get(
        "",
        summary="List service accounts",
        responses=answers({"items": [examples.ACCOUNT], "nextCursor": None}, description="Oldest first."),
    )
    async def list_service_accounts(
        caller: Manager, query: Annotated[ServiceAccountQuery, Query()]
    ) -> Page[ServiceAccountOut]:
        """Lists the tenant's service accounts."""
        window = query.window()
        found = await service.list(caller.tenant_id, window)
        return window.page(found, ServiceAccountOut.model_validate)

    @router.post(
        "",
        status_code=201,
        summary="Create a service account",
        responses=answers(examples.ACCOUNT, status=201, description="The new service account, without a key.")
        | failures(BeyondOwnAuthority, UnknownNames, OwnAccount, ServiceAccountNameTaken, TenantNotFound),
    )
    async def create_service_account(
        caller: Manager, body: Wanted, request: Request, response: Response
    ) -> ServiceAccountOut:
        """Makes a service account. Nobody gives it roles that they do not have."""
        account = await service.create(caller, body.draft())
        response.headers["Location"] = f"{request.url.path}/{account.id}"
        return detail(account, response)

    @router.get(
        "/{account_id}",
        summary="Get a service account",
        responses=answers(examples.ACCOUNT, description="It.") | failures(ServiceAccountNotFound),
    )
    async def get_service_account(caller: Manager, account_id: AccountId, response: Response) -> ServiceAccountOut:
        """Shows a service account."""
        return detail(await service.get(caller.tenant_id, account_id), response)

    @router.put(
        "/{account_id}",
        summary="Change a service account",
        responses=answers(examples.ACCOUNT, description="As it is now.")
        | failures(
            BeyondOwnAuthority,
            UnknownNames,
            OwnAccount,
            ServiceAccountChanged,
            ServiceAccountNameTaken,
            ServiceAccountNotFound,
            TenantNotFound,
        ),
    )
    async def replace_service_account(
        caller: Manager, account_id: AccountId, body: Wanted, expected: ExpectedEtag, response: Response
    ) -> ServiceAccountOut:
        """Changes a service account; it counts for its keys within seconds."""
        return detail(await service.replace(caller, account_id, body.draft(), expected_etag=expected), response)

    @router.delete(
        "/{account_id}",
        summary="Remove a service account",
        responses=answers(examples.ACCOUNT, description="What it was.")
        | failures(BeyondOwnAuthority, OwnAccount, ServiceAccountChanged, ServiceAccountNotFound, TenantNotFound),
    )
    async def remove_service_account(
        caller: Manager, account_id: AccountId, expected: ExpectedEtag
    ) -> ServiceAccountOut:
        """Removes a service account, with its keys and what was granted to it."""
        return ServiceAccountOut.model_validate(await service.remove(caller, account_id, expected_etag=expected))

    return router
