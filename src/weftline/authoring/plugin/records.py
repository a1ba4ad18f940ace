"""Documents that a plugin keeps, each for one tenant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

MAX_RECORD_BYTES = 262_144
"""Of one document as JSON."""

MAX_RECORD_KEY = 255
"""Characters."""

MAX_RECORDS_LISTED = 500
"""That one page may hold."""


class RecordError(Exception):
    """What a plugin asked of its documents cannot be done; the message says why."""


class RecordChanged(RecordError):
    """The document is not in the version that was expected.

    Attributes:
        key: its key.
        version: the one that it has; 0 where there is no such document.
    """

    def __init__(self, key: str, expected: int, version: int) -> None:
        said = f"it is version {version}" if version else "there is none"
        wanted = f"version {expected} was expected" if expected else "none was expected"
        super().__init__(f"'{key}' was changed meanwhile: {said}, and {wanted}. Read it again.")
        self.key = key
        self.version = version


class RecordInvalid(RecordError, ValueError):
    """A key, a document or a cursor cannot be used."""


@dataclass(frozen=True, slots=True)
class Record:
    """A document.

    Attributes:
        key: which of its collection.
        data: what it holds, a JSON object.
        version: 1 when it was made, one more with each change.
        created_at, updated_at: when it was made, and changed last.
    """

    key: str
    data: dict[str, Any]
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class RecordPage:
    """Some documents of a collection.

    Attributes:
        items: by key.
        next_cursor: leads to those that follow; None where these are the last.
    """

    items: Sequence[Record]
    next_cursor: str | None


class RecordStore(Protocol):
    """One collection of a plugin's documents. Every call is a transaction of its own, bound to the tenant, and every
    change is in the tenant's audit log.

    All of them raise :class:`RecordInvalid` for a key that is empty, longer than :data:`MAX_RECORD_KEY` or not to be
    stored, and ``StoreUnavailable`` where the database does not answer.
    """

    async def get(self, tenant_id: UUID, key: str) -> Record | None:
        """The document of a key; None where there is none."""
        ...

    async def put(self, tenant_id: UUID, key: str, data: Mapping[str, Any], *, if_version: int | None = None) -> Record:
        """Make a document, or replace it.

        Args:
            tenant_id: whose.
            key: which.
            data: a JSON object of at most :data:`MAX_RECORD_BYTES`.
            if_version: only where it has this version; 0: only where there is none.

        Raises:
            RecordChanged: it has another version.
            RecordInvalid: the document is no JSON object, or too large.
        """
        ...

    async def delete(self, tenant_id: UUID, key: str, *, if_version: int | None = None) -> bool:
        """Remove a document; False where there is none.

        Raises:
            RecordChanged: it has another version than ``if_version``.
        """
        ...

    async def list(
        self, tenant_id: UUID, *, prefix: str = "", cursor: str | None = None, limit: int = 100
    ) -> RecordPage:
        """Documents by key.

        Args:
            tenant_id: whose.
            prefix: only those whose key begins so.
            cursor: ``next_cursor`` of the page before.
            limit: at most so many, up to :data:`MAX_RECORDS_LISTED`.

        Raises:
            RecordInvalid: the cursor or the limit is none.
        """
        ...
