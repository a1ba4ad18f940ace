"""What can be done with the audit log, besides writing it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import asdict
from typing import Any, cast
from uuid import UUID

import structlog

from weftline.features.access.caller import Caller
from weftline.features.audit import export, repository
from weftline.features.audit.chain import Anchor
from weftline.features.audit.errors import EntryNotFound, VerificationRunning
from weftline.features.audit.export import ExportFormat
from weftline.features.audit.models import AuditEntry
from weftline.features.audit.repository import ORDER, Filter
from weftline.features.audit.schemas import EntryOut
from weftline.features.audit.trail import record
from weftline.features.audit.verify import Verification, verify_chain
from weftline.features.database import Database
from weftline.features.http.listing import Window

log = structlog.get_logger(__name__)

Mask = Callable[[Any], Any]
MaskFor = Callable[[Caller, AuditEntry], Awaitable[Mask | None]]
"""What a caller must not see of an entry's documents; None where they may see it all."""

EXPORT_BATCH = 250


def workflow_of(entry: AuditEntry) -> str:
    """The workflow whose data an entry may tell of; empty where it names none."""
    if entry.resource_type == "workflow":
        return entry.resource_id or ""
    for document in (entry.after, entry.before):
        if isinstance(document, dict):
            named = cast("dict[str, Any]", document).get("workflowId")
            if isinstance(named, str):
                return named
    return ""


class AuditService:
    """Searching, exporting and verifying the audit log.

    Args:
        database: under a role that sees the caller's tenant.
        mask_for: hides what field rules hide of a workflow's data.
    """

    def __init__(self, database: Database, mask_for: MaskFor | None = None) -> None:
        self._database = database
        self._mask_for = mask_for
        self._verifying: set[UUID] = set()

    async def get(self, caller: Caller, seq: int) -> EntryOut:
        """An entry.

        Raises:
            EntryNotFound: there is none of this number.
        """
        async with self._database.transaction(caller.tenant_id) as session:
            entry = await repository.get(session, caller.tenant_id, seq)
        if entry is None:
            raise EntryNotFound(seq)
        return await self._shown(caller, entry)

    async def list(self, caller: Caller, wanted: Filter, window: Window) -> Sequence[EntryOut]:
        """Entries; see ``repository.list_entries``."""
        async with self._database.transaction(caller.tenant_id) as session:
            found = await repository.list_entries(session, caller.tenant_id, wanted, window)
        return [await self._shown(caller, entry) for entry in found]

    async def export(self, caller: Caller, wanted: Filter, format: ExportFormat) -> AsyncGenerator[bytes]:
        """Entries as a file, the oldest first, in pieces that are read as they are asked for.

        The export is recorded before its first piece, and holds the entries before that record. No transaction stays
        open between two pieces, however slow the reader.
        """
        asked = {name: value for name, value in asdict(wanted).items() if value is not None}
        async with self._database.transaction(caller.tenant_id) as session:
            last_seq = await repository.last_seq(session, caller.tenant_id)
            await record(
                session, "audit.exported", "audit", after={"format": format.value, "filter": asked}, actor=caller
            )
        return self._pieces(caller, wanted, format, last_seq)

    async def verify(self, caller: Caller, expected: Anchor | None = None) -> Verification:
        """Verify the whole log of the caller's tenant; see ``verify_chain``.

        Raises:
            VerificationRunning: this service is at it already.
        """
        if caller.tenant_id in self._verifying:
            raise VerificationRunning
        self._verifying.add(caller.tenant_id)
        try:
            found = await verify_chain(self._database, caller.tenant_id, expected)
        finally:
            self._verifying.discard(caller.tenant_id)
        if not found.is_whole:
            log.error("audit log was tampered with", faults=[fault.message for fault in found.faults])
        return found

    async def _pieces(
        self, caller: Caller, wanted: Filter, format: ExportFormat, last_seq: int
    ) -> AsyncGenerator[bytes]:
        yield export.header(format)
        window: Window | None = ORDER.window("occurredAt", limit=EXPORT_BATCH)
        while window is not None:
            async with self._database.transaction(caller.tenant_id) as session:
                found = await repository.list_entries(session, caller.tenant_id, wanted, window, last_seq=last_seq)
            if found:
                shown = [await self._shown(caller, entry) for entry in window.cut(found)]
                yield await asyncio.to_thread(export.encode, format, shown)
            window = window.next(found)

    async def _shown(self, caller: Caller, entry: AuditEntry) -> EntryOut:
        shown = EntryOut.model_validate(entry)
        mask = None if self._mask_for is None else await self._mask_for(caller, entry)
        if mask is not None:
            shown.before, shown.after = mask(shown.before), mask(shown.after)
        return shown
