"""Deprecating, archiving and restoring workflows over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Response

from weftline.features.access.caller import Caller
from weftline.features.access.http import requires
from weftline.features.http.conditional import ExpectedEtag
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.workflows import examples
from weftline.features.workflows.errors import WorkflowChanged, WorkflowNotFound, WrongStatus
from weftline.features.workflows.lifecycle import Lifecycle
from weftline.features.workflows.parameters import WorkflowId, detail
from weftline.features.workflows.permissions import RETIRE
from weftline.features.workflows.schemas import MoveBody, WorkflowDetail

Retirer = Annotated[Caller, requires(RETIRE)]


def add_lifecycle_routes(router: APIRouter, lifecycle: Lifecycle) -> None:
    """Add the routes of statuses to those of workflows."""

    @router.post(
        "/{workflow_id}/deprecate",
        summary="Deprecate a workflow",
        responses=answers(examples.DEPRECATED, description="The workflow.")
        | failures(WorkflowChanged, WorkflowNotFound, WrongStatus),
    )
    async def deprecate_workflow(
        caller: Retirer,
        workflow_id: WorkflowId,
        expected: ExpectedEtag,
        response: Response,
        body: Annotated[MoveBody | None, _reason("Use greeting-2")] = None,
    ) -> WorkflowDetail:
        """Says that a workflow should be used no longer.

        It still starts executions; the answer to each start has the header `Workflow-Deprecated: true`.
        """
        workflow = await lifecycle.deprecate(caller.tenant_id, workflow_id, _given(body), expected_etag=expected)
        return detail(workflow, response)

    @router.post(
        "/{workflow_id}/archive",
        summary="Archive a workflow",
        responses=answers(examples.ARCHIVED, description="The workflow.")
        | failures(WorkflowChanged, WorkflowNotFound, WrongStatus),
    )
    async def archive_workflow(
        caller: Retirer,
        workflow_id: WorkflowId,
        expected: ExpectedEtag,
        response: Response,
        body: Annotated[MoveBody | None, _reason("Not needed since March")] = None,
    ) -> WorkflowDetail:
        """Puts a workflow away: it starts no executions and leaves the list. Those that run go on."""
        workflow = await lifecycle.archive(caller.tenant_id, workflow_id, _given(body), expected_etag=expected)
        return detail(workflow, response)

    @router.post(
        "/{workflow_id}/restore",
        summary="Restore a workflow",
        responses=answers(examples.WORKFLOW, description="The workflow.")
        | failures(WorkflowChanged, WorkflowNotFound, WrongStatus),
    )
    async def restore_workflow(
        caller: Retirer,
        workflow_id: WorkflowId,
        expected: ExpectedEtag,
        response: Response,
        body: Annotated[MoveBody | None, _reason("Needed again")] = None,
    ) -> WorkflowDetail:
        """Brings an archived or deprecated workflow back: published where a version of it is, else a draft."""
        workflow = await lifecycle.restore(caller.tenant_id, workflow_id, _given(body), expected_etag=expected)
        return detail(workflow, response)


def _reason(text: str) -> Any:
    return Body(openapi_examples={"reason": {"value": {"reason": text}}})


def _given(body: MoveBody | None) -> str | None:
    return None if body is None else body.reason
