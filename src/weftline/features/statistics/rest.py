"""Statistics over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from weftline.features.access.caller import Caller
from weftline.features.access.http import requires
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.routing import api_router
from weftline.features.statistics import examples
from weftline.features.statistics.errors import InvalidGroups, InvalidPeriod, UnknownTimeZone
from weftline.features.statistics.permissions import READ
from weftline.features.statistics.schemas import (
    StatisticsOut,
    StatisticsQuery,
    WorkflowStatisticsOut,
    WorkflowStatisticsQuery,
)
from weftline.features.statistics.service import StatisticsService
from weftline.features.workflows.errors import WorkflowNotFound
from weftline.features.workflows.parameters import WorkflowId

Lister = Annotated[Caller, requires(READ, listing=True)]
Reader = Annotated[Caller, requires(READ)]


def statistics_routes(service: StatisticsService) -> APIRouter:
    """The routes of a tenant's statistics."""
    router = api_router(tag="Statistics")

    @router.get(
        "/statistics",
        summary="Get statistics",
        responses=answers(examples.STATISTICS, description="By time, or those with most ends first.")
        | failures(InvalidGroups, InvalidPeriod, UnknownTimeZone),
    )
    async def get_execution_statistics(caller: Lister, query: Annotated[StatisticsQuery, Query()]) -> StatisticsOut:
        """Tells how many executions, or their steps, began and ended in a period, how they ended, and how long they
        took. Everything that is committed is in it.
        """
        wanted = query.wanted(query.group_by)
        return StatisticsOut.of_groups(wanted, await service.report(caller, wanted))

    @router.get(
        "/workflows/{workflow_id}/statistics",
        summary="Get a workflow's statistics",
        responses=answers(examples.WORKFLOW, description="As they are now.")
        | failures(InvalidPeriod, WorkflowNotFound),
    )
    async def get_workflow_statistics(
        caller: Reader, workflow_id: WorkflowId, query: Annotated[WorkflowStatisticsQuery, Query()]
    ) -> WorkflowStatisticsOut:
        """Tells how a workflow and its steps do, since statistics are kept or in a period."""
        report = await service.of_workflow(caller, query.wanted(workflow_id))
        return WorkflowStatisticsOut.of(workflow_id, report)

    return router
