"""Grants over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Path, Query, Request, Response

from weftline.features.access.caller import Caller
from weftline.features.access.grants import examples
from weftline.features.access.grants.errors import GrantNotFound, NotOnWorkflows, UnknownSubject, UnknownWorkflow
from weftline.features.access.grants.permissions import MANAGE, READ
from weftline.features.access.grants.schemas import (
    GrantBody,
    GrantOut,
    GrantQuery,
    WorkflowPermissionsBody,
    WorkflowPermissionsOut,
)
from weftline.features.access.grants.service import GrantService
from weftline.features.access.grants.workflow_permissions import WorkflowPermissions, WorkflowPermissionService
from weftline.features.access.http import requires
from weftline.features.access.roles.errors import BeyondOwnAuthority, UnknownNames
from weftline.features.errors import PreconditionFailed
from weftline.features.http.conditional import UNCHANGING, ExpectedEtag, etag, require_state
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.paging import Page
from weftline.features.http.routing import api_router
from weftline.features.workflows.errors import WorkflowNotFound

Reader = Annotated[Caller, requires(READ)]
Manager = Annotated[Caller, requires(MANAGE)]
GrantId = Annotated[UUID, Path(description="The grant's id.", examples=[examples.ID])]
WorkflowId = Annotated[
    str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$", description="The workflow's id.", examples=["greeting"])
]


def grant_routes(service: GrantService, lists: WorkflowPermissionService) -> APIRouter:
    """The routes of grants."""
    router = api_router(tag="Access")

    def shown(found: WorkflowPermissions, response: Response) -> WorkflowPermissionsOut:
        response.headers.update(etag(found.etag))
        return WorkflowPermissionsOut.model_validate(found)

    @router.get(
        "/grants",
        summary="List grants",
        responses=answers({"items": [examples.GRANT], "nextCursor": None}, description="Oldest first."),
    )
    async def list_grants(caller: Reader, query: Annotated[GrantQuery, Query()]) -> Page[GrantOut]:
        """Lists what is granted to whom, the oldest first."""
        window = query.window()
        found = await service.list(caller.tenant_id, query.filter(), window)
        return window.page(found, GrantOut.model_validate)

    @router.post(
        "/grants",
        status_code=201,
        summary="Grant permissions",
        responses=answers(examples.GRANT, status=201, description="The new grant.")
        | failures(NotOnWorkflows, UnknownSubject, UnknownWorkflow, BeyondOwnAuthority, UnknownNames),
    )
    async def create_grant(
        caller: Manager,
        body: Annotated[GrantBody, Body(openapi_examples={"example": {"value": examples.BODY}})],
        request: Request,
        response: Response,
    ) -> GrantOut:
        """Gives permissions to a member, a group, a role or a service account. Nobody gives what they do not have."""
        grant = await service.create(caller, body.draft())
        response.headers["Location"] = f"{request.url.path}/{grant.id}"
        return GrantOut.model_validate(grant)

    @router.get(
        "/grants/{grant_id}",
        summary="Get a grant",
        responses=answers(examples.GRANT, description="The grant.") | failures(GrantNotFound),
    )
    async def get_grant(caller: Reader, grant_id: GrantId, response: Response) -> GrantOut:
        """Shows a grant."""
        response.headers.update(etag(UNCHANGING))
        return GrantOut.model_validate(await service.get(caller.tenant_id, grant_id))

    @router.delete(
        "/grants/{grant_id}",
        summary="Withdraw a grant",
        responses=answers(examples.GRANT, description="What it was.")
        | failures(GrantNotFound, BeyondOwnAuthority, PreconditionFailed),
    )
    async def remove_grant(caller: Manager, grant_id: GrantId, expected: ExpectedEtag) -> GrantOut:
        """Withdraws a grant; within seconds it counts no more."""
        require_state(expected, UNCHANGING, "The grant")
        return GrantOut.model_validate(await service.remove(caller, grant_id))

    @router.get(
        "/workflows/{workflow_id}/permissions",
        summary="Who may use a workflow",
        responses=answers(examples.LISTS, description="The lists.") | failures(WorkflowNotFound),
    )
    async def get_workflow_permissions(
        caller: Reader, workflow_id: WorkflowId, response: Response
    ) -> WorkflowPermissionsOut:
        """Shows who may use a workflow, besides those whose roles allow it anyhow."""
        return shown(await lists.get(caller.tenant_id, workflow_id), response)

    @router.put(
        "/workflows/{workflow_id}/permissions",
        summary="Say who may use a workflow",
        responses=answers(examples.LISTS, description="The lists as they are now.")
        | failures(UnknownSubject, BeyondOwnAuthority, WorkflowNotFound, PreconditionFailed),
    )
    async def put_workflow_permissions(
        caller: Manager,
        workflow_id: WorkflowId,
        expected: ExpectedEtag,
        response: Response,
        body: Annotated[WorkflowPermissionsBody, Body(openapi_examples={"example": {"value": examples.LISTS}})],
    ) -> WorkflowPermissionsOut:
        """Says who may see and start a workflow, see its executions and do its tasks, besides those whose roles allow
        it anyhow. Behind the lists stand grants; others on the workflow are left alone."""
        return shown(await lists.put(caller, workflow_id, body.wanted(), expected_etag=expected), response)

    return router
