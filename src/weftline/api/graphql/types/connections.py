"""Ways into other systems: a person's, or the tenant's. Nobody is shown credentials."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import strawberry
from pydantic import Field

from weftline.api.graphql.context import Info
from weftline.api.graphql.demands import PAGING, demand, read
from weftline.api.graphql.ids import uuid
from weftline.api.graphql.paging import After, Connection, First, connection
from weftline.api.graphql.shapes import shape, shown
from weftline.api.graphql.types.integrations import Integration
from weftline.features.http.paging import DEFAULT_LIMIT
from weftline.features.integrations.connection_schemas import (
    BreakerOut,
    ConnectionLimitsOut,
    ConnectionOut,
    ConnectionQuery,
    LastUseOut,
)
from weftline.features.integrations.permissions import READ, READ_INTEGRATIONS
from weftline.features.integrations.service import Shown

Id: TypeAlias = Annotated[strawberry.ID, strawberry.argument(description="The connection's id.")]


class ConnectionView(ConnectionOut):
    """A connection with what tells its state."""

    etag: Annotated[str, Field(description="Its state; see `ifMatch`.")]


@shape(BreakerOut)
class CircuitBreaker:
    """A connection's circuit breaker, as workers have left it."""


@shape(LastUseOut)
class ConnectionUse:
    """The last use of a connection; told by each worker once a minute at most."""


@shape(ConnectionLimitsOut)
class ConnectionLimits:
    """What a connection may be used for at most, and how workers treat it when it fails."""


async def _integration(parent: strawberry.Parent[ConnectionView], info: Info) -> Integration | None:
    await info.context.allow(READ_INTEGRATIONS)
    return shown(await info.context.load.integration.load(parent.integration_id))


# named as REST does, it would be taken for a page of a list
@shape(ConnectionView)
class UserIntegration:
    """A connection: a way into another system, the tenant's or a person's own."""

    integration: Integration | None = strawberry.field(
        resolver=_integration, description="Where it leads; null where that is gone."
    )


@demand(ConnectionQuery, without=PAGING)
class ConnectionFilter:
    """Which connections to list: those that fit everything that is given."""


@strawberry.type
class ConnectionQueries:
    """What can be asked of connections."""

    @strawberry.field(description="The tenant's connections and your own.")
    async def connections(
        self,
        info: Info,
        filter: Annotated[ConnectionFilter | None, strawberry.argument(description="Which.")] = None,
        first: First = DEFAULT_LIMIT,
        after: After = None,
    ) -> Connection[UserIntegration]:
        """A page of connections."""
        operation = info.context
        await operation.allow(READ)
        query = read(ConnectionQuery, filter, "filter", limit=first, cursor=after)
        window = query.window()
        found, states = await operation.services.connections.list(
            operation.caller,
            window,
            is_personal=query.is_personal,
            integration=query.integration_id,
            statuses=query.status,
            query=query.query,
        )
        page = window.cut(found)
        items = [_view(Shown(each, states.get(each.id))) for each in page]
        return connection(items, map(window.cursor_of, page), end=window.cursor(found), after=after)

    @strawberry.field(description="A connection: where it leads, how it stands, its circuit breaker, its limits.")
    async def connection(self, info: Info, id: Id) -> UserIntegration:
        """One connection."""
        operation, wanted = info.context, uuid(id, "connection")
        await operation.allow(READ)
        return shown(_view(await operation.services.connections.get(operation.caller, wanted)))


# whether somebody may change one depends on whose it is; see the service
@strawberry.type
class ConnectionActs:
    """What can be done to connections."""

    @strawberry.mutation(description="Tries a connection: `status` and `statusDetail` say what came of it.")
    async def test_connection(self, info: Info, id: Id) -> UserIntegration:
        """Test a connection."""
        operation, wanted = info.context, uuid(id, "connection")
        await operation.allow(READ)
        return shown(_view(await operation.services.connections.test(operation.caller, wanted)))

    @strawberry.mutation(description="Closes a connection's circuit breaker. Steps that wait for it go on at once.")
    async def reset_connection(self, info: Info, id: Id) -> UserIntegration:
        """Reset a connection's circuit breaker."""
        operation, wanted = info.context, uuid(id, "connection")
        await operation.allow(READ)
        return shown(_view(await operation.services.connections.reset(operation.caller, wanted)))

    @strawberry.mutation(description="Lets steps use a disabled connection again.")
    async def enable_connection(self, info: Info, id: Id) -> UserIntegration:
        """Enable a connection."""
        operation, wanted = info.context, uuid(id, "connection")
        await operation.allow(READ)
        return shown(_view(await operation.services.connections.enable(operation.caller, wanted)))

    @strawberry.mutation(description="Lets no step use a connection. Its credentials stay.")
    async def disable_connection(self, info: Info, id: Id) -> UserIntegration:
        """Disable a connection."""
        operation, wanted = info.context, uuid(id, "connection")
        await operation.allow(READ)
        return shown(_view(await operation.services.connections.disable(operation.caller, wanted)))

    @strawberry.mutation(description="Removes a connection, and gives its tokens back. The answer is what it was.")
    async def delete_connection(
        self,
        info: Info,
        id: Id,
        force: Annotated[
            bool,
            strawberry.argument(description="Even where published workflows name it: their steps then fail."),
        ] = False,
        if_match: Annotated[
            str | None, strawberry.argument(description="Act only while the connection's `etag` is this one.")
        ] = None,
    ) -> UserIntegration:
        """Remove a connection."""
        operation, wanted = info.context, uuid(id, "connection")
        await operation.allow(READ)
        service = operation.services.connections
        return shown(_view(await service.remove(operation.caller, wanted, force=force, expected_etag=if_match)))


def _view(found: Shown) -> ConnectionView:
    shape = dict(ConnectionOut.of(*found))
    return ConnectionView.model_validate({**shape, "etag": str(found.connection.etag)})
