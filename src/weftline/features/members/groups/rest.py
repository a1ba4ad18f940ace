"""Groups over HTTP."""

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
from weftline.features.members import examples
from weftline.features.members.errors import MemberNotFound, OwnMembership
from weftline.features.members.groups.errors import GroupChanged, GroupNameTaken, GroupNotFound, NotInGroup
from weftline.features.members.groups.models import Group
from weftline.features.members.groups.schemas import GroupBody, GroupMemberQuery, GroupOut, GroupQuery
from weftline.features.members.groups.service import GroupService
from weftline.features.members.permissions import MANAGE, READ
from weftline.features.members.schemas import MemberOut
from weftline.features.tenancy.errors import TenantNotFound

Reader = Annotated[Caller, requires(READ)]
Manager = Annotated[Caller, requires(MANAGE)]
GroupId = Annotated[UUID, Path(description="The group's id.", examples=[examples.GROUP_ID])]
UserId = Annotated[UUID, Path(description="The person's id.", examples=[examples.ID])]
Wanted = Annotated[GroupBody, Body(openapi_examples={"example": {"value": examples.NEW_GROUP}})]


def group_routes(service: GroupService) -> APIRouter:
    """The routes of groups."""
    router = api_router("/groups", tag="Members")

    def detail(group: Group, response: Response) -> GroupOut:
        response.headers.update(etag(group.etag))
        return GroupOut.model_validate(group)

    @router.get(
        "",
        summary="List groups",
        responses=answers({"items": [examples.GROUP], "nextCursor": None}, description="By name."),
    )
    async def list_groups(caller: Reader, query: Annotated[GroupQuery, Query()]) -> Page[GroupOut]:
        """Lists the tenant's groups by name."""
        window = query.window()
        found = await service.list(caller.tenant_id, window)
        return window.page(found, GroupOut.model_validate)

    @router.post(
        "",
        status_code=201,
        summary="Create a group",
        responses=answers(examples.GROUP, status=201, description="The new group, with nobody in it.")
        | failures(BeyondOwnAuthority, UnknownNames, GroupNameTaken, TenantNotFound),
    )
    async def create_group(caller: Manager, body: Wanted, request: Request, response: Response) -> GroupOut:
        """Makes a group. Nobody gives it roles that they do not have."""
        group = await service.create(caller, body.draft())
        response.headers["Location"] = f"{request.url.path}/{group.id}"
        return detail(group, response)

    @router.get(
        "/{group_id}",
        summary="Get a group",
        responses=answers(examples.GROUP, description="The group.") | failures(GroupNotFound),
    )
    async def get_group(caller: Reader, group_id: GroupId, response: Response) -> GroupOut:
        """Shows a group."""
        return detail(await service.get(caller.tenant_id, group_id), response)

    @router.put(
        "/{group_id}",
        summary="Change a group",
        responses=answers(examples.GROUP, description="As it is now.")
        | failures(BeyondOwnAuthority, UnknownNames, GroupChanged, GroupNameTaken, GroupNotFound, TenantNotFound),
    )
    async def replace_group(
        caller: Manager, group_id: GroupId, body: Wanted, expected: ExpectedEtag, response: Response
    ) -> GroupOut:
        """Changes a group; its roles count for everybody in it within seconds."""
        return detail(await service.replace(caller, group_id, body.draft(), expected_etag=expected), response)

    @router.delete(
        "/{group_id}",
        summary="Remove a group",
        responses=answers(examples.GROUP, description="What it was.")
        | failures(BeyondOwnAuthority, GroupChanged, GroupNotFound, TenantNotFound),
    )
    async def remove_group(caller: Manager, group_id: GroupId, expected: ExpectedEtag) -> GroupOut:
        """Removes a group, with what was granted to it."""
        return GroupOut.model_validate(await service.remove(caller, group_id, expected_etag=expected))

    @router.get(
        "/{group_id}/members",
        summary="List a group's members",
        responses=answers({"items": [examples.MEMBER], "nextCursor": None}, description="Oldest accounts first.")
        | failures(GroupNotFound),
    )
    async def list_group_members(
        caller: Reader, group_id: GroupId, query: Annotated[GroupMemberQuery, Query()]
    ) -> Page[MemberOut]:
        """Lists who is in a group."""
        window = query.window()
        found = await service.members(caller.tenant_id, group_id, window)
        return window.page(found, MemberOut.model_validate)

    @router.put(
        "/{group_id}/members/{user_id}",
        summary="Put a member into a group",
        responses=answers(examples.MEMBER, description="The member.")
        | failures(BeyondOwnAuthority, MemberNotFound, OwnMembership, GroupNotFound, TenantNotFound),
    )
    async def add_group_member(caller: Manager, group_id: GroupId, user_id: UserId) -> MemberOut:
        """Puts a member into a group. Safe to repeat."""
        return MemberOut.model_validate(await service.enter(caller, group_id, user_id))

    @router.delete(
        "/{group_id}/members/{user_id}",
        summary="Take a member out of a group",
        responses=answers(examples.MEMBER, description="The member.")
        | failures(BeyondOwnAuthority, MemberNotFound, OwnMembership, GroupNotFound, NotInGroup, TenantNotFound),
    )
    async def remove_group_member(caller: Manager, group_id: GroupId, user_id: UserId) -> MemberOut:
        """Takes a member out of a group."""
        return MemberOut.model_validate(await service.leave(caller, group_id, user_id))

    return router
