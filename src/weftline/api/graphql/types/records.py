"""What is recorded: statistics, and the audit log."""

from __future__ import annotations

from typing import Annotated

import strawberry

from weftline.api.graphql.context import Info
from weftline.api.graphql.demands import PAGING, demand, read
from weftline.api.graphql.paging import After, Connection, First, connection
from weftline.api.graphql.shapes import shape, shown
from weftline.features.audit.permissions import READ as READ_AUDIT
from weftline.features.audit.schemas import EntryOut, SearchQuery
from weftline.features.http.paging import DEFAULT_LIMIT
from weftline.features.statistics.permissions import READ
from weftline.features.statistics.schemas import (
    FiguresOut,
    GroupOut,
    StatisticsOut,
    StatisticsQuery,
    WorkflowStatisticsOut,
    WorkflowStatisticsQuery,
)

COUNTS = frozenset(
    {
        "started",
        "ended",
        "completed",
        "failed",
        "timed_out",
        "cancelled",
        "skipped",
        "rolled_back",
        "retried",
        "running",
    }
)


@shape(FiguresOut, long=COUNTS)
class Figures:
    """How often something ended and how, and how long what completed took."""


@shape(GroupOut, long=COUNTS)
class FigureGroup:
    """Figures, and of what they are; null where groups are not told apart by that."""


@shape(StatisticsOut, long={"running"})
class Statistics:
    """What happened in a period."""


@shape(WorkflowStatisticsOut, long={"total", "successful", "failed", "cancelled", "running"})
class WorkflowStatistics:
    """How one template's executions do."""


@shape(EntryOut, long={"seq"})
class AuditEntry:
    """An entry of the audit log."""


@demand(StatisticsQuery)
class StatisticsFilter:
    """Of what to give figures, and how to tell them apart."""


@demand(WorkflowStatisticsQuery)
class WorkflowStatisticsFilter:
    """Of which time; else of all that is kept."""


@demand(SearchQuery, without=PAGING)
class AuditFilter:
    """Which entries: those that fit everything that is asked."""


@strawberry.type
class RecordQueries:
    """What can be asked of what is recorded."""

    @strawberry.field(description="How many executions, or their steps, began and ended in a period, and how.")
    async def statistics(
        self,
        info: Info,
        filter: Annotated[StatisticsFilter | None, strawberry.argument(description="Of what.")] = None,
    ) -> Statistics:
        """Figures of a period."""
        operation = info.context
        await operation.allow(READ, listing=True)
        query = read(StatisticsQuery, filter, "filter")
        wanted = query.wanted(query.group_by)
        return shown(
            StatisticsOut.of_groups(wanted, await operation.services.statistics.report(operation.caller, wanted))
        )

    @strawberry.field(description="How a template's executions and their steps do.")
    async def workflow_statistics(
        self,
        info: Info,
        workflow_id: Annotated[strawberry.ID, strawberry.argument(description="The template's id.")],
        filter: Annotated[WorkflowStatisticsFilter | None, strawberry.argument(description="Of which time.")] = None,
    ) -> WorkflowStatistics:
        """Figures of one template."""
        operation = info.context
        await operation.allow(READ, workflow_id=workflow_id)
        wanted = read(WorkflowStatisticsQuery, filter, "filter").wanted(workflow_id)
        report = await operation.services.statistics.of_workflow(operation.caller, wanted)
        return shown(WorkflowStatisticsOut.of(workflow_id, report))

    @strawberry.field(description="Who did what, the newest first.")
    async def audit_entries(
        self,
        info: Info,
        filter: Annotated[AuditFilter | None, strawberry.argument(description="Which.")] = None,
        first: First = DEFAULT_LIMIT,
        after: After = None,
    ) -> Connection[AuditEntry]:
        """A page of the audit log."""
        operation = info.context
        await operation.allow(READ_AUDIT)
        query = read(SearchQuery, filter, "filter", limit=first, cursor=after)
        window = query.window()
        found = await operation.services.audit.list(operation.caller, query.filter(), window)
        items = window.cut(found)
        return connection(items, (window.cursor_of(item) for item in items), end=window.cursor(found), after=after)
