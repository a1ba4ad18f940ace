"""Whoever asks, and the members of their tenant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, TypeAlias

import strawberry

from weftline.api.graphql.context import Info
from weftline.api.graphql.demands import PAGING, demand, read
from weftline.api.graphql.ids import uuid
from weftline.api.graphql.paging import After, Connection, First, connection
from weftline.api.graphql.shapes import shape, shown
from weftline.features.http.paging import DEFAULT_LIMIT
from weftline.features.identity.rest.profile import me_of
from weftline.features.identity.schemas.profile import MeOut
from weftline.features.members.permissions import MANAGE, READ
from weftline.features.members.repository import Member as Row
from weftline.features.members.schemas import MemberBody, MemberOut, MemberQuery, NewMemberBody

if TYPE_CHECKING:
    from weftline.api.graphql.types.tenants import Tenant

TenantShape: TypeAlias = Annotated["Tenant", strawberry.lazy("weftline.api.graphql.types.tenants")]
Id: TypeAlias = Annotated[strawberry.ID, strawberry.argument(description="The person's id.")]


async def _tenant(info: Info) -> TenantShape:
    return shown(await info.context.load.tenant.load(info.context.caller.tenant_id))


@shape(MeOut, without={"tenant", "preferences"})
class Me:
    """Who is signed in, where, and what they may do there."""

    tenant: TenantShape = strawberry.field(resolver=_tenant, description="Where they are signed in.")


@shape(MemberOut)
class User:
    """A member of the tenant."""


@demand(MemberQuery, without=PAGING)
class UserFilter:
    """Which members to list: those who fit everything that is given."""


@demand(NewMemberBody, without={"password"})
class NewUserInput:
    """Who is to belong to the tenant."""


@demand(MemberBody)
class UserInput:
    """What is to change of a member; what is absent stays as it is."""


@strawberry.type
class PeopleQueries:
    """What can be asked of people."""

    @strawberry.field(description="Who is signed in.")
    async def me(self, info: Info) -> Me:
        """Who asks."""
        operation = info.context
        services, caller = operation.services, operation.caller
        user = None if caller.id is None or caller.kind == "service" else await services.accounts.get(caller.id)
        return shown(await me_of(services.cache, caller, user))

    @strawberry.field(description="The members of the tenant, the oldest accounts first.")
    async def users(
        self,
        info: Info,
        filter: Annotated[UserFilter | None, strawberry.argument(description="Which.")] = None,
        first: First = DEFAULT_LIMIT,
        after: After = None,
    ) -> Connection[User]:
        """A page of members."""
        operation = info.context
        await operation.allow(READ)
        query = read(MemberQuery, filter, "filter", limit=first, cursor=after)
        window = query.window()
        members = operation.services.administration.members
        found = await members.list(operation.caller.tenant_id, query.filter(), window)
        items = [MemberOut.model_validate(member) for member in window.cut(found)]
        cursors = (window.cursor_of(item) for item in items)
        return connection(items, cursors, end=window.cursor(found), after=after)

    @strawberry.field(description="A member of the tenant.")
    async def user(self, info: Info, id: Id) -> User:
        """One member."""
        operation = info.context
        await operation.allow(READ)
        members = operation.services.administration.members
        return _user(await members.get(operation.caller.tenant_id, uuid(id, "member")))


@strawberry.type
class PeopleActs:
    """What can be done to members."""

    @strawberry.mutation(
        description="Invites somebody to the tenant. Whether the address has an account already is not told."
    )
    async def invite_user(self, info: Info, input: NewUserInput) -> User:
        """Invite somebody."""
        operation = info.context
        await operation.allow(MANAGE)
        body = read(NewMemberBody, input, "input")
        return _user(await operation.services.administration.members.add(operation.caller, body.newcomer()))

    @strawberry.mutation(description="Changes a member's roles, status, department or attributes in this tenant.")
    async def update_user(self, info: Info, id: Id, input: UserInput) -> User:
        """Change a member."""
        operation = info.context
        await operation.allow(MANAGE)
        changes, members = read(MemberBody, input, "input").changes(), operation.services.administration.members
        return _user(await members.change(operation.caller, uuid(id, "member"), changes))

    @strawberry.mutation(description="Removes somebody from this tenant. Their account stays.")
    async def remove_user(self, info: Info, id: Id) -> User:
        """Remove a member."""
        operation = info.context
        await operation.allow(MANAGE)
        members = operation.services.administration.members
        return _user(await members.remove(operation.caller, uuid(id, "member")))


def _user(member: Row) -> User:
    return shown(MemberOut.model_validate(member))
