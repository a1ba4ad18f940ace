"""The audit log over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Path, Query
from fastapi.responses import StreamingResponse

from weftline.features.access.caller import Caller
from weftline.features.access.http import requires
from weftline.features.audit import examples
from weftline.features.audit.errors import EntryNotFound, VerificationRunning
from weftline.features.audit.export import MEDIA_TYPES
from weftline.features.audit.permissions import EXPORT, READ, VERIFY
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
from weftline.features.http.failures import failures
from weftline.features.http.paging import Page
from weftline.features.http.patience import allow
from weftline.features.http.routing import api_router

VERIFICATION_SECONDS = 3600.0
"""That verifying a log may take."""

Reader = Annotated[Caller, requires(READ)]
Exporter = Annotated[Caller, requires(EXPORT)]
# reads, and may as well read again
Verifier = Annotated[Caller, requires(VERIFY, takes_key=False)]

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
        """Lists who did what, the newest first unless asked otherwise."""
        window = query.window()
        found = await service.list(caller, query.filter(), window)
        return window.page_of(found, window.cut(found))

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
        responses=answers(examples.VERIFIED, description="What was found.") | failures(VerificationRunning),
    )
    async def verify_audit(
        caller: Verifier,
        body: Annotated[VerifyBody | None, Body(openapi_examples={"example": {"value": examples.VERIFY}})] = None,
    ) -> VerificationOut:
        """Computes the log's chain of hashes anew, and says which entries were changed, removed, put in or moved behind
        the application's back. Compares it with a head that was kept from an earlier verification, where one is
        given."""
        allow(VERIFICATION_SECONDS)
        return VerificationOut.of(await service.verify(caller, None if body is None else body.anchor()))

    @router.get(
        "/{seq}",
        summary="Get an audit entry",
        responses=answers(examples.ENTRY, description="The entry.") | failures(EntryNotFound),
    )
    async def get_audit_entry(caller: Reader, seq: Seq) -> EntryOut:
        """Shows an entry of the audit log."""
        return await service.get(caller, seq)

    return router
