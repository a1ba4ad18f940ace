"""Members over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Path, Query, Request, Response

from weftline.features.access.caller import Caller
from weftline.features.access.errors import PermissionDenied
from weftline.features.access.http import requires, signed_in
from weftline.features.access.roles.errors import BeyondOwnAuthority, UnknownNames
from weftline.features.http.conditional import ExpectedEtag, etag
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.paging import Page
from weftline.features.http.routing import api_router
from weftline.features.identity.addresses import InvalidAddress
from weftline.features.identity.errors import WeakPassword
from weftline.features.members import examples
from weftline.features.members.bulk_rest import add_bulk_routes
from weftline.features.members.errors import (
    InvitationPending,
    LastAdministrator,
    MemberChanged,
    MemberExists,
    MemberNotFound,
    NoInvitation,
    OwnMembership,
    PasswordNotAllowed,
    TooManyInvitations,
)
from weftline.features.members.permissions import MANAGE, READ
from weftline.features.members.repository import Member
from weftline.features.members.schemas import MemberBody, MemberOut, MemberQuery, NewMemberBody, TenantMemberQuery
from weftline.features.members.service import MemberService
from weftline.features.platform.errors import EveryTenantNeeded, ReasonRequired
from weftline.features.platform.reason import GivenReason
from weftline.features.tenancy.admission import Admission
from weftline.features.tenancy.errors import LimitReached, TenantNotFound
from weftline.features.tenancy.paths import TenantPath

Reader = Annotated[Caller, requires(READ)]
Manager = Annotated[Caller, requires(MANAGE)]
Person = Annotated[Caller, signed_in()]
UserId = Annotated[UUID, Path(description="The person's id.", examples=[examples.ID])]
Wanted = Annotated[NewMemberBody, Body(openapi_examples={"example": {"value": examples.NEW}})]


def member_routes(service: MemberService, admission: Admission) -> APIRouter:
    """The routes of members."""
    router = api_router(tag="Members")
    add_bulk_routes(router, service)

    def detail(member: Member, response: Response) -> MemberOut:
        response.headers.update(etag(member.membership.etag))
        return MemberOut.model_validate(member)

    async def page(tenant_id: UUID, query: MemberQuery) -> Page[MemberOut]:
        window = query.window()
        return window.page(await service.list(tenant_id, query.filter(), window), MemberOut.model_validate)

    @router.get(
        "/users",
        summary="List members",
        responses=answers({"items": [examples.MEMBER], "nextCursor": None}, description="Oldest accounts first."),
    )
    async def list_users(caller: Reader, query: Annotated[MemberQuery, Query()]) -> Page[MemberOut]:
        """Lists the members of the tenant that you are signed in to."""
        return await page(caller.tenant_id, query)

    @router.post(
        "/users",
        status_code=201,
        summary="Add a member",
        responses=answers(examples.INVITED, status=201, description="The new member, invited.")
        | failures(
            BeyondOwnAuthority,
            UnknownNames,
            InvalidAddress,
            WeakPassword,
            MemberExists,
            PasswordNotAllowed,
            TooManyInvitations,
            EveryTenantNeeded,
            LimitReached,
            TenantNotFound,
        ),
    )
    async def add_user(caller: Manager, body: Wanted, request: Request, response: Response) -> MemberOut:
        """Invites somebody to the tenant that you are signed in to. Whether the address has an account already is not
        told. Nobody gives roles that they do not have."""
        member = await service.add(caller, body.newcomer())
        response.headers["Location"] = f"{request.url.path}/{member.id}"
        return detail(member, response)

    @router.get(
        "/users/{user_id}",
        summary="Get a member",
        responses=answers(examples.MEMBER, description="The member.") | failures(MemberNotFound),
    )
    async def get_user(caller: Reader, user_id: UserId, response: Response) -> MemberOut:
        """Shows a member of the tenant."""
        return detail(await service.get(caller.tenant_id, user_id), response)

    @router.patch(
        "/users/{user_id}",
        summary="Change a member",
        responses=answers(examples.MEMBER, description="As they are now.")
        | failures(
            BeyondOwnAuthority,
            UnknownNames,
            InvitationPending,
            LastAdministrator,
            MemberChanged,
            MemberNotFound,
            OwnMembership,
            TenantNotFound,
        ),
    )
    async def change_user(
        caller: Manager,
        user_id: UserId,
        body: Annotated[MemberBody, Body(openapi_examples={"example": {"value": examples.CHANGES}})],
        expected: ExpectedEtag,
        response: Response,
    ) -> MemberOut:
        """Changes a member's roles, status, department or attributes in this tenant; what is absent stays. It counts
        within seconds. Nobody changes their own roles, or gives or takes roles that they do not have."""
        return detail(await service.change(caller, user_id, body.changes(), expected_etag=expected), response)

    @router.delete(
        "/users/{user_id}",
        summary="Remove a member",
        responses=answers(examples.MEMBER, description="Who it was.")
        | failures(BeyondOwnAuthority, LastAdministrator, MemberChanged, MemberNotFound, OwnMembership, TenantNotFound),
    )
    async def remove_user(caller: Manager, user_id: UserId, expected: ExpectedEtag) -> MemberOut:
        """Removes somebody from this tenant, with their groups, grants and API keys there. Their account stays."""
        return MemberOut.model_validate(await service.remove(caller, user_id, expected_etag=expected))

    @router.post(
        "/users/{user_id}/invitation",
        summary="Invite a member again",
        responses=answers(examples.INVITED, description="Who is invited.")
        | failures(InvalidAddress, MemberNotFound, NoInvitation, TooManyInvitations, TenantNotFound),
    )
    async def invite_user_again(caller: Manager, user_id: UserId) -> MemberOut:
        """Sends an invitation anew that was not accepted yet."""
        return MemberOut.model_validate(await service.invite_again(caller, user_id))

    @router.get(
        "/tenants/{tenant_id}/members",
        summary="List a tenant's members",
        responses=answers({"items": [examples.MEMBER], "nextCursor": None}, description="Oldest accounts first.")
        | failures(PermissionDenied, ReasonRequired, TenantNotFound),
    )
    async def list_members(
        caller: Person, tenant_id: TenantPath, query: Annotated[TenantMemberQuery, Query()], reason: GivenReason
    ) -> Page[MemberOut]:
        """Lists the members of the tenant that you are signed in to. Operators name any tenant, and say why."""
        acting, _ = await admission.act(caller, tenant_id, READ, reason)
        return await page(acting.tenant_id, query)

    @router.post(
        "/tenants/{tenant_id}/members",
        status_code=201,
        summary="Add a member to a tenant",
        responses=answers(examples.INVITED, status=201, description="The new member.")
        | failures(
            PermissionDenied,
            BeyondOwnAuthority,
            UnknownNames,
            InvalidAddress,
            WeakPassword,
            MemberExists,
            PasswordNotAllowed,
            TooManyInvitations,
            EveryTenantNeeded,
            ReasonRequired,
            LimitReached,
            TenantNotFound,
        ),
    )
    async def add_member(
        caller: Person, tenant_id: TenantPath, body: Wanted, reason: GivenReason, response: Response
    ) -> MemberOut:
        """Adds somebody to the tenant that you are signed in to, like `POST /users`. Operators name any tenant, and say
        why; they may give a password, and whoever has it is a member at once."""
        acting, _ = await admission.act(caller, tenant_id, MANAGE, reason)
        return detail(await service.add(acting, body.newcomer()), response)

    return router
