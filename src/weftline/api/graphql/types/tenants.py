"""Tenants, and whoever asks."""

from __future__ import annotations

from typing import Annotated

import strawberry

from weftline.api.graphql.context import Info
from weftline.api.graphql.demands import PAGING, demand, read
from weftline.api.graphql.paging import After, Connection, First, checked, connection
from weftline.api.graphql.shapes import shape
from weftline.features.http.paging import DEFAULT_LIMIT
from weftline.features.tenancy.schemas import TenantOut, TenantQuery


@shape(TenantOut)
class Tenant:
    """A tenant: whose everything is."""


@demand(TenantQuery, without=PAGING)
class TenantFilter:
    """Which tenants to list."""


@strawberry.type
class TenantQueries:
    """What can be asked of tenants."""

    @strawberry.field(description="The tenants that you belong to; operators see all that they may see, and say why.")
    async def tenants(
        self,
        info: Info,
        filter: Annotated[TenantFilter | None, strawberry.argument(description="Which.")] = None,
        first: First = DEFAULT_LIMIT,
        after: After = None,
    ) -> Connection[Tenant]:
        """A page of tenants."""
        operation = info.context
        query = read(TenantQuery, filter, "filter", limit=checked(first), cursor=after)
        window = query.window()
        found = await operation.services.tenants.list(operation.caller, query.filter(), window, reason=query.reason)
        items = [TenantOut.model_validate(tenant) for tenant in window.cut(found)]
        cursors = (window.cursor_of(item) for item in items)
        return connection(items, cursors, end=window.cursor(found), after=after)
