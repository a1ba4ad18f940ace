"""Acts on many members over HTTP."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Body
from pydantic import Field

from weftline.features.access.caller import Caller
from weftline.features.access.http import requires
from weftline.features.http.bulk import MAX_ITEMS, BulkOut, do_each
from weftline.features.http.examples import answers
from weftline.features.http.wire import Demand
from weftline.features.members import examples
from weftline.features.members.permissions import MANAGE
from weftline.features.members.schemas import MemberBody, NewMemberBody
from weftline.features.members.service import MemberService

Manager = Annotated[Caller, requires(MANAGE)]


class AddItem(NewMemberBody):
    """Somebody to invite."""

    act: Literal["add"]


class _Item(Demand):
    id: Annotated[UUID, Field(description="The person's id.")]


class InviteItem(_Item):
    """A member to invite again."""

    act: Literal["invite"]


class ChangeMemberItem(_Item, MemberBody):
    """A member to give other roles or another status, department or attributes; what is absent stays."""

    act: Literal["change"]


class RemoveMemberItem(_Item):
    """A member to remove."""

    act: Literal["remove"]


Item = AddItem | InviteItem | ChangeMemberItem | RemoveMemberItem


class MembersBody(Demand):
    """What to do, and to whom."""

    items: Annotated[
        list[Annotated[Item, Field(discriminator="act")]],
        Field(min_length=1, max_length=MAX_ITEMS, description="Done in this order."),
    ]


def add_bulk_routes(router: APIRouter, service: MemberService) -> None:
    """Add the route of acts on many members to those of members."""

    @router.post(
        "/users/bulk",
        summary="Do something to many members",
        responses=answers(examples.BULK_DONE, description="What became of each item, in their order."),
    )
    async def act_on_users(
        caller: Manager,
        body: Annotated[MembersBody, Body(openapi_examples={"example": {"value": examples.BULK}})],
    ) -> BulkOut:
        """Invites people, gives members other roles, disables or enables them by their `status`, invites them again or
        removes them, each as its own route would: done or refused by itself."""

        async def act(item: Item) -> UUID:
            match item:
                case AddItem():
                    return (await service.add(caller, item.newcomer())).id
                case InviteItem():
                    await service.invite_again(caller, item.id)
                case ChangeMemberItem():
                    await service.change(caller, item.id, item.changes())
                case RemoveMemberItem():
                    await service.remove(caller, item.id)
            return item.id

        return await do_each(body.items, act, lambda item: item.email if isinstance(item, AddItem) else item.id)
