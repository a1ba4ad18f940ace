"""Roles and permissions over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Path, Query, Request, Response

from weftline.features.access.caller import Caller
from weftline.features.access.http import requires
from weftline.features.access.permissions import CATALOGUE
from weftline.features.access.roles import examples
from weftline.features.access.roles.errors import (
    BeyondOwnAuthority,
    RoleChanged,
    RoleCycle,
    RoleExists,
    RoleInUse,
    RoleNotFound,
    TooManyRoles,
    UnknownNames,
)
from weftline.features.access.roles.models import Role
from weftline.features.access.roles.permissions import MANAGE, READ
from weftline.features.access.roles.schemas import (
    ROLE_ID,
    NewRoleBody,
    PermissionOut,
    RoleBody,
    RoleOut,
    RoleQuery,
    built_in_roles,
)
from weftline.features.access.roles.service import RoleService
from weftline.features.http.conditional import ExpectedEtag, etag
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.paging import Page
from weftline.features.http.routing import api_router
from weftline.features.tenancy.errors import TenantNotFound

Reader = Annotated[Caller, requires(READ)]
Manager = Annotated[Caller, requires(MANAGE)]
RoleId = Annotated[str, Path(pattern=ROLE_ID, description="The role's id.", examples=["shift-lead"])]


def role_routes(service: RoleService) -> APIRouter:
    """The routes of roles and permissions."""
    router = api_router(tag="Access")

    def detail(role: Role, response: Response) -> RoleOut:
        response.headers.update(etag(role.etag))
        return RoleOut.model_validate(role)

    @router.get(
        "/permissions",
        summary="List permissions",
        responses=answers({"items": [examples.PERMISSION], "nextCursor": None}, description="By name."),
    )
    async def list_permissions(_: Reader) -> Page[PermissionOut]:
        """Lists every permission that roles and grants can give, always all of them."""
        return Page(items=[PermissionOut.of(CATALOGUE[name]) for name in sorted(CATALOGUE)])

    @router.get(
        "/roles",
        summary="List roles",
        responses=answers(
            {"items": [examples.ROLE], "nextCursor": None}, description="The built-in ones, then the tenant's own."
        ),
    )
    async def list_roles(caller: Reader, query: Annotated[RoleQuery, Query()]) -> Page[RoleOut]:
        """Lists the built-in roles and the tenant's own, with what they allow."""
        window = query.window()
        own = [RoleOut.model_validate(role) for role in await service.list(caller.tenant_id)]
        found = window.over([*built_in_roles(), *own])
        return window.page_of(found, window.cut(found))

    @router.post(
        "/roles",
        status_code=201,
        summary="Create a role",
        responses=answers(examples.ROLE, status=201, description="The new role.")
        | failures(BeyondOwnAuthority, RoleCycle, RoleExists, TooManyRoles, UnknownNames, TenantNotFound),
    )
    async def create_role(
        caller: Manager,
        body: Annotated[NewRoleBody, Body(openapi_examples={"example": {"value": examples.NEW}})],
        request: Request,
        response: Response,
    ) -> RoleOut:
        """Makes a role of the tenant's own. Nobody can put more into it than they have themselves."""
        role = await service.create(caller, body.id, body.draft())
        response.headers["Location"] = f"{request.url.path}/{role.id}"
        return detail(role, response)

    @router.get(
        "/roles/{role_id}",
        summary="Get a role",
        responses=answers(examples.ROLE, description="A role of the tenant's.") | failures(RoleNotFound),
    )
    async def get_role(caller: Reader, role_id: RoleId, response: Response) -> RoleOut:
        """Shows a role of the tenant's own."""
        return detail(await service.get(caller.tenant_id, role_id), response)

    @router.put(
        "/roles/{role_id}",
        summary="Change a role",
        responses=answers(examples.ROLE, description="The changed role.")
        | failures(BeyondOwnAuthority, RoleChanged, RoleCycle, RoleNotFound, UnknownNames, TenantNotFound),
    )
    async def replace_role(
        caller: Manager,
        role_id: RoleId,
        body: Annotated[RoleBody, Body(openapi_examples={"example": {"value": examples.BODY}})],
        expected: ExpectedEtag,
        response: Response,
    ) -> RoleOut:
        """Changes a role, for everybody who has it, within seconds."""
        return detail(await service.replace(caller, role_id, body.draft(), expected_etag=expected), response)

    @router.delete(
        "/roles/{role_id}",
        summary="Remove a role",
        responses=answers(examples.ROLE, description="What it was.")
        | failures(BeyondOwnAuthority, RoleChanged, RoleInUse, RoleNotFound, TenantNotFound),
    )
    async def remove_role(caller: Manager, role_id: RoleId, expected: ExpectedEtag) -> RoleOut:
        """Removes a role that nobody has and nothing names."""
        return RoleOut.model_validate(await service.remove(caller, role_id, expected_etag=expected))

    return router
