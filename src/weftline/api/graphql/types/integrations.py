"""The systems that workflows can reach, and what they can do there."""

from __future__ import annotations

from typing import Annotated

import strawberry

from weftline.api.graphql.context import Info
from weftline.api.graphql.demands import PAGING, demand, read
from weftline.api.graphql.paging import After, Connection, First, connection
from weftline.api.graphql.shapes import shape, shown
from weftline.features.http.paging import DEFAULT_LIMIT
from weftline.features.integrations.errors import IntegrationNotFound
from weftline.features.integrations.permissions import READ_INTEGRATIONS
from weftline.features.integrations.schemas import (
    ActionQuery,
    AuthOut,
    IntegrationActionOut,
    IntegrationDetail,
    IntegrationQuery,
    IntegrationTriggerOut,
)


@shape(AuthOut)
class IntegrationAuth:
    """A way of signing in to another system."""


@shape(IntegrationActionOut)
class IntegrationAction:
    """Something that steps can do in another system."""


@shape(IntegrationTriggerOut)
class IntegrationTrigger:
    """Something in another system that can start workflows."""


@shape(IntegrationDetail, without={"actions"})
class Integration:
    """A system that workflows can reach. What they can do there is listed by `integrationActions`."""


@demand(IntegrationQuery, without=PAGING)
class IntegrationFilter:
    """Which integrations to list: those that fit everything that is given."""


@demand(ActionQuery, without=PAGING)
class IntegrationActionFilter:
    """Which actions to find: those that fit everything that is given."""


@strawberry.type
class IntegrationQueries:
    """What can be asked of integrations."""

    @strawberry.field(description="The systems that workflows can reach: those that come along, and imported ones.")
    async def integrations(
        self,
        info: Info,
        filter: Annotated[IntegrationFilter | None, strawberry.argument(description="Which.")] = None,
        first: First = DEFAULT_LIMIT,
        after: After = None,
    ) -> Connection[Integration]:
        """A page of integrations."""
        operation = info.context
        await operation.allow(READ_INTEGRATIONS)
        query = read(IntegrationQuery, filter, "filter", limit=first, cursor=after)
        window = query.window()
        found, connected = await operation.services.integrations.list(
            operation.caller,
            query=query.query,
            category=query.category,
            auth_types=query.auth_type,
            is_connected=query.is_connected,
        )
        part = window.over(found)
        page = window.cut(part)
        items = [IntegrationDetail.whole(each, connected.get(each.name, [])) for each in page]
        return connection(items, map(window.cursor_of, page), end=window.cursor(part), after=after)

    @strawberry.field(description="An integration: how one signs in, what a connection configures, what can happen.")
    async def integration(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Its name, such as `slack`.")]
    ) -> Integration:
        """One integration."""
        await info.context.allow(READ_INTEGRATIONS)
        return shown(IntegrationDetail.whole(*await info.context.services.integrations.get(info.context.caller, id)))

    @strawberry.field(description="Actions of all integrations, the closest first. `integrationAction` has schemas.")
    async def integration_actions(
        self,
        info: Info,
        filter: Annotated[IntegrationActionFilter | None, strawberry.argument(description="Which.")] = None,
        first: First = DEFAULT_LIMIT,
        after: After = None,
    ) -> Connection[IntegrationAction]:
        """A page of actions."""
        operation = info.context
        await operation.allow(READ_INTEGRATIONS)
        query = read(ActionQuery, filter, "filter", limit=first, cursor=after)
        window = query.window()
        part = window.over(
            await operation.services.integrations.search(operation.caller, query.query, query.integration_id)
        )
        page = window.cut(part)
        items = [IntegrationActionOut.of(each.action, is_whole=False) for each in page]
        return connection(items, map(window.cursor_of, page), end=window.cursor(part), after=after)

    @strawberry.field(description="An action with the schemas of its input and its output.")
    async def integration_action(
        self,
        info: Info,
        id: Annotated[
            strawberry.ID, strawberry.argument(description="As definitions call it, such as `slack.sendMessage`.")
        ],
    ) -> IntegrationAction:
        """One action."""
        operation = info.context
        await operation.allow(READ_INTEGRATIONS)
        integration, dot, name = id.partition(".")
        if not dot:
            raise IntegrationNotFound(id)
        return shown(
            IntegrationActionOut.of(await operation.services.integrations.action(operation.caller, integration, name))
        )
