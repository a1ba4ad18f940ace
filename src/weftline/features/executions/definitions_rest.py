"""What executions run, over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter

from weftline.features.access.caller import Caller
from weftline.features.access.errors import PermissionDenied
from weftline.features.access.gate import Gate
from weftline.features.access.http import requires
from weftline.features.access.policies.request import Resource
from weftline.features.executions.errors import ExecutionNotFound
from weftline.features.executions.permissions import READ
from weftline.features.executions.reader import ExecutionReader
from weftline.features.executions.rest import ExecutionId
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.routing import api_router
from weftline.features.workflows import examples
from weftline.features.workflows import permissions as workflows
from weftline.features.workflows.errors import VersionNotFound, WorkflowNotFound
from weftline.features.workflows.schemas import VersionDetail
from weftline.features.workflows.service import WorkflowService

Reader = Annotated[Caller, requires(READ)]


def execution_definition_routes(reader: ExecutionReader, service: WorkflowService, gate: Gate) -> APIRouter:
    """The route of the definition that an execution runs."""
    router = api_router(tag="Executions")

    @router.get(
        "/executions/{execution_id}/definition",
        summary="Get an execution's definition",
        responses=answers(examples.VERSION, description="The version with its definition.")
        | failures(PermissionDenied, ExecutionNotFound, VersionNotFound, WorkflowNotFound),
    )
    async def get_execution_definition(caller: Reader, execution_id: ExecutionId) -> VersionDetail:
        """Shows the version that an execution runs now, whatever became of its workflow. Needs `workflow:read`, too."""
        snapshot = await reader.get(caller.tenant_id, execution_id)
        workflow_id = snapshot.row.workflow_id
        resource = Resource(type="Workflow", id=workflow_id, workflow_id=workflow_id)
        await gate.require(caller, workflows.READ, resource)
        workflow = await service.get(caller.tenant_id, workflow_id, snapshot.version_number)
        return VersionDetail.model_validate(workflow.version)

    return router
