"""The outbox over HTTP, for the platform's operators."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from weftline.features.access.caller import Caller
from weftline.features.access.http import operator
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.paging import Page
from weftline.features.http.routing import api_router
from weftline.features.mail import examples
from weftline.features.mail.errors import MailNotFound
from weftline.features.mail.permissions import MAIL
from weftline.features.mail.schemas import MailDetail, MailQuery, MailSummary
from weftline.features.mail.service import MailService

MailId = Annotated[UUID, Path(description="The message's id.", examples=[examples.ID])]
MailReader = Annotated[Caller, operator(MAIL, everywhere=True)]


def mail_routes(service: MailService) -> APIRouter:
    """The routes of the outbox."""
    router = api_router("/platform/mail", tag="Platform")

    @router.get(
        "",
        summary="List mail",
        responses=answers({"items": [examples.SUMMARY], "nextCursor": None}, description="Newest first."),
    )
    async def list_mail(_: MailReader, query: Annotated[MailQuery, Query()]) -> Page[MailSummary]:
        """Lists the messages that the platform sends, the newest first unless asked otherwise."""
        window = query.window()
        return window.page(await service.list(query.filter(), window), MailSummary.model_validate)

    @router.get(
        "/{mail_id}",
        summary="Read a message",
        responses=answers(examples.DETAIL, description="The message.") | failures(MailNotFound),
    )
    async def get_mail(_: MailReader, mail_id: MailId, response: Response) -> MailDetail:
        """Shows a message with its bodies, until it is sent. The audit log keeps that it was read."""
        # it may hold links that act for somebody
        response.headers["Cache-Control"] = "no-store"
        return MailDetail.model_validate(await service.get(mail_id))

    return router
