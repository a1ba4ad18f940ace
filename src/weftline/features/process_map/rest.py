"""Process maps over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from weftline.features.access.caller import Caller
from weftline.features.access.http import requires
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.routing import api_router
from weftline.features.process_map import examples
from weftline.features.process_map.schemas import ProcessMapOut, ProcessMapQuery
from weftline.features.process_map.service import ProcessMapService
from weftline.features.statistics.errors import InvalidPeriod
from weftline.features.statistics.permissions import READ
from weftline.features.workflows.errors import VersionNotFound, WorkflowNotFound
from weftline.features.workflows.parameters import WorkflowId

Reader = Annotated[Caller, requires(READ)]


def process_map_routes(service: ProcessMapService) -> APIRouter:
    """The route of process maps."""
    router = api_router(tag="Statistics")

    @router.get(
        "/workflows/{workflow_id}/process-map",
        summary="Get a workflow's process map",
        responses=answers(examples.MAP, description="Of the latest executions in the period.")
        | failures(InvalidPeriod, VersionNotFound, WorkflowNotFound),
    )
    async def get_process_map(
        caller: Reader, workflow_id: WorkflowId, query: Annotated[ProcessMapQuery, Query()]
    ) -> ProcessMapOut:
        """Tells how the latest executions of a version went: how often each node was begun and failed, how long it took
        and was waited for, and how often each way between nodes was taken. Everything that is committed is in it.
        """
        found = await service.map(
            caller.tenant_id,
            workflow_id,
            version=query.version,
            since=query.from_,
            until=query.to,
            limit=query.limit,
        )
        return ProcessMapOut.of(found)

    return router
