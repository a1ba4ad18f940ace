"""Documents that steps change and give back.

A step runs at least once, and so does what undoes it. Each document tells which step changed it last and what it was
before: a second attempt finds its own change and makes none, and undoing puts back exactly what was there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from weftline.authoring.plugin import RecordChanged, RecordStore

Document = dict[str, Any]

ATTEMPTS = 10
"""To change a document that others change at the same instant."""

_BY, _BEFORE = "changedBy", "before"


class ChangedSince(Exception):
    """A document was changed by somebody else after the step that is to be undone."""

    def __init__(self, key: str) -> None:
        super().__init__(f"'{key}' was changed by somebody else since: look at it, then retry or skip")


@dataclass(frozen=True, slots=True)
class Kept:
    """A collection of such documents.

    Args:
        store: where they are.
    """

    store: RecordStore

    async def get(self, tenant_id: UUID, key: str) -> Document | None:
        """What a document says; None where there is none."""
        record = await self.store.get(tenant_id, key)
        return None if record is None else plain(record.data)

    async def change(
        self, tenant_id: UUID, key: str, alter: Callable[[Document | None], Document], *, by: str
    ) -> tuple[Document | None, Document]:
        """Change a document.

        Args:
            tenant_id: whose.
            key: which.
            alter: makes the new document of the old one; may be called more than once.
            by: the idempotency key of whoever changes it.

        Returns:
            What it was before, as :meth:`undo` takes it, and what it is now.

        Raises:
            RecordChanged: others change it all the time.
            Exception: what ``alter`` raises; nothing is changed then.
        """
        for attempt in range(1, ATTEMPTS + 1):
            record = await self.store.get(tenant_id, key)
            if record is not None and record.data.get(_BY) == by:
                return record.data[_BEFORE], plain(record.data)
            found = None if record is None else record.data
            now = alter(None if found is None else plain(found))
            # one step back is enough: what a step was before that is in the step's own output
            before = None if found is None else {name: value for name, value in found.items() if name != _BEFORE}
            try:
                expected = 0 if record is None else record.version
                await self.store.put(tenant_id, key, {**now, _BY: by, _BEFORE: before}, if_version=expected)
            except RecordChanged:
                if attempt == ATTEMPTS:
                    raise
            else:
                return before, now
        raise AssertionError("a loop that returns or raises")

    async def undo(self, tenant_id: UUID, key: str, before: Document | None, *, by: str) -> bool:
        """Put back what a document was before a change.

        Args:
            tenant_id: whose.
            key: which.
            before: what it was, as :meth:`change` returned it; None: it was not there.
            by: the idempotency key under which it was changed.

        Returns:
            False where that was done already.

        Raises:
            ChangedSince: somebody else changed it since.
            RecordChanged: somebody changed it in the same instant.
        """
        record = await self.store.get(tenant_id, key)
        if record is None or record.data.get(_BY) != by:
            found = None if record is None else record.data
            if _same(found, before):
                return False
            raise ChangedSince(key)
        if before is None:
            await self.store.delete(tenant_id, key, if_version=record.version)
        else:
            await self.store.put(tenant_id, key, {**before, _BEFORE: None}, if_version=record.version)
        return True


def plain(data: Document) -> Document:
    """What a document says, without how it came to be."""
    return {name: value for name, value in data.items() if name not in (_BY, _BEFORE)}


def _same(found: Document | None, before: Document | None) -> bool:
    if found is None or before is None:
        return found is before
    return {**found, _BEFORE: None} == {**before, _BEFORE: None}
