"""Links to tasks over HTTP: JSON for programs, pages for people who follow one from a mail.

Reading a link changes nothing, so mail scanners and previews do no harm. The token in the path is the only credential:
no answer may be cached, and no access log should keep the path.
"""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import parse_qs

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import Field, ValidationError

from weftline.features.access.caller import Caller
from weftline.features.access.errors import (
    NotSignedIn,
    PermissionDenied,
    SecondFactorRequired,
    TenantInactive,
    TenantMismatch,
)
from weftline.features.access.http import gate_of, public
from weftline.features.errors import DomainError, FieldError, Invalid, UnsupportedMediaType
from weftline.features.http.body import media_type, parse_json, require_json
from weftline.features.http.examples import answers, body
from weftline.features.http.failures import failures
from weftline.features.http.routing import api_router
from weftline.features.http.wire import Demand, JsonResponse
from weftline.features.tasks import examples
from weftline.features.tasks.deciding import Decision
from weftline.features.tasks.errors import (
    AlreadyVoted,
    FourEyes,
    HandedOver,
    InvalidForm,
    LinkNotFound,
    LinkSpent,
    NotAssigned,
    PeopleOnly,
    TaskClosed,
    TaskNotFound,
    UnknownOutcome,
)
from weftline.features.tasks.link_page import decided_page, offer_page, refused_page
from weftline.features.tasks.links import LinkService, Offer, asks_too_much
from weftline.features.tasks.schemas import CompleteBody, DecidedOut, OfferOut
from weftline.model.status import TaskStatus

FORM = "application/x-www-form-urlencoded"
NO_STORE = {"Cache-Control": "no-store"}

Token = Annotated[str, Path(max_length=200, description="The link's token.", examples=[examples.LINK_TOKEN])]

DECISION_BODY: dict[str, Any] = body(
    examples.DECISION, schema=CompleteBody.model_json_schema(by_alias=True), required=False
)


class OfferQuery(Demand):
    """What the button in the mail said."""

    outcome: Annotated[str | None, Field(max_length=255, description="Shown first; decides nothing.")] = None


def task_link_routes(links: LinkService) -> APIRouter:
    """The routes of links to tasks."""
    router = api_router("/task-links", tag="Tasks", strict=False, dependencies=[public()])

    @router.get(
        "/{token}",
        summary="Show what a link asks",
        response_model=OfferOut,
        responses=answers(examples.OFFER, description="What is asked, as JSON or as a page.")
        | failures(LinkNotFound, LinkSpent, NotSignedIn, SecondFactorRequired, TenantInactive, TenantMismatch),
    )
    async def show_task_link(token: Token, query: Annotated[OfferQuery, Query()], request: Request) -> Response:
        """Shows what a link from a mail asks. Changes nothing."""
        try:
            offer = await links.show(token, await _visitor(request))
        except DomainError as error:
            return _refused(request, error)
        if _wants_page(request):
            page = offer_page(offer, query.outcome, needs_form=asks_too_much(offer.task))
            return HTMLResponse(page, headers=NO_STORE)
        return JsonResponse(_out(offer).model_dump(mode="json", by_alias=True), headers=NO_STORE)

    @router.post(
        "/{token}",
        summary="Decide by a link",
        response_model=DecidedOut,
        responses=answers(examples.DECIDED, description="What became of the task, as JSON or as a page.")
        | failures(
            LinkNotFound,
            LinkSpent,
            NotSignedIn,
            PermissionDenied,
            SecondFactorRequired,
            TenantInactive,
            TenantMismatch,
            Invalid,
            AlreadyVoted,
            FourEyes,
            HandedOver,
            InvalidForm,
            NotAssigned,
            PeopleOnly,
            TaskClosed,
            TaskNotFound,
            UnknownOutcome,
        ),
        openapi_extra=DECISION_BODY,
    )
    async def use_task_link(token: Token, request: Request) -> Response:
        """Decides, as the person to whom the link was sent. It works once."""
        try:
            decision = await _read_decision(request)
            task = await links.use(token, decision, gate_of(request).require, await _visitor(request))
        except DomainError as error:
            return _refused(request, error)
        if _wants_page(request):
            return HTMLResponse(decided_page(task, decision.outcome), headers=NO_STORE)
        decided = DecidedOut(task_id=task.id, status=TaskStatus(task.status), outcome=decision.outcome)
        return JsonResponse(decided.model_dump(mode="json", by_alias=True), headers=NO_STORE)

    return router


async def _visitor(request: Request) -> Caller | None:
    """Who asks, where they have signed in; a link does not ask for it."""
    return await gate_of(request).enter(request) if "authorization" in request.headers else None


async def _read_decision(request: Request) -> Decision:
    """
    Raises:
        Malformed, UnsupportedMediaType, Invalid: the body says no decision.
    """
    raw = await request.body()
    if media_type(request) == FORM:
        try:
            fields = parse_qs(raw.decode(), strict_parsing=bool(raw), max_num_fields=10)
        except ValueError:
            raise UnsupportedMediaType("The body is not a form.") from None
        said: object = {name: values[-1] for name, values in fields.items()}
    else:
        require_json(request)
        said = parse_json(raw) if raw else {}
    try:
        return CompleteBody.model_validate(said).decision()
    except ValidationError as error:
        problems = [
            FieldError("".join(f"/{part}" for part in problem["loc"]), problem["msg"])
            for problem in error.errors(include_url=False)
        ]
        raise Invalid("The decision is not valid.", problems) from None


def _wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


def _refused(request: Request, error: DomainError) -> Response:
    """A page for people; for programs the error goes on to become a problem document."""
    if not _wants_page(request):
        raise error
    return HTMLResponse(refused_page(error.title, error.detail), error.status, headers=NO_STORE)


def _out(offer: Offer) -> OfferOut:
    task, link = offer.task, offer.link
    return OfferOut(
        task_id=task.id,
        workflow_id=task.workflow_id,
        name=task.name,
        user=offer.person.name,
        form=task.form,
        outcomes=[link.outcome] if link.outcome is not None else list(task.outcomes or ()),
        due_at=task.due_at,
        expires_at=link.expires_at,
    )
