"""Deciding on public templates over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Path, Query, Response

from weftline.features.access.caller import Caller
from weftline.features.access.http import operator
from weftline.features.errors import PreconditionFailed
from weftline.features.http.conditional import ExpectedEtag, etag
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.paging import Page
from weftline.features.http.routing import api_router
from weftline.features.library import publication_examples as examples
from weftline.features.library.errors import SubmissionNotFound, TemplateExists, TemplateNotFound, WrongReview
from weftline.features.library.moderating import Marks, ModerationService
from weftline.features.library.permissions import MODERATE
from weftline.features.library.publication_schemas import (
    MarksBody,
    MarksOut,
    NoteBody,
    SubmissionDetail,
    SubmissionOut,
    SubmissionQuery,
    WhyBody,
)
from weftline.features.platform.errors import EveryTenantNeeded
from weftline.features.platform.reason import StatedReason

Moderator = Annotated[Caller, operator(MODERATE, everywhere=True)]
SubmissionId = Annotated[UUID, Path(description="The submission's id.", examples=[examples.SUBMISSION])]
TemplateId = Annotated[str, Path(max_length=64, description="The template's id.", examples=["meter-reading"])]
Note = Annotated[NoteBody, Body(openapi_examples={"thanks": {"value": {"note": "Well done."}}})]
Why = Annotated[WhyBody, Body(openapi_examples={"why": {"value": {"note": "Say what the variable is for."}}})]


def moderation_routes(service: ModerationService) -> tuple[APIRouter, ...]:
    """The routes of those who decide on templates."""
    return _of_submissions(service), _of_templates(service)


def _of_submissions(service: ModerationService) -> APIRouter:
    router = api_router("/platform/submissions", tag="Platform")

    @router.get(
        "",
        summary="List submissions",
        responses=answers({"items": [examples.SUBMITTED], "nextCursor": None}, description="The oldest first.")
        | failures(EveryTenantNeeded),
    )
    async def list_submissions(caller: Moderator, query: Annotated[SubmissionQuery, Query()]) -> Page[SubmissionOut]:
        """Lists the templates that tenants want to be public, and those that were decided on."""
        window = query.window()
        return window.page(await service.list(window, query.status), SubmissionOut.of)

    @router.get(
        "/{submission_id}",
        summary="Get a submission",
        responses=answers({**examples.DECIDED, "status": "PENDING"}, description="The submission.")
        | failures(EveryTenantNeeded, SubmissionNotFound),
    )
    async def get_submission(caller: Moderator, submission_id: SubmissionId) -> SubmissionDetail:
        """Shows what would become public."""
        return SubmissionDetail.of(await service.get(submission_id))

    @router.post(
        "/{submission_id}/approve",
        summary="Approve a template",
        responses=answers(examples.DECIDED, description="The submission.")
        | failures(EveryTenantNeeded, SubmissionNotFound, WrongReview, TemplateExists),
    )
    async def approve_submission(caller: Moderator, submission_id: SubmissionId, body: Note) -> SubmissionDetail:
        """Lets every tenant see and install a template, in place of an older version of it."""
        return SubmissionDetail.of(await service.approve(submission_id, body.note))

    @router.post(
        "/{submission_id}/reject",
        summary="Reject a template",
        responses=answers({**examples.DECIDED, "status": "REJECTED"}, description="The submission.")
        | failures(EveryTenantNeeded, SubmissionNotFound, WrongReview),
    )
    async def reject_submission(caller: Moderator, submission_id: SubmissionId, body: Why) -> SubmissionDetail:
        """Refuses to let other tenants see a template, and says why. Its tenant keeps it."""
        return SubmissionDetail.of(await service.reject(submission_id, body.note))

    @router.post(
        "/{submission_id}/withdraw",
        summary="Withdraw a template",
        responses=answers({**examples.DECIDED, "status": "WITHDRAWN"}, description="The submission.")
        | failures(EveryTenantNeeded, SubmissionNotFound, WrongReview),
    )
    async def withdraw_submission(caller: Moderator, submission_id: SubmissionId, body: Why) -> SubmissionDetail:
        """Takes a public template from everybody but its tenant. What was installed from it stays as it is."""
        return SubmissionDetail.of(await service.withdraw(submission_id, body.note))

    return router


def _of_templates(service: ModerationService) -> APIRouter:
    router = api_router("/platform/templates", tag="Platform")

    def told(marks: Marks, response: Response) -> MarksOut:
        response.headers.update(etag(marks.state))
        return MarksOut.of(marks)

    @router.get(
        "/{template_id}/marks",
        summary="Get a template's marks",
        responses=answers(examples.MARKS, description="What is said of it.")
        | failures(EveryTenantNeeded, TemplateNotFound),
    )
    async def get_template_marks(caller: Moderator, template_id: TemplateId, response: Response) -> MarksOut:
        """Shows what operators have said of a template that everybody sees."""
        return told(await service.marks(caller, template_id), response)

    @router.put(
        "/{template_id}/marks",
        summary="Mark a template",
        responses=answers(examples.MARKS, description="What is said of it.")
        | failures(EveryTenantNeeded, TemplateNotFound, PreconditionFailed),
    )
    async def mark_template(
        caller: Moderator,
        template_id: TemplateId,
        body: Annotated[MarksBody, Body(openapi_examples={"featured": {"value": {"isFeatured": True}}})],
        reason: StatedReason,
        expected: ExpectedEtag,
        response: Response,
    ) -> MarksOut:
        """Says of a template that everybody sees whether it is featured, and whether it takes a licence."""
        wanted = Marks(template_id, body.is_featured, body.is_premium)
        marks = await service.mark(caller, template_id, wanted, reason=reason, expected_etag=expected)
        return told(marks, response)

    return router
