"""Statistics over many tenants, over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from weftline.features.access.caller import Caller
from weftline.features.access.http import operator
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.routing import api_router
from weftline.features.platform import examples
from weftline.features.platform.permissions import READ
from weftline.features.platform.reason import StatedReason
from weftline.features.platform.statistics.schemas import EveryTenantQuery, EveryTenantStatisticsOut
from weftline.features.platform.statistics.service import EveryTenantStatistics
from weftline.features.statistics.errors import InvalidGroups, InvalidPeriod, UnknownTimeZone
from weftline.features.tenancy.errors import TenantNotFound

Operator = Annotated[Caller, operator(READ)]


def every_tenant_statistics_routes(service: EveryTenantStatistics) -> APIRouter:
    """The routes of statistics over many tenants."""
    router = api_router("/platform", tag="Platform")

    @router.get(
        "/statistics/executions",
        summary="Get every tenant's statistics",
        responses=answers(examples.EXECUTION_STATISTICS, description="By time, or those with most ends first.")
        | failures(InvalidGroups, InvalidPeriod, UnknownTimeZone, TenantNotFound),
    )
    async def get_every_tenants_statistics(
        caller: Operator, query: Annotated[EveryTenantQuery, Query()], reason: StatedReason
    ) -> EveryTenantStatisticsOut:
        """Tells what `GET /statistics` does, of the tenants that you may see as an operator."""
        wanted = query.wanted(query.group_by)
        report, slugs = await service.report(caller, wanted, tenant_id=query.tenant_id, reason=reason)
        return EveryTenantStatisticsOut.of_tenants(wanted, report, slugs)

    return router
