"""Working copies over HTTP."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Body, Header, Path, Query, Response

from weftline.features.access.caller import Caller
from weftline.features.access.errors import PermissionDenied
from weftline.features.access.http import requires
from weftline.features.http.conditional import ExpectedEtag, etag
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.paging import Page
from weftline.features.http.routing import api_router
from weftline.features.workflows.permissions import READ, WRITE
from weftline.features.working_copies import examples
from weftline.features.working_copies.errors import (
    TooManyWorkingCopies,
    WorkingCopyChanged,
    WorkingCopyNeedsMember,
    WorkingCopyNotFound,
)
from weftline.features.working_copies.schemas import (
    WorkingCopyBody,
    WorkingCopyOut,
    WorkingCopyQuery,
    WorkingCopySaved,
    WorkingCopySummary,
)
from weftline.features.working_copies.service import WorkingCopyService

Lister = Annotated[Caller, requires(READ, listing=True)]
Editor = Annotated[Caller, requires(WRITE, listing=True)]
"""May change some workflow; which one is decided on where it is known, for it need not exist."""

EditedId = Annotated[
    str,
    Path(
        alias="workflowId",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$",
        description="The workflow's id. It need not exist yet.",
        examples=["greeting"],
    ),
]


def working_copy_routes(service: WorkingCopyService) -> APIRouter:
    """The routes of what people are at work on."""
    router = api_router("/working-copies", tag="Workflows")

    @router.get(
        "",
        summary="List working copies",
        responses=answers({"items": [examples.SUMMARY], "nextCursor": None}, description="Saved last, first.")
        | failures(PermissionDenied, WorkingCopyNeedsMember),
    )
    async def list_working_copies(
        caller: Lister, query: Annotated[WorkingCopyQuery, Query()]
    ) -> Page[WorkingCopySummary]:
        """Lists your own working copies; or with `workflowId` everybody's of one workflow: who is at work on it, and
        since when. Nobody sees the content of anybody else's.
        """
        window = query.window()
        found, names = await service.list(caller, window, workflow_id=query.workflow_id)
        return window.page(found, lambda copy: WorkingCopySummary.of(copy, names, caller.id))

    @router.get(
        "/{workflowId}",
        summary="Get your working copy",
        responses=answers(examples.COPY, description="Yours.")
        | failures(PermissionDenied, WorkingCopyNeedsMember, WorkingCopyNotFound),
    )
    async def get_working_copy(caller: Editor, workflow_id: EditedId, response: Response) -> WorkingCopyOut:
        """Shows what you saved of a workflow last."""
        found = await service.get(caller, workflow_id)
        response.headers.update(etag(found.etag))
        return WorkingCopyOut.model_validate(found)

    @router.put(
        "/{workflowId}",
        summary="Save your working copy",
        responses=answers(examples.SAVED, description="Saved.")
        | failures(PermissionDenied, TooManyWorkingCopies, WorkingCopyChanged, WorkingCopyNeedsMember),
    )
    async def save_working_copy(
        caller: Editor,
        workflow_id: EditedId,
        body: Annotated[WorkingCopyBody, Body(openapi_examples={"example": {"value": examples.BODY}})],
        expected: ExpectedEtag,
        response: Response,
        if_none_match: Annotated[Literal["*"] | None, Header(description="Act only while you have none.")] = None,
    ) -> WorkingCopySaved:
        """Keeps what you are at work on, complete or not. It changes nothing of the workflow itself, which need not
        exist yet; whoever follows that workflow is told `workflow.edited`.
        """
        is_first = if_none_match is not None
        saved = await service.save(caller, workflow_id, body.draft(), expected_etag=expected, is_first=is_first)
        response.headers.update(etag(saved.etag))
        return WorkingCopySaved.model_validate(saved)

    @router.delete(
        "/{workflowId}",
        summary="Remove your working copy",
        responses=answers(examples.COPY, description="What it was.")
        | failures(WorkingCopyChanged, WorkingCopyNeedsMember, WorkingCopyNotFound),
    )
    async def remove_working_copy(caller: Editor, workflow_id: EditedId, expected: ExpectedEtag) -> WorkingCopyOut:
        """Removes what you saved of a workflow; the workflow itself stays as it is."""
        return WorkingCopyOut.model_validate(await service.remove(caller, workflow_id, expected_etag=expected))

    return router
