"""The audit log over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Body, Path, Query
from fastapi.responses import StreamingResponse

from weftline.features.access.caller import Caller
from weftline.features.access.http import requires
from weftline.features.audit import examples
from weftline.features.audit.export import MEDIA_TYPES
from weftline.features.audit.permissions import EXPORT, READ, VERIFY
from weftline.features.audit.repository import Position
from weftline.features.audit.schemas import (
    MAX_SEQ,
    EntryOut,
    ExportQuery,
    SearchQuery,
    VerificationOut,
    VerifyBody,
)
from weftline.features.audit.service import AuditService
from weftline.features.http.examples import answers
from weftline.features.http.paging import InvalidCursor, Page, decode_cursor, encode_cursor
from weftline.features.http.routing import api_router

Reader = Annotated[Caller, requires(READ)]
Exporter = Annotated[Caller, requires(EXPORT)]
Verifier = Annotated[Caller, requires(VERIFY)]

Seq = Annotated[int, Path(ge=1, le=MAX_SEQ, description="The entry's number.", examples=[examples.SEQ])]


def audit_routes(service: AuditService) -> APIRouter:
    """The routes of the audit log."""
    router = api_router("/audit", tag="Audit")

    @router.get(
        "",
        summary="Search the audit log",
        responses=answers({"items": [examples.ENTRY], "nextCursor": None}, description="Newest first."),
    )
    async def search_audit(caller: Reader, query: Annotated[SearchQuery, Query()]) -> Page[EntryOut]:
        """Lists who did what, the newest first."""
        before = None if query.cursor is None else _position(query.cursor)
        found = await service.list(caller, query.filter(), before=before, limit=query.limit + 1)
        items = list(found[: query.limit])
        more = len(found) > len(items)
        cursor = encode_cursor([items[-1].occurred_at.isoformat(), str(items[-1].seq)]) if more else None
        return Page(items=items, next_cursor=cursor)

    @router.get(
        "/export",
        summary="Export the audit log",
        response_class=StreamingResponse,
        responses={200: {"description": "A file, oldest first.", "content": examples.EXPORTED}},
    )
    async def export_audit(caller: Exporter, query: Annotated[ExportQuery, Query()]) -> StreamingResponse:
        """Writes entries to a file, the oldest first: newline-delimited JSON, or CSV that is safe to open in a
        spreadsheet. The export itself is recorded."""
        pieces = await service.export(caller, query.filter(), query.format)
        name = f'attachment; filename="audit.{query.format.value}"'
        return StreamingResponse(pieces, media_type=MEDIA_TYPES[query.format], headers={"Content-Disposition": name})

    @router.post(
        "/verify",
        summary="Verify the audit log",
        responses=answers(examples.VERIFIED, description="What was found."),
    )
    async def verify_audit(
        caller: Verifier,
        body: Annotated[VerifyBody | None, Body(openapi_examples={"example": {"value": examples.VERIFY}})] = None,
    ) -> VerificationOut:
        """Computes the log's chain of hashes anew, and says which entries were changed, removed, put in or moved behind
        the application's back. Compares it with a head that was kept from an earlier verification, where one is
        given."""
        return VerificationOut.of(await service.verify(caller, None if body is None else body.anchor()))

    @router.get("/{seq}", summary="Get an audit entry", responses=answers(examples.ENTRY, description="The entry."))
    async def get_audit_entry(caller: Reader, seq: Seq) -> EntryOut:
        """Shows an entry of the audit log."""
        return await service.get(caller, seq)

    return router


def _position(cursor: str) -> Position:
    occurred_at, seq = decode_cursor(cursor, 2)
    try:
        position = Position(datetime.fromisoformat(occurred_at), int(seq))
    except ValueError:
        raise InvalidCursor("The cursor was not handed out by this list.") from None
    if position.occurred_at.tzinfo is None or not 0 < position.seq <= MAX_SEQ:
        raise InvalidCursor("The cursor was not handed out by this list.")
    return position
