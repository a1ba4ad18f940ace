"""The outbox over HTTP, for the platform's operators."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from weftline.features.access.caller import Caller
from weftline.features.access.http import operator
from weftline.features.http.examples import answers
from weftline.features.http.paging import InvalidCursor, Page, decode_cursor, encode_cursor
from weftline.features.http.routing import api_router
from weftline.features.mail import examples
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
        """Lists the messages that the platform sends, the newest first."""
        before = None if query.cursor is None else _position(query.cursor)
        found = await service.list(query.filter(), before=before, limit=query.limit + 1)
        items = [MailSummary.model_validate(mail) for mail in found[: query.limit]]
        more = len(found) > len(items)
        cursor = encode_cursor([items[-1].created_at.isoformat(), str(items[-1].id)]) if more else None
        return Page(items=items, next_cursor=cursor)

    @router.get("/{mail_id}", summary="Read a message", responses=answers(examples.DETAIL, description="The message."))
    async def get_mail(_: MailReader, mail_id: MailId, response: Response) -> MailDetail:
        """Shows a message with its bodies, until it is sent. The audit log keeps that it was read."""
        # it may hold links that act for somebody
        response.headers["Cache-Control"] = "no-store"
        return MailDetail.model_validate(await service.get(mail_id))

    return router


def _position(cursor: str) -> tuple[datetime, UUID]:
    created_at, mail_id = decode_cursor(cursor, 2)
    try:
        return datetime.fromisoformat(created_at), UUID(mail_id)
    except ValueError:
        raise InvalidCursor("The cursor was not handed out by this list.") from None
